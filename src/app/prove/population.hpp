// The synthetic people of a proof: the demo's clinic, and some who are treated elsewhere.
#pragma once

#include "demo/clinic.hpp"

namespace ward::prove {

/// The demo clinic with every fourth patient a stranger to all who work there, and a social security number for
/// everybody, for roles that see all but that.
demo::Clinic make_population(unsigned patients);

}  // namespace ward::prove
