#include "fhir/plan_match.hpp"

#include "fhir/interactions.hpp"
#include "fhir/narrow.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {

using boost::asio::awaitable;

Refusal precondition(std::string_view what, std::string said) {
  return {.status = 412,
          .code = "precondition_failed",
          .kind = CauseKind::validation,
          .cause = std::string(what),
          .issues = {{.code = "conflict", .diagnostics = std::move(said)}}};
}

awaitable<Allowed<std::vector<store::Version>>> matching(Exchange& x, std::string_view type, const std::string& query,
                                                         const Meanwhile& meanwhile, std::size_t most) {
  constexpr std::size_t count_max = 1'000;  // of one search
  auto search = fhir::parse_condition(type, query, {.own_bases = x.live->own_bases});
  if (!search) co_return refuse(search.error());
  auto grant = decide(x, access::Interaction::search, type);
  if (!grant) co_return refuse(grant.error());
  auto narrowed = co_await narrow(x, *grant, *search);
  if (!narrowed) co_return refuse(narrowed.error());
  search->query.count = std::min(count_max, most + meanwhile.removed.size());
  auto page = co_await backend_of(x).search(x, *search);
  if (!page) co_return refuse(page.error());
  std::erase_if(page->found, [&](const store::Version& one) {
    return meanwhile.removed.contains(fmt::format("{}/{}", one.type, one.id));
  });
  if (page->found.size() > most) page->found.erase(page->found.begin() + std::ptrdiff_t(most), page->found.end());
  co_return std::move(page->found);
}

awaitable<Allowed<std::string>> sole_match(Exchange& x, const WriteRequest& request, const Meanwhile& meanwhile,
                                           std::string_view what) {
  auto found = co_await matching(x, request.type, request.query, meanwhile, 2);
  if (!found) co_return refuse(found.error());
  if (found->size() > 1)
    co_return refuse(precondition(fmt::format("conditional {}", what),
                                  fmt::format("several resources match; {} them one by one", what)));
  if (found->empty())
    co_return refuse({.status = 404,
                      .code = "not_found",
                      .kind = CauseKind::record,
                      .cause = "nothing matches",
                      .issues = {{.code = "not-found", .diagnostics = "nothing matches"}}});
  co_return found->front().id;
}

Allowed<void> check_changeable(Exchange& x, const access::Grant& grant, const store::Version& current) {
  if (!sees(x, grant, current)) {
    note_subjects(x.record, current);
    return refuse(not_known(current.type, current.id, "not in the grant: " + grant.cause_text()));
  }
  if (current.deleted || !is_shared(grant, current.patients)) return {};
  return refuse(
      {.status = 403,
       .code = "shared_resource",
       .kind = CauseKind::policy,
       .cause = grant.cause_text(),
       .issues = {
           {.code = "forbidden",
            .diagnostics =
                "the resource belongs to other patients too, so you may read your part of it and not change it"}}});
}

awaitable<Allowed<store::Version>> changeable(Exchange& x, const access::Grant& grant, std::string_view type,
                                              std::string_view id) {
  auto found = co_await backend_of(x).read(x, type, id);
  if (!found) co_return refuse(found.error());
  if (!*found) co_return refuse(not_known(type, id, "absent"));
  if (auto may = check_changeable(x, grant, **found); !may) co_return refuse(may.error());
  co_return std::move(**found);
}

Allowed<void> check_conditions(const WriteRequest& request, const store::Version& current) {
  if (!request.if_none_match.empty() && !current.deleted && etag_matches(request.if_none_match, current.version))
    return refuse(precondition("If-None-Match", "the resource has a version that If-None-Match excludes"));
  const std::string& if_match = request.if_match;
  if (if_match.empty() || (if_match == "*" && !current.deleted)) return {};
  if (!current.deleted && etag_matches(if_match, current.version)) return {};
  return refuse(precondition("If-Match", "the resource has another version than If-Match names"));
}

}  // namespace ward::door
