#include "path/types.hpp"

namespace ward::fhir::path {
namespace {

constexpr std::string_view system_types[] = {"Boolean",  "Integer", "Decimal",  "String", "Date",
                                             "DateTime", "Time",    "Quantity", "Any"};

// http://hl7.org/fhir/R4/datatypes.html: primitives and quantities that specialise others.
constexpr std::pair<std::string_view, std::string_view> bases[] = {
    {"code", "string"},
    {"id", "string"},
    {"markdown", "string"},
    {"canonical", "uri"},
    {"oid", "uri"},
    {"url", "uri"},
    {"uuid", "uri"},
    {"positiveInt", "integer"},
    {"unsignedInt", "integer"},
    {"Age", "Quantity"},
    {"Count", "Quantity"},
    {"Distance", "Quantity"},
    {"Duration", "Quantity"},
    {"MoneyQuantity", "Quantity"},
    {"SimpleQuantity", "Quantity"},
    {"BackboneElement", "Element"},
    {"DomainResource", "Resource"},
};

bool is_system_type(std::string_view name) { return std::ranges::find(system_types, name) != std::end(system_types); }

std::string_view system_type(const Computed& value) {
  struct Name {
    std::string_view operator()(std::monostate) const { return {}; }
    std::string_view operator()(bool) const { return "Boolean"; }
    std::string_view operator()(std::int64_t) const { return "Integer"; }
    std::string_view operator()(const Decimal&) const { return "Decimal"; }
    std::string_view operator()(const std::string&) const { return "String"; }
    std::string_view operator()(const Temporal& t) const {
      return t.kind == Temporal::date ? "Date" : t.kind == Temporal::date_time ? "DateTime" : "Time";
    }
    std::string_view operator()(const Quantity&) const { return "Quantity"; }
    std::string_view operator()(const TypeName&) const { return "TypeInfo"; }
  };
  return std::visit(Name{}, value);
}

}  // namespace

bool is_known_type(std::string_view space, std::string_view name) {
  if (space == "System") return true;
  if (!space.empty() && space != "FHIR") return false;
  if (space.empty() && is_system_type(name)) return true;
  return r4::find_definition(name) != nullptr || !base_type(name).empty() || name == "Resource" || name == "Element";
}

TypeName type_of(const PathItem& item) {
  if (item.type.empty()) return {"System", std::string(system_type(item.computed))};
  return {"FHIR", std::string(item.type)};
}

bool is_a(const PathItem& item, std::string_view space, std::string_view name, bool derived) {
  if (item.type.empty()) return space != "FHIR" && system_type(item.computed) == name;
  if (space == "System") return false;
  for (std::string_view type = item.type; !type.empty(); type = derived ? base_type(type) : std::string_view()) {
    if (type == name) return true;
  }
  return false;
}

std::string_view base_type(std::string_view type) {
  for (const auto& [name, base] : bases) {
    if (name == type) return base;
  }
  if (type == "Resource" || type == "Element") return {};
  const r4::Definition* definition = r4::find_definition(type);
  if (!definition) return {};
  if (definition->kind == r4::Kind::resource) return definition->find("contained") ? "DomainResource" : "Resource";
  return "Element";
}

bool is_quantity(std::string_view type) { return type == "Quantity" || base_type(type) == "Quantity"; }

}  // namespace ward::fhir::path
