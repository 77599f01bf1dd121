// Time behind a seam, so that a test can drive it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where the house gets its time from. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

/// A clock that stands still until told. Thread-safe.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(WallTime start) : wall_ms_(start.time_since_epoch().count()) {}
  WallTime wall() const override { return WallTime(std::chrono::milliseconds(wall_ms_.load())); }
  MonoTime mono() const override { return MonoTime(std::chrono::nanoseconds(mono_ns_.load())); }
  void advance(std::chrono::nanoseconds by);
  /// Moves the wall clock alone, as an administrator or NTP does.
  void jump(std::chrono::milliseconds by) { wall_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_ms_;
  std::atomic<std::int64_t> mono_ns_{1'000'000'000};
};

/// RFC 3339 in UTC with milliseconds: 2026-11-24T05:30:23.123Z.
std::string rfc3339(WallTime time);
std::optional<WallTime> parse_rfc3339(std::string_view text);
/// RFC 9110 IMF-fixdate: Tue, 24 Nov 2026 05:30:23 GMT.
std::string http_date(WallTime time);
std::int64_t unix_seconds(WallTime time);

}  // namespace ward
