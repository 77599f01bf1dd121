#include "fhir/narrow.hpp"

#include "fhir/backend.hpp"
#include "fhir/index.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;

Refusal hidden(const access::Grant& grant, std::string_view type, const fhir::UsedParam& used) {
  return {.status = 403,
          .code = "parameter_hidden",
          .kind = CauseKind::policy,
          .cause = fmt::format("{}: the view of {} hides what {} looks at", grant.cause_text(), type, used.code),
          .issues = {
              {.code = "forbidden",
               .diagnostics = fmt::format(
                   "the parameter {} looks at something that your role's view of {} does not show", used.code, type)}}};
}

Allowed<void> check_against_view(const access::Grant& grant, const fhir::Search& search) {
  for (const fhir::UsedParam& used : search.used) {
    const bool shown = used.param != nullptr         ? access::searchable(grant, *used.param)
                       : used.code == "_lastUpdated" ? !grant.hides(search.query.type, "meta.lastUpdated")
                                                     : true;
    if (!shown) return refuse(hidden(grant, search.query.type, used));
  }
  return {};
}

Refusal too_many(const fhir::Hop& hop) {
  return {
      .status = 400,
      .code = "search_too_costly",
      .kind = CauseKind::validation,
      .cause = "hop",
      .issues = {{.code = "too-costly",
                  .diagnostics = fmt::format("more than {} resources match behind {}; narrow that part of the search",
                                             hop_found_max, hop.param->code)}}};
}

/// What one of the found resources refers to by the hop's parameter, of the type that is searched.
/// Not a patient whom its own part would not name.
Allowed<void> add_referred(const Exchange& x, const fhir::Hop& hop, std::string_view type, const access::Grant& grant,
                           const store::Version& version, std::set<std::string>& ids) {
  const auto document = json::Document::parse(version.body.inside().view());
  auto index = document ? fhir::index(*document, version.type, version.id, {.own_bases = x.live->own_bases})
                        : Result<store::IndexEntries>(fail("malformed", "stored body"));
  if (!index)
    return refuse({.status = 500, .code = "stored_malformed", .kind = CauseKind::internal, .cause = "stored body"});
  const bool masks = type == "Patient" && is_shared(grant, version.patients);
  for (const store::ReferenceEntry& entry : index->references)
    if (entry.param == hop.param->code && entry.type == type && !(masks && !shows_patient(grant, entry.id)))
      ids.insert(entry.id);
  return {};
}

/// A type that nobody named is left out where it may not be searched, as if there were nothing of it; a named one is
/// refused. Both follow from token, role and request.
bool may_be_left_out(const fhir::Hop& hop, const Refusal& refusal) {
  return !hop.backward && hop.among.size() > 1 && refusal.status == 403;
}

awaitable<Allowed<store::Condition>> resolve(Exchange& x, const fhir::Hop& hop, std::string type) {
  store::Condition condition;
  condition.param = hop.backward ? std::string("_id") : std::string(hop.param->code);
  std::set<std::string> ids;
  std::optional<Refusal> left_out;
  std::size_t searched = 0;
  for (const fhir::Search& among : hop.among) {
    auto seen = co_await search_under_own_grant(x, among, hop_found_max);
    if (!seen && may_be_left_out(hop, seen.error())) {
      left_out = std::move(seen.error());
      continue;
    }
    if (!seen) co_return refuse(seen.error());
    if (seen->more) co_return refuse(too_many(hop));
    ++searched;
    for (const store::Version& version : seen->found) {
      if (!hop.backward)
        condition.any_of.push_back(store::ReferenceIs{version.type, version.id, ""});
      else if (auto added = add_referred(x, hop, type, seen->grant, version, ids); !added)
        co_return refuse(added.error());
    }
  }
  if (searched == 0 && left_out) co_return refuse(*left_out);
  for (const std::string& id : ids) condition.any_of.push_back(store::IdIs{id});
  if (condition.any_of.size() > hop_found_max) co_return refuse(too_many(hop));
  co_return condition;
}

}  // namespace

awaitable<Allowed<Seen>> search_under_own_grant(Exchange& x, fhir::Search search, std::size_t most) {
  auto grant = decide(x, access::Interaction::search, search.query.type);
  if (!grant) co_return refuse(grant.error());
  auto narrowed = co_await narrow(x, *grant, search);
  if (!narrowed) co_return refuse(narrowed.error());
  Seen seen{.grant = *grant, .found = {}, .more = false};
  if (search.query.visible.empty()) co_return seen;
  search.query.count = most;
  auto page = co_await backend_of(x).search(x, search);
  if (!page) co_return refuse(page.error());
  seen.found = std::move(page->found);
  seen.more = !page->next.empty() || seen.found.size() > most;
  co_return seen;
}

awaitable<Allowed<void>> narrow(Exchange& x, const access::Grant& grant, fhir::Search& search) {
  if (auto checked = check_against_view(grant, search); !checked) co_return checked;
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
