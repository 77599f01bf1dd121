// history of a type and of the system: each version is decided by the Grant of its type, on itself and on the current
// one.
#include "fhir/history_bundle.hpp"
#include "fhir/history_times.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/visible.hpp"
#include "r4/r4.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <map>

namespace ward::door {
namespace {

constexpr std::size_t page_default = 50, page_max = 1000;

using Grants = std::map<std::string, access::Grant, std::less<>>;

/// The request as a search, for its links.
fhir::Search as_search(const Exchange& x) {
  fhir::Search link;
  link.query.type = x.fhir.type.empty() ? "_history" : x.fhir.type + "/_history";
  link.applied = without_page(x.query);
  return link;
}

/// The types that the caller may ask about, each with its grant. Of the system, the others are not there.
Allowed<Grants> grants_of(Exchange& x) {
  Grants grants;
  if (!x.fhir.type.empty()) {
    grants.emplace(x.fhir.type, *x.grant);
    return grants;
  }
  std::optional<Refusal> refused;
  for (const std::string_view type : r4::resource_types()) {
    auto grant = decide(x, access::Interaction::search_history, type);
    if (grant)
      grants.emplace(type, std::move(*grant));
    else if (grant.error().status >= 500)
      return refuse(grant.error());
    else if (!refused)
      refused = std::move(grant.error());
  }
  if (grants.empty()) return refuse(std::move(*refused));
  return grants;
}

Allowed<void> take_times(const Exchange& x, const Grants& grants, store::History& asked) {
  const auto times = history_times(x);
  if (!times) return refuse(times.error());
  if (times->any())
    for (const auto& [type, grant] : grants)
      if (auto checked = check_times(grant, type); !checked) return checked;
  asked.since = times->since;
  asked.from = times->from;
  asked.until = times->until;
  return {};
}

/// Where to look for what each grant shows. A scope that says no search of a type is refused for that type, and leaves
/// it out of the system's history.
Allowed<void> take_types(const Exchange& x, const Grants& grants, store::History& asked) {
  for (const auto& [type, grant] : grants) {
    auto branches = visible(x, grant, type);
    if (!branches && !x.fhir.type.empty()) return refuse(branches.error());
    if (!branches) continue;
    store::History::Of of{.type = type, .all = false, .patients = {}};
    std::set<std::string> patients;
    for (const store::VisibleBranch& branch : *branches) {
      of.all = of.all || branch.all;
      patients.insert(branch.patients.begin(), branch.patients.end());
    }
    if (!of.all) of.patients.assign(patients.begin(), patients.end());
    asked.of.push_back(std::move(of));
  }
  return {};
}

Allowed<store::History> asked_of(const Exchange& x, const Grants& grants) {
  if (auto known = only_parameters(x, {"_count", "_since", "_at", page_param}); !known) return refuse(known.error());
  store::History asked;
  const auto count = number_of(x, "_count", page_default, page_max);
  if (!count) return refuse(count.error());
  asked.count = *count;
  if (auto times = take_times(x, grants, asked); !times) return refuse(times.error());
  auto position = asked_position(x, as_search(x));
  if (!position) return refuse(position.error());
  asked.after = std::move(*position);
  if (auto types = take_types(x, grants, asked); !types) return refuse(types.error());
  return asked;
}

}  // namespace

boost::asio::awaitable<Allowed<void>> histories(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = query_text(x);
  const auto grants = grants_of(x);
  if (!grants) co_return refuse(grants.error());
  auto asked = asked_of(x, *grants);
  if (!asked) co_return refuse(asked.error());
  asked->sees = [&x, &grants](const store::Version& version, const store::Version& current) {
    const auto grant = grants->find(version.type);
    if (grant == grants->end() || !sees(x, grant->second, current)) return false;
    return &version == &current || sees(x, grant->second, version);
  };
  auto page = co_await backend_of(x).recent(x, *asked);
  if (!page) co_return refuse(page.error());

  const fhir::Search link = as_search(x);
  HistoryBundle bundle(x, grants->begin()->second, fhir::self_link(x.route->base, link),
                       page->next.empty() ? "" : next_link(x, link, page->next), std::nullopt);
  for (store::Version& version : page->found)
    if (auto added = bundle.add(grants->find(version.type)->second, version); !added) co_return added;
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = std::move(bundle).finish();
  co_return Allowed<void>{};
}

}  // namespace ward::door
