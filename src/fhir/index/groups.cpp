#include "index/groups.hpp"

#include "r4/search.hpp"

#include <algorithm>

namespace ward::fhir::index_plan {
namespace {

bool is_grouping(std::string_view type, std::string_view member) {
  return std::ranges::any_of(r4::composites(type), [&](const r4::Composite& composite) {
    return std::ranges::find(composite.members, member) != composite.members.end();
  });
}

}  // namespace

Groups::Groups(json::Value resource, std::string_view type) {
  if (r4::composites(type).empty()) return;
  for (json::Value member = resource.first(); member; member = member.next()) {
    if (!is_grouping(type, member.name())) continue;
    if (!member.is_array()) {
      spans_.push_back({member.begin(), member.end()});
      continue;
    }
    for (json::Value element = member.first(); element; element = element.next())
      spans_.push_back({element.begin(), element.end()});
  }
}

std::uint32_t Groups::of(json::Value value) const {
  if (spans_.empty()) return 0;
  const auto behind = std::ranges::upper_bound(spans_, value.begin(), {}, &Span::begin);
  if (behind == spans_.begin() || value.begin() >= std::prev(behind)->end) return 0;
  return static_cast<std::uint32_t>(behind - spans_.begin());
}

}  // namespace ward::fhir::index_plan
