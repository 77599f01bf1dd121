// By what $everything finds the resources of a record (R4 compartmentdefinition-encounter.html and each type's page).
#pragma once

#include <string_view>

namespace ward::door {

/// The search parameter by which a type belongs to an encounter's compartment; empty if it never does.
std::string_view encounter_param(std::string_view type);

/// The search parameter for when the care was given, which `start` and `end` of Patient/$everything look at (not when
/// it was recorded, where there is another); empty for types that have none: they are always part of the record.
std::string_view care_date_param(std::string_view type);

}  // namespace ward::door
