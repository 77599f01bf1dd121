#include "demo/clinic.hpp"

#include "demo/chance.hpp"
#include "demo/chart.hpp"
#include "demo/json_text.hpp"
#include "demo/vocabulary.hpp"

namespace ward::demo {
namespace {

struct StaffMember {
  const char* username;
  const char* role;
  const char* given;
  const char* family;
  const char* department;  // key of `departments`
  const char* specialty;
};

struct Department {
  const char* key;
  const char* name;
};
constexpr Department departments[] = {
    {"primary", "Primary Care"}, {"cardiology", "Cardiology"}, {"office", "Administration"}};

constexpr StaffMember staff[] = {
    {"dr.adams", "physician", "Judith", "Adams", "primary", "394814009"},
    {"dr.baker", "physician", "Ravi", "Baker", "cardiology", "394579002"},
    {"nurse.cole", "nurse", "Teresa", "Cole", "primary", "394814009"},
    {"desk.diaz", "front-desk", "Pablo", "Diaz", "primary", ""},
    {"billing.evans", "billing", "Claire", "Evans", "office", ""},
    {"privacy.flores", "privacy-officer", "Nadia", "Flores", "office", ""},
    {"admin.gray", "administrator", "Simon", "Gray", "office", ""},
    {"admin.hall", "administrator", "Wanda", "Hall", "office", ""},
};

std::string department_id(std::string_view key) { return "dept-" + std::string(key); }
std::string practitioner_id(const StaffMember& member) {
  std::string id = member.username;
  for (char& c : id)
    if (c == '.') c = '-';
  return id;
}

void add_organizations(Clinic& clinic) {
  clinic.resources.push_back(
      {"Organization", "clinic",
       object({{"resourceType", text("Organization")},
               {"id", text("clinic")},
               {"active", "true"},
               {"name", text("Lakeside Demo Clinic (synthetic)")},
               {"telecom", array({object({{"system", text("phone")}, {"value", text("555-0100")}})})}})});
  for (const Department& department : departments)
    clinic.resources.push_back({"Organization", department_id(department.key),
                                object({{"resourceType", text("Organization")},
                                        {"id", text(department_id(department.key))},
                                        {"active", "true"},
                                        {"name", text(department.name)},
                                        {"partOf", object({{"reference", text("Organization/clinic")}})}})});
  clinic.resources.push_back(
      {"Location", "room-1",
       object({{"resourceType", text("Location")},
               {"id", text("room-1")},
               {"status", text("active")},
               {"name", text("Consulting room 1")},
               {"managingOrganization", object({{"reference", text("Organization/dept-primary")}})}})});
}

void add_staff(Clinic& clinic) {
  for (const StaffMember& member : staff) {
    const std::string id = practitioner_id(member);
    const bool clinical = *member.specialty != '\0';
    clinic.resources.push_back(
        {"Practitioner", id,
         object({{"resourceType", text("Practitioner")},
                 {"id", text(id)},
                 {"active", "true"},
                 {"name", array({object({{"family", text(member.family)},
                                         {"given", array({text(member.given)})},
                                         {"prefix", std::string_view(member.role) == "physician" ? array({text("Dr.")})
                                                                                                 : ""}})})}})});
    const std::string role_id = "role-" + id;
    clinic.resources.push_back(
        {"PractitionerRole", role_id,
         object({{"resourceType", text("PractitionerRole")},
                 {"id", text(role_id)},
                 {"active", "true"},
                 {"practitioner", object({{"reference", text("Practitioner/" + id)}})},
                 {"organization", object({{"reference", text("Organization/" + department_id(member.department))}})},
                 {"specialty", clinical
                                   ? array({object({{"coding", array({object({{"system", text(snomed)},
                                                                              {"code", text(member.specialty)}})})}})})
                                   : ""}})});
    clinic.members.push_back({member.username, member.role, "Practitioner/" + id});
  }
}

}  // namespace

Clinic make_clinic(std::uint64_t seed, WallTime today, unsigned patients) {
  Clinic clinic;
  Chance chance(seed);
  add_organizations(clinic);
  add_staff(clinic);
  bool parent = false;
  for (unsigned i = 0; i < patients; ++i) {
    // The first third belongs to primary care and its physician, so that the tour finds the same patient from every
    // desk.
    const bool primary = i % 3 != 2;
    const Attendance attendance{.physician = primary ? "dr-adams" : "dr-baker",
                                .nurse = "nurse-cole",
                                .department = primary ? "dept-primary" : "dept-cardiology"};
    Chart chart(chance, today, attendance, i);
    chart.write(clinic);
    if (i == 0) clinic.members.push_back({"patient.one", "patient", "Patient/" + chart.patient_id()});
    if (!parent && !chart.parent_id().empty()) {
      parent = true;
      clinic.members.push_back({"parent.one", "delegate", "RelatedPerson/" + chart.parent_id()});
    }
    if (i == 1) clinic.members.push_back({"patient.two", "patient", "Patient/" + chart.patient_id()});
  }
  return clinic;
}

}  // namespace ward::demo
