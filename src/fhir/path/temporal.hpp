// Dates, date-times and times with partial precision.
#pragma once

#include "path.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace ward::fhir::path {

/// FHIR's and FHIRPath's text forms, without '@': "2015", "2015-02-04T14:34:28.123+10:00", "14:34". `kind` says which
/// is meant; a date-time may end behind its T ("2015-02T"). Strict about ranges.
std::optional<Temporal> parse_temporal(std::string_view text, Temporal::Kind kind);
std::string to_text(const Temporal& value);

/// Order with partial precision: nullopt if that cannot be said (2018-03 against 2018-03-01; zone known on one side
/// only).
std::optional<int> compare(const Temporal& a, const Temporal& b);
/// True, if precision and all parts are equal after zones are brought together; never unknown.
bool equivalent(const Temporal& a, const Temporal& b);

/// First millisecond covered, since 1970 UTC; a value without a zone is read as UTC. Not for `time`.
std::int64_t first_ms(const Temporal& value);
/// First millisecond after what is covered.
std::int64_t end_ms(const Temporal& value);
Temporal from_ms(std::int64_t ms);

enum class CalendarUnit : std::uint8_t { year, month, week, day, hour, minute, second, millisecond };
/// "day", "days"; nullopt of other words.
std::optional<CalendarUnit> calendar_unit(std::string_view word);

/// value + amount units. nullopt if the result is before year 1 or after 9999.
std::optional<Temporal> add(Temporal value, std::int64_t amount, CalendarUnit unit);

}  // namespace ward::fhir::path
