// Observation/$lastn: the newest observations of each code, by when they were made.
#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/narrow.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/operations/operations.hpp"
#include "fhir/operations/record.hpp"
#include "r4/r4.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t observations_max = 5'000;  // that one request looks through
constexpr std::size_t newest_max = 1'000;        // `max`, and entries of the answer
constexpr std::size_t upstream_page = 500;
constexpr std::size_t pages_max = 50;
constexpr std::string_view observation = "Observation";

Refusal too_many(std::string cause, std::string said) {
  return {.status = 400,
          .code = "search_too_costly",
          .kind = CauseKind::validation,
          .cause = std::move(cause),
          .issues = {{.code = "too-costly", .diagnostics = std::move(said)}}};
}

std::string_view code_of(std::string_view parameter) { return parameter.substr(0, parameter.find(':')); }

/// What the caller gave, newest first, as a search that is not narrowed yet. Its groups tell codes.
Allowed<fhir::Search> asked_of(const Exchange& x) {
  std::string query;
  bool of_somebody = false;
  for (const auto& [name, value] : x.query) {
    const std::string_view code = code_of(name);
    if (code == "max" || name == "_format" || name == "_pretty") continue;
    if (code != "patient" && code != "subject" && code != "category" && code != "code" && code != "date" &&
        code != "status")
      return refuse(
          wrong_parameter("not-supported", "$lastn takes patient or subject, category, code, date, status and max"));
    of_somebody =
        of_somebody || ((code == "patient" || code == "subject") && !value.empty() && !name.ends_with(":missing"));
    query += percent_encode(name) + "=" + percent_encode(value) + "&";
  }
  if (!of_somebody) return refuse(wrong_parameter("required", "$lastn needs patient or subject"));
  auto search = fhir::parse_search(observation, query + "_sort=-date", {}, {.own_bases = x.live->own_bases});
  if (!search) return search;
  search->used.push_back({r4::find_param(observation, "code"), "code", "", false});
  search->query.count = x.route->upstream == nullptr ? observations_max : upstream_page;
  return search;
}

/// The search behind it. Refuses what the view hides, in it and behind its references.
awaitable<Allowed<fhir::Search>> search_of(Exchange& x) {
  auto search = asked_of(x);
  if (!search) co_return refuse(search.error());
  auto narrowed = co_await narrow(x, *x.grant, *search);
  if (!narrowed) co_return refuse(narrowed.error());
  co_return search;
}

/// The names of an observation's code: each coding, or else the text.
std::vector<std::string> names_of(const store::Version& version) {
  std::vector<std::string> names;
  const auto document = json::Document::parse(version.body.inside().view());
  if (!document) return names;
  const json::Value code = document->root()["code"];
  const json::Value codings = code["coding"];
  for (json::Value one = codings.first(); one; one = one.next())
    if (one["code"].is_string()) names.push_back(one.string("system") + "|" + one.string("code"));
  if (names.empty()) names.push_back("text|" + fhir::fold(code.string("text")));
  return names;
}

/// Puts observations with a coding in common into one group.
class Groups {
 public:
  explicit Groups(std::size_t newest) : newest_(newest) {}

  /// Observations come newest first.
  void add(store::Version version) {
    const std::vector<std::string> names = names_of(version);
    std::size_t group = groups_.size();
    for (const std::string& name : names)
      if (const auto known = by_name_.find(name); known != by_name_.end()) group = std::min(group, known->second);
    if (group == groups_.size()) groups_.emplace_back();
    for (const std::string& name : names) by_name_.emplace(name, group);
    if (groups_[group].size() < newest_) groups_[group].push_back(std::move(version));
  }
  std::vector<std::vector<store::Version>>& all() { return groups_; }

 private:
  std::size_t newest_;
  std::vector<std::vector<store::Version>> groups_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

awaitable<Allowed<void>> collect(Exchange& x, fhir::Search& search, Groups& groups) {
  std::size_t seen = 0;
  for (std::size_t pages = 0; pages < pages_max; ++pages) {
    auto page = co_await backend_of(x).search(x, search);
    if (!page) co_return refuse(page.error());
    seen += page->found.size();
    for (store::Version& version : page->found) groups.add(std::move(version));
    if (page->next.empty()) co_return Allowed<void>{};
    search.query.after = std::move(page->next);
    if (seen >= observations_max) break;
  }
  co_return refuse(
      too_many("observations of a patient",
               fmt::format("these are more than {} observations; give category, code or date", observations_max)));
}

}  // namespace

awaitable<Allowed<void>> lastn(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = query_text(x);
  const auto newest = number_of(x, "max", 1, newest_max);
  if (!newest) co_return refuse(newest.error());
  auto search = co_await search_of(x);
  if (!search) co_return refuse(search.error());
  Groups groups(*newest);
  auto collected = co_await collect(x, *search, groups);
  if (!collected) co_return collected;
  RecordPart record(x);
  for (std::vector<store::Version>& group : groups.all()) {
    for (store::Version& version : group) {
      if (record.size() == newest_max)
        co_return refuse(too_many("entries of $lastn", fmt::format("these are more than {}; give category, code or a "
                                                                   "smaller max",
                                                                   newest_max)));
      if (auto added = record.add(*x.grant, std::move(version), "match"); !added) co_return added;
    }
  }
  fhir::Search link;
  link.query.type = "Observation/$lastn";
  link.applied = x.query;
  const std::vector<std::pair<std::string, std::string>> links{{"self", fhir::self_link(x.route->base, link)}};
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = record.bundle(links, record.size(), {});
  co_return Allowed<void>{};
}

}  // namespace ward::door
