#include "http2/session.hpp"

#include "http2/callbacks.hpp"

namespace ward::net::http2 {

namespace {

constexpr std::int32_t connection_window_bytes = 1 << 20;
constexpr std::uint32_t stream_window_bytes = 256u << 10;
constexpr std::size_t problems_max = 16;

nghttp2_nv pair(std::string_view name, std::string_view value) {
  auto* name_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  auto* value_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  const std::uint8_t flags = name == "set-cookie" ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
  return {name_bytes, value_bytes, name.size(), value.size(), flags};
}

}  // namespace

Session::Session(const Limits& limits, Clock& clock) : limits_(limits), clock_(clock) {
  nghttp2_option* options = nullptr;
  WARD_ASSERT(nghttp2_option_new(&options) == 0);
  nghttp2_option_set_no_auto_window_update(options, 1);  // back-pressure: only what a handler took is granted again
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, 100);
  nghttp2_option_set_max_settings(options, 32);
  WARD_ASSERT(nghttp2_session_server_new2(&session_, Callbacks::table(), this, options) == 0);
  nghttp2_option_del(options);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(limits_.h2_streams_max)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_bytes_max)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window_bytes);
}

Session::~Session() { nghttp2_session_del(session_); }

bool Session::receive(std::string_view bytes) {
  if (ending_) return false;
  const MonoTime now = clock_.mono();
  if (const std::optional<std::string_view> spent = watch_.look(bytes, now)) {
    calm_down(*spent);
    return false;
  }
  const ssize_t used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (bomb_) calm_down("h2_header_bomb");
  if (used < 0 && !ending_) {
    note(used == NGHTTP2_ERR_FLOODED ? "h2_flood" : "malformed_http2");
    nghttp2_session_terminate_session(session_,
                                      used == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
    ending_ = true;
  }
  return !ending_;
}

void Session::produce(Buffer& out, std::size_t bytes_max) {
  while (out.size() < bytes_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return;
    out.append({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
}

void Session::answer(StreamState& state, int status,
                     const std::vector<std::pair<std::string_view, std::string_view>>& fields, bool has_body) {
  if (state.closed) return;
  const std::string code = std::to_string(status);
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(fields.size() + 1);
  pairs.push_back(pair(":status", code));
  for (const auto& [name, value] : fields) pairs.push_back(pair(name, value));
  nghttp2_data_provider source{{.ptr = nullptr}, Callbacks::read_answer};
  state.progress = clock_.mono();
  if (!has_body) state.out_ended = state.out_complete = true;
  nghttp2_submit_response(session_, state.id, pairs.data(), pairs.size(), has_body ? &source : nullptr);
}

void Session::add(StreamState& state, Buffer piece) {
  if (state.closed || piece.empty()) return;
  if (state.out_left() == 0) {
    state.progress = clock_.mono();
    state.out = std::move(piece);
    state.out_used = 0;
  } else {
    state.out.append(piece.view());
  }
  nghttp2_session_resume_data(session_, state.id);
}

void Session::end(StreamState& state) {
  state.out_ended = true;
  if (!state.closed) nghttp2_session_resume_data(session_, state.id);
}

void Session::informational(StreamState& state, int status) {
  const std::string code = std::to_string(status);
  const nghttp2_nv status_pair = pair(":status", code);
  if (!state.closed) nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, state.id, nullptr, &status_pair, 1, nullptr);
}

std::optional<Buffer> Session::take_body(StreamState& state) {
  if (state.body.empty()) return std::nullopt;
  Buffer piece = std::move(state.body.front());
  state.body.pop_front();
  nghttp2_session_consume(session_, state.id, piece.size());
  return piece;
}

void Session::reset(StreamState& state, std::uint32_t code) {
  if (!state.closed) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, state.id, code);
  close(state);
}

void Session::release(StreamState& state) {
  state.watcher = nullptr;
  state.released = true;
  if (!state.closed) {
    const bool broken = !state.out_ended;
    // After the whole answer the rest of the body is not wanted: RFC 9113 section 8.1.
    if (broken)
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, state.id, NGHTTP2_INTERNAL_ERROR);
    else if (!state.body_ended)
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, state.id, NGHTTP2_NO_ERROR);
    while (take_body(state)) continue;
  }
  erase_if_done(state);
}

void Session::close(StreamState& state) {
  state.closed = true;
  std::size_t unread = 0;
  for (const Buffer& piece : state.body) unread += piece.size();
  state.body.clear();
  if (unread > 0) nghttp2_session_consume_connection(session_, unread);
  state.out = Buffer();
  state.out_used = 0;
  if (state.watcher == nullptr) return;
  state.watcher->body_changed();
  state.watcher->answer_changed();
}

void Session::erase_if_done(StreamState& state) {
  if (!state.closed || !state.released) return;
  nghttp2_session_set_stream_user_data(session_, state.id, nullptr);
  streams_.erase(state.id);
}

void Session::announce_shutdown() { nghttp2_submit_shutdown_notice(session_); }

void Session::shut_down() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Session::calm_down(std::string_view what) {
  note(what);
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  ending_ = true;
}

void Session::abandon() {
  ending_ = true;
  for (auto& [id, state] : streams_) {
    if (!state->closed) close(*state);
  }
}

bool Session::over() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Session::note(std::string_view problem) {
  if (problems_.size() < problems_max) problems_.push_back(problem);
}

}  // namespace ward::net::http2
