// Odd tokens, as `ward check` tries them against a policy.
#include "access/grant.hpp"

#include "rules.hpp"

#include <fmt/format.h>

namespace ward::access {
namespace {

using namespace detail;

struct Result {
  std::string text = "nothing";
  bool anything = false;
};

/// What a subject without any relationship sees, over all types.
Result seen(const std::shared_ptr<const Policy>& policy, const Subject& subject) {
  const RelatedFn nobody = [](std::string_view, std::string_view) -> ward::Result<std::vector<std::string>> {
    return std::vector<std::string>{};
  };
  std::vector<std::string> all;
  std::size_t open = 0;
  for (const std::string_view type : r4::resource_types()) {
    const auto grant = decide(policy, subject, Interaction::read, type, nobody, WallTime{});
    if (!grant) continue;
    const bool any =
        std::ranges::any_of(grant->branches(), [](const Branch& one) { return one.all || !one.patients.empty(); });
    if (any) all.emplace_back(type);
    if (!any && about_nobody(type)) ++open;
  }
  Result out;
  if (!all.empty()) {
    out.anything = true;
    out.text = all.size() > 3 ? fmt::format("{} types of all patients", all.size())
                              : fmt::format("{} of all patients", fmt::join(all, ", "));
  } else if (open > 0) {
    out.text = fmt::format("{} types that are about nobody", open);
  }
  return out;
}

Subject subject(std::vector<std::string> roles, std::string_view fhir_user, std::string_view scopes) {
  Subject out;
  out.id = "shape";
  out.roles = std::move(roles);
  out.fhir_user = fhir_user;
  out.scopes = scope::ScopeSet::parse(scopes).value_or(scope::ScopeSet{});
  out.expires = WallTime::max();
  return out;
}

}  // namespace

std::vector<Shape> token_shapes(const std::shared_ptr<const Policy>& policy) {
  constexpr std::string_view everything = "user/*.cruds patient/*.cruds system/*.cruds";
  std::vector<Shape> shapes;
  const auto nothing_due = [&](std::string shape, const Subject& who) {
    const Result result = seen(policy, who);
    shapes.push_back({std::move(shape), result.text, result.anything});
  };
  nothing_due("no role, every scope", subject({}, "Practitioner/x", everything));
  nothing_due("unknown role, every scope", subject({"ward-check-unknown"}, "Practitioner/x", everything));
  const auto& roles = policy->rules().roles;
  for (const Role& role : roles) {
    nothing_due(fmt::format("role {}, no scope", role.name), subject({role.name}, "Practitioner/x", "openid"));
    const bool all = std::ranges::find(role.patients, Patients::all) != role.patients.end();
    const Result result = seen(policy, subject({role.name}, "", everything));
    shapes.push_back(
        {fmt::format("role {}, no fhirUser, every scope", role.name), result.text, result.anything && !all});
  }
  for (std::size_t a = 0; a < roles.size(); ++a) {
    for (std::size_t b = a + 1; b < roles.size() && roles.size() <= 12; ++b) {
      const Result both = seen(policy, subject({roles[a].name, roles[b].name}, "Practitioner/x", everything));
      const bool either = seen(policy, subject({roles[a].name}, "Practitioner/x", everything)).anything ||
                          seen(policy, subject({roles[b].name}, "Practitioner/x", everything)).anything;
      shapes.push_back({fmt::format("roles {} and {}, every scope", roles[a].name, roles[b].name), both.text,
                        both.anything && !either});
    }
  }
  return shapes;
}

}  // namespace ward::access
