// Another FHIR server as a backend.
#pragma once

#include "fhir/backend.hpp"

namespace ward::door {

Backend& fhir_upstream();

}  // namespace ward::door
