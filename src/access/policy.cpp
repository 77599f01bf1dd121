#include "access/policy.hpp"

#include "rules.hpp"

#include <fmt/format.h>
#include <atomic>

namespace ward::access {
namespace {

using namespace detail;

constexpr std::string_view patients_names[] = {"self", "delegate", "care-team", "panel", "department", "linked", "all"};
constexpr std::string_view purposes[] = {"TREAT", "HPAYMT", "HOPERAT", "PATRQT", "ETREAT", "HRESCH", "PUBHLTH"};

struct ViewKey {
  std::string_view key;
  Treatment treatment;
};
constexpr ViewKey treatment_keys[] = {
    {"mask", Treatment::mask}, {"zip3", Treatment::zip3}, {"year", Treatment::year}, {"keep", Treatment::keep}};

/// A path with all that can be wrong with it for a treatment; empty if nothing is.
std::string objection(const Path& path, Treatment treatment) {
  const std::string& first = path.steps.front().name;
  const bool conditional =
      std::ranges::any_of(path.steps, [](const PathStep& step) { return step.condition.has_value(); });
  const std::string_view code = path.type != nullptr ? path.type->code : "";
  if (path.steps.size() == 1 && (first == "id" || first == "resourceType") && treatment != Treatment::keep) {
    return "is always shown: the address of a resource names it";
  }
  if (first == "text" && treatment == Treatment::keep)
    return "cannot be shown through a view: the narrative repeats what the view hides";
  if (treatment == Treatment::year && code != "date" && code != "dateTime")
    return "is not a date or dateTime; `year` is for these";
  if (treatment == Treatment::zip3 && code != "string") return "is not a string; `zip3` is for a postal code";
  if (treatment == Treatment::mask && conditional) return "has a condition; `mask` is for whole elements, use `hide`";
  if (treatment == Treatment::mask && !path.steps.back().choice.empty()) {
    return fmt::format("is one type of a choice; mask \"{}\"", path.steps.back().choice);
  }
  return "";
}

std::vector<Path> read_paths(const config::Section& view, std::string_view type, std::string_view key,
                             Treatment treatment, bool& good) {
  std::vector<Path> paths;
  const auto texts = view.texts(key);
  if (texts.empty() && view.has(key) && key != "show") {
    view.problem(key, "names no element; write paths, as in [\"name.family\"], or take the key out");
    good = false;
  }
  for (const std::string& text : texts) {
    auto path = parse_path(type, text);
    const std::string wrong = path ? objection(*path, treatment) : path.error().message();
    if (!wrong.empty()) {
      view.problem(key, path ? fmt::format("\"{}\" {}", text, wrong) : wrong);
      good = false;
      continue;
    }
    paths.push_back(std::move(*path));
  }
  // A parent before what is inside it.
  std::ranges::sort(paths, {}, [](const Path& path) { return path.steps.size(); });
  return paths;
}

TypeView read_view(const config::Section& view, std::string_view type, bool& good) {
  TypeView out;
  const bool show = view.has("show");
  const bool hide = view.has("hide");
  if (show && hide) {
    view.problem("hide", "a view has `show` (only these) or `hide` (all but these), not both");
    good = false;
  }
  out.root.self = show ? Treatment::drop : Treatment::keep;
  for (const Path& path :
       read_paths(view, type, show ? "show" : "hide", show ? Treatment::keep : Treatment::drop, good)) {
    put(out.root, path, show ? Treatment::keep : Treatment::drop, !show);
  }
  bool treated = hide;
  for (const ViewKey& each : treatment_keys) {
    if (!view.has(each.key)) continue;
    treated = treated || each.treatment != Treatment::keep;
    for (const Path& path : read_paths(view, type, each.key, each.treatment, good))
      put(out.root, path, each.treatment, !show);
  }
  for (const std::string_view later : {"pseudonym", "shift"}) {
    if (!view.has(later)) continue;
    view.problem(later, "is not supported yet; use hide, mask, year or zip3");
    good = false;
  }
  if (!show && !treated) {
    view.problem("show",
                 fmt::format("the view says nothing; write show = [...] or hide = [...], or leave view.{} out", type));
    good = false;
  }
  out.whole = false;
  out.subsetted = show;
  out.redacted = treated;
  return out;
}

/// Names of labels as their bits; "*" is all of them.
Labels read_labels(const config::Section& section, std::string_view key, bool& broken) {
  Labels labels = 0;
  for (const std::string& word : section.texts(key)) {
    const Labels one = word == "*" ? all_labels() : label_named(word);
    if (one == 0) {
      const std::string near = config::nearest(word, label_names());
      section.problem(key, fmt::format("\"{}\" is no label{}", word,
                                       near.empty() ? fmt::format("; labels are {}", fmt::join(label_names(), ", "))
                                                    : fmt::format("; did you mean \"{}\"?", near)));
      broken = true;
    }
    labels |= one;
  }
  return labels;
}

/// Reads one role; every problem is reported at its line.
class RoleReader {
 public:
  RoleReader(const config::Section& section, std::string name, std::vector<Note>& notes)
      : section_(section), notes_(notes) {
    role_.name = std::move(name);
    role_.where = section.where("may");
  }

  Role read() {
    read_may();
    read_patients();
    read_purposes();
    check_emergency();
    read_administers();
    role_.clearances = read_labels(section_, "clearances", role_.broken);
    role_.emergency_clearances = read_labels(section_, "emergency_clearances", role_.broken);
    read_views();
    const std::string writes = section_.text("writes", "refuse");
    if (writes != "refuse" && writes != "merge")
      problem("writes", fmt::format("\"{}\" is not one of refuse, merge", writes));
    role_.writes = writes == "merge" ? Writes::merge : Writes::refuse;
    check_wildcard();
    return std::move(role_);
  }

 private:
  void problem(std::string_view key, std::string message) {
    section_.problem(key, std::move(message));
    role_.broken = true;
  }

  void read_may() {
    const auto texts = section_.texts("may");
    if (texts.empty()) problem("may", "says what the role may do, as SMART scopes: may = [\"user/Patient.rs\"]");
    for (const std::string& text : texts) {
      const auto set = scope::ScopeSet::parse(text);
      if (!set) {
        problem("may", set.error().message());
      } else if (set->resources().size() != 1 || !set->words().empty()) {
        problem("may", fmt::format("\"{}\" is not a resource scope; write one as in \"user/Patient.rs\"", text));
      } else if (const auto& one = set->resources()[0]; one.type != "*" && !r4::is_resource_type(one.type)) {
        problem("may", unknown_type(one.type));
      } else {
        check_constraints(one);
        role_.may.push_back(one);
      }
    }
  }

  void check_constraints(const scope::ResourceScope& one) {
    for (const auto& [name, value] : one.constraints) {
      const std::string code = name.substr(0, name.find(':'));
      if (one.type == "*" ? code.starts_with('_') : r4::find_param(one.type, code) != nullptr) continue;
      problem("may", fmt::format("{} has no search parameter \"{}\"", one.type, code));
    }
  }

  std::string unknown_type(std::string_view type) {
    std::vector<std::string> known;
    for (const std::string_view each : r4::resource_types()) known.emplace_back(each);
    const std::string near = config::nearest(type, known);
    std::string out = fmt::format("\"{}\" is not an R4 resource type", type);
    return near.empty() ? out : out + fmt::format("; did you mean \"{}\"?", near);
  }

  void read_patients() {
    const auto words = section_.texts("patients");
    if (words.empty())
      problem("patients", "says whose records: self, delegate, care-team, panel, department, linked or all");
    for (const std::string& word : words) {
      const auto found = std::ranges::find(patients_names, word);
      if (found == std::end(patients_names)) {
        problem("patients",
                fmt::format("\"{}\" is not one of self, delegate, care-team, panel, department, linked, all", word));
        continue;
      }
      role_.patients.push_back(static_cast<Patients>(found - std::begin(patients_names)));
    }
  }

  void read_purposes() {
    role_.purposes = section_.texts("purpose");
    if (role_.purposes.empty()) problem("purpose", "says why, as PurposeOfUse codes: purpose = [\"TREAT\"]");
    for (const std::string& word : role_.purposes) {
      if (std::ranges::find(purposes, word) != std::end(purposes)) continue;
      problem("purpose",
              fmt::format("\"{}\" is not one of TREAT, HPAYMT, HOPERAT, PATRQT, ETREAT, HRESCH, PUBHLTH", word));
    }
  }

  /// What is first is meant where nobody says why, and an emergency is always said.
  void check_emergency() {
    if (!role_.purposes.empty() && role_.purposes.front() == "ETREAT")
      problem("purpose", "ETREAT cannot be the first purpose, which is meant where a request names none");
  }

  void read_administers() {
    role_.administers = section_.texts("administers");
    for (const std::string& word : role_.administers)
      if (word != "relationships" && word != "emergencies")
        problem("administers", fmt::format("\"{}\" is not one of relationships, emergencies", word));
  }

  void read_views() {
    if (section_.has("view") && !section_.is_section("view")) {
      problem("view", "only views by type are supported yet: view.Patient = { show = [...] }");
      return;
    }
    const config::Section views = section_.section("view");
    if (!views.exists()) return;
    for (const std::string& type : views.names()) {
      if (!r4::is_resource_type(type)) {
        views.problem(type, unknown_type(type));
        role_.broken = true;
        continue;
      }
      if (!role_.allows(type, all_actions)) {
        views.problem(type, fmt::format("role {} may do nothing with {}; add it to `may`, or take the view out",
                                        role_.name, type));
        role_.broken = true;
      }
      bool good = true;
      role_.views.emplace(type, read_view(views.section(type), type, good));
      role_.view_where.emplace(type, views.where(type));
      role_.broken = role_.broken || !good;
    }
  }

  /// "Everything, whole" is sometimes right, but never by accident.
  void check_wildcard() {
    const std::string reason = section_.text("reason");
    const bool wild = std::ranges::any_of(role_.may, [](const auto& one) { return one.type == "*"; });
    if (!wild) return;
    if (reason.empty()) {
      problem("may", "\"*\" shows every type whole that has no view; say why: reason = \"...\", or name the types");
    } else {
      notes_.push_back(
          {role_.where, fmt::format("role {} may see every type that has no view whole: {}", role_.name, reason)});
    }
  }

  static constexpr scope::Actions all_actions{true, true, true, true, true};
  const config::Section& section_;
  std::vector<Note>& notes_;
  Role role_;
};

void read_delegates(const config::Section& section, Rules& rules) {
  if (!section.exists()) return;
  bool broken = false;
  rules.adult_age = static_cast<unsigned>(section.integer("adult_age", rules.adult_age, 0, 150));
  rules.adolescent_age = static_cast<unsigned>(section.integer("adolescent_age", rules.adolescent_age, 0, 150));
  if (section.has("sealed")) rules.delegate_sealed = read_labels(section, "sealed", broken);
  if (section.has("adolescent_sealed")) rules.adolescent_sealed = read_labels(section, "adolescent_sealed", broken);
}

/// Where roles have clearances, labels are put on by all lists, unless [labels] says by which.
void read_lists(const config::Section& section, Rules& rules) {
  const bool cleared = std::ranges::any_of(rules.roles, [](const Role& role) { return role.clearances != 0; });
  std::vector<std::string> lists = cleared ? label_names() : std::vector<std::string>();
  if (section.exists() && section.has("lists")) {
    lists = section.texts("lists");
    if (std::ranges::find(lists, "*") != lists.end()) lists = label_names();
  }
  auto labeller = Labeller::make(lists);
  if (labeller)
    rules.labeller = std::move(*labeller);
  else
    section.problem("lists", labeller.error().message());
}

}  // namespace

std::string_view name(Patients patients) { return patients_names[static_cast<std::size_t>(patients)]; }

std::string_view name(Interaction interaction) {
  constexpr std::string_view names[] = {"read",   "vread",  "history", "search", "search_history",
                                        "create", "update", "patch",   "delete"};
  return names[static_cast<std::size_t>(interaction)];
}

Policy::Policy() : rules_(std::make_unique<detail::Rules>()) {}
Policy::~Policy() = default;

std::shared_ptr<const Policy> Policy::load(const config::Section& root) {
  static std::atomic<std::uint64_t> generations{0};
  auto policy = std::make_shared<Policy>();
  Rules& rules = *policy->rules_;
  rules.generation = ++generations;
  read_delegates(root.section("delegates"), rules);
  const config::Section section = root.section("role");
  if (!section.exists()) {
    read_lists(root.section("labels"), rules);
    return policy;
  }
  std::vector<std::string> names = section.names();
  std::ranges::sort(names);
  for (const std::string& name : names) {
    if (!section.is_section(name)) {
      section.problem(name, fmt::format("is not a table; write [role.{}]", name));
    } else if (rules.roles.size() == roles_max) {
      section.problem(name, "more than 64 roles");
    } else {
      const config::Section one = section.section(name);
      rules.roles.push_back(RoleReader(one, name, rules.notes).read());
    }
  }
  read_lists(root.section("labels"), rules);
  // The views of each role alone are compiled now; of roles together, when they first meet in one token.
  for (std::size_t i = 0; i < rules.roles.size(); ++i) {
    if (!rules.roles[i].broken) (void)rules.views(std::uint64_t{1} << i, false, true);
  }
  return policy;
}

std::vector<std::string> Policy::roles() const {
  std::vector<std::string> out;
  for (const Role& role : rules_->roles) out.push_back(role.name);
  return out;
}
bool Policy::has_role(std::string_view role) const { return rules_->find(role) != nullptr; }
const std::vector<Note>& Policy::notes() const { return rules_->notes; }

bool Policy::serves(const std::vector<std::string>& roles, std::string_view purpose) const {
  return std::ranges::any_of(roles, [&](const std::string& name) {
    const detail::Role* role = rules_->find(name);
    return role != nullptr && !role->broken && std::ranges::find(role->purposes, purpose) != role->purposes.end();
  });
}
bool Policy::administers(const std::vector<std::string>& roles, std::string_view what) const {
  return std::ranges::any_of(roles, [&](const std::string& name) {
    const detail::Role* role = rules_->find(name);
    return role != nullptr && !role->broken && std::ranges::find(role->administers, what) != role->administers.end();
  });
}
unsigned Policy::adolescent_age() const { return rules_->adolescent_age; }
const Labeller& Policy::labeller() const { return rules_->labeller; }
unsigned Policy::adult_age() const { return rules_->adult_age; }
std::uint64_t Policy::generation() const { return rules_->generation; }

}  // namespace ward::access
