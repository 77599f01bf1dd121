#include "client/http2.hpp"

#include "base/encoding.hpp"
#include "client/http2_task.hpp"

#include <boost/asio/co_spawn.hpp>

#include <nghttp2/nghttp2.h>

namespace ward::net::client {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 32u << 10;
constexpr std::size_t out_bytes_max = 256u << 10;  // made and not written yet
constexpr std::int32_t stream_window = 1 << 20, connection_window = 16 << 20;

nghttp2_nv field(std::string_view name, std::string_view value, bool secret = false) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          static_cast<std::uint8_t>(secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
}

}  // namespace

struct Http2Connection::Callbacks {
  static Task* find(nghttp2_session* session, std::int32_t id) {
    return static_cast<Task*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (Task* task = find(session, frame->hd.stream_id)) task->begin_head();
    return 0;
  }
  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void*) {
    Task* task = find(session, frame->hd.stream_id);
    if (task == nullptr || frame->hd.type != NGHTTP2_HEADERS) return 0;
    const bool taken = task->add_field({reinterpret_cast<const char*>(name), name_bytes},
                                       {reinterpret_cast<const char*>(value), value_bytes});
    return taken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Http2Connection*>(user)->goodbye_ = true;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Task* task = find(session, frame->hd.stream_id);
    if (task == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) task->end_head();
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) task->end_stream();
    return 0;
  }
  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                  void*) {
    Task* task = find(session, id);
    if (task == nullptr || task->add_body({reinterpret_cast<const char*>(bytes), size})) return 0;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    return 0;
  }
  static int stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user) {
    Task* task = find(session, id);
    static_cast<Http2Connection*>(user)->tasks_.erase(id);
    if (task == nullptr) return 0;
    task->stream = 0;
    if (code == NGHTTP2_REFUSED_STREAM)
      task->fail("upstream_closed", "the request was not taken", false);
    else if (code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_COMPRESSION_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR)
      task->fail("upstream_malformed", "the answer is malformed", true);
    else
      task->fail("upstream_closed", "the answer was broken off", true);
    return 0;
  }

  static const nghttp2_session_callbacks* table() {
    static const nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* fresh = nullptr;
      WARD_ASSERT(nghttp2_session_callbacks_new(&fresh) == 0);
      nghttp2_session_callbacks_set_on_begin_headers_callback(fresh, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(fresh, header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(fresh, frame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(fresh, data);
      nghttp2_session_callbacks_set_on_stream_close_callback(fresh, stream_close);
      return fresh;
    }();
    return made;
  }
};

Http2Connection::Http2Connection(Sweeper& sweeper, std::unique_ptr<Socket> socket, const Origin& origin,
                                 const ClientOptions& options)
    : sweeper_(sweeper.shared_from_this()), socket_(std::move(socket)), origin_(origin), options_(options) {}

Http2Connection::~Http2Connection() { nghttp2_session_del(session_); }

Result<void> Http2Connection::start() {
  if (nghttp2_session_client_new(&session_, Callbacks::table(), this) != 0)
    return fail("upstream_malformed", "nghttp2 has no memory for a session");
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options_.header_bytes_max)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
  flush();
  asio::co_spawn(sweeper_->io(), read_for_ever(shared_from_this()), [](const std::exception_ptr&) {});
  return {};
}

bool Http2Connection::usable() const {
  return !ended_ && !goodbye_ && nghttp2_session_check_request_allowed(session_) != 0;
}

void Http2Connection::close() {
  if (ended_) return;
  fail_all("upstream_closed", "the connection was given up");
  socket_->finish_writing();
  socket_->kill();
}

void Http2Connection::fail_all(std::string_view code, std::string_view detail) {
  ended_ = true;
  for (const auto& [id, task] : tasks_) task->fail(code, detail, true);
}

asio::awaitable<void> Http2Connection::read_for_ever(std::shared_ptr<Http2Connection> self) {
  Buffer memory;
  while (!self->ended_) {
    const Socket::Outcome outcome = self->socket_->read(memory.prepare(read_bytes), read_bytes);
    if (outcome.state == Socket::State::done) {
      self->last_read_ = self->sweeper_->now();
      self->in_callback_ = true;
      const ssize_t taken = nghttp2_session_mem_recv(
          self->session_, reinterpret_cast<const std::uint8_t*>(memory.data() + memory.size()), outcome.bytes);
      self->in_callback_ = false;
      if (taken < 0) {
        self->flush();  // GOAWAY
        self->fail_all("upstream_malformed", "the HTTP/2 connection is malformed");
        break;
      }
      self->flush();
      continue;
    }
    if (outcome.state == Socket::State::closed) break;
    Socket::Wait waited = Socket::Wait::ready;
    if (outcome.state == Socket::State::want_read)
      waited = co_await self->socket_->wait_readable(MonoTime{});
    else
      waited = co_await self->socket_->wait_writable(MonoTime{});
    if (waited == Socket::Wait::gone) break;
  }
  if (!self->ended_) self->fail_all("upstream_closed", "the connection ended within an answer");
  self->socket_->kill();
}

asio::awaitable<void> Http2Connection::write_later(std::shared_ptr<Http2Connection> self) {
  const Socket::Wait waited = co_await self->socket_->wait_writable(MonoTime{});
  self->writing_ = false;
  if (waited == Socket::Wait::ready && !self->ended_) self->flush();
}

/// False: there is nothing to write.
bool Http2Connection::fill() {
  out_.clear();
  out_used_ = 0;
  while (out_.size() < out_bytes_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) break;
    out_.append({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  return !out_.empty();
}

void Http2Connection::flush() {
  if (in_callback_ || ended_) return;
  while (!writing_) {
    if (out_used_ == out_.size() && !fill()) return;
    const Socket::Outcome outcome = socket_->write(out_.data() + out_used_, out_.size() - out_used_);
    if (outcome.state == Socket::State::done) {
      out_used_ += outcome.bytes;
      continue;
    }
    if (outcome.state == Socket::State::closed) {
      fail_all("upstream_closed", "the connection ended");
      socket_->kill();
      return;
    }
    if (outcome.state == Socket::State::want_read) return;  // the reader flushes after each read
    writing_ = true;
    asio::co_spawn(sweeper_->io(), write_later(shared_from_this()), [](const std::exception_ptr&) {});
    return;
  }
}

Result<void> Http2Connection::submit(Task& task, const ClientRequest& request) {
  const std::string length = std::to_string(request.body.size());
  const std::string& authority = request.authority.empty() ? origin_.authority : request.authority;
  std::vector<nghttp2_nv> fields{field(":method", request.method), field(":scheme", "https"),
                                 field(":authority", authority), field(":path", request.path_and_query)};
  for (const auto& [name, value] : request.headers) fields.push_back(field(name, value, name == "authorization"));
  if (!request.body.empty()) fields.push_back(field("content-length", length));
  nghttp2_data_provider body{{.ptr = nullptr}, Task::read_body};
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                 request.body.empty() ? nullptr : &body, &task);
  if (id < 0) return fail("upstream_connect", "the HTTP/2 connection takes no more requests");
  task.stream = id;
  tasks_[id] = &task;
  return {};
}

asio::awaitable<Tried> Http2Connection::exchange(const ClientRequest& request) {
  const std::shared_ptr<Http2Connection> self = shared_from_this();
  Task task(*sweeper_, *this, request, options_);
  const Result<void> submitted = submit(task, request);
  if (!submitted) co_return Tried{.answer = std::unexpected(Client::Failure{submitted.error(), false}), .stale = true};
  flush();
  co_await task.wait();
  Tried tried = task.take(origin_);
  const bool silent = task.expired() && last_read_ < task.submitted_at();
  task.withdraw();
  flush();
  if (silent) close();  // not a byte since: the peer may have vanished without a word
  co_return tried;
}

}  // namespace ward::net::client
