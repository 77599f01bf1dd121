#include "client/http1.hpp"

namespace ward::net::client {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 16u << 10;

std::string head_of(const Origin& origin, const ClientRequest& request) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.path_and_query,
                                 request.authority.empty() ? origin.authority : request.authority);
  for (const auto& [name, value] : request.headers) head += fmt::format("{}: {}\r\n", name, value);
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || expects_body) head += fmt::format("content-length: {}\r\n", request.body.size());
  return head + "\r\n";
}

Tried failed(std::string_view code, std::string message, bool sent) {
  return {.answer = std::unexpected(Client::Failure{Error(code, std::move(message)), sent})};
}

struct Written {
  Socket::Wait wait = Socket::Wait::ready;
  std::size_t bytes = 0;
};

asio::awaitable<Written> write_all(Socket& socket, std::string_view bytes, MonoTime deadline) {
  Written written;
  while (written.bytes < bytes.size()) {
    const Socket::Outcome outcome = socket.write(bytes.data() + written.bytes, bytes.size() - written.bytes);
    if (outcome.state == Socket::State::done) {
      written.bytes += outcome.bytes;
      continue;
    }
    if (outcome.state == Socket::State::closed)
      written.wait = Socket::Wait::gone;
    else if (outcome.state == Socket::State::want_read)
      written.wait = co_await socket.wait_readable(deadline);
    else
      written.wait = co_await socket.wait_writable(deadline);
    if (written.wait != Socket::Wait::ready) co_return written;
  }
  co_return written;
}

/// nullopt: all of it was written.
asio::awaitable<std::optional<Tried>> send(Sweeper& sweeper, Socket& socket, const Origin& origin,
                                           const ClientRequest& request, const ClientOptions& options) {
  const MonoTime deadline = sweeper.now() + options.send_timeout;
  const std::string head = head_of(origin, request);
  Written written = co_await write_all(socket, head, deadline);
  bool any = written.bytes > 0;
  if (written.wait == Socket::Wait::ready && !request.body.empty()) {
    written = co_await write_all(socket, request.body.view(), deadline);
    any = true;
  }
  if (written.wait == Socket::Wait::ready) co_return std::nullopt;
  if (written.wait == Socket::Wait::expired)
    co_return failed("upstream_timeout", fmt::format("{} did not take the request in time", origin.authority), any);
  Tried tried = failed("upstream_closed",
                       fmt::format("{} ended the connection before it had the request", origin.authority), any);
  tried.stale = true;
  co_return tried;
}

/// What was read and not used yet.
class Input {
 public:
  std::string_view view() const { return bytes_.view().substr(used_); }
  char* room() {
    if (used_ > 0) {
      const std::size_t left = bytes_.size() - used_;
      if (left > 0) std::memmove(bytes_.data(), bytes_.data() + used_, left);
      bytes_.resize(left);
      used_ = 0;
    }
    return bytes_.prepare(read_bytes);
  }
  void add(std::size_t bytes) { bytes_.commit(bytes); }
  void use(std::size_t bytes) { used_ += bytes; }

 private:
  Buffer bytes_;
  std::size_t used_ = 0;
};

bool has_close_notify(Socket& socket) {
  return socket.is_tls() && (SSL_get_shutdown(socket.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

asio::awaitable<Tried> receive(Sweeper& sweeper, Socket& socket, const Origin& origin, ResponseReader& reader,
                               const ClientOptions& options) {
  Input input;
  bool any = false;
  const bool bounded = options.answer_timeout.count() > 0;
  const MonoTime last = bounded ? sweeper.now() + options.answer_timeout : MonoTime::max();
  MonoTime deadline = std::min(last, sweeper.now() + options.first_byte_timeout);
  while (!reader.done()) {
    const Socket::Outcome outcome = socket.read(input.room(), read_bytes);
    if (outcome.state == Socket::State::done) {
      any = true;
      deadline = std::min(last, sweeper.now() + options.between_bytes_timeout);
      if (sweeper.now() >= last)
        co_return failed("upstream_timeout", fmt::format("{} took too long to answer", origin.authority), true);
      input.add(outcome.bytes);
      const auto used = reader.put(input.view());
      if (!used)
        co_return failed(used.error().code, fmt::format("{}: {}", origin.authority, used.error().detail), true);
      input.use(*used);
      continue;
    }
    Socket::Wait waited = Socket::Wait::gone;
    if (outcome.state == Socket::State::want_read) waited = co_await socket.wait_readable(deadline);
    if (outcome.state == Socket::State::want_write) waited = co_await socket.wait_writable(deadline);
    if (waited == Socket::Wait::expired)
      co_return failed("upstream_timeout", fmt::format("{} did not answer in time", origin.authority), true);
    if (waited == Socket::Wait::ready) continue;
    const auto ended = reader.end(has_close_notify(socket));
    if (ended) break;
    Tried tried = failed(ended.error().code, fmt::format("{}: {}", origin.authority, ended.error().detail), true);
    tried.stale = !any;
    co_return tried;
  }
  const bool clean = input.view().empty() && !socket.has_pending();
  co_return Tried{.answer = reader.take(), .reusable = reader.keep_alive() && clean};
}

}  // namespace

bool Http1Connection::is_quiet() {
  char byte = 0;
  return socket->read(&byte, 1).state == Socket::State::want_read;
}

asio::awaitable<Tried> exchange(Sweeper& sweeper, Http1Connection& connection, const Origin& origin,
                                const ClientRequest& request, const ClientOptions& options) {
  SocketWatch watch(sweeper, *connection.socket);
  std::optional<Tried> broken = co_await send(sweeper, *connection.socket, origin, request, options);
  if (broken) co_return std::move(*broken);
  ResponseReader reader(request.method == "HEAD", {options.header_bytes_max, options.body_bytes_max});
  Tried tried = co_await receive(sweeper, *connection.socket, origin, reader, options);
  co_return tried;
}

}  // namespace ward::net::client
