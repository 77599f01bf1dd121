#include "http2/http2.hpp"

#include "base/log.hpp"

namespace ward::net::http2 {

namespace asio = boost::asio;

namespace {
constexpr std::size_t read_bytes = 16u << 10;
constexpr std::size_t write_bytes = 64u << 10;
}  // namespace

Connection::Connection(net::Connection& owner)
    : owner_(owner), session_(*owner.limits, owner.socket.clock()), flush_(owner.core.io), ended_(owner.core.io) {}
Connection::~Connection() = default;

asio::awaitable<void> Connection::run() {
  started_ = active_ = owner_.socket.clock().mono();
  writing_ = true;
  asio::co_spawn(owner_.core.io, write(), [this](const std::exception_ptr&) {
    writing_ = false;
    ended_.notify();
  });
  co_await read();
  closing_ = true;
  if (!session_.over()) session_.abandon();
  flush();
  while (writing_ || !tasks_.empty()) co_await ended_.wait();
  report();
  if (!dead_) co_await linger();
}

asio::awaitable<void> Connection::read() {
  flush();  // our SETTINGS
  Socket& socket = owner_.socket;
  for (unsigned in_a_row = 1; !session_.over() && !dead_; ++in_a_row) {
    // The core's scratch is free until the next wait.
    Buffer& scratch = owner_.core.scratch;
    scratch.clear();
    const Socket::Outcome outcome = socket.read(scratch.prepare(read_bytes), read_bytes);
    if (outcome.state == Socket::State::closed) co_return;
    if (outcome.bytes > 0) {
      scratch.commit(outcome.bytes);
      const bool goes_on = session_.receive(scratch.view());
      flush();
      if (!goes_on) co_return;
      start_tasks();
    }
    if (outcome.state == Socket::State::want_read || !socket.has_pending()) {
      in_a_row = 0;
      const Socket::Wait waited = co_await socket.wait_readable(MonoTime{});
      if (waited != Socket::Wait::ready && !session_.over()) co_return;
    } else if (in_a_row % 16 == 0) {
      co_await asio::post(asio::use_awaitable);  // others have their turn
    }
  }
}

asio::awaitable<void> Connection::write() {
  Buffer out;
  for (;;) {
    session_.produce(out, write_bytes);
    if (out.empty()) {
      if (closing_) co_return;
      if (session_.over()) {
        owner_.socket.wake();  // the reader has nothing to wait for
        co_return;
      }
      out = Buffer();
      co_await flush_.wait();
      continue;
    }
    const Socket::Wait written = co_await owner_.socket.write_all(out.view(), owner_.limits->write_timeout);
    out.clear();
    if (written == Socket::Wait::ready) continue;
    if (written == Socket::Wait::expired) owner_.refused("slow_client", "took no bytes for too long");
    dead_ = true;
    session_.abandon();
    owner_.socket.abort();
    co_return;
  }
}

void Connection::start_tasks() {
  for (StreamState* state : session_.take_ready()) {
    const auto place = tasks_.insert(tasks_.end(), std::make_unique<Task>(*this, *state));
    asio::co_spawn(owner_.core.io, (*place)->run(),
                   [this, place](const std::exception_ptr& thrown) { task_ended(place, thrown != nullptr); });
  }
}

void Connection::task_ended(std::list<std::unique_ptr<Task>>::iterator place, bool threw) {
  if (threw) log::error("net_handler_failed", {{"what", "an exception left a handler"}});
  tasks_.erase(place);
  active_ = owner_.socket.clock().mono();
  flush();
  ended_.notify();
}

void Connection::report() {
  for (const std::string_view problem : session_.take_problems()) owner_.refused(problem, "HTTP/2");
}

void Connection::sweep(MonoTime now) {
  report();
  for (const std::unique_ptr<Task>& task : tasks_) task->sweep(now);
  if (closing_) return;
  const Limits& limits = *owner_.limits;
  const std::optional<MonoTime> block = session_.header_block_since();
  const bool slow_start = !session_.greeted() && now - started_ > limits.header_timeout;
  if (slow_start || (block && now - *block > limits.header_timeout)) {
    owner_.refused("slow_client", "head took too long");
    return owner_.kill();
  }
  if (drain_ == Drain::announced) {
    drain_ = Drain::done;
    session_.shut_down();
    return flush();
  }
  if (drain_ == Drain::no && tasks_.empty() && session_.streams() == 0 && now - active_ > limits.idle_timeout) {
    drain_ = Drain::done;
    session_.shut_down();
    flush();
  }
}

void Connection::drain() {
  if (drain_ != Drain::no) return;
  drain_ = Drain::announced;
  session_.announce_shutdown();
  flush();
}

/// Closing at once would reset the connection, and our GOAWAY could be lost on its way.
asio::awaitable<void> Connection::linger() {
  constexpr auto patience = std::chrono::seconds(1);
  constexpr std::size_t discarded_bytes_max = 256u << 10;
  Socket& socket = owner_.socket;
  socket.finish_writing();
  const MonoTime deadline = socket.clock().mono() + patience;
  for (std::size_t discarded = 0; discarded < discarded_bytes_max;) {
    Buffer& scratch = owner_.core.scratch;
    scratch.clear();
    const Socket::Outcome outcome = socket.read(scratch.prepare(read_bytes), read_bytes);
    discarded += outcome.bytes;
    if (outcome.state == Socket::State::closed) co_return;
    if (outcome.state != Socket::State::want_read) continue;
    const Socket::Wait waited = co_await socket.wait_readable(deadline);
    if (waited != Socket::Wait::ready) co_return;
  }
}

}  // namespace ward::net::http2
