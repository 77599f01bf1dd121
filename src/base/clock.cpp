#include "base/clock.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <charconv>
#include <ctime>

namespace ward {
namespace {

struct Broken {
  int year, hour, minute, second, millisecond;
  unsigned month, day, weekday;
};

Broken broken_down(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto rest = time - day;
  return {.year = int(date.year()),
          .hour = int(duration_cast<hours>(rest).count()),
          .minute = int(duration_cast<minutes>(rest).count() % 60),
          .second = int(duration_cast<seconds>(rest).count() % 60),
          .millisecond = int(rest.count() % 1000),
          .month = unsigned(date.month()),
          .day = unsigned(date.day()),
          .weekday = weekday(day).c_encoding()};
}

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  for (std::size_t i = at; i < at + count; ++i)
    if (text[i] < '0' || text[i] > '9') return false;
  std::from_chars(text.data() + at, text.data() + at + count, out);
  return true;
}

}  // namespace

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono() const { return std::chrono::steady_clock::now(); }

void SimulatedClock::advance(std::chrono::nanoseconds by) {
  const auto before = mono_ns_.fetch_add(by.count());
  wall_ms_ += (before + by.count()) / 1'000'000 - before / 1'000'000;
}

std::string rfc3339(WallTime time) {
  const Broken b = broken_down(time);
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"), b.year, b.month, b.day, b.hour,
                     b.minute, b.second, b.millisecond);
}

std::string http_date(WallTime time) {
  static constexpr const char* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Broken b = broken_down(time);
  return fmt::format(FMT_COMPILE("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT"), weekdays[b.weekday], b.day,
                     months[b.month - 1], b.year, b.hour, b.minute, b.second);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  int y, mo, d, h, mi, s, ms = 0;
  if (!digits(text, 0, 4, y) || !digits(text, 5, 2, mo) || !digits(text, 8, 2, d) || !digits(text, 11, 2, h) ||
      !digits(text, 14, 2, mi) || !digits(text, 17, 2, s))
    return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const year_month_day date{year(y), month(unsigned(mo)), day(unsigned(d))};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      ms += (text[at] - '0') * scale;
  }
  minutes offset{0};
  if (text.substr(at) != "Z" && text.substr(at) != "z") {
    int oh, om;
    if (text.size() != at + 6 || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':' ||
        !digits(text, at + 1, 2, oh) || !digits(text, at + 4, 2, om) || oh > 23 || om > 59)
      return std::nullopt;
    offset = minutes(oh * 60 + om) * (text[at] == '-' ? -1 : 1);
  }
  return WallTime(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + milliseconds(ms) - offset;
}

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace ward
