// What a role's view says about each element, before it is compiled: a tree that can be joined and met.
#pragma once

#include "path.hpp"

#include <map>
#include <string>
#include <vector>

namespace ward::access::detail {

/// In order of width.
enum class Treatment : std::uint8_t { drop, mask, zip3, year, keep };

struct Case;

/// An element: without children, `self` holds for all of it; with children, `self` holds for those not listed. `cases`:
/// items of a list that match a condition differ; `narrowing`: a matching case takes away (hide) instead of giving
/// (show).
struct Spec {
  Treatment self = Treatment::keep;
  bool named = false;  // by the policy itself: then an attachment's data stays
  std::string choice;  // "value[x]", if this is one type of a choice
  std::map<std::string, Spec, std::less<>> children;
  std::vector<Case> cases;
  bool narrowing = false;
  std::vector<Spec> alternatives;  // conditions of two roles that cannot be merged: an item gets the widest

  bool plain() const { return children.empty() && cases.empty() && alternatives.empty(); }
  bool keeps_all() const;
  /// What holds for a member.
  Spec child(std::string_view name, std::string_view choice) const;
};

struct Case {
  Condition when;
  Spec then;
};

/// The view of one type in one role.
struct TypeView {
  Spec root;
  bool whole = true;       // nothing hidden or treated
  bool subsetted = false;  // made by `show`
  bool redacted = false;   // made by `hide` or by a treatment
};

/// Puts a rule at a path. Rules of show or hide first, treatments after them.
void put(Spec& root, const Path& path, Treatment treatment, bool narrowing);
void put(Spec& root, const std::vector<std::string>& field, Treatment treatment);

/// Per element the wider of two (two roles that both match), or the narrower.
Spec join(const Spec& a, const Spec& b);
Spec meet(const Spec& a, const Spec& b);

}  // namespace ward::access::detail
