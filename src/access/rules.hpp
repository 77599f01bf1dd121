// The policy as read: roles in the order of their names.
#pragma once

#include "access/grant.hpp"
#include "access/policy.hpp"
#include "view.hpp"

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ward::access::detail {

constexpr std::size_t roles_max = 64;

struct Role {
  std::string name;
  std::string where;  // of `may`
  std::vector<scope::ResourceScope> may;
  std::vector<Patients> patients;
  std::vector<std::string> purposes;
  std::vector<std::string> administers;
  std::map<std::string, TypeView, std::less<>> views;
  std::map<std::string, std::string, std::less<>> view_where;
  Labels clearances = 0;            // labels that this role may see
  Labels emergency_clearances = 0;  // of those that are sealed by law, also under ETREAT
  Writes writes = Writes::refuse;
  bool broken = false;  // had a problem: allows nothing

  bool allows(std::string_view type, const scope::Actions& any_of) const;
  TypeView view(std::string_view type) const;
};

struct Rules {
  std::vector<Role> roles;
  std::vector<Note> notes;
  std::uint64_t generation = 0;
  unsigned adult_age = 18;       // years
  unsigned adolescent_age = 12;  // years: from then on `adolescent_sealed` is not for parents
  Labels adolescent_sealed =
      label_named("ETH") | label_named("HIV") | label_named("PSY") | label_named("SEX") | label_named("STD");
  Labels delegate_sealed = 0;  // for whoever acts for somebody
  Labeller labeller;

  const Role* find(std::string_view name, std::uint16_t* index = nullptr) const;
  /// The views of these roles together, joined or met; compiled once.
  std::shared_ptr<const ViewSet> views(std::uint64_t role_mask, bool narrow, bool every_type_in_scope) const;

 private:
  mutable std::mutex guard_;
  mutable std::map<std::tuple<std::uint64_t, bool, bool>, std::shared_ptr<const ViewSet>> compiled_;
};

/// What a role reaches, resolved for one subject.
struct Reach {
  bool all = false;
  std::vector<std::string> patients;  // sorted
  Labels sealed = 0;
  std::string how;  // "care-team, panel"
};

struct GrantBody {
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const FieldView> fields;  // of for_fields
  bool whole = false;                       // of whole()
  std::string type;
  Interaction interaction = Interaction::read;
  std::vector<scope::ResourceScope> scopes;
  bool every_type_in_scope = false;                      // for reading
  std::string token_patient;                             // for patient/ scopes
  std::vector<std::pair<std::uint16_t, Reach>> reaches;  // by role; several where not all are sealed alike
  Asker asker;
  std::vector<Branch> branches;  // for `type` and `interaction`
  std::vector<Cause> causes;
  std::string purpose;
  WallTime valid_until{};
  Writes writes = Writes::refuse;
  // Worked out once, by `settle`.
  bool sees_everything = false;                            // every resource of every type is in a branch
  bool shows_everything = false;                           // ... and leaves as it is
  std::vector<std::shared_ptr<const ViewSet>> role_views;  // in the order of `reaches`

  void settle();
  const Rules& rules() const { return policy->rules(); }
  std::shared_ptr<const ViewSet> views(std::uint64_t mask, bool narrow = false) const {
    for (std::size_t i = 0; i < role_views.size(); ++i) {
      if (mask == std::uint64_t{1} << reaches[i].first) return role_views[i];
    }
    return rules().views(mask, narrow, every_type_in_scope);
  }
};

/// Branches for any type: role and scope, met. `causes` may be null.
std::vector<Branch> branches_for(const GrantBody&, std::string_view type, const scope::Actions& any_of,
                                 std::vector<Cause>* causes);
scope::Actions needed(Interaction);
bool any(const scope::Actions& have, const scope::Actions& any_of);
/// True if resources of this type are about nobody: outside of the patient compartment, without a reference that could
/// name a patient. The rest of what is outside of the compartment is only for branches with `all`.
bool about_nobody(std::string_view type);
bool in_branch(const Branch&, std::string_view type, std::span<const std::string> patients);

}  // namespace ward::access::detail
