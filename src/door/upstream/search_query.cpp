#include "upstream/search_query.hpp"

#include "fhir/visible.hpp"
#include "r4/r4.hpp"
#include "upstream/request.hpp"

namespace ward::door {
namespace {

constexpr std::size_t patients_max = 200;

/// What looks at other resources is never passed on: the upstream would look with its own eyes, not the caller's. It
/// was resolved under the Grant to conditions on the resource itself, or is fetched afterwards.
bool looks_elsewhere(std::string_view name) {
  const std::string_view code = name.substr(0, name.find(':'));
  return code == "_has" || code == "_list" || code == "_include" || code == "_revinclude" ||
         name.find('.') != std::string_view::npos;
}

/// Done here, on what comes back: the upstream must send whole resources, or nobody could tell whose they are.
bool is_ours(std::string_view name) {
  static constexpr std::string_view names[] = {"_summary", "_elements",  "_format", "_pretty",
                                               "_count",   "_contained", "_total"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names) || looks_elsewhere(name);
}

bool is_reference(std::string_view type, std::string_view name) {
  const r4::SearchParam* param = r4::find_param(type, name.substr(0, name.find(':')));
  return param != nullptr && param->type == r4::ParamType::reference;
}

/// The upstream knows its resources by its own base, and by none of the names that this server has.
std::string without_bases(std::string_view values, std::span<const std::string> own_bases) {
  std::string out;
  while (!values.empty()) {
    for (const std::string& base : own_bases)
      if (values.starts_with(base + "/")) values.remove_prefix(base.size() + 1);
    const std::size_t end = std::min(values.find(','), values.size() - 1) + 1;
    out += values.substr(0, end);
    values.remove_prefix(end);
  }
  return out;
}

/// The parameter by which resources of a type are asked for by patient; empty if there is none.
std::string_view patient_param(std::string_view type) {
  if (type == "Patient") return "_id";
  if (r4::find_param(type, "patient") != nullptr) return "patient";
  const auto compartment = r4::patient_compartment(type);
  return compartment.empty() ? std::string_view() : compartment.front();
}

/// Escapes what separates values in a search (R4 3.1.1.3).
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ',' || c == '|' || c == '$' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::optional<std::string> text_of(const store::Match& match) {
  if (const auto* token = std::get_if<store::TokenIs>(&match)) {
    const std::string code = escaped(token->code.value_or(""));
    return token->system ? escaped(*token->system) + "|" + code : code;
  }
  if (const auto* id = std::get_if<store::IdIs>(&match)) return id->id;
  if (const auto* reference = std::get_if<store::ReferenceIs>(&match)) {
    if (!reference->url.empty()) return escaped(reference->url);
    return reference->type.empty() ? reference->id : reference->type + "/" + reference->id;
  }
  return std::nullopt;
}

/// A scope's constraint, where it can be said as a parameter; what cannot is judged on the way back.
void add_condition(const store::Condition& condition, std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string values;
  for (const store::Match& match : condition.any_of) {
    const auto text = text_of(match);
    if (!text) return;
    values += (values.empty() ? "" : ",") + *text;
  }
  if (!values.empty() && !condition.missing)
    pairs.emplace_back(condition.param + (condition.negate ? ":not" : ""), values);
}

std::vector<std::string> patients_of(const store::Visible& visible) {
  std::set<std::string> all;
  for (const store::VisibleBranch& branch : visible) all.insert(branch.patients.begin(), branch.patients.end());
  return {all.begin(), all.end()};
}

bool is_shared(const store::Visible& visible, std::span<const std::string> patients) {
  if (patients.size() < 2 ||
      std::any_of(visible.begin(), visible.end(), [](const store::VisibleBranch& one) { return one.all; }))
    return false;
  const std::vector<std::string> shown = patients_of(visible);
  return !std::all_of(patients.begin(), patients.end(),
                      [&](const std::string& one) { return std::binary_search(shown.begin(), shown.end(), one); });
}

bool matches_by_references(const store::IndexEntries& index, const std::vector<store::Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(), [&](const store::Condition& condition) {
    return condition.any_of.empty() || !std::holds_alternative<store::ReferenceIs>(condition.any_of.front()) ||
           satisfies(index, condition);
  });
}

/// Adds the predicate; false if nothing can be visible.
Allowed<bool> add_predicate(std::string_view type, const store::Visible& visible,
                            std::vector<std::pair<std::string, std::string>>& pairs) {
  if (visible.empty()) return false;
  if (visible.size() == 1)
    for (const store::Condition& condition : visible.front().also) add_condition(condition, pairs);
  if (std::any_of(visible.begin(), visible.end(), [](const store::VisibleBranch& one) { return one.all; })) return true;
  const std::vector<std::string> patients = patients_of(visible);
  const std::string_view param = patient_param(type);
  if (patients.empty() || param.empty()) return false;
  if (patients.size() > patients_max)
    return refuse({.status = 400,
                   .code = "search_too_costly",
                   .kind = CauseKind::validation,
                   .cause = "patients of the grant",
                   .issues = {{.code = "too-costly",
                               .diagnostics = "this search is over too many patients for the system behind this "
                                              "address; search for one patient"}}});
  std::string values;
  for (const std::string& patient : patients)
    values += (values.empty() ? "" : ",") + (type == "Patient" ? patient : "Patient/" + patient);
  pairs.emplace_back(param, std::move(values));
  return true;
}

/// Nobody could tell on the way back by which words another server found what it sends.
bool by_words(const store::Condition& condition) {
  return !condition.any_of.empty() && std::holds_alternative<store::TextIs>(condition.any_of.front());
}

}  // namespace

Allowed<SearchQuery> search_query(const fhir::Search& search, std::span<const std::string> own_bases) {
  if (const auto words = std::find_if(search.query.all_of.begin(), search.query.all_of.end(), by_words);
      words != search.query.all_of.end())
    return refuse({.status = 400,
                   .code = "not_supported",
                   .kind = CauseKind::validation,
                   .cause = "search by words in front of another server",
                   .issues = {{.code = "not-supported",
                               .diagnostics = fmt::format("{} is not supported at this address", words->param)}}});
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : search.applied)
    if (!is_ours(name))
      pairs.emplace_back(name, is_reference(search.query.type, name) ? without_bases(value, own_bases) : value);
  for (const store::Condition& condition : search.resolved) add_condition(condition, pairs);
  SearchQuery query;
  query.unrestricted = std::any_of(
      search.query.visible.begin(), search.query.visible.end(),
      [](const store::VisibleBranch& one) { return one.all && one.also.empty() && one.sealed.empty() && !one.sees; });
  if (!query.unrestricted) {
    const auto added = add_predicate(search.query.type, search.query.visible, pairs);
    if (!added) return refuse(added.error());
    query.nothing = !*added;
  }
  const bool counts = search.query.count == 0 || search.summary == fhir::Summary::count;
  if (counts && query.unrestricted)
    pairs.emplace_back("_summary", "count");
  else
    pairs.emplace_back("_count", std::to_string(std::max<std::size_t>(1, search.query.count)));
  if (query.unrestricted && search.query.total == store::Total::accurate) pairs.emplace_back("_total", "accurate");
  if (query.unrestricted && search.query.total == store::Total::estimate) pairs.emplace_back("_total", "estimate");
  query.text = encoded_query(pairs);
  return query;
}

bool is_visible(const Taken& taken, const store::Query& query) {
  if (is_shared(query.visible, access::without_marks(taken.version.patients)) &&
      !matches_by_references(taken.index, query.all_of))
    return false;
  return std::any_of(query.visible.begin(), query.visible.end(), [&](const store::VisibleBranch& branch) {
    const auto& patients = taken.version.patients;
    const bool sealed = std::any_of(branch.sealed.begin(), branch.sealed.end(), [&](const std::string& mark) {
      return std::find(patients.begin(), patients.end(), mark) != patients.end();
    });
    if (sealed || (branch.sees && !branch.sees(taken.version))) return false;
    const bool theirs =
        branch.all || std::any_of(patients.begin(), patients.end(), [&](const std::string& one) {
          return std::find(branch.patients.begin(), branch.patients.end(), one) != branch.patients.end();
        });
    return theirs && std::all_of(branch.also.begin(), branch.also.end(),
                                 [&](const store::Condition& condition) { return satisfies(taken.index, condition); });
  });
}

}  // namespace ward::door
