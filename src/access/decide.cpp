#include "access/grant.hpp"

#include "rules.hpp"

#include <fmt/format.h>

namespace ward::access {
namespace {

using namespace detail;
using namespace std::chrono_literals;

constexpr std::string_view emergency = "ETREAT";  // v3 PurposeOfUse, "emergency treatment"
// A relationship may end without a write; a grant that rests on one is looked at again after this time.
constexpr auto relationship_lifetime = 60s;
constexpr std::size_t memberships_max = 64;
constexpr std::size_t linked_from_max = 1'000;  // from more patients than these no links are followed

/// The decision as a list of stages, in order. Each writes what it decided into `steps`.
class Decision {
 public:
  Decision(const std::shared_ptr<const Policy>& policy, const Subject& subject, Interaction interaction,
           std::string_view type, const RelatedFn& related, WallTime now, std::vector<Step>& steps)
      : policy_(policy),
        rules_(policy->rules()),
        subject_(subject),
        interaction_(interaction),
        type_(type),
        related_(related),
        now_(now),
        steps_(steps) {}

  Allowed<Grant> run() {
    body_->policy = policy_;
    body_->type = type_;
    body_->interaction = interaction_;
    body_->valid_until = subject_.expires;
    for (const auto stage : {&Decision::check_scope, &Decision::check_roles, &Decision::check_policy,
                             &Decision::check_purpose, &Decision::resolve_patients}) {
      if (auto refusal = (this->*stage)()) return refuse(std::move(*refusal));
    }
    body_->branches = branches_for(*body_, type_, needed(interaction_), &body_->causes);
    for (const Branch& branch : body_->branches) {
      if (rules_.roles[branch.role].writes == Writes::merge) body_->writes = Writes::merge;
    }
    body_->settle();
    note_views();
    return Grant(body_);
  }

 private:
  using Stage = std::optional<Refusal>;

  Stage no(std::string_view stage, int status, std::string_view code, CauseKind kind, std::string cause,
           std::string where = "") {
    steps_.push_back({std::string(stage), false, cause, std::move(where)});
    return Refusal{.status = status,
                   .code = std::string(code),
                   .kind = kind,
                   .cause = std::move(cause),
                   .issues = {},
                   .headers = {}};
  }
  void yes(std::string_view stage, std::string detail, std::string where = "") {
    steps_.push_back({std::string(stage), true, std::move(detail), std::move(where)});
  }

  static bool matches(const scope::ResourceScope& one, std::string_view type, Interaction interaction) {
    return (one.type == "*" || one.type == type) && any(one.actions, needed(interaction));
  }

  /// 1. What the person let the app do.
  Stage check_scope() {
    for (const auto& one : subject_.scopes.resources()) {
      if (!matches(one, type_, interaction_)) continue;
      yes("scope", fmt::format("{} covers {} of {}", scope::text(one), name(interaction_), type_));
      return {};
    }
    return no("scope", 403, "scope_missing", CauseKind::scope,
              fmt::format("no scope of the token covers {} of {}", name(interaction_), type_));
  }

  /// 2. The roles that the policy knows.
  Stage check_roles() {
    std::string unknown;
    for (const std::string& role : subject_.roles) {
      std::uint16_t index = 0;
      const Role* found = rules_.find(role, &index);
      if (found == nullptr) {
        unknown += (unknown.empty() ? "" : ", ") + role;
      } else if (!found->broken && std::ranges::find(roles_, index) == roles_.end()) {
        roles_.push_back(index);
      }
    }
    if (roles_.empty()) {
      return no("role", 403, "role_missing", CauseKind::policy,
                unknown.empty() ? "the caller has no role" : fmt::format("the policy has no role named {}", unknown));
    }
    for (const std::uint16_t role : roles_) yes("role", rules_.roles[role].name, rules_.roles[role].where);
    return {};
  }

  /// 3. What these roles may, under a scope of the same kind (system scopes meet system rules only).
  Stage check_policy() {
    for (const std::uint16_t index : roles_) {
      const Role& role = rules_.roles[index];
      for (const auto& may : role.may) {
        if (!matches(may, type_, interaction_)) continue;
        const bool met = std::ranges::any_of(subject_.scopes.resources(), [&](const auto& one) {
          return matches(one, type_, interaction_) &&
                 (one.context == scope::Context::system) == (may.context == scope::Context::system);
        });
        if (!met) continue;
        allowing_.push_back(index);
        yes("policy", fmt::format("role {} may {} {} by {}", role.name, name(interaction_), type_, scope::text(may)),
            role.where);
        break;
      }
    }
    if (!allowing_.empty()) return {};
    const Role& first = rules_.roles[roles_.front()];
    return no("policy", 403, "policy_denied", CauseKind::policy,
              fmt::format("{}: role {} does not allow {} of {} under this kind of scope", first.where, first.name,
                          name(interaction_), type_),
              first.where);
  }

  /// 4. Why. Roles without the purpose take no part.
  Stage check_purpose() {
    body_->purpose = subject_.purpose.empty() ? rules_.roles[allowing_.front()].purposes.front() : subject_.purpose;
    const auto without = [&](std::uint16_t index) {
      return std::ranges::find(rules_.roles[index].purposes, body_->purpose) == rules_.roles[index].purposes.end();
    };
    std::erase_if(roles_, without);
    if (std::ranges::all_of(allowing_, without)) {
      const Role& first = rules_.roles[allowing_.front()];
      return no("purpose", 403, "purpose_denied", CauseKind::policy,
                fmt::format("{}: role {} does not have the purpose that was asked for", first.where, first.name),
                first.where);
    }
    yes("purpose", body_->purpose);
    take_scopes();
    return {};
  }

  /// Scopes that meet no rule of these roles by their kind grant nothing, not even a name.
  void take_scopes() {
    for (const auto& one : subject_.scopes.resources()) {
      const bool system = one.context == scope::Context::system;
      const bool met = std::ranges::any_of(roles_, [&](std::uint16_t index) {
        return std::ranges::any_of(rules_.roles[index].may,
                                   [&](const auto& may) { return (may.context == scope::Context::system) == system; });
      });
      if (!met) continue;
      body_->scopes.push_back(one);
      if (one.type == "*" && any(one.actions, {.read = true, .search = true})) body_->every_type_in_scope = true;
    }
    if (!subject_.launch_patient.empty()) {
      body_->token_patient = subject_.launch_patient;
    } else if (subject_.fhir_user.starts_with("Patient/")) {
      body_->token_patient = subject_.fhir_user.substr(8);
    }
  }

  /// 5. Whose.
  Stage resolve_patients() {
    if (!know_asker()) return unavailable("");
    for (const std::uint16_t index : roles_) {
      const Role& role = rules_.roles[index];
      if (body_->purpose == emergency) {
        Reach reach{
            .all = false, .patients = {}, .sealed = sealed_by_law() & ~role.emergency_clearances, .how = "emergency"};
        if (!add_emergencies(reach)) return unavailable(role.where);
        yes("relationship", fmt::format("role {}: {} patients in an emergency", role.name, reach.patients.size()),
            role.where);
        note_seal(role, reach.sealed);
        body_->reaches.emplace_back(index, std::move(reach));
        continue;
      }
      Groups groups;
      if (!add_kinds(role, groups)) return unavailable(role.where);
      take(index, std::move(groups));
    }
    return {};
  }

  Stage unavailable(const std::string& where) {
    return no("relationship", 503, "relationships_unavailable", CauseKind::internal,
              "the relationships could not be read", where);
  }

  /// Whom a Consent may name: the person, and what they are a member of.
  bool know_asker() {
    Asker& asker = body_->asker;
    asker.person = subject_.fhir_user;
    asker.purpose = body_->purpose;
    asker.writes = interaction_ == Interaction::create || interaction_ == Interaction::update ||
                   interaction_ == Interaction::patch || interaction_ == Interaction::remove;
    for (const std::uint16_t index : roles_) asker.roles.push_back(rules_.roles[index].name);
    if (!subject_.fhir_user.starts_with("Practitioner")) return true;
    if (!know_members()) return false;
    asker.groups = members_;
    return true;
  }

  /// A role's patients, by what is sealed of them.
  using Groups = std::map<Labels, Reach>;

  bool add_kinds(const Role& role, Groups& groups) {
    const Labels sealed = all_labels() & ~cleared(role);
    groups[sealed].sealed = sealed;  // a role without a patient has one group still
    for (const Patients kind : role.patients) {
      Labels of_kind = sealed;
      // 45 CFR 164.524(a)(1)(i): one's own record is one's own, psychotherapy notes apart.
      if (kind == Patients::self) of_kind = label_named("PSYTHPN") & ~role.clearances;
      if (kind == Patients::delegate) of_kind = sealed | rules_.delegate_sealed;
      Reach& reach = groups[of_kind];
      reach.sealed = of_kind;
      if (kind == Patients::all) {
        reach.all = true;
        continue;
      }
      if (!add_related(kind, reach.patients)) return false;
      if (kind == Patients::delegate && !move_adolescents(groups, of_kind)) return false;
      body_->valid_until = std::min(body_->valid_until, now_ + relationship_lifetime);
    }
    if (std::ranges::find(role.patients, Patients::linked) != role.patients.end() && !add_linked(groups)) return false;
    for (auto& [of_kind, reach] : groups) tidy(reach.patients);
    return true;
  }

  /// Who is cleared for anything is cleared for "restricted", which every labelled resource is.
  static Labels cleared(const Role& role) { return role.clearances == 0 ? 0 : role.clearances | label_named("R"); }

  /// What the policy does not show parents of those who are nearly of age.
  bool move_adolescents(Groups& groups, Labels from) {
    const Labels to = from | rules_.adolescent_sealed;
    if (to == from || subject_.fhir_user.empty()) return true;
    std::vector<std::string> young;
    if (!add(subject_.fhir_user, "adolescent", young)) return false;
    if (young.empty()) return true;
    std::vector<std::string> formal;  // who acts for them whatever their age
    if (!add(subject_.fhir_user, "delegate", formal)) return false;
    Reach& reach = groups[to];
    reach.sealed = to;
    for (std::string& one : young) {
      if (std::ranges::find(formal, one) != formal.end()) continue;
      std::erase(groups[from].patients, one);
      reach.patients.push_back(std::move(one));
    }
    return true;
  }

  /// Records of the same person, for roles that name this kind. Both must link each other: nobody widens a reach by
  /// writing into the one record that is theirs.
  bool add_linked(Groups& groups) {
    for (auto& [sealed, reach] : groups) {
      if (reach.patients.size() > linked_from_max) continue;
      const std::vector<std::string> reached = reach.patients;
      for (const std::string& patient : reached) {
        std::vector<std::string> others;
        if (!add("Patient/" + patient, "linked", others)) return false;
        for (std::string& other : others) {
          std::vector<std::string> back;
          if (!add("Patient/" + other, "linked", back)) return false;
          if (std::ranges::find(back, patient) != back.end()) reach.patients.push_back(std::move(other));
        }
      }
    }
    return true;
  }

  static void tidy(std::vector<std::string>& patients) {
    std::ranges::sort(patients);
    patients.erase(std::unique(patients.begin(), patients.end()), patients.end());
  }

  void take(std::uint16_t index, Groups groups) {
    const Role& role = rules_.roles[index];
    std::string how;
    for (const Patients kind : role.patients) how += (how.empty() ? "" : ", ") + std::string(access::name(kind));
    std::vector<std::string> everybody;
    bool all = false;
    for (auto& [sealed, reach] : groups) {
      all = all || reach.all;
      everybody.insert(everybody.end(), reach.patients.begin(), reach.patients.end());
    }
    tidy(everybody);
    yes("relationship",
        all ? fmt::format("role {}: all patients", role.name)
            : fmt::format("role {}: {} patients by {}", role.name, everybody.size(), how),
        role.where);
    const std::size_t before = body_->reaches.size();
    for (auto& [sealed, reach] : groups) {
      if (!reach.all && reach.patients.empty()) continue;
      note_seal(role, sealed);
      reach.how = how;
      body_->reaches.emplace_back(index, std::move(reach));
    }
    if (body_->reaches.size() > before) return;
    groups.begin()->second.how = how;
    body_->reaches.emplace_back(index, std::move(groups.begin()->second));
  }

  void note_seal(const Role& role, Labels sealed) {
    if (sealed == 0 || sealed == all_labels()) return;  // the rule and its opposite need no words
    std::string names;
    for (const std::string& mark : marks(sealed)) names += (names.empty() ? "" : ", ") + mark.substr(1);
    yes("label", fmt::format("role {}: no clearance for {}", role.name, names), role.where);
  }

  /// Break the glass: those patients that this person opened, whatever the role reaches otherwise.
  bool add_emergencies(Reach& reach) {
    body_->valid_until = std::min(body_->valid_until, now_ + relationship_lifetime);
    if (!subject_.fhir_user.empty() && !add(subject_.fhir_user, "emergency", reach.patients)) return false;
    tidy(reach.patients);
    return true;
  }

  bool know_members() {
    if (members_known_) return true;
    members_known_ = true;
    if (!add(subject_.fhir_user, "member", members_)) return false;
    if (members_.size() > memberships_max) members_.resize(memberships_max);
    return true;
  }

  bool add_related(Patients kind, std::vector<std::string>& patients) {
    if (subject_.fhir_user.empty() || kind == Patients::linked) return true;
    if (kind == Patients::self) {
      if (subject_.fhir_user.starts_with("Patient/")) patients.push_back(subject_.fhir_user.substr(8));
      return true;
    }
    if (!add(subject_.fhir_user, access::name(kind), patients)) return false;
    if (kind == Patients::delegate) return add(subject_.fhir_user, "parent", patients);
    return know_members() && std::ranges::all_of(members_, [&](const std::string& group) {
             return add(group, access::name(kind), patients);
           });
  }

  bool add(std::string_view person, std::string_view kind, std::vector<std::string>& to) {
    if (!related_) return true;
    auto found = related_(person, kind);
    if (!found) return false;
    to.insert(to.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
    return true;
  }

  void note_views() {
    std::vector<std::uint16_t> told;
    for (const Branch& branch : body_->branches) {
      if (std::ranges::find(told, branch.role) != told.end()) continue;
      told.push_back(branch.role);
      const Role& role = rules_.roles[branch.role];
      const auto where = role.view_where.find(type_);
      yes("view",
          where == role.view_where.end() ? fmt::format("role {}: {} whole", role.name, type_)
                                         : fmt::format("role {}: view.{}", role.name, type_),
          where == role.view_where.end() ? role.where : where->second);
    }
  }

  const std::shared_ptr<const Policy>& policy_;
  const Rules& rules_;
  const Subject& subject_;
  const Interaction interaction_;
  const std::string type_;
  const RelatedFn& related_;
  const WallTime now_;
  std::vector<Step>& steps_;
  std::shared_ptr<GrantBody> body_ = std::make_shared<GrantBody>();
  std::vector<std::uint16_t> roles_, allowing_;
  std::vector<std::string> members_;
  bool members_known_ = false;
};

}  // namespace

Allowed<Grant> decide(const std::shared_ptr<const Policy>& policy, const Subject& subject, Interaction interaction,
                      std::string_view type, const RelatedFn& related, WallTime now) {
  std::vector<Step> steps;
  return Decision(policy, subject, interaction, type, related, now, steps).run();
}

std::vector<Step> explain(const std::shared_ptr<const Policy>& policy, const Subject& subject, Interaction interaction,
                          std::string_view type, const RelatedFn& related, WallTime now) {
  std::vector<Step> steps;
  (void)Decision(policy, subject, interaction, type, related, now, steps).run();
  return steps;
}

}  // namespace ward::access
