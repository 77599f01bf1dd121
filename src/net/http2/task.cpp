// One stream's handler: the request's body in, the answer out, with back-pressure both ways.
#include "http2/http2.hpp"
#include "respond.hpp"

namespace ward::net::http2 {

namespace asio = boost::asio;

namespace {
constexpr std::size_t queued_bytes_max = 64u << 10;
constexpr auto rate_grace = std::chrono::seconds(5);
}  // namespace

Task::Task(Connection& connection, StreamState& state)
    : connection_(connection),
      state_(state),
      peer_(connection.owner().peer_of(state.head)),
      readable_(connection.owner().core.io),
      writable_(connection.owner().core.io) {
  state_.watcher = this;
}

Task::~Task() { connection_.session().release(state_); }

asio::awaitable<void> Task::run() {
  if (state_.refuse_status != 0) {
    co_await refuse(state_.refuse_status, "malformed_http2", state_.refuse_why);
    co_return;
  }
  if (!connection_.owner().is_ours(head().authority)) {
    co_await refuse(421, "misdirected", ":authority or SNI is not one of ours");
    co_return;
  }
  co_await connection_.owner().listener.handler(*this);
  if (!begun_ && !state_.closed) co_await refuse(500, "no_answer", "the handler gave no answer");
}

asio::awaitable<void> Task::refuse(int status, std::string_view what, std::string_view detail) {
  connection_.owner().refused(what, detail);
  ResponseHead answer;
  answer.status = status;
  answer.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  SendPermit permit = connection_.owner().core.shared.observer.fixed_answer(what);
  Buffer text(fixed_text(status));
  const Result<void> sent = co_await send(std::move(answer), std::move(text), std::move(permit));
  (void)sent;
}

void Task::sweep(MonoTime now) {
  if (body_deadline_ != MonoTime{} && now >= body_deadline_) {
    body_late_ = true;
    readable_.notify();
  }
  if (!state_.closed && state_.out_left() > 0 && now - state_.progress > connection_.owner().limits->write_timeout) {
    too_slow_ = true;
    connection_.owner().refused("slow_client", "took no bytes of the answer for too long");
    connection_.session().reset(state_, NGHTTP2_ENHANCE_YOUR_CALM);
    connection_.flush();
  }
}

asio::awaitable<Result<Buffer>> Task::read_some() {
  for (;;) {
    std::optional<Buffer> piece = connection_.session().take_body(state_);
    if (piece) {
      connection_.flush();  // the window may have grown
      co_return std::move(*piece);
    }
    const bool announced = state_.head.content_length.value_or(0) > connection_.owner().limits->body_bytes_max;
    if (state_.body_too_large || announced) co_return fail("body_too_large", "the body is larger than the limit");
    if (state_.body_ended) co_return Buffer();
    if (state_.closed) co_return fail("peer_gone", "the client left before its body was complete");
    const Result<void> waited = co_await wait_for_body();
    if (!waited) co_return std::unexpected(waited.error());
  }
}

asio::awaitable<Result<Buffer>> Task::read_all(std::size_t bytes_max) {
  if (state_.head.content_length.value_or(0) > bytes_max)
    co_return fail("body_too_large", "the body is larger than this route takes");
  Buffer all;
  for (;;) {
    Result<Buffer> piece = co_await read_some();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return std::move(all);
    if (all.size() + piece->size() > bytes_max)
      co_return fail("body_too_large", "the body is larger than this route takes");
    if (all.empty())
      all = std::move(*piece);
    else
      all.append(piece->view());
  }
}

/// Only time spent waiting for the client counts, so that a slow handler is not held against it.
asio::awaitable<Result<void>> Task::wait_for_body() {
  if (std::exchange(state_.expects_continue, false) && !begun_) {
    SendPermit permit = connection_.owner().core.shared.observer.fixed_answer("continue");
    (void)permit;
    connection_.session().informational(state_, 100);
    connection_.flush();
  }
  Clock& clock = connection_.owner().socket.clock();
  const MonoTime start = clock.mono();
  const std::uint64_t rate = std::max<std::size_t>(connection_.owner().limits->body_rate_min, 1);
  body_deadline_ = start + rate_grace +
                   std::chrono::nanoseconds(std::chrono::seconds(1)) * state_.body_received / rate - body_waited_;
  co_await readable_.wait();
  body_deadline_ = MonoTime{};
  body_waited_ += clock.mono() - start;
  if (body_late_) co_return fail("body_timeout", "the body comes slower than the minimum rate");
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Task::send(ResponseHead head, Buffer body, SendPermit) {
  Result<void> begun = begin_answer(head, body.size());
  if (!begun) co_return begun;
  if (sends_body_ && !body.empty()) {
    connection_.session().add(state_, std::move(body));
    connection_.session().end(state_);
  }
  connection_.flush();
  Result<void> sent = co_await wait_until_complete();
  co_return sent;
}

asio::awaitable<Result<void>> Task::send_start(ResponseHead head, SendPermit) {
  Result<void> begun = begin_answer(head, std::nullopt);
  if (begun) connection_.flush();
  co_return begun;
}

asio::awaitable<Result<void>> Task::send_more(Buffer piece) {
  if (!begun_ || (state_.out_ended && sends_body_)) co_return fail("not_begun", "send_more without send_start");
  if (!sends_body_ || piece.empty()) co_return Result<void>{};
  connection_.session().add(state_, std::move(piece));
  connection_.flush();
  Result<void> waited = co_await wait_until_queued_at_most(queued_bytes_max);
  co_return waited;
}

asio::awaitable<Result<void>> Task::send_end() {
  if (!begun_) co_return fail("not_begun", "send_end without send_start");
  if (!state_.out_ended) connection_.session().end(state_);
  connection_.flush();
  Result<void> sent = co_await wait_until_complete();
  co_return sent;
}

asio::awaitable<Result<void>> Task::wait_until_queued_at_most(std::size_t bytes) {
  while (!state_.closed && state_.out_left() > bytes) co_await writable_.wait();
  co_return answer_gone();
}

asio::awaitable<Result<void>> Task::wait_until_complete() {
  while (!state_.closed && !state_.out_complete) co_await writable_.wait();
  co_return answer_gone();
}

Result<void> Task::answer_gone() const {
  if (too_slow_) return fail("write_timeout", "the client takes no bytes of the answer");
  if (state_.closed && !state_.out_complete) return fail("peer_gone", "the client left before the answer was complete");
  return {};
}

/// `length` is of the whole body, if it is known.
Result<void> Task::begin_answer(const ResponseHead& head, std::optional<std::size_t> length) {
  if (begun_) return fail("already_begun", "a second answer to one request");
  if (state_.closed) return fail("peer_gone", "the client left");
  Result<void> checked = check_head(head);
  if (!checked) return checked;
  begun_ = true;
  sends_body_ = has_body(head.status, state_.head.method);

  std::vector<std::pair<std::string_view, std::string_view>> fields;
  fields.reserve(head.headers.size() + 6);
  const auto add = [&fields](std::string_view name, std::string_view value) { fields.emplace_back(name, value); };
  net::Connection& owner = connection_.owner();
  for_each_standard_header(head, owner.core.date(), owner.socket.is_tls(), add);
  const bool own_length = state_.head.method == "HEAD" && length.value_or(1) == 0;
  bool has_length = false;
  for (const auto& [name, value] : head.headers) {
    const bool is_length = name == "content-length";
    if (is_framing_header(name) && !(is_length && own_length)) continue;
    has_length = has_length || is_length;
    add(name, value);
  }
  const std::string length_text = std::to_string(length.value_or(0));
  const bool length_allowed = head.status != 204 && head.status != 304;
  if (length && length_allowed && !has_length) add("content-length", length_text);
  const bool body_follows = sends_body_ && (!length || *length > 0);
  connection_.session().answer(state_, head.status, fields, body_follows);
  return {};
}

}  // namespace ward::net::http2
