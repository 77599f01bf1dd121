// What one HTTP/2 connection may make us do for little of its own: counted frame by frame, before nghttp2 sees them.
#pragma once

#include "base/clock.hpp"

namespace ward::net::http2 {

/// A token bucket.
class Budget {
 public:
  Budget(double burst, double per_second) : left_(burst), burst_(burst), per_second_(per_second) {}
  /// False: nothing is left.
  bool spend(MonoTime now);
  void earn(double amount) { left_ = std::min(burst_, left_ + amount); }

 private:
  double left_, burst_, per_second_;
  MonoTime filled_{};
};

/// Follows the frame headers (RFC 9113 section 4.1) in the bytes that a client sends.
class FrameWatch {
 public:
  /// The name of the budget that these bytes overspend, if any. Stable slugs: "h2_resets", "h2_control_frames",
  /// "h2_empty_frames", "h2_window_updates", "h2_continuations".
  std::optional<std::string_view> look(std::string_view bytes, MonoTime now);

  /// A DATA frame of ours was worth its client's WINDOW_UPDATEs.
  void sent_data(std::size_t payload_bytes, bool last);
  /// A stream was reset because its message was malformed. False: too many.
  bool malformed(MonoTime now) { return malformed_.spend(now); }
  /// Since when a header block has been open, or a frame of one incomplete.
  std::optional<MonoTime> header_block_since() const { return block_since_; }

 private:
  std::optional<std::string_view> count_frame(MonoTime now);

  std::size_t preface_left_ = 24;  // "PRI * HTTP/2.0..." is nghttp2's to check
  std::array<unsigned char, 9> header_{};
  std::size_t header_bytes_ = 0, payload_left_ = 0, continuations_ = 0;
  bool block_ends_ = false;
  std::optional<MonoTime> block_since_;

  Budget resets_{200, 20};      // rapid reset, CVE-2023-44487
  Budget control_{200, 10};     // SETTINGS, PING, PRIORITY, unknown frames
  Budget empty_{100, 10};       // DATA of no bytes that ends nothing
  Budget updates_{1'000, 100};  // WINDOW_UPDATE beyond what our DATA frames explain
  Budget malformed_{50, 5};
};

}  // namespace ward::net::http2
