// What a written resource refers to must be there and be the caller's to see.
#include "fhir/bundle.hpp"
#include "fhir/index.hpp"
#include "fhir/plan.hpp"
#include "fhir/seal.hpp"
#include "services.hpp"

#include <algorithm>
#include <set>

namespace ward::door {
namespace {

Refusal unknown_reference(std::size_t count) {
  return {.status = 422,
          .code = "reference_unknown",
          .kind = CauseKind::record,
          .cause = fmt::format("{} reference(s) absent or not in the grant", count),
          .issues = {{.code = "not-found", .diagnostics = "the resource refers to something that is not known"}}};
}

/// The types that no patient owns hold no PHI to be found by guessing; for all others the patients decide.
bool may_refer(const Exchange& x, const access::Grant& grant, const store::Version& target) {
  if (target.deleted || is_denied(x, grant, target)) return false;
  const auto labels = std::span(target.patients).subspan(access::without_marks(target.patients).size());
  if (grant.sees(target.type, labels)) return true;
  for (const access::Branch& branch : grant.branches()) {
    if (access::is_sealed(branch.sealed, target.patients)) continue;
    if (branch.all) return true;
    for (const std::string& patient : target.patients)
      if (std::binary_search(branch.patients.begin(), branch.patients.end(), patient)) return true;
  }
  return false;
}

}  // namespace

boost::asio::awaitable<Allowed<void>> check_references(Exchange& x, const access::Grant& grant, std::string_view type,
                                                       json::Value resource, json::Value before,
                                                       const Meanwhile& meanwhile) {
  if (x.route->unchecked_references) co_return Allowed<void>{};
  std::set<std::string> seen;
  if (before)
    for (const std::string& text : fhir::literal_references(before, type))
      if (const fhir::ReferenceParts parts = fhir::split_reference(text, x.live->own_bases); parts.local())
        if (std::string target = parts.type + "/" + parts.id; !meanwhile.removed.contains(target))
          seen.insert(std::move(target));
  // A transaction has put what they match in the place of conditional references; elsewhere they name nothing.
  std::size_t unknown = fhir::conditional_references(resource, type).size();
  for (const std::string& text : fhir::literal_references(resource, type)) {
    const fhir::ReferenceParts parts = fhir::split_reference(text, x.live->own_bases);
    if (!parts.local()) {
      if (text.starts_with("urn:uuid:")) ++unknown;  // nothing in this request has that fullUrl
      continue;
    }
    const std::string target = parts.type + "/" + parts.id;
    if (meanwhile.made.contains(target) || !seen.insert(target).second) continue;
    if (meanwhile.removed.contains(target)) {
      ++unknown;
      continue;
    }
    auto found = co_await backend_of(x).read(x, parts.type, parts.id);
    if (!found) co_return refuse(found.error());
    if (!*found || !may_refer(x, grant, **found)) ++unknown;
  }
  if (unknown > 0) co_return refuse(unknown_reference(unknown));
  co_return Allowed<void>{};
}

}  // namespace ward::door
