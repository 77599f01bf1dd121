// HTTP/1.1 on one connection: requests in order, one Stream at a time.
#pragma once

#include "connection.hpp"
#include "http1/message.hpp"

namespace ward::net::http1 {

class Connection final : public Protocol, public Stream {
 public:
  explicit Connection(net::Connection& owner) : owner_(owner) {}

  boost::asio::awaitable<void> run() override;
  void sweep(MonoTime) override {}
  void drain() override;

  const RequestHead& head() const override { return message_.head(); }
  const Peer& peer() const override { return peer_; }
  boost::asio::awaitable<Result<Buffer>> read_some() override;
  boost::asio::awaitable<Result<Buffer>> read_all(std::size_t bytes_max) override;
  boost::asio::awaitable<Result<void>> send(ResponseHead head, Buffer body, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_start(ResponseHead head, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_more(Buffer piece) override;
  boost::asio::awaitable<Result<void>> send_end() override;
  bool begun() const override { return begun_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }

 private:
  enum class Got { head, ended, malformed };
  enum class Answer { none, streaming, complete };

  // Requests
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<Got> read_head();
  boost::asio::awaitable<Socket::Wait> wait_for_request();
  boost::asio::awaitable<void> call_handler();
  boost::asio::awaitable<bool> finish_request();
  void start_request(std::size_t head_bytes);
  void keep_what_follows();

  // Bodies
  bool body_done() const;
  boost::asio::awaitable<Result<std::size_t>> read_into(Buffer& out, std::size_t bytes_max);
  boost::asio::awaitable<Result<std::size_t>> read_counted(Buffer& out, std::size_t bytes_max);
  boost::asio::awaitable<Result<std::size_t>> read_chunked(Buffer& out, std::size_t bytes_max);
  boost::asio::awaitable<Result<void>> wait_for_body();
  boost::asio::awaitable<void> send_continue();
  std::unexpected<Error> body_failed(std::string_view code, std::string_view message);

  // Answers
  Result<void> begin_answer(const ResponseHead& head);
  void assemble_head(const ResponseHead& head, std::optional<std::size_t> length, std::size_t room_for_body);
  boost::asio::awaitable<Result<void>> write(std::string_view lasting);
  boost::asio::awaitable<Result<void>> write_scratch();
  boost::asio::awaitable<void> refuse(int status, std::string_view what, std::string_view detail);
  boost::asio::awaitable<void> linger();

  net::Connection& owner_;
  Message message_;
  Peer peer_;
  Buffer in_;                // the head, and what came behind it
  std::size_t in_used_ = 0;  // head and body bytes of `in_` that belong to this request
  Buffer raw_;               // a chunked body's bytes, not decoded yet
  std::size_t raw_used_ = 0;
  std::uint64_t body_left_ = 0;  // of a body with content-length
  std::uint64_t body_read_ = 0;
  std::chrono::nanoseconds body_waited_{0};
  std::optional<Error> body_error_;
  Malformed malformed_{400, ""};
  Answer answer_ = Answer::none;
  bool begun_ = false, keep_ = false, sends_body_ = true, idle_ = false, first_ = true, dead_ = false;
  bool expects_continue_ = false;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace ward::net::http1
