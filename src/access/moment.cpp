#include "moment.hpp"

#include "base/clock.hpp"

#include <chrono>

namespace ward::access::detail {

std::optional<std::int64_t> moment(const std::string& text, bool until) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (std::size_t i = at; i < at + length; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int y = number(0, 4);
  const int m = text.size() >= 7 ? number(5, 2) : 1;
  const int d = text.size() >= 10 ? number(8, 2) : 1;
  const year_month_day day{year(y), month(static_cast<unsigned>(m)), std::chrono::day(static_cast<unsigned>(d))};
  if (y < 0 || m < 0 || d < 0 || !day.ok()) return std::nullopt;
  if (text.size() > 10) {
    const auto exact = parse_rfc3339(text);
    if (exact) return exact->time_since_epoch().count();
  }
  sys_days edge = day;
  if (until) {
    if (text.size() >= 10)
      edge += days(1);
    else if (text.size() >= 7)
      edge = sys_days((day.year() / day.month() + months(1)) / std::chrono::day(1));
    else
      edge = sys_days((day.year() + years(1)) / January / 1);
  }
  return duration_cast<milliseconds>(edge.time_since_epoch()).count();
}

}  // namespace ward::access::detail
