// Resources of several patients (a group appointment, a family's list): each caller gets the part of the own patients.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"
#include "store/store.hpp"

namespace ward::door {

/// Whether one of the Grant's branches is about the patient.
bool shows_patient(const access::Grant& grant, const std::string& patient);

/// True if the resource also belongs to patients whom the Grant does not show.
bool is_shared(const access::Grant& grant, const std::vector<std::string>& patients);

/// The body without its references to patients whom the Grant does not show (masked, so that the resource stays valid),
/// and without the narratives that repeat them. Moves the body of what is not shared.
Phi<Buffer> own_part(const Exchange& x, const access::Grant& grant, store::Version& version);

/// What the grant shows of a version that it sees, as it may be sent.
Allowed<access::Sendable> shown_part(const Exchange& x, const access::Grant& grant, store::Version version);

/// Takes out of a search what names a patient whom the Grant does not show: a shared resource must not be found by it.
void forget_others(const access::Grant& grant, fhir::Search& search);

}  // namespace ward::door
