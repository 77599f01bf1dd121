#include "fhir/operations/table.hpp"

#include "fhir/operations/operations.hpp"

#include <algorithm>
#include <iterator>

namespace ward::door {
namespace {

using access::Interaction;
using enum OperationLevel;

constexpr OperationRow rows[] = {
    {.name = "$validate",
     .level = type,
     .type = "",
     .get = false,
     .post = true,
     .body = OperationBody::resource,
     .interaction = Interaction::create,
     .or_else = Interaction::update,
     .in_bundle = false,
     .path_template = "/{type}/$validate",
     .definition = "http://hl7.org/fhir/OperationDefinition/Resource-validate",
     .run = validate},
    {.name = "$validate",
     .level = instance,
     .type = "",
     .get = false,
     .post = true,
     .body = OperationBody::resource,
     .interaction = Interaction::update,
     .or_else = Interaction::remove,
     .in_bundle = false,
     .path_template = "/{type}/{id}/$validate",
     .definition = "http://hl7.org/fhir/OperationDefinition/Resource-validate",
     .run = validate},
    {.name = "$everything",
     .level = instance,
     .type = "Patient",
     .get = true,
     .post = true,
     .body = OperationBody::parameters,
     .interaction = Interaction::read,
     .or_else = Interaction::read,
     .in_bundle = false,
     .path_template = "/{type}/{id}/$everything",
     .definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything",
     .run = everything},
    {.name = "$everything",
     .level = instance,
     .type = "Encounter",
     .get = true,
     .post = true,
     .body = OperationBody::parameters,
     .interaction = Interaction::read,
     .or_else = Interaction::read,
     .in_bundle = false,
     .path_template = "/{type}/{id}/$everything",
     .definition = "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
     .run = everything},
    {.name = "$lastn",
     .level = type,
     .type = "Observation",
     .get = true,
     .post = true,
     .body = OperationBody::parameters,
     .interaction = Interaction::search,
     .or_else = Interaction::search,
     .in_bundle = true,
     .path_template = "/{type}/$lastn",
     .definition = "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
     .run = lastn},
    {.name = "$meta",
     .level = instance,
     .type = "",
     .get = true,
     .post = true,
     .body = OperationBody::parameters,
     .interaction = Interaction::read,
     .or_else = Interaction::read,
     .in_bundle = true,
     .path_template = "/{type}/{id}/$meta",
     .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta",
     .run = meta},
    {.name = "$meta-add",
     .level = instance,
     .type = "",
     .get = false,
     .post = true,
     .body = OperationBody::resource,
     .interaction = Interaction::update,
     .or_else = Interaction::update,
     .in_bundle = false,
     .path_template = "/{type}/{id}/$meta-add",
     .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
     .run = meta_add},
    {.name = "$meta-delete",
     .level = instance,
     .type = "",
     .get = false,
     .post = true,
     .body = OperationBody::resource,
     .interaction = Interaction::update,
     .or_else = Interaction::update,
     .in_bundle = false,
     .path_template = "/{type}/{id}/$meta-delete",
     .definition = "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
     .run = meta_delete},
};

}  // namespace

std::span<const OperationRow> operations() { return rows; }

const OperationRow* find_operation(std::string_view name, OperationLevel level, std::string_view type) {
  const auto found = std::find_if(std::begin(rows), std::end(rows), [&](const OperationRow& row) {
    return row.name == name && row.level == level && (row.type.empty() || row.type == type);
  });
  return found == std::end(rows) ? nullptr : &*found;
}

}  // namespace ward::door
