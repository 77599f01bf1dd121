#include "fhir/hidden.hpp"

#include <fmt/format.h>

namespace ward::door {
namespace {

bool is_hidden(const access::Grant& grant, std::string_view type, const fhir::UsedParam& used) {
  if (used.param != nullptr) return !access::searchable(grant, *used.param);
  if (used.code == "_id") return false;
  if (used.code == "_lastUpdated") return grant.hides(type, "meta.lastUpdated");
  return used.code == "_text" ? grant.hides(type, "text") : !grant.whole_view(type);
}

}  // namespace

Refusal parameter_hidden(const access::Grant& grant, std::string_view type, std::string_view looks,
                         std::string_view shown) {
  return {.status = 403,
          .code = "parameter_hidden",
          .kind = CauseKind::policy,
          .cause = fmt::format("{}: the view of {} hides what {} looks at", grant.cause_text(), type, looks),
          .issues = {{.code = "forbidden",
                      .diagnostics = fmt::format("{} looks at something that your role's view of {} does not show",
                                                 shown, type)}}};
}

Allowed<void> check_view(const access::Grant& grant, std::string_view type, const fhir::Search& search,
                         std::string_view shown) {
  for (const fhir::UsedParam& used : search.used) {
    if (!is_hidden(grant, type, used)) continue;
    const std::string_view name = shown.empty() ? std::string_view(used.code) : shown;
    return refuse(parameter_hidden(grant, type, name, fmt::format("the parameter {}", name)));
  }
  return {};
}

}  // namespace ward::door
