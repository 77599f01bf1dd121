// Whose records somebody may reach by who they are to the patient: the store's rows, and what an age takes away.
#pragma once

#include "emergency.hpp"
#include "manage/relationships.hpp"

#include "access/grant.hpp"
#include "access/policy.hpp"
#include "store/store.hpp"

namespace ward::door {

/// For access::decide. A parent reaches a child below the policy's `adult_age`; one whose birth date is not known, or
/// only by its year, counts as old as it can be. `pushed` stands beside what the store has. "emergency": those that are
/// open to the person; none without `emergencies`. Lives no longer than what it is given.
access::RelatedFn related_by(store::Reader& reader, const access::Policy& policy, WallTime now,
                             const manage::Relationships& pushed, const Emergencies* emergencies = nullptr);

}  // namespace ward::door
