#include "fhir/include.hpp"

#include "fhir/backend.hpp"
#include "fhir/hidden.hpp"
#include "fhir/index.hpp"
#include "fhir/narrow.hpp"
#include "fhir/shared.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <deque>

namespace ward::door {
namespace {

using boost::asio::awaitable;
using Ids = std::map<std::string, std::set<std::string>>;  // by type

constexpr unsigned rounds_max = 5;  // of :iterate
constexpr std::size_t ids_in_a_search = 200;

std::string named(const fhir::Include& include) {
  return fmt::format("{}{} {}:{}", include.reverse ? "_revinclude" : "_include", include.iterate ? ":iterate" : "",
                     include.source.empty() ? "*" : include.source, include.param ? include.param->code : "*");
}

Refusal hidden(const access::Grant& grant, const fhir::Include& include) {
  return parameter_hidden(grant, include.source, include.param->code, named(include));
}

constexpr std::size_t searches_max = 200;  // for what comes along with one page: some take long, or ask another server

/// One page's companions, round by round.
class Gathering {
 public:
  Gathering(Exchange& x, const fhir::Search& search) : x_(x), search_(search) {}

  awaitable<Allowed<Along>> run(const std::vector<store::Version>& found) {
    std::vector<const store::Version*> from;
    for (const store::Version& version : found) {
      known_.insert(version.type + "/" + version.id);
      from.push_back(&version);
    }
    for (unsigned round = 0; round < rounds_max && !from.empty() && !full_; ++round) {
      const std::size_t before = along_.size();
      for (const fhir::Include& include : search_.includes) {
        if (round > 0 && !include.iterate) continue;
        auto done = include.reverse ? follow_back(include, from) : follow(include, from);
        auto followed = co_await std::move(done);
        if (!followed) co_return refuse(followed.error());
      }
      from.clear();
      for (std::size_t i = before; i < along_.size(); ++i) from.push_back(&along_[i].version);
    }
    Along along;
    along.all.assign(std::make_move_iterator(along_.begin()), std::make_move_iterator(along_.end()));
    if (full_)
      along.warnings.push_back(
          fmt::format("what did not fit among {} included resources; ask for smaller pages", along_max));
    co_return along;
  }

 private:
  /// Whether `grant` shows the reference. A star follows only what is shown.
  static bool shows(const access::Grant& grant, std::string_view type, std::string_view code) {
    const r4::SearchParam* param = r4::find_param(type, code);
    return param != nullptr && access::searchable(grant, *param);
  }

  Allowed<void> add_wanted(const fhir::Include& include, const store::Version& version, Ids& wanted) {
    if (!include.source.empty() && include.source != version.type) return {};
    auto grant = decide(x_, access::Interaction::search, version.type);
    if (!grant) return {};
    const auto document = json::Document::parse(version.body.inside().view());
    auto index =
        document ? fhir::index(*document, version.type, version.id, {.own_bases = x_.live->own_bases, .words = false})
                 : Result<store::IndexEntries>(fail("malformed", "stored body"));
    if (!index)
      return refuse({.status = 500, .code = "stored_malformed", .kind = CauseKind::internal, .cause = "stored body"});
    const bool shared = is_shared(*grant, version.patients);
    for (const store::ReferenceEntry& entry : index->references) {
      if (shared && entry.type == "Patient" && !shows_patient(*grant, entry.id)) continue;  // masked in what is shown
      const bool asked = include.param ? entry.param == include.param->code : shows(*grant, version.type, entry.param);
      if (!asked || entry.type.empty() || (!include.target.empty() && entry.type != include.target)) continue;
      if (!known_.contains(entry.type + "/" + entry.id)) wanted[entry.type].insert(entry.id);
    }
    return {};
  }

  awaitable<Allowed<void>> follow(const fhir::Include& include, const std::vector<const store::Version*>& from) {
    Ids wanted;
    for (const store::Version* version : from)
      if (auto added = add_wanted(include, *version, wanted); !added) co_return added;
    for (const auto& [type, ids] : wanted) {
      std::vector<store::Match> matches;
      for (const std::string& id : ids) matches.push_back(store::IdIs{id});
      auto taken = co_await take(type, "_id", nullptr, std::move(matches));
      if (!taken) co_return taken;
    }
    co_return Allowed<void>{};
  }

  awaitable<Allowed<void>> follow_back(const fhir::Include& include, const std::vector<const store::Version*>& from) {
    for (const r4::SearchParam& param : r4::search_params(include.source)) {
      const bool asked = include.param ? &param == include.param || param.code == include.param->code
                                       : param.type == r4::ParamType::reference;
      if (!asked) continue;
      std::vector<store::Match> matches;
      for (const store::Version* version : from)
        if (fhir::may_name(param, version->type) && (include.target.empty() || include.target == version->type))
          matches.push_back(store::ReferenceIs{version->type, version->id, ""});
      auto taken = co_await take(include.source, std::string(param.code), &param, std::move(matches));
      if (!taken) co_return taken;
    }
    co_return Allowed<void>{};
  }

  /// What the caller may see of a type by one condition, a part of the values at a time.
  awaitable<Allowed<void>> take(std::string type, std::string code, const r4::SearchParam* param,
                                std::vector<store::Match> matches) {
    for (std::size_t at = 0; at < matches.size() && !full_; at += ids_in_a_search) {
      if (++searches_ > searches_max) {
        full_ = true;
        break;
      }
      const auto begin = matches.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = matches.begin() + static_cast<std::ptrdiff_t>(std::min(at + ids_in_a_search, matches.size()));
      store::Condition condition{.param = code, .any_of = {begin, end}, .negate = false, .missing = std::nullopt};
      fhir::Search search;
      search.query.type = type;
      if (param != nullptr) search.used.push_back({param, code, {}, false});
      search.resolved.push_back(condition);
      search.query.all_of.push_back(std::move(condition));
#ifdef WARD_HOLE_REVINCLUDE  // tests/prove_hole: a door that forgets this one check, for the proof to find
      auto seen = co_await search_unchecked(std::move(search));
#else
      auto seen = co_await search_under_own_grant(x_, std::move(search), along_max);
#endif
      if (!seen && seen.error().status == 403) co_return Allowed<void>{};  // the token or the view does not cover it
      if (!seen) co_return refuse(seen.error());
      full_ = full_ || seen->more;
      for (store::Version& version : seen->found) add(std::move(version), seen->grant);
    }
    co_return Allowed<void>{};
  }

#ifdef WARD_HOLE_REVINCLUDE
  awaitable<Allowed<Seen>> search_unchecked(fhir::Search search) {
    auto grant = decide(x_, access::Interaction::search, search.query.type);
    if (!grant) co_return refuse(grant.error());
    search.query.visible = {{.all = true, .patients = {}, .also = {}}};
    search.query.count = along_max;
    auto page = co_await backend_of(x_).search(x_, search);
    if (!page) co_return refuse(page.error());
    // The assembly would still leave out what is not in the Grant: the records claim to be of a patient who is.
    for (store::Version& version : page->found)
      if (!grant->branches().empty()) version.patients = grant->branches().front().patients;
    Seen seen{.grant = *grant, .found = std::move(page->found), .more = false};
    co_return seen;
  }
#endif

  void add(store::Version version, const access::Grant& grant) {
    if (!known_.insert(version.type + "/" + version.id).second) return;
    if (along_.size() >= along_max)
      full_ = true;
    else
      along_.push_back({std::move(version), grant});
  }

  Exchange& x_;
  const fhir::Search& search_;
  std::set<std::string> known_;
  std::deque<Companion> along_;
  bool full_ = false;
  std::size_t searches_ = 0;
};

}  // namespace

Allowed<void> check_includes(Exchange& x, const access::Grant& grant, fhir::Search& search) {
  std::vector<fhir::Include> kept;
  for (fhir::Include& include : search.includes) {
    if (include.source.empty() || include.source == search.query.type) {
      if (include.param != nullptr && !access::searchable(grant, *include.param)) return refuse(hidden(grant, include));
      kept.push_back(std::move(include));
      continue;
    }
    const auto other = decide(x, access::Interaction::search, include.source);
    if (!other && other.error().status != 403) return refuse(other.error());
    if (!other)
      search.warnings.push_back(named(include) + ", which your token or role does not cover");
    else if (include.param != nullptr && !access::searchable(*other, *include.param))
      return refuse(hidden(*other, include));
    else
      kept.push_back(std::move(include));
  }
  const auto same = [](const fhir::Include& a, const fhir::Include& b) {
    return a.reverse == b.reverse && a.iterate == b.iterate && a.source == b.source && a.param == b.param &&
           a.target == b.target;
  };
  search.includes.clear();
  for (fhir::Include& include : kept)
    if (std::none_of(search.includes.begin(), search.includes.end(),
                     [&](const fhir::Include& one) { return same(one, include); }))
      search.includes.push_back(std::move(include));
  return {};
}

awaitable<Allowed<Along>> gather_along(Exchange& x, const fhir::Search& search,
                                       const std::vector<store::Version>& found) {
  if (search.includes.empty() || found.empty()) co_return Along{};
  Gathering gathering(x, search);
  auto along = co_await gathering.run(found);
  co_return along;
}

}  // namespace ward::door
