#include "rules.hpp"

#include <bit>

namespace ward::access::detail {
namespace {

constexpr std::size_t compiled_max = 256;
constexpr scope::Actions reading{.read = true, .search = true};

/// True if a definition can lead to a reference that may name a patient, extensions and contained resources aside.
bool may_name_patient(const r4::Definition& definition, std::set<const r4::Definition*>& seen) {
  if (!seen.insert(&definition).second) return false;
  for (const r4::Element& element : definition.elements) {
    if (element.name == "extension" || element.name == "modifierExtension" || element.name == "contained") continue;
    for (const r4::ElementType& type : element.types) {
      if (type.definition == nullptr) return true;
      if (type.code == "Reference") {
        const bool patient = type.targets.empty() || std::ranges::find(type.targets, "Patient") != type.targets.end() ||
                             std::ranges::find(type.targets, "Resource") != type.targets.end();
        if (patient) return true;
      } else if (type.definition->kind != r4::Kind::primitive && may_name_patient(*type.definition, seen)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool any(const scope::Actions& have, const scope::Actions& wanted) {
  return (have.create && wanted.create) || (have.read && wanted.read) || (have.update && wanted.update) ||
         (have.remove && wanted.remove) || (have.search && wanted.search);
}

scope::Actions needed(Interaction interaction) {
  switch (interaction) {
    case Interaction::read:
    case Interaction::vread:
    case Interaction::history:
      return {.read = true};
    case Interaction::search:
    case Interaction::search_history:
      return {.search = true};
    case Interaction::create:
      return {.create = true};
    case Interaction::update:
    case Interaction::patch:
      return {.update = true};
    case Interaction::remove:
      return {.remove = true};
  }
  return {};
}

bool about_nobody(std::string_view type) {
  static const std::set<std::string_view> types = [] {
    std::set<std::string_view> out;
    for (const std::string_view each : r4::resource_types()) {
      const r4::Definition* definition = r4::find_definition(each);
      std::set<const r4::Definition*> seen;
      if (definition == nullptr || r4::in_patient_compartment(each) || each == "Binary") continue;
      if (!may_name_patient(*definition, seen)) out.insert(each);
    }
    return out;
  }();
  return types.contains(type);
}

bool in_branch(const Branch& branch, std::string_view type, std::span<const std::string> patients) {
  if (is_sealed(branch.sealed, patients)) return false;
  if (branch.all || about_nobody(type)) return true;
  return std::ranges::any_of(patients,
                             [&](const std::string& id) { return std::ranges::binary_search(branch.patients, id); });
}

bool Role::allows(std::string_view type, const scope::Actions& any_of) const {
  if (broken) return false;
  return std::ranges::any_of(
      may, [&](const auto& one) { return (one.type == "*" || one.type == type) && any(one.actions, any_of); });
}

TypeView Role::view(std::string_view type) const {
  const auto found = views.find(type);
  return found == views.end() ? TypeView{} : found->second;
}

const Role* Rules::find(std::string_view name, std::uint16_t* index) const {
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (roles[i].name != name) continue;
    if (index != nullptr) *index = static_cast<std::uint16_t>(i);
    return &roles[i];
  }
  return nullptr;
}

std::shared_ptr<const ViewSet> Rules::views(std::uint64_t mask, bool narrow, bool every_type_in_scope) const {
  if (std::has_single_bit(mask)) narrow = false;
  const std::tuple key(mask, narrow, every_type_in_scope);
  {
    const std::lock_guard lock(guard_);
    if (const auto found = compiled_.find(key); found != compiled_.end()) return found->second;
  }
  // A role that only writes a type shows what it writes through the same view.
  constexpr scope::Actions every{true, true, true, true, true};
  const auto input = [&](std::string_view type) {
    TypeInput out;
    for (std::size_t i = 0; i < roles.size(); ++i) {
      if ((mask >> i & 1) == 0 || !roles[i].allows(type, every)) continue;
      TypeView view = roles[i].view(type);
      if (!out.readable) {
        out.view = std::move(view);
      } else {
        out.view.root = narrow ? meet(out.view.root, view.root) : join(out.view.root, view.root);
        out.view.whole = narrow ? out.view.whole && view.whole : out.view.whole || view.whole;
        out.view.subsetted = out.view.subsetted || view.subsetted;
        out.view.redacted = out.view.redacted || view.redacted;
      }
      out.readable = true;
    }
    if (out.view.whole) out.view = TypeView{};
    return out;
  };
  auto compiled = compile(input, every_type_in_scope);
  const std::lock_guard lock(guard_);
  if (compiled_.size() < compiled_max) compiled_.emplace(key, compiled);
  return compiled;
}

void GrantBody::settle() {
  shows_everything = !reaches.empty();
  for (const auto& [role, reach] : reaches) {
    auto set = rules().views(std::uint64_t{1} << role, false, every_type_in_scope);
    shows_everything = shows_everything && set->all_whole();
    role_views.push_back(std::move(set));
  }
  const auto everywhere = branches_for(*this, "*", reading, nullptr);
  sees_everything = std::ranges::any_of(
      everywhere, [](const Branch& one) { return one.all && one.constraints.empty() && one.sealed == 0; });
}

std::vector<Branch> branches_for(const GrantBody& body, std::string_view type, const scope::Actions& any_of,
                                 std::vector<Cause>* causes) {
  std::vector<Branch> out;
  for (const auto& [index, reach] : body.reaches) {
    const Role& role = body.rules().roles[index];
    for (const scope::ResourceScope& may : role.may) {
      if (role.broken || (may.type != "*" && may.type != type) || !any(may.actions, any_of)) continue;
      for (const scope::ResourceScope& token : body.scopes) {
        if ((token.type != "*" && token.type != type) || !any(token.actions, any_of)) continue;
        if ((token.context == scope::Context::system) != (may.context == scope::Context::system)) continue;
        Branch branch{.all = reach.all,
                      .patients = reach.patients,
                      .constraints = may.constraints,
                      .role = index,
                      .cause = 0,
                      .sealed = reach.sealed};
        branch.constraints.insert(branch.constraints.end(), token.constraints.begin(), token.constraints.end());
        std::ranges::sort(branch.constraints);
        branch.constraints.erase(std::unique(branch.constraints.begin(), branch.constraints.end()),
                                 branch.constraints.end());
        std::string how = reach.how;
        if (token.context == scope::Context::patient || may.context == scope::Context::patient) {
          const bool own = !body.token_patient.empty() &&
                           (reach.all || std::ranges::binary_search(reach.patients, body.token_patient));
          branch.all = false;
          branch.patients.clear();
          if (own) branch.patients.push_back(body.token_patient);
          how += ", only the patient of the token";
        }
        const bool known = std::ranges::any_of(out, [&](const Branch& other) {
          return other.role == branch.role && (other.sealed & ~branch.sealed) == 0 && other.all == branch.all &&
                 other.patients == branch.patients &&
                 (other.constraints == branch.constraints || other.constraints.empty());
        });
        if (known) continue;
        if (causes != nullptr) {
          branch.cause = static_cast<std::uint16_t>(causes->size());
          causes->push_back({role.name, role.where, scope::text(token), how});
        }
        out.push_back(std::move(branch));
      }
    }
  }
  return out;
}

}  // namespace ward::access::detail
