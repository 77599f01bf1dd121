#include "http2/callbacks.hpp"

#include "base/encoding.hpp"
#include "target.hpp"

namespace ward::net::http2 {

const nghttp2_session_callbacks* Session::Callbacks::table() {
  static const nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* fresh = nullptr;
    WARD_ASSERT(nghttp2_session_callbacks_new(&fresh) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(fresh, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(fresh, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(fresh, frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(fresh, invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(fresh, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(fresh, stream_close);
    return fresh;
  }();
  return made;
}

StreamState* Session::Callbacks::find(nghttp2_session* session, std::int32_t id) {
  return static_cast<StreamState*>(nghttp2_session_get_stream_user_data(session, id));
}

int Session::Callbacks::begin_headers(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  auto& session = *static_cast<Session*>(user);
  // Handlers of streams that the client gave up still run; it may not pile them up.
  if (session.ending_ || session.streams_.size() >= 2 * session.limits_.h2_streams_max)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  auto state = std::make_unique<StreamState>();
  state->id = frame->hd.stream_id;
  state->head.http_version = 20;
  nghttp2_session_set_stream_user_data(raw, state->id, state.get());
  session.streams_[state->id] = std::move(state);
  return 0;
}

int Session::Callbacks::header(nghttp2_session* raw, const nghttp2_frame* frame, const std::uint8_t* name,
                               std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes, std::uint8_t,
                               void* user) {
  auto& session = *static_cast<Session*>(user);
  StreamState* state = find(raw, frame->hd.stream_id);
  if (frame->hd.type != NGHTTP2_HEADERS || state == nullptr) return 0;
  constexpr std::size_t entry_bytes = 32, bomb_factor = 4;  // RFC 9113 section 6.5.2 counts 32 per field
  state->header_bytes += name_bytes + value_bytes + entry_bytes;
  if (state->header_bytes > bomb_factor * session.limits_.header_bytes_max) {
    session.bomb_ = true;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers are dropped
  session.add_field(*state, {reinterpret_cast<const char*>(name), name_bytes},
                    {reinterpret_cast<const char*>(value), value_bytes});
  return 0;
}

int Session::Callbacks::frame(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
  auto& session = *static_cast<Session*>(user);
  if (frame->hd.type == NGHTTP2_SETTINGS) session.greeted_ = true;
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  StreamState* state = find(raw, frame->hd.stream_id);
  if (state == nullptr || state->closed) return 0;
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    state->body_ended = true;
    if (state->watcher != nullptr) state->watcher->body_changed();
  }
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    session.finish_head(*state);
    state->has_handler = true;
    session.ready_.push_back(state);
  }
  return 0;
}

int Session::Callbacks::invalid_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
  auto& session = *static_cast<Session*>(user);
  session.note("malformed_http2");
  if (!session.watch_.malformed(session.clock_.mono())) session.bomb_ = true;
  return 0;
}

int Session::Callbacks::data(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                             std::size_t size, void* user) {
  auto& session = *static_cast<Session*>(user);
  StreamState* state = find(raw, id);
  const bool wanted =
      state != nullptr && !state->closed && !state->released && !state->body_too_large && state->refuse_status == 0;
  if (!wanted) {
    nghttp2_session_consume(raw, id, size);
    return 0;
  }
  state->body_received += size;
  if (state->body_received > session.limits_.body_bytes_max) {
    state->body_too_large = true;
    nghttp2_session_consume(raw, id, size);
  } else {
    constexpr std::size_t piece_bytes = 16u << 10;
    if (state->body.empty() || state->body.back().size() + size > piece_bytes) state->body.emplace_back();
    state->body.back().append({reinterpret_cast<const char*>(bytes), size});
  }
  if (state->watcher != nullptr) state->watcher->body_changed();
  return 0;
}

int Session::Callbacks::stream_close(nghttp2_session* raw, std::int32_t id, std::uint32_t, void* user) {
  auto& session = *static_cast<Session*>(user);
  StreamState* state = find(raw, id);
  if (state == nullptr) return 0;
  if (!state->has_handler) state->released = true;
  if (!state->closed) session.close(*state);
  session.erase_if_done(*state);
  return 0;
}

ssize_t Session::Callbacks::read_answer(nghttp2_session* raw, std::int32_t id, std::uint8_t* memory, std::size_t room,
                                        std::uint32_t* flags, nghttp2_data_source*, void* user) {
  auto& session = *static_cast<Session*>(user);
  StreamState* found = find(raw, id);
  if (found == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // reset and released already
  StreamState& state = *found;
  const std::size_t size = std::min(room, state.out_left());
  if (size > 0) {
    std::memcpy(memory, state.out.data() + state.out_used, size);
    state.out_used += size;
    state.bytes_sent += size;
    state.progress = session.clock_.mono();
  }
  if (state.out_left() == 0) {
    state.out = Buffer();
    state.out_used = 0;
    if (state.out_ended) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      state.out_complete = true;
    }
  }
  if (state.watcher != nullptr) state.watcher->answer_changed();
  if (size == 0 && !state.out_complete) return NGHTTP2_ERR_DEFERRED;
  session.watch_.sent_data(size, state.out_complete);
  return static_cast<ssize_t>(size);
}

void Session::add_field(StreamState& state, std::string_view name, std::string_view value) {
  if (state.refuse_status != 0) return;
  if (state.header_bytes > limits_.header_bytes_max + limits_.uri_bytes_max ||
      state.spans.size() >= limits_.header_fields_max + 4) {
    state.refuse_status = 431;
    state.refuse_why = "header block is too large";
    return;
  }
  state.spans.push_back({state.text.size(), name.size(), value.size()});
  state.text.append(name);
  state.text.append(value);
}

void Session::join_cookies(StreamState& state) {  // RFC 9113 section 8.2.3
  const auto is_cookie = [&](const StreamState::Span& span) {
    return state.text.view().substr(span.name, span.name_bytes) == "cookie";
  };
  if (std::count_if(state.spans.begin(), state.spans.end(), is_cookie) < 2) return;
  Buffer joined("cookie");
  for (const StreamState::Span& span : state.spans) {
    if (!is_cookie(span)) continue;
    if (joined.size() > 6) joined.append("; ");
    joined.append(state.text.view().substr(span.name + span.name_bytes, span.value_bytes));
  }
  std::erase_if(state.spans, is_cookie);
  state.spans.push_back({state.text.size(), 6, joined.size() - 6});
  state.text.append(joined.view());
}

void Session::finish_head(StreamState& state) {
  RequestHead& head = state.head;
  head.has_body = !state.body_ended;
  if (state.refuse_status != 0) return;
  const auto refuse = [&state](int status, std::string_view why) {
    state.refuse_status = status;
    state.refuse_why = why;
  };
  join_cookies(state);
  std::string_view path, host, expectation;
  for (const StreamState::Span& span : state.spans) {
    const std::string_view name = state.text.view().substr(span.name, span.name_bytes);
    const std::string_view value = state.text.view().substr(span.name + span.name_bytes, span.value_bytes);
    if (name == ":method")
      head.method = value;
    else if (name == ":path")
      path = value;
    else if (name == ":authority")
      head.authority = value;
    else if (name.starts_with(':'))
      continue;
    else
      head.headers.push_back({name, value});
    if (name == "host") host = value;
    if (name == "expect") expectation = value;
    if (name == "content-length") {
      std::uint64_t length = 0;  // nghttp2 has checked that these are digits, once, and counts the DATA against it
      for (const char digit : value.substr(0, 18)) length = length * 10 + static_cast<std::uint64_t>(digit - '0');
      head.content_length = length;
    }
    if (!is_field_value(value)) return refuse(400, "control character in a header value");
  }
  if (head.authority.empty()) head.authority = host;
  if (!host.empty() && !equal_ignoring_case(host, head.authority)) return refuse(400, ":authority and host disagree");
  if (!is_authority(head.authority)) return refuse(400, "authority is malformed");
  if (!is_token(head.method) || head.method.size() > 32) return refuse(400, "method is not a token");
  lower_in_place(const_cast<char*>(head.authority.data()), head.authority.size());
  if (path.size() > limits_.uri_bytes_max) return refuse(414, "target is too long");
  const std::optional<Target> target = read_target(path);
  if (!target || !target->authority.empty()) return refuse(400, "target is malformed");
  head.path = target->path;
  head.query = target->query;
  head.has_query = target->has_query;
  if (!expectation.empty() && !equal_ignoring_case(expectation, "100-continue"))
    return refuse(417, "unknown expectation");
  state.expects_continue = !expectation.empty() && head.has_body;
}

}  // namespace ward::net::http2
