#include "fhir/visible.hpp"

#include "fhir/index.hpp"
#include "fhir/seal.hpp"
#include "fhir/search.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

Allowed<std::vector<store::Condition>> conditions_of(const Exchange& x, const access::Branch& branch,
                                                     std::string_view type) {
  if (branch.constraints.empty()) return std::vector<store::Condition>{};
  return fhir::parse_constraints(type, branch.constraints, {.own_bases = x.live->own_bases});
}

bool is_match(const store::TokenEntry& entry, const store::TokenIs& wanted) {
  return (!wanted.system || *wanted.system == entry.system) && (!wanted.code || *wanted.code == entry.code);
}

bool is_match(const store::StringEntry& entry, const store::StringIs& wanted) {
  switch (wanted.how) {
    case store::StringIs::prefix:
      return entry.folded.starts_with(wanted.text);
    case store::StringIs::exact:
      return entry.exact == wanted.text;
    default:
      return entry.folded.find(wanted.text) != std::string::npos;
  }
}

bool is_match(const store::ReferenceEntry& entry, const store::ReferenceIs& wanted) {
  if (!wanted.url.empty()) return entry.url == wanted.url;
  return entry.id == wanted.id && (wanted.type.empty() || entry.type == wanted.type);
}

template <class Entry, class Wanted>
bool any(const std::vector<Entry>& entries, const std::string& param, const Wanted& wanted) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.param == param && is_match(entry, wanted); });
}

bool has_match(const store::IndexEntries& index, const std::string& param, const store::Match& match) {
  if (const auto* token = std::get_if<store::TokenIs>(&match)) return any(index.tokens, param, *token);
  if (const auto* text = std::get_if<store::StringIs>(&match)) return any(index.strings, param, *text);
  if (const auto* reference = std::get_if<store::ReferenceIs>(&match)) return any(index.references, param, *reference);
  return false;
}

bool in_branch(const access::Branch& branch, bool about_nobody, const std::vector<std::string>& patients) {
  if (access::is_sealed(branch.sealed, patients)) return false;
  if (branch.all || about_nobody) return true;
  return std::any_of(patients.begin(), patients.end(), [&](const std::string& one) {
    return std::binary_search(branch.patients.begin(), branch.patients.end(), one);
  });
}

}  // namespace

bool satisfies(const store::IndexEntries& index, const store::Condition& condition) {
  if (condition.missing) return false;
  const bool found = std::any_of(condition.any_of.begin(), condition.any_of.end(),
                                 [&](const store::Match& match) { return has_match(index, condition.param, match); });
  return found != condition.negate;
}

Allowed<store::Visible> visible(const Exchange& x, const access::Grant& grant, std::string_view type) {
  store::Visible all;
  for (const access::Branch& branch : grant.branches()) {
    auto also = conditions_of(x, branch, type);
    if (!also)
      return refuse({.status = 403,
                     .code = "scope_constraint",
                     .kind = CauseKind::scope,
                     .cause = "a scope's search constraint cannot be applied to " + std::string(type)});
    all.push_back({.all = branch.all || grant.sees(type, {}),
                   .patients = branch.patients,
                   .also = std::move(*also),
                   .sealed = access::marks(branch.sealed)});
  }
  seal_by_consents(x, grant, all);
  return all;
}

bool would_see(const Exchange& x, const access::Grant& grant, std::string_view type, const store::IndexEntries& index) {
  const bool about_nobody = grant.sees(type, {});  // types that no patient owns
  return std::any_of(grant.branches().begin(), grant.branches().end(), [&](const access::Branch& branch) {
    if (!in_branch(branch, about_nobody, index.patients)) return false;
    const auto conditions = conditions_of(x, branch, type);
    return conditions && std::all_of(conditions->begin(), conditions->end(),
                                     [&](const store::Condition& one) { return satisfies(index, one); });
  });
}

bool sees(const Exchange& x, const access::Grant& grant, const store::Version& version) {
  if (is_denied(x, grant, version)) return false;
  if (!grant.constrained()) return grant.sees(version.type, version.patients);
  if (version.deleted) return false;
  const auto document = json::Document::parse(version.body.inside().view());
  if (!document) return false;
  auto index = fhir::index(*document, version.type, version.id, {.own_bases = x.live->own_bases, .words = false});
  if (!index) return false;
  index->patients = version.patients;
  return would_see(x, grant, version.type, *index);
}

}  // namespace ward::door
