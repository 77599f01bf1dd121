// _since and _at of a history.
#pragma once

#include "exchange.hpp"

namespace ward::door {

struct HistoryTimes {
  std::int64_t since = INT64_MIN;    // milliseconds since 1970: written then or later
  std::optional<std::int64_t> from;  // with `until`: versions that were current at some time in [from, until)
  std::int64_t until = INT64_MAX;

  bool any() const { return since != INT64_MIN || from; }
};

/// Refuses what is no time, and both at once.
Allowed<HistoryTimes> history_times(const Exchange& x);

/// A time is an oracle where the view hides when a resource was changed: refused (403).
Allowed<void> check_times(const access::Grant& grant, std::string_view type);

}  // namespace ward::door
