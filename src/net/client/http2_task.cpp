#include "client/http2_task.hpp"

#include <charconv>

namespace ward::net::client {

namespace {
constexpr unsigned interim_max = 8;
constexpr std::size_t entry_bytes = 32;  // RFC 9113 section 6.5.2 counts 32 per field
}  // namespace

Http2Connection::Task::Task(Sweeper& sweeper, Http2Connection& connection, const ClientRequest& request,
                            const ClientOptions& options)
    : Item(sweeper),
      sweeper_(sweeper),
      connection_(connection),
      request_(request),
      options_(options),
      signal_(sweeper.io()),
      submitted_at_(sweeper.now()),
      deadline_(submitted_at_ + (request.body.empty() ? options.first_byte_timeout : options.send_timeout)) {}

boost::asio::awaitable<void> Http2Connection::Task::wait() {
  while (!done_) co_await signal_.wait();
}

Tried Http2Connection::Task::take(const Origin& origin) {
  if (!failure_) return {.answer = std::move(response_), .reusable = true};
  Tried tried{.answer = std::unexpected(Client::Failure{
                  Error(failure_->error.code(), fmt::format("{}: {}", origin.authority, failure_->error.message())),
                  failure_->sent})};
  tried.stale = failure_->error.is("upstream_closed") && !response_begun_;
  return tried;
}

void Http2Connection::Task::withdraw() {
  if (stream == 0) return;
  nghttp2_session_set_stream_user_data(connection_.session_, stream, nullptr);
  connection_.tasks_.erase(stream);
  nghttp2_submit_rst_stream(connection_.session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  stream = 0;
}

void Http2Connection::Task::finish() {
  if (std::exchange(done_, true)) return;
  signal_.notify();
}

void Http2Connection::Task::fail(std::string_view code, std::string_view detail, bool sent) {
  if (done_) return;
  failure_.emplace(Client::Failure{Error(code, std::string(detail)), sent});
  finish();
}

void Http2Connection::Task::sweep(MonoTime now) {
  const bool late = options_.answer_timeout.count() > 0 && now >= submitted_at_ + options_.answer_timeout;
  if (done_ || (now < deadline_ && !late)) return;
  expired_ = true;
  fail("upstream_timeout", "no answer in time", true);
}

void Http2Connection::Task::begin_head() {
  response_begun_ = true;
  deadline_ = sweeper_.now() + options_.between_bytes_timeout;
  if (!has_head_) response_.headers.clear();
}

bool Http2Connection::Task::add_field(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + entry_bytes;
  if (header_bytes_ > options_.header_bytes_max) {
    fail("upstream_too_large", "header block is too large", true);
    return false;
  }
  if (has_head_) return true;  // trailers are dropped
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), response_.status);
  } else if (!name.starts_with(':') && !is_hop_by_hop(name)) {
    response_.headers.emplace_back(name, value);
  }
  return true;
}

void Http2Connection::Task::end_head() {
  if (has_head_) return;
  if (response_.status >= 200) {
    has_head_ = true;
  } else if (response_.status < 100 || ++interim_ > interim_max) {
    fail("upstream_malformed", "the status is malformed", true);
  }
}

bool Http2Connection::Task::add_body(std::string_view bytes) {
  deadline_ = sweeper_.now() + options_.between_bytes_timeout;
  if (done_ || bytes.size() > options_.body_bytes_max - response_.body.size()) {
    fail("upstream_too_large", "body is too large", true);
    return false;
  }
  response_.body.append(bytes);
  return true;
}

void Http2Connection::Task::end_stream() {
  if (has_head_)
    finish();
  else
    fail("upstream_malformed", "the answer has no head", true);
}

ssize_t Http2Connection::Task::read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* memory,
                                         std::size_t room, std::uint32_t* flags, nghttp2_data_source*, void*) {
  auto* task = static_cast<Task*>(nghttp2_session_get_stream_user_data(session, id));
  if (task == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::string_view left = task->request_.body.view().substr(task->body_sent_);
  const std::size_t size = std::min(room, left.size());
  std::memcpy(memory, left.data(), size);
  task->body_sent_ += size;
  const bool all = size == left.size();
  if (all) *flags |= NGHTTP2_DATA_FLAG_EOF;
  task->deadline_ = task->sweeper_.now() + (all ? task->options_.first_byte_timeout : task->options_.send_timeout);
  return static_cast<ssize_t>(size);
}

}  // namespace ward::net::client
