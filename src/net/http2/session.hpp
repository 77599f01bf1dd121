// One HTTP/2 session from bytes to bytes, without a socket: nghttp2 with budgets, and the state of its streams.
#pragma once

#include "http2/budget.hpp"
#include "server.hpp"

#include <nghttp2/nghttp2.h>

#include <deque>

namespace ward::net::http2 {

/// Told when a stream's state changed. Must not call the Session.
struct Watcher {
  virtual ~Watcher() = default;
  virtual void body_changed() = 0;
  virtual void answer_changed() = 0;
};

/// One stream. It lives until both nghttp2 and its handler are done with it (`Session::release`).
struct StreamState {
  std::int32_t id = 0;
  RequestHead head;
  int refuse_status = 0;  // the head was read, but only this fixed answer is due
  std::string_view refuse_why;
  bool expects_continue = false;

  std::deque<Buffer> body;  // not taken yet; bounded by the flow control window
  std::uint64_t body_received = 0;
  bool body_ended = false, body_too_large = false;

  Buffer out;  // of the answer, from `out_used` on
  std::size_t out_used = 0;
  bool out_ended = false, out_complete = false;  // complete: END_STREAM was handed out
  std::uint64_t bytes_sent = 0;
  MonoTime progress{};  // when bytes of the answer last went out, or were first there

  bool closed = false;  // by the peer's reset, ours, or completion
  bool released = false;
  bool has_handler = false;  // its head became ready, so somebody will release it
  Watcher* watcher = nullptr;

  std::size_t out_left() const { return out.size() - out_used; }

  // While the head is being read.
  struct Span {
    std::size_t name, name_bytes, value_bytes;
  };
  Buffer text;
  std::vector<Span> spans;
  std::size_t header_bytes = 0;
};

/// Not thread-safe; never calls back into its user but through Watcher.
class Session {
 public:
  Session(const Limits& limits, Clock& clock);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What the client sent. False: the connection is to end once `produce` has nothing more.
  bool receive(std::string_view bytes);
  /// Appends what is to be sent, about `bytes_max` of it.
  void produce(Buffer& out, std::size_t bytes_max);
  /// Streams whose heads are complete, in order; to be taken away by the caller.
  std::vector<StreamState*> take_ready() { return std::exchange(ready_, {}); }

  /// `fields` without ":status". With `has_body` the body comes by `add`, else the answer ends here.
  void answer(StreamState&, int status, const std::vector<std::pair<std::string_view, std::string_view>>& fields,
              bool has_body);
  void add(StreamState&, Buffer piece);
  void end(StreamState&);
  void informational(StreamState&, int status);
  /// The next piece of the body was taken by the handler: the client may send as much again.
  std::optional<Buffer> take_body(StreamState&);
  void reset(StreamState&, std::uint32_t code);
  /// The handler is done. `state` may be gone afterwards.
  void release(StreamState&);

  void announce_shutdown();  // GOAWAY that still takes what is on its way
  void shut_down();          // GOAWAY with the last stream
  /// GOAWAY ENHANCE_YOUR_CALM.
  void calm_down(std::string_view what);
  /// The connection is gone: all streams are closed.
  void abandon();

  bool over() const;
  std::size_t streams() const { return streams_.size(); }
  bool greeted() const { return greeted_; }  // the client's SETTINGS came
  std::optional<MonoTime> header_block_since() const { return watch_.header_block_since(); }
  /// Why the session was ended or a stream refused since the last call: slugs for the Observer.
  std::vector<std::string_view> take_problems() { return std::exchange(problems_, {}); }

 private:
  struct Callbacks;
  void finish_head(StreamState&);
  void add_field(StreamState&, std::string_view name, std::string_view value);
  void join_cookies(StreamState&);
  void close(StreamState&);
  void erase_if_done(StreamState&);
  void note(std::string_view problem);

  const Limits& limits_;
  Clock& clock_;
  nghttp2_session* session_ = nullptr;
  FrameWatch watch_;
  std::unordered_map<std::int32_t, std::unique_ptr<StreamState>> streams_;
  std::vector<StreamState*> ready_;
  std::vector<std::string_view> problems_;
  bool greeted_ = false, ending_ = false, bomb_ = false;
};

}  // namespace ward::net::http2
