// Who treats, cares or acts for whom, read out of resources as they are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ward::json {
class Document;
}

namespace ward::access {

/// The same fields as store::Relationship. `kind`: self | delegate | parent | care-team | panel | department, and
/// "member": then `patient` is the group that the person belongs to ("Organization/2", "PractitionerRole/4"), and what
/// the group is related to, its members are. "linked": the other record that Patient.link of `person` names.
struct Relationship {
  std::string person;   // "Practitioner/3", "Organization/2"
  std::string patient;  // id
  std::string kind;
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;
};

/// The number of the rules by which a RelatedPerson becomes a relationship. One more with each change of them: then
/// what the store has by the old ones is made anew at the next start.
inline constexpr std::int64_t derive_rules = 1;

/// CareTeam: care-team. Encounter, Appointment, Patient.generalPractitioner: panel. Encounter.serviceProvider,
/// Patient.managingOrganization: department. PractitionerRole: member. RelatedPerson: parent, whose right ends when
/// the child is of age; delegate, whose right does not, only if its relationship has no other HL7 v3 RoleCode than
/// those of guardians, proxies, partners and children (docs/reference/policy.md). Patient: self, and linked. A resource
/// that is entered-in-error, inactive, cancelled or proposed gives none. At most 1,024 rows.
std::vector<Relationship> derive(const json::Document& resource);

}  // namespace ward::access
