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
    for (const std::uint16_t index : roles_) {
      const Role& role = rules_.roles[index];
      Reach reach;
      if (body_->purpose == emergency) {
        if (!add_emergencies(reach))
          return no("relationship", 503, "relationships_unavailable", CauseKind::internal,
                    "the relationships could not be read", role.where);
        yes("relationship", fmt::format("role {}: {} patients in an emergency", role.name, reach.patients.size()),
            role.where);
        body_->reaches.emplace_back(index, std::move(reach));
        continue;
      }
      for (const Patients kind : role.patients) {
        reach.how += (reach.how.empty() ? "" : ", ") + std::string(access::name(kind));
        if (kind == Patients::all) {
          reach.all = true;
          continue;
        }
        if (!add_related(kind, reach.patients)) {
          return no("relationship", 503, "relationships_unavailable", CauseKind::internal,
                    "the relationships could not be read", role.where);
        }
        body_->valid_until = std::min(body_->valid_until, now_ + relationship_lifetime);
      }
      std::ranges::sort(reach.patients);
      reach.patients.erase(std::unique(reach.patients.begin(), reach.patients.end()), reach.patients.end());
      yes("relationship",
          reach.all ? fmt::format("role {}: all patients", role.name)
                    : fmt::format("role {}: {} patients by {}", role.name, reach.patients.size(), reach.how),
          role.where);
      body_->reaches.emplace_back(index, std::move(reach));
    }
    return {};
  }

  /// Break the glass: those patients that this person opened, whatever the role reaches otherwise.
  bool add_emergencies(Reach& reach) {
    reach.how = "emergency";
    body_->valid_until = std::min(body_->valid_until, now_ + relationship_lifetime);
    if (!subject_.fhir_user.empty() && !add(subject_.fhir_user, "emergency", reach.patients)) return false;
    std::ranges::sort(reach.patients);
    reach.patients.erase(std::unique(reach.patients.begin(), reach.patients.end()), reach.patients.end());
    return true;
  }

  bool add_related(Patients kind, std::vector<std::string>& patients) {
    if (subject_.fhir_user.empty()) return true;
    if (kind == Patients::self) {
      if (subject_.fhir_user.starts_with("Patient/")) patients.push_back(subject_.fhir_user.substr(8));
      return true;
    }
    if (!add(subject_.fhir_user, access::name(kind), patients)) return false;
    if (kind == Patients::delegate) return add(subject_.fhir_user, "parent", patients);
    if (!members_known_) {
      members_known_ = true;
      if (!add(subject_.fhir_user, "member", members_)) return false;
      if (members_.size() > memberships_max) members_.resize(memberships_max);
    }
    return std::ranges::all_of(members_,
                               [&](const std::string& group) { return add(group, access::name(kind), patients); });
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
