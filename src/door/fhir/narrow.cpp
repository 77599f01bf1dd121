#include "fhir/narrow.hpp"

#include "fhir/backend.hpp"
#include "fhir/hidden.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;

/// A type that nobody named is left out where it may not be searched, as if there were nothing of it; a named one is
/// refused. Both follow from token, role and request.
bool may_be_left_out(const fhir::Hop& hop, const Refusal& refusal) {
  return !hop.backward && hop.among.size() > 1 && refusal.status == 403;
}

/// The search of the other end, for ids alone.
fhir::Search other_end(const fhir::Hop& hop, const fhir::Search& among, const std::string& type) {
  fhir::Search search = among;
  search.query.ids_only = true;
  if (!hop.backward) return search;
  search.query.referred_by = hop.param->code;
  search.query.referred_type = type;
  return search;
}

awaitable<Allowed<store::Condition>> resolve(Exchange& x, const fhir::Hop& hop, std::string type) {
  store::Condition condition;
  condition.param = hop.backward ? std::string("_id") : std::string(hop.param->code);
  std::set<std::string> ids;
  std::optional<Refusal> left_out;
  std::size_t searched = 0;
  for (const fhir::Search& among : hop.among) {
    fhir::Search asked = other_end(hop, among, type);
    auto seen = co_await search_under_own_grant(x, std::move(asked), hop_found_max);
    if (!seen && may_be_left_out(hop, seen.error())) {
      left_out = std::move(seen.error());
      continue;
    }
    if (!seen) co_return refuse(seen.error());
    if (seen->more) co_return refuse(too_many_behind(hop.param->code));
    ++searched;
    for (const std::string& id : seen->referred)
      if (type != "Patient" || shows_patient(seen->grant, id)) ids.insert(id);
    if (hop.backward) continue;
    for (const store::Version& version : seen->found)
      condition.any_of.push_back(store::ReferenceIs{version.type, version.id, ""});
  }
  if (searched == 0 && left_out) co_return refuse(*left_out);
  for (const std::string& id : ids) condition.any_of.push_back(store::IdIs{id});
  if (condition.any_of.size() > hop_found_max) co_return refuse(too_many_behind(hop.param->code));
  co_return condition;
}

}  // namespace

Refusal too_many_behind(std::string_view named) {
  return {
      .status = 400,
      .code = "search_too_costly",
      .kind = CauseKind::validation,
      .cause = "hop",
      .issues = {{.code = "too-costly",
                  .diagnostics = fmt::format("more than {} resources match behind {}; narrow that part of the search",
                                             hop_found_max, named)}}};
}

awaitable<Allowed<Seen>> search_under_own_grant(Exchange& x, fhir::Search search, std::size_t most) {
  auto grant = decide(x, access::Interaction::search, search.query.type);
  if (!grant) co_return refuse(grant.error());
  auto narrowed = co_await narrow(x, *grant, search);
  if (!narrowed) co_return refuse(narrowed.error());
  Seen seen{.grant = *grant, .found = {}, .referred = {}, .more = false};
  if (search.query.visible.empty()) co_return seen;
  search.query.count = most;
  auto page = co_await backend_of(x).search(x, search);
  if (!page) co_return refuse(page.error());
  seen.found = std::move(page->found);
  seen.referred = std::move(page->referred);
  seen.more = !page->next.empty() || seen.found.size() > most;
  co_return seen;
}

awaitable<Allowed<void>> narrow(Exchange& x, const access::Grant& grant, fhir::Search& search) {
  if (auto checked = check_view(grant, search.query.type, search); !checked) co_return checked;
  auto visible_to_caller = visible(x, grant, search.query.type);
  if (!visible_to_caller) co_return refuse(visible_to_caller.error());
  search.query.visible = std::move(*visible_to_caller);
  forget_others(grant, search);
  for (const fhir::Hop& hop : search.hops) {
    auto condition = co_await resolve(x, hop, search.query.type);
    if (!condition) co_return refuse(condition.error());
    if (condition->any_of.empty()) search.query.visible.clear();  // nothing can match
    search.resolved.push_back(*condition);
    search.query.all_of.push_back(std::move(*condition));
  }
  if (!search.hops.empty()) forget_others(grant, search);  // what they found may be patients of others
  co_return Allowed<void>{};
}

}  // namespace ward::door
