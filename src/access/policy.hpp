// The policy: roles, what they may, whose records, for which purposes, and through which views.
// docs/reference/policy.md.
#pragma once

#include "access/labels.hpp"
#include "base/config.hpp"
#include "scope/scope.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access {

namespace detail {
struct Rules;
}

/// Whose records a role reaches.
enum class Patients : std::uint8_t { self, delegate, care_team, panel, department, linked, all };
std::string_view name(Patients);

/// Something that `ward check` lists though it is not wrong: `whole` grants with their reasons.
struct Note {
  std::string where;  // "ward.toml:41"
  std::string text;
};

/// Compiled roles. Immutable after load (views of further types are compiled at first use, behind a lock); any thread.
/// Keep it in a shared_ptr: Grants hold it.
class Policy {
 public:
  /// Reads [role.NAME] tables below `root`. What is wrong is reported through the section (file:line) and comes out of
  /// config::Document::finish; a role with a problem allows nothing. Never null.
  static std::shared_ptr<const Policy> load(const config::Section& root);

  std::vector<std::string> roles() const;
  bool has_role(std::string_view role) const;
  /// Whether one of these roles has the purpose (v3 PurposeOfUse).
  bool serves(const std::vector<std::string>& roles, std::string_view purpose) const;
  /// Whether one of these roles administers `what` ("relationships", "emergencies") below /api/v1.
  bool administers(const std::vector<std::string>& roles, std::string_view what) const;
  const std::vector<Note>& notes() const;
  /// [delegates] adult_age: from that age on (years) nobody's parent acts for them by being a parent. RelatedFn leaves
  /// such children out of "parent".
  unsigned adult_age() const;
  /// [delegates] adolescent_age: from that age on, labels that the policy names are sealed from parents.
  unsigned adolescent_age() const;
  /// [labels] lists: what puts labels on.
  const Labeller& labeller() const;
  /// Grows with every load in this process; part of the key of a decision cache.
  std::uint64_t generation() const;

  Policy();
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  const detail::Rules& rules() const { return *rules_; }  // for this room alone

 private:
  std::unique_ptr<detail::Rules> rules_;
};

}  // namespace ward::access
