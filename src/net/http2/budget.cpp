#include "http2/budget.hpp"

#include <nghttp2/nghttp2.h>

namespace ward::net::http2 {

namespace {
constexpr std::size_t continuations_max = 8;  // CVE-2024-27316 and kin
constexpr std::size_t worthy_payload_bytes = 512;
}  // namespace

bool Budget::spend(MonoTime now) {
  if (filled_ != MonoTime{}) earn(std::chrono::duration<double>(now - filled_).count() * per_second_);
  filled_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

std::optional<std::string_view> FrameWatch::look(std::string_view bytes, MonoTime now) {
  const std::size_t preface = std::min(preface_left_, bytes.size());
  preface_left_ -= preface;
  bytes.remove_prefix(preface);
  while (!bytes.empty()) {
    const std::size_t payload = std::min(payload_left_, bytes.size());
    payload_left_ -= payload;
    bytes.remove_prefix(payload);
    if (payload_left_ == 0 && block_ends_) {
      block_since_.reset();
      block_ends_ = false;
    }
    const std::size_t header = std::min(header_.size() - header_bytes_, bytes.size());
    std::memcpy(header_.data() + header_bytes_, bytes.data(), header);
    header_bytes_ += header;
    bytes.remove_prefix(header);
    if (header_bytes_ < header_.size()) continue;
    header_bytes_ = 0;
    if (const std::optional<std::string_view> spent = count_frame(now)) return spent;
  }
  return std::nullopt;
}

std::optional<std::string_view> FrameWatch::count_frame(MonoTime now) {
  payload_left_ = (std::size_t{header_[0]} << 16) | (std::size_t{header_[1]} << 8) | header_[2];
  const std::uint8_t type = header_[3], flags = header_[4];
  switch (type) {
    case NGHTTP2_DATA:
      if (payload_left_ == 0 && (flags & NGHTTP2_FLAG_END_STREAM) == 0 && !empty_.spend(now)) return "h2_empty_frames";
      return std::nullopt;
    case NGHTTP2_HEADERS:
      control_.earn(1);  // some browsers send a PRIORITY with every request
      continuations_ = 0;
      block_since_ = now;
      block_ends_ = (flags & NGHTTP2_FLAG_END_HEADERS) != 0;
      return std::nullopt;
    case NGHTTP2_CONTINUATION:
      block_ends_ = (flags & NGHTTP2_FLAG_END_HEADERS) != 0;
      if (++continuations_ > continuations_max) return "h2_continuations";
      return std::nullopt;
    case NGHTTP2_RST_STREAM:
      if (!resets_.spend(now)) return "h2_resets";
      return std::nullopt;
    case NGHTTP2_WINDOW_UPDATE:
      if (!updates_.spend(now)) return "h2_window_updates";
      return std::nullopt;
    default:
      if (!control_.spend(now)) return "h2_control_frames";
      return std::nullopt;
  }
}

void FrameWatch::sent_data(std::size_t payload_bytes, bool last) {
  // Frames of a few bytes are what a client with tiny windows makes us send; they earn it nothing.
  if (last || payload_bytes >= worthy_payload_bytes) updates_.earn(2);
}

}  // namespace ward::net::http2
