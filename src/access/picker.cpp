#include "walk.hpp"

#include <bit>

namespace ward::access::detail {
namespace {

constexpr scope::Actions reading{.read = true, .search = true};

}  // namespace

const std::vector<Branch>& Picker::branches(std::string_view type) {
  if (type == body_.type) return body_.branches;
  for (const Known& known : known_) {
    if (known.type == type) return known.branches;
  }
  return known_.emplace_back(Known{std::string(type), branches_for(body_, type, reading, nullptr)}).branches;
}

const ViewSet& Picker::set(std::uint64_t mask, bool narrow) {
  auto& slot = sets_[{mask, narrow}];
  if (!slot) slot = body_.views(mask, narrow);
  return *slot;
}

Picker::Picked Picker::pick(std::string_view type, std::string_view resource, const std::span<const std::string>* own) {
  const std::vector<Branch>& all = branches(type);
  std::vector<std::string> found;
  std::span<const std::string> patients;
  const bool by_patient = std::ranges::any_of(all, [&](const Branch& one) { return !one.all; }) && !about_nobody(type);
  if (own != nullptr) {
    patients = *own;
  } else if (by_patient && facts_.patients_of) {
    found = facts_.patients_of(type, resource);
    patients = found;
  }
  // The store chose by the branches, but not by which: only what all of them show may leave.
  const bool by_any = own == nullptr && by_patient && facts_.visible && !facts_.patients_of;
  // Of branches with a constraint it is known that one matches, not which, if the store chose by them.
  std::uint64_t sure = 0;
  std::uint64_t unsure = 0;
  const Branch* first_unsure = nullptr;
  bool alike = true;
  for (const Branch& branch : all) {
    if (!by_any && !in_branch(branch, type, patients)) continue;
    const std::uint64_t bit = std::uint64_t{1} << branch.role;
    if (by_any) {
      unsure |= bit;
      alike = false;
    } else if (branch.constraints.empty() || (facts_.satisfies && facts_.satisfies(branch, type, resource))) {
      sure |= bit;
    } else if (!facts_.satisfies && facts_.visible) {
      unsure |= bit;
      if (first_unsure == nullptr) first_unsure = &branch;
      alike = alike && branch.constraints == first_unsure->constraints;
    }
  }
  const std::uint64_t mask = sure != 0 ? sure : unsure;
  if (mask == 0) return {};
  roles_ = mask;
  const ViewSet& views = set(mask, sure == 0 && !alike);
  const View& view = views.of(type);
  if (!view.readable) return {};
  return {&view, &views};
}

Picker::Picked Picker::contained(std::string_view type, std::uint64_t roles) {
  if (!may_read(type)) return {};
  const ViewSet& views = set(roles, false);
  const View& view = views.of(type);
  if (!view.readable) return {};
  return {&view, &views};
}

bool Picker::may_read(std::string_view type) {
  if (body_.every_type_in_scope) return true;
  return std::ranges::any_of(body_.scopes, [&](const auto& one) {
    return (one.type == "*" || one.type == type) && any(one.actions, reading);
  });
}

}  // namespace ward::access::detail
