#include "fhir/history_times.hpp"

#include "fhir/index.hpp"
#include "fhir/operations/common.hpp"

namespace ward::door {

Allowed<HistoryTimes> history_times(const Exchange& x) {
  const auto since = time_of(x, "_since");
  if (!since) return refuse(since.error());
  const auto at = time_of(x, "_at");
  if (!at) return refuse(at.error());
  if (!since->empty() && !at->empty()) return refuse(wrong_parameter("invalid", "_since and _at do not go together"));
  HistoryTimes times;
  if (!since->empty()) times.since = fhir::time_interval(*since)->low;
  if (at->empty()) return times;
  const auto interval = fhir::time_interval(*at);
  times.from = interval->low;
  times.until = interval->high;
  return times;
}

Allowed<void> check_times(const access::Grant& grant, std::string_view type) {
  const auto by_time = fhir::parse_search(type, "_lastUpdated=ge2000");
  if (!by_time) return refuse(by_time.error());
  return check_view(grant, type, *by_time, "_since or _at");
}

}  // namespace ward::door
