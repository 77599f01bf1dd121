// Request bodies of HTTP/1.1: counted and chunked, read only as fast as the handler asks.
#include "http1/http1.hpp"
#include "respond.hpp"

namespace ward::net::http1 {

namespace asio = boost::asio;

namespace {
constexpr std::size_t piece_bytes = 16u << 10;
constexpr auto rate_grace = std::chrono::seconds(5);
}  // namespace

bool Connection::body_done() const { return message_.chunked() ? message_.chunks_done() : body_left_ == 0; }

asio::awaitable<Result<Buffer>> Connection::read_some() {
  Buffer piece;
  const Result<std::size_t> read = co_await read_into(piece, piece_bytes);
  if (!read) co_return std::unexpected(read.error());
  co_return std::move(piece);
}

asio::awaitable<Result<Buffer>> Connection::read_all(std::size_t bytes_max) {
  Buffer all;
  if (head().content_length.value_or(0) > bytes_max)
    co_return body_failed("body_too_large", "the body is larger than this route takes");
  if (head().content_length) all.reserve(std::min<std::size_t>(*head().content_length, 1u << 20));
  for (;;) {
    const Result<std::size_t> read = co_await read_into(all, std::max(piece_bytes, all.capacity() - all.size()));
    if (!read) co_return std::unexpected(read.error());
    if (*read == 0) co_return std::move(all);
    if (all.size() > bytes_max) co_return body_failed("body_too_large", "the body is larger than this route takes");
  }
}

asio::awaitable<Result<std::size_t>> Connection::read_into(Buffer& out, std::size_t bytes_max) {
  if (body_error_) co_return std::unexpected(*body_error_);
  if (body_done()) co_return 0;
  if (head().content_length.value_or(0) > owner_.limits->body_bytes_max)
    co_return body_failed("body_too_large", "the body is larger than the limit");
  if (expects_continue_) co_await send_continue();
  Result<std::size_t> read = std::size_t{0};
  if (message_.chunked())
    read = co_await read_chunked(out, bytes_max);
  else
    read = co_await read_counted(out, bytes_max);
  if (!read) co_return read;
  body_read_ += *read;
  if (body_read_ > owner_.limits->body_bytes_max)
    co_return body_failed("body_too_large", "the body is larger than the limit");
  co_return read;
}

asio::awaitable<Result<std::size_t>> Connection::read_counted(Buffer& out, std::size_t bytes_max) {
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes_max));
  if (in_used_ < in_.size()) {
    const std::string_view early = in_.view().substr(in_used_, wanted);
    out.append(early);
    in_used_ += early.size();
    body_left_ -= early.size();
    co_return early.size();
  }
  for (;;) {
    const Socket::Outcome outcome = owner_.socket.read(out.prepare(wanted), wanted);
    if (outcome.state == Socket::State::closed)
      co_return body_failed("peer_gone", "the client left before its body was complete");
    if (outcome.bytes > 0) {
      out.commit(outcome.bytes);
      body_left_ -= outcome.bytes;
      co_return outcome.bytes;
    }
    const Result<void> waited = co_await wait_for_body();
    if (!waited) co_return std::unexpected(waited.error());
  }
}

asio::awaitable<Result<std::size_t>> Connection::read_chunked(Buffer& out, std::size_t bytes_max) {
  const std::size_t before = out.size();
  for (;;) {
    const std::expected<std::size_t, Malformed> used =
        message_.read_chunks(raw_.view().substr(raw_used_), out, bytes_max);
    if (!used) {
      owner_.refused("malformed_http1", used.error().detail);
      co_return body_failed("body_malformed", used.error().detail);
    }
    raw_used_ += *used;
    if (out.size() > before || message_.chunks_done()) co_return out.size() - before;
    if (raw_used_ > 0) {
      std::memmove(raw_.data(), raw_.data() + raw_used_, raw_.size() - raw_used_);
      raw_.resize(raw_.size() - raw_used_);
      raw_used_ = 0;
    }
    const Socket::Outcome outcome = owner_.socket.read(raw_.prepare(piece_bytes), piece_bytes);
    if (outcome.state == Socket::State::closed)
      co_return body_failed("peer_gone", "the client left before its body was complete");
    raw_.commit(outcome.bytes);
    if (outcome.bytes > 0) continue;
    const Result<void> waited = co_await wait_for_body();
    if (!waited) co_return std::unexpected(waited.error());
  }
}

/// Only time spent waiting for the client counts, so that a slow handler is not held against it.
asio::awaitable<Result<void>> Connection::wait_for_body() {
  Clock& clock = owner_.socket.clock();
  const MonoTime start = clock.mono();
  const std::uint64_t rate = std::max<std::size_t>(owner_.limits->body_rate_min, 1);
  const auto allowed =
      rate_grace + std::chrono::nanoseconds(std::chrono::seconds(1)) * body_read_ / rate - body_waited_;
  const Socket::Wait waited = co_await owner_.socket.wait_readable(start + allowed);
  body_waited_ += clock.mono() - start;
  if (waited == Socket::Wait::gone) co_return body_failed("peer_gone", "the client left before its body was complete");
  if (waited == Socket::Wait::expired)
    co_return body_failed("body_timeout", "the body comes slower than the minimum rate");
  co_return Result<void>{};
}

/// RFC 9110 section 10.1.1: only when the body is wanted, and not if it is coming anyway.
asio::awaitable<void> Connection::send_continue() {
  expects_continue_ = false;
  if (begun_ || in_used_ < in_.size() || !raw_.empty()) co_return;
  SendPermit permit = owner_.core.shared.observer.fixed_answer("continue");
  (void)permit;
  const Result<void> written = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
  (void)written;
}

std::unexpected<Error> Connection::body_failed(std::string_view code, std::string_view message) {
  keep_ = false;
  body_error_ = Error(code, std::string(message));
  return std::unexpected(*body_error_);
}

}  // namespace ward::net::http1
