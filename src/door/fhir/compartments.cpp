#include "fhir/compartments.hpp"

#include "fhir/hidden.hpp"
#include "fhir/narrow.hpp"
#include "r4/search.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;

/// Of what is visible, what is in one patient's compartment.
void keep_patient(store::Visible& visible, const std::string& patient) {
  std::erase_if(visible, [&](const store::VisibleBranch& branch) {
    return !branch.all && !std::binary_search(branch.patients.begin(), branch.patients.end(), patient);
  });
  for (store::VisibleBranch& branch : visible) {
    branch.all = false;
    branch.patients = {patient};
  }
}

store::Condition refers(const Exchange& x, std::string_view param) {
  store::Condition condition;
  condition.param = param;
  condition.any_of.push_back(store::ReferenceIs{x.fhir.owner, x.fhir.compartment, ""});
  return condition;
}

void add(fhir::Search& search, store::Condition condition) {
  search.resolved.push_back(condition);
  search.query.all_of.push_back(std::move(condition));
}

/// The same search for ids alone; what it asks of other resources was resolved.
fhir::Search for_ids(const fhir::Search& search) {
  fhir::Search asked = search;
  asked.hops.clear();
  asked.includes.clear();
  asked.summary = fhir::Summary::none;
  asked.query.total = store::Total::none;
  asked.query.sort.clear();
  asked.query.ids_only = true;
  return asked;
}

/// No other server takes alternatives by several parameters, so each is asked for by itself.
awaitable<Allowed<void>> keep_by_ids(Exchange& x, std::span<const std::string_view> params, fhir::Search& search) {
  std::set<std::string> ids;
  if (search.query.visible.empty()) co_return Allowed<void>{};
  for (const std::string_view param : params) {
    fhir::Search asked = for_ids(search);
    asked.used.push_back({r4::find_param(search.query.type, param), std::string(param), {}, false});
    add(asked, refers(x, param));
    auto seen = co_await search_under_own_grant(x, std::move(asked), hop_found_max);
    if (!seen) co_return refuse(seen.error());
    if (seen->more) co_return refuse(too_many_behind(param));
    for (const store::Version& version : seen->found) ids.insert(version.id);
  }
  store::Condition condition;
  condition.param = "_id";
  for (const std::string& id : ids) condition.any_of.push_back(store::IdIs{id});
  if (ids.empty()) search.query.visible.clear();  // nothing can match
  add(search, std::move(condition));
  co_return Allowed<void>{};
}

void keep_by_any(const Exchange& x, std::span<const std::string_view> params, fhir::Search& search) {
  store::Condition condition;
  condition.param = "compartment";
  for (const std::string_view param : params) {
    condition.together.emplace_back();
    condition.together.back().push_back(refers(x, param));
  }
  search.query.all_of.push_back(std::move(condition));
}

}  // namespace

awaitable<Allowed<void>> keep_compartment(Exchange& x, const access::Grant& grant, fhir::Search& search) {
  if (x.fhir.compartment.empty()) co_return Allowed<void>{};
  if (x.fhir.owner == "Patient") {
    keep_patient(search.query.visible, x.fhir.compartment);
    co_return Allowed<void>{};
  }
  const auto compartment = r4::compartment_of(x.fhir.owner);
  WARD_ASSERT(compartment);
  const auto params = r4::compartment_params(*compartment, search.query.type);
  fhir::Search used;
  for (const std::string_view param : params)
    used.used.push_back({r4::find_param(search.query.type, param), std::string(param), {}, false});
  if (auto checked = check_view(grant, search.query.type, used); !checked) co_return checked;
  if (params.size() == 1) {
    add(search, refers(x, params.front()));
  } else if (x.route->upstream == nullptr) {
    keep_by_any(x, params, search);
  } else {
    auto kept = co_await keep_by_ids(x, params, search);
    if (!kept) co_return kept;
  }
  co_return Allowed<void>{};
}

}  // namespace ward::door
