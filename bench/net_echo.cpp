// A server that answers everything with 2.6 KB, to measure net alone:
//   net_echo CHAIN KEY [CORES], then h2load or h2load --h1 against the port that it prints.
#include "net/server.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace ward::audit {
class NoPhi {  // stands in for the audit room
 public:
  static SendPermit permit() { return {}; }
};
}  // namespace ward::audit

namespace {

using namespace ward;

struct Silent final : net::Observer {
  void refused(const boost::asio::ip::address&, std::string_view, std::string_view) override {}
  SendPermit fixed_answer(std::string_view) override { return audit::NoPhi::permit(); }
};

const std::string body(2'600, 'x');

boost::asio::awaitable<void> answer(net::Stream& stream) {
  net::ResponseHead head;
  head.headers.emplace_back("content-type", "application/fhir+json");
  const Result<void> sent = co_await stream.send(std::move(head), Buffer(body), audit::NoPhi::permit());
  (void)sent;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  SystemClock clock;
  Silent observer;
  net::TlsOptions tls;
  tls.certificates.push_back({arguments[1], arguments[2], {}});
  auto context = net::TlsContext::create(tls, clock);
  if (!context) return std::fprintf(stderr, "%s\n", context.error().text().c_str()), 1;
  net::Server::Options options;
  options.cores = count > 3 ? static_cast<unsigned>(std::atoi(arguments[3])) : 1;
  auto server = net::Server::create(options, observer, clock);
  if (!server) return 1;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto port = (*server)->listen_https({}, **context, answer);
  if (!port) return std::fprintf(stderr, "%s\n", port.error().text().c_str()), 1;
  std::printf("%u\n", unsigned{*port});
  std::fflush(stdout);
  (*server)->start();
  int caught = 0;
  sigwait(&signals, &caught);
  (*server)->drain();
}
