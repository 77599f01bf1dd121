// A Grant: one decision, obeyed by everything that comes after it.
#pragma once

#include "access/consent.hpp"
#include "access/policy.hpp"
#include "access/subject.hpp"
#include "base/clock.hpp"
#include "base/refusal.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::r4 {
struct SearchParam;
}

namespace ward::access {

/// Why: the role, its line in the policy, and the scope that the token brought.
struct Cause {
  std::string role;
  std::string where;     // "ward.toml:41", of the role's `may`
  std::string scope;     // "user/Patient.rs"
  std::string patients;  // "care-team", "all", "patient in the token" ...
};

/// What may be seen: a resource must satisfy one branch. `all`: no test by patient; else one of its patients must be in
/// `patients` (sorted; empty: nothing). `constraints`: search parameters of the scope, each must match (door turns
/// them into store::Condition; the values are as in a query string, decoded). A resource with a label of `sealed` is in
/// no way in this branch.
struct Branch {
  bool all = false;
  std::vector<std::string> patients;
  std::vector<std::pair<std::string, std::string>> constraints;
  std::uint16_t role = 0;  // index into Policy::roles(): whose views apply
  std::uint16_t cause = 0;
  Labels sealed = 0;
};

/// What PUT does through a view that hides something.
enum class Writes : std::uint8_t { refuse, merge };

namespace detail {
struct View;
struct GrantBody;
}  // namespace detail

/// Cheap to copy, immutable, any thread.
class Grant {
 public:
  /// For a route without a FHIR contract: only these (`show`) or all but these (`hide`) members, by path "a.b.c"
  /// through objects and arrays.
  struct Fields {
    bool show = true;
    std::vector<std::string> paths;
  };
  static Grant for_fields(const Fields&, Cause cause, std::string purpose);
  /// The whole body, because a route says so with a reason (which becomes the cause).
  static Grant whole(std::string reason, std::string where, std::string purpose);

  const std::vector<Branch>& branches() const;  // for the type that was asked about
  const std::vector<Cause>& causes() const;
  const std::string& purpose() const;
  const std::string& type() const;
  Interaction interaction() const;
  /// End of the token, and 60 s after the decision if it rests on relationships.
  WallTime valid_until() const;
  Writes writes() const;
  /// "ward.toml:41 role physician, scope user/*.rs": for the audit record.
  std::string cause_text() const;

  /// True if every resource of every type may leave as it is.
  bool unrestricted() const;
  /// True if resources of `type` leave without REDACTED or SUBSETTED (of the type asked: over all branches).
  bool whole_view(std::string_view type) const;
  /// For the Consents of patients, which door asks beside the branches.
  const Asker& asker() const;
  /// Whether a resource with these patients (and marks of labels behind them) is in a branch. Constraints are not
  /// looked at: use `constrained()` and ask the store (a search by _id under `branches()`).
  bool sees(std::string_view type, std::span<const std::string> patients) const;
  bool constrained() const;
  /// True if some view of this grant hides or treats any part of the element, e.g. ("Patient", "name.family").
  bool hides(std::string_view type, std::string_view path) const;

  const detail::GrantBody& body() const { return *body_; }  // for this room alone
  explicit Grant(std::shared_ptr<const detail::GrantBody> body) : body_(std::move(body)) {}

 private:
  std::shared_ptr<const detail::GrantBody> body_;
};

/// Ids of the patients (or "Organization/2", "PractitionerRole/4" for kind "member") that `person` has a relationship
/// of `kind` with now. Door asks store::Reader::related. "adolescent": of those of "parent", who are old enough that
/// the policy seals more from their parents. "linked" of "Patient/7": what that record links to.
using RelatedFn = std::function<Result<std::vector<std::string>>(std::string_view person, std::string_view kind)>;

/// One decision: union over the subject's roles, intersected with the token's scopes. No rule means no. A Refusal comes
/// from token, role and request alone; who has no patients gets a Grant that sees nothing, as if nothing existed.
/// Codes: scope_missing, role_missing, policy_denied, purpose_denied (403), relationships_unavailable (503).
Allowed<Grant> decide(const std::shared_ptr<const Policy>&, const Subject&, Interaction, std::string_view type,
                      const RelatedFn&, WallTime now);

/// False if searching or sorting by this parameter would tell something that a view of the grant hides: every element
/// that its expression touches must be shown whole, in every branch.
bool searchable(const Grant&, const r4::SearchParam&);

// ---- ward explain, ward check ----

struct Step {
  std::string stage;  // scope | role | purpose | relationship | view
  bool passed = false;
  std::string detail;
  std::string where;  // policy line, if one decided it
};
/// Every stage's decision, in order; ends with the one that refused, or with the views.
std::vector<Step> explain(const std::shared_ptr<const Policy>&, const Subject&, Interaction, std::string_view type,
                          const RelatedFn&, WallTime now);

/// What tokens of odd shapes get (without fhirUser, scope or role, with an unknown role, with two roles).
struct Shape {
  std::string shape;     // "no fhirUser, role physician, scope user/*.rs"
  std::string result;    // "nothing", "Patient: panel" ...
  bool finding = false;  // more than nothing, where nothing was due
};
std::vector<Shape> token_shapes(const std::shared_ptr<const Policy>&);

}  // namespace ward::access
