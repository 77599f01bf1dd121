// HTTP/2 on one connection: one reader, one writer, and a task per stream, all on the connection's core.
#pragma once

#include "connection.hpp"
#include "http2/session.hpp"
#include "signal.hpp"

#include <list>

namespace ward::net::http2 {

class Task;

class Connection final : public Protocol {
 public:
  explicit Connection(net::Connection& owner);
  ~Connection() override;

  boost::asio::awaitable<void> run() override;
  void sweep(MonoTime now) override;
  void drain() override;

  /// Something is to be sent: the writer takes what has gathered by then.
  void flush() { flush_.notify(); }

  net::Connection& owner() { return owner_; }
  Session& session() { return session_; }

 private:
  boost::asio::awaitable<void> read();
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> linger();
  void start_tasks();
  void task_ended(std::list<std::unique_ptr<Task>>::iterator place, bool threw);
  void report();

  net::Connection& owner_;
  Session session_;
  Signal flush_, ended_;
  std::list<std::unique_ptr<Task>> tasks_;
  MonoTime started_, active_;
  enum class Drain { no, announced, done } drain_ = Drain::no;
  bool closing_ = false, writing_ = false, dead_ = false;
};

/// One stream and its handler.
class Task final : public Stream, private Watcher {
 public:
  Task(Connection& connection, StreamState& state);
  ~Task() override;

  boost::asio::awaitable<void> run();
  void sweep(MonoTime now);

  const RequestHead& head() const override { return state_.head; }
  const Peer& peer() const override { return peer_; }
  boost::asio::awaitable<Result<Buffer>> read_some() override;
  boost::asio::awaitable<Result<Buffer>> read_all(std::size_t bytes_max) override;
  boost::asio::awaitable<Result<void>> send(ResponseHead head, Buffer body, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_start(ResponseHead head, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_more(Buffer piece) override;
  boost::asio::awaitable<Result<void>> send_end() override;
  bool begun() const override { return begun_; }
  std::uint64_t bytes_sent() const override { return state_.bytes_sent; }

 private:
  void body_changed() override { readable_.notify(); }
  void answer_changed() override { writable_.notify(); }
  boost::asio::awaitable<void> refuse(int status, std::string_view what, std::string_view detail);
  boost::asio::awaitable<Result<void>> wait_for_body();
  boost::asio::awaitable<Result<void>> wait_until_queued_at_most(std::size_t bytes);
  boost::asio::awaitable<Result<void>> wait_until_complete();
  Result<void> begin_answer(const ResponseHead& head, std::optional<std::size_t> length);
  Result<void> answer_gone() const;

  Connection& connection_;
  StreamState& state_;
  Peer peer_;
  Signal readable_, writable_;
  MonoTime body_deadline_{};
  std::chrono::nanoseconds body_waited_{0};
  bool begun_ = false, sends_body_ = true, body_late_ = false, too_slow_ = false;
};

}  // namespace ward::net::http2
