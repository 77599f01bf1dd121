#include "redirect.hpp"

#include "respond.hpp"
#include "target.hpp"

namespace ward::net {
namespace {

boost::asio::awaitable<void> answer(Shared& shared, std::uint16_t https_port, Stream& stream) {
  const RequestHead& request = stream.head();
  const std::string_view host = host_of(request.authority);
  ResponseHead head;
  Buffer body;
  if (host.empty() || !shared.host_allowed(host)) {
    shared.observer.refused(stream.peer().address, "misdirected", "Host is not one of ours");
    head.status = 400;
    head.headers.emplace_back("content-type", "text/plain; charset=utf-8");
    body.append(fixed_text(400));
  } else {
    head.status = 308;
    const std::string port = https_port == 443 ? "" : fmt::format(":{}", https_port);
    head.headers.emplace_back("location", fmt::format("https://{}{}{}{}{}", host, port, request.path,
                                                      request.has_query ? "?" : "", request.query));
  }
  SendPermit permit = shared.observer.fixed_answer("redirect");
  const Result<void> sent = co_await stream.send(std::move(head), std::move(body), std::move(permit));
  (void)sent;  // a client that left needs no redirect
}

}  // namespace

Handler redirect_handler(Shared& shared, std::uint16_t https_port) {
  return [&shared, https_port](Stream& stream) { return answer(shared, https_port, stream); };
}

}  // namespace ward::net
