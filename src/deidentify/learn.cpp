// What a resource says about its person, by R4's types.
#include "known.hpp"

#include "r4/r4.hpp"

#include <algorithm>
#include <optional>

namespace ward::deidentify {
namespace {

struct OfType {
  std::string_view code;
  Identifier what;
};
/// http://terminology.hl7.org/CodeSystem/v2-0203
constexpr OfType of_types[] = {
    {"MR", Identifier::mrn},          {"MRT", Identifier::mrn},        {"PI", Identifier::mrn},
    {"PT", Identifier::mrn},          {"SS", Identifier::ssn},         {"SB", Identifier::ssn},
    {"MB", Identifier::health_plan},  {"SN", Identifier::health_plan}, {"MC", Identifier::health_plan},
    {"MA", Identifier::health_plan},  {"HC", Identifier::health_plan}, {"PN", Identifier::health_plan},
    {"AN", Identifier::account},      {"ANON", Identifier::account},   {"BA", Identifier::account},
    {"VN", Identifier::account},      {"DL", Identifier::licence},     {"MD", Identifier::licence},
    {"NPI", Identifier::licence},     {"DEA", Identifier::licence},    {"LN", Identifier::licence},
    {"PPN", Identifier::licence},     {"RN", Identifier::licence},     {"BCT", Identifier::licence},
    {"VEHICLE", Identifier::vehicle}, {"VIN", Identifier::vehicle},    {"UDI", Identifier::device},
    {"SNO", Identifier::device},      {"DI", Identifier::device}};

/// Words of a system's URL.
constexpr OfType of_systems[] = {{"ssn", Identifier::ssn},
                                 {"mrn", Identifier::mrn},
                                 {"medicare", Identifier::health_plan},
                                 {"member", Identifier::health_plan},
                                 {"us-mbi", Identifier::health_plan},
                                 {"npi", Identifier::licence},
                                 {"licen", Identifier::licence},
                                 {"driver", Identifier::licence},
                                 {"passport", Identifier::licence},
                                 {"account", Identifier::account},
                                 {"vehicle", Identifier::vehicle},
                                 {"plate", Identifier::vehicle},
                                 {"vin", Identifier::vehicle},
                                 {"device", Identifier::device},
                                 {"serial", Identifier::device},
                                 {"biometric", Identifier::biometric},
                                 {"finger", Identifier::biometric}};

std::optional<Identifier> find_in(std::string_view code) {
  const auto* const found = std::ranges::find(of_types, code, &OfType::code);
  return found == std::end(of_types) ? std::nullopt : std::optional(found->what);
}

json::Value items(json::Value value) { return value.is_array() ? value.first() : json::Value(); }

}  // namespace

Identifier class_of_identifier(json::Value identifier) {
  for (json::Value coding = items(identifier["type"]["coding"]); coding; coding = coding.next())
    if (const auto known = find_in(coding.string("code"))) return *known;
  const std::string system = identifier.string("system");
  for (const OfType& one : of_systems)
    if (system.find(one.code) != std::string::npos) return one.what;
  return Identifier::other;
}

Identifier class_of_contact(json::Value contact) {
  const std::string system = contact.string("system");
  if (system == "fax") return Identifier::fax;
  if (system == "email") return Identifier::email;
  if (system == "url") return Identifier::url;
  return contact.string("value").find('@') != std::string::npos ? Identifier::email : Identifier::phone;
}

void Known::learn_identifier(json::Value object) {
  const Identifier what = class_of_identifier(object);
  add_number(object.string("value"), what);
}

void Known::learn_object(json::Value object, const r4::Definition& definition) {
  if (definition.name == "HumanName") {
    add_name(object.string("text"));
    add_name(object.string("family"));
    for (json::Value given = items(object["given"]); given; given = given.next()) add_name(given.text());
    return;
  }
  if (definition.name == "Address") {
    add_place(object.string("text"));
    for (json::Value line = items(object["line"]); line; line = line.next()) add_place(line.text());
    for (const std::string_view part : {"city", "district"}) add_place(object.string(part));
    add_number(object.string("postalCode"), Identifier::geography);
    return;
  }
  if (definition.name == "ContactPoint") return add_number(object.string("value"), class_of_contact(object));
  if (definition.name == "Identifier") return learn_identifier(object);
  for (json::Value member = object.first(); member; member = member.next()) {
    if (definition.kind == r4::Kind::resource && member.name() == "id" && member.is_string()) {
      if (member.text().size() >= 6) add_number(member.text(), Identifier::other);
      continue;
    }
    const auto found = definition.find(member.name());
    if (!found) continue;
    const std::string_view element = found->element->name;
    if (member.is_string() && (element == "birthDate" || element == "deceased")) add_date(member.text());
    // Names that R4 keeps as plain text: mothersMaidenName, the name of an organisation's or family's member.
    if (definition.name == "Extension" && element == "value" && member.is_string() &&
        object.string("url").find("Name") != std::string::npos)
      add_name(member.text());
    learn_member(member, found->type->code, found->type->definition);
  }
}

void Known::learn_member(json::Value value, std::string_view type, const r4::Definition* definition) {
  if (value.is_array()) {
    for (json::Value one = value.first(); one; one = one.next()) learn_member(one, type, definition);
    return;
  }
  if (!value.is_object()) return;
  if (type == "Resource") return learn(value);
  if (definition != nullptr && definition->kind != r4::Kind::primitive) learn_object(value, *definition);
}

void Known::learn(json::Value resource) {
  const r4::Definition* const definition = r4::find_definition(resource.string("resourceType"));
  if (definition != nullptr && definition->kind == r4::Kind::resource) learn_object(resource, *definition);
}

}  // namespace ward::deidentify
