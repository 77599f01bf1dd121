#include "path/temporal.hpp"

#include <chrono>

namespace ward::fhir::path {
namespace {

using namespace std::chrono;

constexpr std::int64_t day_ms = 86'400'000;

/// Reads fixed-width digits from the front.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count, int low, int high) {
    if (text_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    if (value < low || value > high) return std::nullopt;
    text_.remove_prefix(count);
    return value;
  }
  /// The fraction of a second, cut to milliseconds.
  std::optional<int> fraction() {
    int value = 0, places = 0;
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      if (places < 3) value = value * 10 + (text_[0] - '0');
      ++places;
      text_.remove_prefix(1);
    }
    if (places == 0 || places > 12) return std::nullopt;
    for (; places < 3; ++places) value *= 10;
    return value;
  }

 private:
  std::string_view text_;
};

bool read_time(Reader& in, Temporal& value) {
  const auto hours = in.digits(2, 0, 23);
  if (!hours) return false;
  value.hours = *hours;
  value.precision = Temporal::hour;
  if (!in.take(':')) return true;
  const auto minutes = in.digits(2, 0, 59);
  if (!minutes) return false;
  value.minutes = *minutes;
  value.precision = Temporal::minute;
  if (!in.take(':')) return true;
  const auto seconds = in.digits(2, 0, 60);
  if (!seconds) return false;
  value.seconds = std::min(*seconds, 59);  // a leap second is read as the second before it
  value.precision = Temporal::second;
  if (!in.take('.')) return true;
  const auto fraction = in.fraction();
  if (!fraction) return false;
  value.milliseconds = *fraction;
  value.precision = Temporal::millisecond;
  return true;
}

bool read_zone(Reader& in, Temporal& value) {
  if (in.take('Z')) {
    value.offset_minutes = 0;
    return true;
  }
  const bool plus = in.take('+');
  if (!plus && !in.take('-')) return false;
  const auto hours = in.digits(2, 0, 14);
  if (!hours || !in.take(':')) return false;
  const auto minutes = in.digits(2, 0, 59);
  if (!minutes) return false;
  value.offset_minutes = (plus ? 1 : -1) * (*hours * 60 + *minutes);
  return true;
}

bool read_date(Reader& in, Temporal& value) {
  const auto years = in.digits(4, 1, 9999);
  if (!years) return false;
  value.years = *years;
  value.precision = Temporal::year;
  if (!in.take('-')) return true;
  const auto months = in.digits(2, 1, 12);
  if (!months) return false;
  value.months = *months;
  value.precision = Temporal::month;
  if (!in.take('-')) return true;
  const auto days = in.digits(2, 1, 31);
  if (!days) return false;
  value.days = *days;
  value.precision = Temporal::day;
  return year_month_day(year(value.years), month(static_cast<unsigned>(value.months)),
                        day(static_cast<unsigned>(value.days)))
      .ok();
}

std::int64_t local_ms(const Temporal& value) {
  const sys_days date =
      year(value.years) / month(static_cast<unsigned>(value.months)) / day(static_cast<unsigned>(value.days));
  return date.time_since_epoch().count() * day_ms + value.hours * 3'600'000LL + value.minutes * 60'000LL +
         value.seconds * 1000LL + value.milliseconds;
}

std::int64_t time_ms(const Temporal& value) {
  return value.hours * 3'600'000LL + value.minutes * 60'000LL + value.seconds * 1000LL + value.milliseconds;
}

Temporal at_utc(const Temporal& value) {
  Temporal result = from_ms(first_ms(value));
  result.kind = value.kind;
  result.precision = value.precision;
  return result;
}

int sign(std::int64_t value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

std::array<int, 6> parts(const Temporal& value) {
  return {value.years, value.months, value.days, value.hours, value.minutes, value.seconds * 1000 + value.milliseconds};
}

/// Seconds and milliseconds are one precision (FHIRPath 6.2).
int precision_rank(const Temporal& value) { return std::min<int>(value.precision, Temporal::second); }

std::optional<int> compare_parts(const Temporal& a, const Temporal& b) {
  const auto left = parts(a), right = parts(b);
  const int rank = std::min(precision_rank(a), precision_rank(b));
  const int first = a.kind == Temporal::time ? 3 : 0;
  for (int i = first; i < rank; ++i) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  }
  if (precision_rank(a) != precision_rank(b)) return std::nullopt;
  return 0;
}

}  // namespace

std::optional<Temporal> parse_temporal(std::string_view text, Temporal::Kind kind) {
  Temporal value;
  value.kind = kind;
  Reader in(text);
  if (kind == Temporal::time) {
    value.months = value.days = 0;
    if (!read_time(in, value) || !in.done()) return std::nullopt;
    return value;
  }
  if (!read_date(in, value)) return std::nullopt;
  if (in.done()) return value;
  if (kind == Temporal::date || !in.take('T')) return std::nullopt;
  if (in.done()) return value;
  if (value.precision < Temporal::day || !read_time(in, value)) return std::nullopt;
  if (!in.done() && (!read_zone(in, value) || !in.done())) return std::nullopt;
  return value;
}

std::string to_text(const Temporal& value) {
  std::string text;
  if (value.kind != Temporal::time) {
    text = fmt::format("{:04}", value.years);
    if (value.precision >= Temporal::month) text += fmt::format("-{:02}", value.months);
    if (value.precision >= Temporal::day) text += fmt::format("-{:02}", value.days);
    if (value.precision >= Temporal::hour) text += 'T';
  }
  if (value.precision >= Temporal::hour) text += fmt::format("{:02}", value.hours);
  if (value.precision >= Temporal::minute) text += fmt::format(":{:02}", value.minutes);
  if (value.precision >= Temporal::second) text += fmt::format(":{:02}", value.seconds);
  if (value.precision >= Temporal::millisecond) text += fmt::format(".{:03}", value.milliseconds);
  if (value.offset_minutes && value.precision >= Temporal::hour) {
    const int offset = *value.offset_minutes;
    if (offset == 0)
      text += 'Z';
    else
      text += fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
  }
  return text;
}

std::optional<int> compare(const Temporal& a, const Temporal& b) {
  if (a.kind == Temporal::time || b.kind == Temporal::time)
    return a.kind == b.kind ? compare_parts(a, b) : std::nullopt;
  const bool both_timed = a.precision >= Temporal::hour && b.precision >= Temporal::hour;
  if (both_timed && a.offset_minutes && b.offset_minutes) return compare_parts(at_utc(a), at_utc(b));
  if (both_timed && a.offset_minutes.has_value() != b.offset_minutes.has_value()) {
    // The unknown zone is at most 14 hours away from UTC.
    const std::int64_t difference = first_ms(a) - first_ms(b);
    if (std::abs(difference) > 15 * 3'600'000LL) return sign(difference);
    return std::nullopt;
  }
  return compare_parts(a, b);
}

bool equivalent(const Temporal& a, const Temporal& b) {
  if (precision_rank(a) != precision_rank(b)) return false;
  const auto order = compare(a, b);
  return order && *order == 0;
}

std::int64_t first_ms(const Temporal& value) { return local_ms(value) - value.offset_minutes.value_or(0) * 60'000LL; }

std::int64_t end_ms(const Temporal& value) {
  switch (value.precision) {
    case Temporal::year: {
      Temporal next = value;
      ++next.years;
      return first_ms(next);
    }
    case Temporal::month: {
      Temporal next = value;
      if (++next.months == 13) next.months = 1, ++next.years;
      return first_ms(next);
    }
    case Temporal::day:
      return first_ms(value) + day_ms;
    case Temporal::hour:
      return first_ms(value) + 3'600'000;
    case Temporal::minute:
      return first_ms(value) + 60'000;
    case Temporal::second:
      return first_ms(value) + 1000;
    case Temporal::millisecond:
      return first_ms(value) + 1;
  }
  return first_ms(value);
}

Temporal from_ms(std::int64_t ms) {
  const std::int64_t whole_days = ms >= 0 ? ms / day_ms : -((-ms + day_ms - 1) / day_ms);
  const std::int64_t rest = ms - whole_days * day_ms;
  const year_month_day date{sys_days(days(whole_days))};
  Temporal value;
  value.kind = Temporal::date_time;
  value.precision = Temporal::millisecond;
  value.years = static_cast<int>(date.year());
  value.months = static_cast<int>(static_cast<unsigned>(date.month()));
  value.days = static_cast<int>(static_cast<unsigned>(date.day()));
  value.hours = static_cast<int>(rest / 3'600'000);
  value.minutes = static_cast<int>(rest / 60'000 % 60);
  value.seconds = static_cast<int>(rest / 1000 % 60);
  value.milliseconds = static_cast<int>(rest % 1000);
  value.offset_minutes = 0;
  return value;
}

std::optional<CalendarUnit> calendar_unit(std::string_view word) {
  using enum CalendarUnit;
  static constexpr std::pair<std::string_view, CalendarUnit> words[] = {
      {"year", year}, {"month", month},   {"week", week},     {"day", day},
      {"hour", hour}, {"minute", minute}, {"second", second}, {"millisecond", millisecond}};
  for (const auto& [name, unit] : words) {
    if (word == name || (word.size() == name.size() + 1 && word.starts_with(name) && word.back() == 's')) return unit;
  }
  return std::nullopt;
}

std::optional<Temporal> add(Temporal value, std::int64_t amount, CalendarUnit unit) {
  if (amount > 4'000'000'000'000 || amount < -4'000'000'000'000) return std::nullopt;
  if (value.kind == Temporal::time) {
    static constexpr std::int64_t unit_ms[] = {0, 0, 0, 0, 3'600'000, 60'000, 1000, 1};
    const std::int64_t step = unit_ms[static_cast<int>(unit)];
    if (step == 0) return std::nullopt;
    const std::int64_t ms = ((time_ms(value) + amount % day_ms * step) % day_ms + day_ms) % day_ms;
    value.hours = static_cast<int>(ms / 3'600'000), value.minutes = static_cast<int>(ms / 60'000 % 60);
    value.seconds = static_cast<int>(ms / 1000 % 60), value.milliseconds = static_cast<int>(ms % 1000);
    return value;
  }
  if (unit == CalendarUnit::year || unit == CalendarUnit::month) {
    const std::int64_t months =
        value.years * 12LL + value.months - 1 + (unit == CalendarUnit::year ? amount * 12 : amount);
    if (months < 12 || months >= 120'000) return std::nullopt;
    value.years = static_cast<int>(months / 12);
    value.months = static_cast<int>(months % 12) + 1;
    const year_month_day_last last =
        std::chrono::year(value.years) / std::chrono::month(static_cast<unsigned>(value.months)) / std::chrono::last;
    value.days = std::min(value.days, static_cast<int>(static_cast<unsigned>(last.day())));
    return value;
  }
  static constexpr std::int64_t unit_ms[] = {0, 0, 7 * day_ms, day_ms, 3'600'000, 60'000, 1000, 1};
  const std::int64_t step = unit_ms[static_cast<int>(unit)];
  if (amount > 400'000'000'000'000 / step || amount < -400'000'000'000'000 / step) return std::nullopt;
  Temporal moved = from_ms(local_ms(value) + amount * step);
  if (moved.years < 1 || moved.years > 9999) return std::nullopt;
  moved.kind = value.kind;
  moved.precision = value.precision;
  moved.offset_minutes = value.offset_minutes;
  return moved;
}

}  // namespace ward::fhir::path
