// $everything: a patient's record, or what belongs to one encounter, type by type. Each type is searched under its own
// Grant; types that the caller may not search are not there. What the shown parts refer to comes with them.
#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/links.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/operations/compartment.hpp"
#include "fhir/operations/operations.hpp"
#include "fhir/operations/record.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "r4/r4.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t page_max = 1000;             // resources of the compartment
constexpr std::size_t page_bytes_max = 32u << 20;  // a page ends behind the search that exceeds it
constexpr std::size_t search_count = 200;          // of one search
constexpr std::size_t searches_max = 400;          // of one page
constexpr std::size_t referred_max = 1000;         // resources that come along, of one page
constexpr std::size_t referred_at_once = 100;      // ids in one search
constexpr unsigned referred_rounds = 3;            // a role names a practitioner, a location its organization ...

struct Asked {
  std::vector<std::string> types;  // empty: all
  std::string start, end, since;
  std::size_t count = page_max;
  std::string from_type, after;  // where the page begins

  bool has(std::string_view type) const {
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
  }
};

/// A type of the compartment, with the search for it and the grant that decides it.
struct Part {
  std::string type;
  access::Grant grant;
  fhir::Search search;
};

/// The request as a search, for its links.
fhir::Search as_search(const Exchange& x) {
  fhir::Search link;
  link.query.type = fmt::format("{}/{}/$everything", x.fhir.type, x.fhir.id);
  link.applied = without_page(x.query);
  return link;
}

Allowed<void> open_position(const Exchange& x, Asked& asked) {
  const auto position = asked_position(x, as_search(x));
  if (!position) return refuse(position.error());
  if (position->empty()) return {};
  const std::size_t space = std::min(position->find(' '), position->size());
  asked.from_type = position->substr(0, space);
  asked.after = position->substr(std::min(space + 1, position->size()));
  return {};
}

Allowed<Asked> asked_of(const Exchange& x) {
  const bool of_patient = x.fhir.type == "Patient";
  auto known = of_patient ? only_parameters(x, {"start", "end", "_since", "_type", "_count", page_param})
                          : only_parameters(x, {"_since", "_type", "_count", page_param});
  if (!known) return refuse(known.error());
  Asked asked;
  asked.types = values_of(x, "_type");
  for (const std::string& type : asked.types)
    if (!r4::is_resource_type(type)) return refuse(wrong_parameter("invalid", "_type names what is no type of R4"));
  for (const auto& [name, to] :
       {std::pair("start", &asked.start), std::pair("end", &asked.end), std::pair("_since", &asked.since)}) {
    auto time = time_of(x, name);
    if (!time) return refuse(time.error());
    *to = std::move(*time);
  }
  const auto count = number_of(x, "_count", page_max, page_max);
  if (!count) return refuse(count.error());
  asked.count = *count;
  if (auto opened = open_position(x, asked); !opened) return refuse(opened.error());
  return asked;
}

void add(std::string& query, std::string_view name, std::string_view prefix, const std::string& value) {
  if (!value.empty()) query += fmt::format("{}{}={}{}", query.empty() ? "" : "&", name, prefix, percent_encode(value));
}

/// The search for a part: what the caller asked for by name is refused where the view hides it; where the view hides by
/// what a type belongs to the compartment, the type is not there.
Allowed<std::optional<Part>> part_of(Exchange& x, const Asked& asked, std::string_view type) {
  auto grant = grant_if_any(x, access::Interaction::search, type);
  if (!grant) return refuse(grant.error());
  if (!*grant) return std::optional<Part>();
  const auto parse = [&](const std::string& query) {
    return fhir::parse_search(type, query, {}, {.own_bases = x.live->own_bases});
  };
  std::string query;
  if (x.fhir.type == "Encounter") {
    add(query, encounter_param(type), "", "Encounter/" + x.fhir.id);
    const auto by_encounter = parse(query);
    if (!by_encounter) return refuse(by_encounter.error());
    if (!check_view(**grant, type, *by_encounter)) return std::optional<Part>();
  }
  const std::string_view date = care_date_param(type);
  std::string since;
  add(since, "_lastUpdated", "ge", asked.since);
  std::string dates;
  if (!date.empty()) add(dates, date, "ge", asked.start), add(dates, date, "le", asked.end);
  for (const auto& [text, shown] : {std::pair(&since, "_since"), std::pair(&dates, "start or end")}) {
    if (text->empty()) continue;
    const auto parsed = parse(*text);
    if (!parsed) return refuse(parsed.error());
    if (auto checked = check_view(**grant, type, *parsed, shown); !checked) return refuse(checked.error());
    query += (query.empty() ? "" : "&") + *text;
  }
  auto search = parse(query);
  if (!search) return refuse(search.error());
  return Part{std::string(type), std::move(**grant), std::move(*search)};
}

Allowed<std::vector<Part>> parts_of(Exchange& x, const Asked& asked) {
  if (!asked.since.empty() && asked.has(x.fhir.type)) {
    const auto by_time = fhir::parse_search(x.fhir.type, "_lastUpdated=ge" + percent_encode(asked.since));
    if (!by_time) return refuse(by_time.error());
    if (auto checked = check_view(*x.grant, x.fhir.type, *by_time, "_since"); !checked) return refuse(checked.error());
  }
  std::vector<Part> parts;
  for (const std::string_view type : r4::resource_types()) {
    if (type == x.fhir.type || !asked.has(type) || r4::patient_compartment(type).empty()) continue;
    if (x.fhir.type == "Encounter" && encounter_param(type).empty()) continue;
    auto part = part_of(x, asked, type);
    if (!part) return refuse(part.error());
    if (*part) parts.push_back(std::move(**part));
  }
  return parts;
}

std::vector<std::string> ids_of(const store::Version& version) {
  const auto ids = access::without_marks(version.patients);
  return {ids.begin(), ids.end()};
}

/// The branches, for these patients alone.
store::Visible of_patients(store::Visible all, const std::vector<std::string>& patients) {
  if (patients.empty()) return all;
  for (store::VisibleBranch& branch : all) {
    std::vector<std::string> theirs;
    for (const std::string& one : patients)
      if (branch.all || std::find(branch.patients.begin(), branch.patients.end(), one) != branch.patients.end())
        theirs.push_back(one);
    branch.all = false;
    branch.patients = std::move(theirs);
  }
  std::erase_if(all, [](const store::VisibleBranch& branch) { return branch.patients.empty(); });
  return all;
}

/// True for what another server says that it does not support: the type is left out, and the answer says so.
bool is_unsupported(const Refusal& refusal) { return refusal.kind == CauseKind::upstream && refusal.status == 400; }

class Everything {
 public:
  Everything(Exchange& x, const Asked& asked) : x_(x), asked_(asked), record_(x) {}

  Allowed<void> add_root(store::Version root) {
    const auto since = asked_.since.empty() ? std::nullopt : fhir::time_interval(asked_.since);
    const bool first = asked_.from_type.empty();
    const bool recent = !since || root.updated >= WallTime(std::chrono::milliseconds(since->low));
    if (!first || !recent || !asked_.has(root.type)) return {};
    return record_.add(*x_.grant, std::move(root), "match");
  }

  /// Fills the page; keeps where the next one begins.
  awaitable<Allowed<void>> fill(std::vector<Part>& parts, const std::vector<std::string>& patients) {
    for (Part& part : parts) {
      if (part.type < asked_.from_type) continue;
      auto branches = visible(x_, part.grant, part.type);
      if (!branches) continue;  // a scope that says no search of this type
      part.search.query.visible = of_patients(std::move(*branches), patients);
      if (part.search.query.visible.empty()) continue;
      part.search.query.after = part.type == asked_.from_type ? asked_.after : "";
      auto filled = co_await fill_from(part);
      if (!filled || !next_.empty()) co_return filled;
    }
    co_return Allowed<void>{};
  }

  /// What the entries refer to and that no patient owns; for an encounter also its patient.
  awaitable<Allowed<void>> add_referred() {
    matches_ = record_.size();
    std::size_t from = 0;
    for (unsigned round = 0; round < referred_rounds; ++round) {
      const RecordPart::Named named = record_.named_since(from);
      from = record_.size();
      for (const auto& [type, ids] : named) {
        const bool follows = r4::is_resource_type(type) && asked_.has(type) &&
                             (!r4::in_patient_compartment(type) || (x_.fhir.type == "Encounter" && type == "Patient"));
        if (!follows) continue;
        auto added = co_await add_named(type, ids);
        if (!added) co_return added;
      }
      if (record_.size() == from) break;
    }
    co_return Allowed<void>{};
  }

  access::Sendable bundle() const {
    const fhir::Search link = as_search(x_);
    std::vector<std::pair<std::string, std::string>> links{{"self", fhir::self_link(x_.route->base, link)}};
    if (!next_.empty()) links.emplace_back("next", next_link(x_, link, next_));
    const bool whole = asked_.from_type.empty() && next_.empty();
    return record_.bundle(links, whole ? std::optional(matches_) : std::nullopt, notes_);
  }

 private:
  awaitable<Allowed<void>> fill_from(Part& part) {
    do {
      if (record_.size() >= asked_.count || record_.bytes() >= page_bytes_max || searches_ >= searches_max) {
        next_ = part.type + " " + part.search.query.after;
        break;
      }
      ++searches_;
      part.search.query.count = std::min(search_count, asked_.count - record_.size());
      auto page = co_await backend_of(x_).search(x_, part.search);
      if (!page && is_unsupported(page.error())) {
        leave_out(part.type);
        break;
      }
      if (!page) co_return refuse(page.error());
      for (store::Version& version : page->found)
        if (auto added = record_.add(part.grant, std::move(version), "match"); !added) co_return added;
      part.search.query.after = std::move(page->next);
    } while (!part.search.query.after.empty());
    co_return Allowed<void>{};
  }

  awaitable<Allowed<void>> add_named(const std::string& type, const std::set<std::string>& ids) {
    auto grant = grant_if_any(x_, access::Interaction::search, type);
    if (!grant) co_return refuse(grant.error());
    if (!*grant) co_return Allowed<void>{};
    auto branches = visible(x_, **grant, type);
    if (!branches) co_return Allowed<void>{};
    for (auto id = ids.begin(); id != ids.end();) {
      std::string some;
      for (std::size_t n = 0; n < referred_at_once && id != ids.end(); ++n, ++id)
        some += (some.empty() ? "" : ",") + *id;
      if (record_.size() - matches_ >= referred_max) {
        note("more is referred to than is shown here; ask with _type or a smaller _count");
        break;
      }
      auto search = fhir::parse_search(type, "_id=" + some, {}, {.count_default = referred_at_once});
      if (!search) continue;  // no id of ours
      search->query.visible = *branches;
      auto added = co_await add_found(**grant, *search);
      if (!added) co_return added;
    }
    co_return Allowed<void>{};
  }

  awaitable<Allowed<void>> add_found(const access::Grant& grant, fhir::Search& search) {
    do {
      ++searches_;
      auto page = co_await backend_of(x_).search(x_, search);
      if (!page && is_unsupported(page.error())) {
        leave_out(search.query.type);
        break;
      }
      if (!page) co_return refuse(page.error());
      for (store::Version& version : page->found)
        if (auto added = record_.add(grant, std::move(version), "include"); !added) co_return added;
      search.query.after = std::move(page->next);
    } while (!search.query.after.empty() && searches_ < 2 * searches_max);
    co_return Allowed<void>{};
  }

  void leave_out(std::string_view type) {
    note(fmt::format("{} is not here: the system behind this address does not support the search for it", type));
  }
  void note(std::string said) {
    for (const Issue& known : notes_)
      if (known.diagnostics == said) return;
    notes_.push_back({.severity = "warning", .code = "incomplete", .diagnostics = std::move(said)});
  }

  Exchange& x_;
  const Asked& asked_;
  RecordPart record_;
  std::size_t matches_ = 0, searches_ = 0;
  std::string next_;
  std::vector<Issue> notes_;
};

}  // namespace

awaitable<Allowed<void>> everything(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = query_text(x);
  const auto asked = asked_of(x);
  if (!asked) co_return refuse(asked.error());
  auto parts = parts_of(x, *asked);
  if (!parts) co_return refuse(parts.error());
  auto root = co_await instance_of(x, *x.grant);
  if (!root) co_return refuse(root.error());
  const std::vector<std::string> patients =
      x.fhir.type == "Patient" ? std::vector<std::string>{x.fhir.id} : ids_of(*root);
  Everything all(x, *asked);
  if (auto added = all.add_root(std::move(*root)); !added) co_return added;
  auto filled = co_await all.fill(*parts, patients);
  if (!filled) co_return filled;
  auto referred = co_await all.add_referred();
  if (!referred) co_return referred;
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = all.bundle();
  co_return Allowed<void>{};
}

}  // namespace ward::door
