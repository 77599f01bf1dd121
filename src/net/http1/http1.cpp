#include "http1/http1.hpp"

#include "base/log.hpp"
#include "respond.hpp"

namespace ward::net::http1 {

namespace asio = boost::asio;

namespace {
constexpr std::size_t read_bytes = 16u << 10;         // one TLS record
constexpr std::size_t drained_bytes_max = 64u << 10;  // an unread body up to this is read away to keep the connection
}  // namespace

asio::awaitable<void> Connection::run() {
  // A client that always has the next request ready must not keep the core to itself.
  for (unsigned in_a_row = 1;; ++in_a_row) {
    const bool more = co_await serve_one();
    if (!more) co_return;
    if (in_a_row % 16 == 0) co_await asio::post(asio::use_awaitable);
  }
}

void Connection::drain() {
  if (idle_) owner_.kill();
}

asio::awaitable<bool> Connection::serve_one() {
  const Got got = co_await read_head();
  if (got == Got::ended) co_return false;
  if (got == Got::malformed) {
    co_await refuse(malformed_.status, malformed_.status == 408 ? "slow_client" : "malformed_http1", malformed_.detail);
    co_return false;
  }
  if (!owner_.is_ours(head().authority)) {
    co_await refuse(421, "misdirected", "Host or SNI is not one of ours");
    co_return false;
  }
  co_await call_handler();
  const bool more = co_await finish_request();
  co_return more;
}

asio::awaitable<Connection::Got> Connection::read_head() {
  MonoTime deadline{};
  for (;;) {
    if (!in_.empty()) {
      const std::expected<std::size_t, Malformed> length = message_.read_head(in_.data(), in_.size(), *owner_.limits);
      if (!length) {
        malformed_ = length.error();
        co_return Got::malformed;
      }
      if (*length > 0) {
        start_request(*length);
        co_return Got::head;
      }
    }
    if (owner_.core.shared.draining && in_.empty()) co_return Got::ended;
    if (in_.empty() && !owner_.socket.has_pending()) {
      const Socket::Wait waited = co_await wait_for_request();
      if (waited != Socket::Wait::ready) co_return Got::ended;
    }
    if (deadline == MonoTime{}) deadline = owner_.socket.clock().mono() + owner_.limits->header_timeout;
    const std::size_t room = std::max(in_.capacity() - in_.size(), std::size_t{4'096});
    char* memory = in_.prepare(in_.capacity() == 0 ? read_bytes : room);
    const Socket::Outcome outcome = owner_.socket.read(memory, in_.capacity() - in_.size());
    if (outcome.state == Socket::State::closed) co_return Got::ended;
    in_.commit(outcome.bytes);
    if (outcome.state != Socket::State::want_read) continue;
    if (in_.empty() && !first_) {  // a TLS record without data; the idle wait begins anew
      deadline = MonoTime{};
      continue;
    }
    const Socket::Wait waited = co_await owner_.socket.wait_readable(deadline);
    if (waited == Socket::Wait::gone) co_return Got::ended;
    if (waited == Socket::Wait::expired) {
      malformed_ = {408, "head took too long"};
      co_return Got::malformed;
    }
  }
}

asio::awaitable<Socket::Wait> Connection::wait_for_request() {
  owner_.core.give_back(std::move(in_));
  in_ = Buffer();
  const auto patience = first_ ? owner_.limits->header_timeout : owner_.limits->idle_timeout;
  idle_ = true;
  const Socket::Wait waited = co_await owner_.socket.wait_readable(owner_.socket.clock().mono() + patience);
  idle_ = false;
  in_ = owner_.core.take_buffer();
  co_return waited;
}

void Connection::start_request(std::size_t head_bytes) {
  first_ = false;
  peer_ = owner_.peer_of(head());
  in_used_ = head_bytes;
  raw_used_ = 0;
  body_left_ = head().content_length.value_or(0);
  body_read_ = 0;
  body_waited_ = {};
  body_error_.reset();
  answer_ = Answer::none;
  begun_ = false;
  keep_ = message_.keep_alive();
  sends_body_ = true;
  expects_continue_ = message_.expects_continue() && head().has_body;
  bytes_sent_ = 0;
  if (message_.chunked()) {
    raw_.append(in_.view().substr(in_used_));
    in_used_ = in_.size();
  }
}

asio::awaitable<void> Connection::call_handler() {
  try {
    co_await owner_.listener.handler(*this);
  } catch (const std::exception&) {
    // What a library threw may quote what it was given; only that it happened is told.
    log::error("net_handler_failed", {{"what", "an exception left a handler"}});
  }
}

asio::awaitable<bool> Connection::finish_request() {
  if (dead_) co_return false;
  if (answer_ == Answer::none) {
    co_await refuse(500, "no_answer", "the handler gave no answer");
    co_return false;
  }
  if (answer_ == Answer::streaming) {
    owner_.socket.abort();
    co_return false;
  }
  if (keep_ && !body_done()) {
    Buffer unread;
    Result<std::size_t> read = co_await read_into(unread, drained_bytes_max);
    while (read && *read > 0) {
      unread.clear();
      read = co_await read_into(unread, drained_bytes_max);
    }
    if (!read) keep_ = false;
  }
  if (!keep_) {
    co_await linger();
    co_return false;
  }
  keep_what_follows();
  co_return true;
}

void Connection::keep_what_follows() {
  if (message_.chunked()) {
    in_.clear();
    in_.append(raw_.view().substr(raw_used_));
    raw_ = Buffer();
    return;
  }
  const std::size_t left = in_.size() - in_used_;
  if (left > 0) std::memmove(in_.data(), in_.data() + in_used_, left);
  in_.resize(left);
}

/// The fixed answer to what never became a request, or that nobody answered; then the end.
asio::awaitable<void> Connection::refuse(int status, std::string_view what, std::string_view detail) {
  owner_.refused(what, detail);
  SendPermit permit = owner_.core.shared.observer.fixed_answer(what);
  (void)permit;
  keep_ = false;
  sends_body_ = head().method != "HEAD";
  const std::string text = sends_body_ ? fixed_text(status) : std::string();
  ResponseHead head;
  head.status = status;
  head.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  assemble_head(head, text.size(), text.size());
  owner_.core.scratch.append(text);
  const Result<void> written = co_await write_scratch();
  if (written) co_await linger();
}

/// Closing at once would reset the connection, and the answer could be lost on its way (RFC 9112 section 9.6).
asio::awaitable<void> Connection::linger() {
  constexpr auto patience = std::chrono::seconds(2);
  constexpr std::size_t discarded_bytes_max = 256u << 10;
  Socket& socket = owner_.socket;
  socket.finish_writing();
  const MonoTime deadline = socket.clock().mono() + patience;
  in_.clear();
  for (std::size_t discarded = 0; discarded < discarded_bytes_max;) {
    const Socket::Outcome outcome = socket.read(in_.prepare(read_bytes), read_bytes);
    discarded += outcome.bytes;
    if (outcome.state == Socket::State::closed) co_return;
    if (outcome.state != Socket::State::want_read) continue;
    const Socket::Wait waited = co_await socket.wait_readable(deadline);
    if (waited != Socket::Wait::ready) co_return;
  }
}

}  // namespace ward::net::http1
