#include "prove/memory_stream.hpp"

namespace ward::prove {

MemoryStream::MemoryStream(const Asked& asked, std::string_view authority) : asked_(asked) {
  const std::string_view target = asked.target;
  const std::size_t mark = target.find('?');
  head_.method = asked.method;
  head_.path = target.substr(0, mark);
  head_.has_query = mark != target.npos;
  if (head_.has_query) head_.query = target.substr(mark + 1);
  head_.authority = authority;
  for (const auto& [name, value] : asked.headers) head_.headers.push_back({name, value});
  head_.has_body = !asked.body.empty();
  if (head_.has_body) head_.content_length = asked.body.size();
  head_.http_version = 20;
  peer_.address = boost::asio::ip::make_address("127.0.0.1");
  peer_.tls_version = "TLSv1.3";
}

boost::asio::awaitable<Result<Buffer>> MemoryStream::read_some() {
  if (std::exchange(read_, true)) co_return Buffer();
  co_return Buffer(asked_.body);
}

boost::asio::awaitable<Result<Buffer>> MemoryStream::read_all(std::size_t bytes_max) {
  if (asked_.body.size() > bytes_max) co_return fail("body_too_large", "more than this route takes");
  read_ = true;
  co_return Buffer(asked_.body);
}

void MemoryStream::begin(net::ResponseHead head) {
  reply_.status = head.status;
  reply_.headers = std::move(head.headers);
}

boost::asio::awaitable<Result<void>> MemoryStream::send(net::ResponseHead head, Buffer body, SendPermit) {
  begin(std::move(head));
  reply_.body = body.view();
  co_return Result<void>{};
}

boost::asio::awaitable<Result<void>> MemoryStream::send_start(net::ResponseHead head, SendPermit) {
  begin(std::move(head));
  co_return Result<void>{};
}

boost::asio::awaitable<Result<void>> MemoryStream::send_more(Buffer piece) {
  reply_.body += piece.view();
  co_return Result<void>{};
}

boost::asio::awaitable<Result<void>> MemoryStream::send_end() { co_return Result<void>{}; }

}  // namespace ward::prove
