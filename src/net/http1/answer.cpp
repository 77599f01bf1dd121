// Answers in HTTP/1.1: head and body assembled once, written at once.
#include "http1/http1.hpp"
#include "respond.hpp"

#include <charconv>

namespace ward::net::http1 {

namespace asio = boost::asio;

namespace {

constexpr std::size_t together_bytes_max = 32u << 10;  // head and body up to this go out in one write
constexpr std::size_t kept_body_bytes_max = 64u << 10;

/// Appends to memory that was made large enough.
struct Pen {
  char* at;
  Pen& operator<<(std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
    return *this;
  }
  Pen& operator<<(std::uint64_t number) {
    at = std::to_chars(at, at + 20, number).ptr;
    return *this;
  }
};

}  // namespace

asio::awaitable<Result<void>> Connection::send(ResponseHead head, Buffer body, SendPermit) {
  Result<void> begun = begin_answer(head);
  if (!begun) co_return begun;
  const bool together = body.size() <= together_bytes_max;
  assemble_head(head, body.size(), sends_body_ && together ? body.size() : 0);
  if (sends_body_ && together) owner_.core.scratch.append(body.view());
  Result<void> written = co_await write_scratch();
  if (written && sends_body_ && !together) written = co_await write(body.view());
  if (written) answer_ = Answer::complete;
  co_return written;
}

asio::awaitable<Result<void>> Connection::send_start(ResponseHead head, SendPermit) {
  Result<void> begun = begin_answer(head);
  if (!begun) co_return begun;
  if (message_.head().http_version == 10) keep_ = false;
  answer_ = Answer::streaming;
  assemble_head(head, std::nullopt, 0);
  Result<void> written = co_await write_scratch();
  co_return written;
}

asio::awaitable<Result<void>> Connection::send_more(Buffer piece) {
  if (answer_ != Answer::streaming) co_return fail("not_begun", "send_more without send_start");
  if (piece.empty() || !sends_body_) co_return Result<void>{};
  if (message_.head().http_version == 10) {
    Result<void> plain = co_await write(piece.view());
    co_return plain;
  }
  Buffer chunk;
  Pen pen{chunk.prepare(piece.size() + 24)};
  char* begin = pen.at;
  pen.at = std::to_chars(pen.at, pen.at + 16, piece.size(), 16).ptr;
  pen << "\r\n" << piece.view() << "\r\n";
  chunk.commit(static_cast<std::size_t>(pen.at - begin));
  Result<void> written = co_await write(chunk.view());
  co_return written;
}

asio::awaitable<Result<void>> Connection::send_end() {
  if (answer_ != Answer::streaming) co_return fail("not_begun", "send_end without send_start");
  Result<void> written;
  if (sends_body_ && message_.head().http_version != 10) written = co_await write("0\r\n\r\n");
  if (written) answer_ = Answer::complete;
  co_return written;
}

Result<void> Connection::begin_answer(const ResponseHead& head) {
  if (begun_) return fail("already_begun", "a second answer to one request");
  if (dead_) return fail("peer_gone", "the client left");
  Result<void> checked = check_head(head);
  if (!checked) return checked;
  begun_ = true;
  sends_body_ = has_body(head.status, message_.head().method);
  const bool rest_is_small = !message_.chunked() && !expects_continue_ && body_left_ <= kept_body_bytes_max;
  const bool can_go_on = body_done() || rest_is_small;
  keep_ = keep_ && can_go_on && !body_error_ && !owner_.core.shared.draining;
  return {};
}

/// Into the core's scratch, with room for `room_for_body` more bytes. `length` is of the whole body; without one the
/// answer is chunked (or ended by closing, for HTTP/1.0).
void Connection::assemble_head(const ResponseHead& head, std::optional<std::size_t> length, std::size_t room_for_body) {
  constexpr std::size_t standard_bytes_max = 512;
  std::size_t bytes = standard_bytes_max + room_for_body;
  for (const auto& [name, value] : head.headers) bytes += name.size() + value.size() + 4;

  Buffer& out = owner_.core.scratch;
  out.clear();
  Pen pen{out.prepare(bytes)};
  const char* begin = pen.at;
  pen << "HTTP/1.1 " << static_cast<std::uint64_t>(head.status) << " " << reason_phrase(head.status) << "\r\n";
  const auto field = [&pen](std::string_view name, std::string_view value) { pen << name << ": " << value << "\r\n"; };
  for_each_standard_header(head, owner_.core.date(), owner_.socket.is_tls(), field);
  const bool own_length =
      message_.head().method == "HEAD" && length.value_or(1) == 0;  // a handler may know what GET would send
  bool has_length = false;
  for (const auto& [name, value] : head.headers) {
    const bool is_length = name == "content-length";
    if (is_framing_header(name) && !(is_length && own_length)) continue;
    has_length = has_length || is_length;
    field(name, value);
  }
  const bool length_allowed = head.status != 204 && head.status != 304;
  if (length && length_allowed && !has_length)
    pen << "content-length: " << static_cast<std::uint64_t>(*length) << "\r\n";
  if (!length && sends_body_ && message_.head().http_version != 10) pen << "transfer-encoding: chunked\r\n";
  if (!keep_) pen << "connection: close\r\n";
  pen << "\r\n";
  out.commit(static_cast<std::size_t>(pen.at - begin));
}

/// Most answers fit into the socket's buffer at once; the rest is copied, because others use the scratch meanwhile.
asio::awaitable<Result<void>> Connection::write_scratch() {
  std::string_view bytes = owner_.core.scratch.view();
  Socket::Outcome outcome{Socket::State::done};
  while (!bytes.empty() && outcome.state == Socket::State::done) {
    outcome = owner_.socket.write(bytes.data(), bytes.size());
    bytes.remove_prefix(outcome.bytes);
    bytes_sent_ += outcome.bytes;
  }
  if (bytes.empty()) co_return Result<void>{};
  const Buffer rest(bytes);
  Result<void> written = co_await write(rest.view());
  co_return written;
}

asio::awaitable<Result<void>> Connection::write(std::string_view lasting) {
  const Socket::Wait waited = co_await owner_.socket.write_all(lasting, owner_.limits->write_timeout);
  if (waited == Socket::Wait::ready) {
    bytes_sent_ += lasting.size();
    co_return Result<void>{};
  }
  dead_ = true;
  if (waited == Socket::Wait::expired) {
    owner_.refused("slow_client", "took no bytes of the answer for too long");
    owner_.socket.abort();
    co_return fail("write_timeout", "the client takes no bytes of the answer");
  }
  co_return fail("peer_gone", "the client left before the answer was complete");
}

}  // namespace ward::net::http1
