#include "access/relationship.hpp"

#include "json/json.hpp"
#include "moment.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace ward::access {
namespace {

using detail::moment;

constexpr std::size_t rows_max = 1024;

struct Times {
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;
};

/// A period whose ends cannot be read holds at no time.
Times period(json::Value value) {
  Times out;
  if (!value) return out;
  if (value["start"]) out.from_ms = moment(value.string("start"), false).value_or(INT64_MAX);
  if (value["end"]) out.until_ms = moment(value.string("end"), true).value_or(INT64_MIN);
  return out;
}

Times both(const Times& a, const Times& b) {
  return {std::max(a.from_ms, b.from_ms), std::min(a.until_ms, b.until_ms)};
}

/// "Practitioner/3" of a Reference: a relative one, or empty.
std::string target(json::Value reference) {
  const std::string text = reference.string("reference");
  const std::size_t slash = text.find('/');
  const bool local = slash != std::string::npos && slash > 0 && text.find('/', slash + 1) == std::string::npos &&
                     text.find(':') == std::string::npos;
  return local && slash + 1 < text.size() ? text : "";
}

std::string id_of(const std::string& reference, std::string_view type) {
  return reference.starts_with(type) && reference.size() > type.size() + 1 && reference[type.size()] == '/'
             ? reference.substr(type.size() + 1)
             : "";
}

bool is_carer(const std::string& reference) {
  for (const std::string_view type : {"Practitioner", "PractitionerRole", "Organization"}) {
    if (!id_of(reference, type).empty()) return true;
  }
  return false;
}

class Rows {
 public:
  void add(const std::string& person, const std::string& patient, std::string_view kind, const Times& times = {}) {
    if (person.empty() || patient.empty() || times.from_ms >= times.until_ms || rows_.size() >= rows_max) return;
    if (!seen_.insert(person + "|" + patient + "|" + std::string(kind)).second && times.from_ms == INT64_MIN) return;
    rows_.push_back({person, patient, std::string(kind), times.from_ms, times.until_ms});
  }
  std::vector<Relationship> take() { return std::move(rows_); }

 private:
  std::vector<Relationship> rows_;
  std::set<std::string> seen_;
};

void from_care_team(json::Value team, Rows& rows) {
  if (team.string("status") != "active") return;
  const std::string patient = id_of(target(team["subject"]), "Patient");
  const Times whole = period(team["period"]);
  for (json::Value one = team["participant"].first(); one; one = one.next()) {
    const Times times = both(whole, period(one["period"]));
    for (const std::string& member : {target(one["member"]), target(one["onBehalfOf"])}) {
      if (is_carer(member)) rows.add(member, patient, "care-team", times);
    }
  }
  for (json::Value one = team["managingOrganization"].first(); one; one = one.next())
    rows.add(target(one), patient, "care-team", whole);
}

void from_encounter(json::Value encounter, Rows& rows) {
  const std::string status = encounter.string("status");
  if (status == "cancelled" || status == "entered-in-error") return;
  const std::string patient = id_of(target(encounter["subject"]), "Patient");
  for (json::Value one = encounter["participant"].first(); one; one = one.next()) {
    const std::string person = target(one["individual"]);
    if (is_carer(person)) rows.add(person, patient, "panel");
  }
  rows.add(target(encounter["serviceProvider"]), patient, "department");
}

void from_appointment(json::Value appointment, Rows& rows) {
  const std::string status = appointment.string("status");
  if (status != "booked" && status != "arrived" && status != "checked-in" && status != "fulfilled") return;
  std::vector<std::string> carers, patients;
  for (json::Value one = appointment["participant"].first(); one; one = one.next()) {
    const std::string actor = target(one["actor"]);
    if (one.string("status") == "declined") continue;
    if (is_carer(actor)) carers.push_back(actor);
    if (const std::string id = id_of(actor, "Patient"); !id.empty()) patients.push_back(id);
  }
  for (const std::string& carer : carers) {
    for (const std::string& patient : patients) rows.add(carer, patient, "panel");
  }
}

void from_patient(json::Value patient, Rows& rows) {
  const std::string id = patient.string("id");
  if (id.empty()) return;
  rows.add("Patient/" + id, id, "self");
  for (json::Value one = patient["generalPractitioner"].first(); one; one = one.next())
    rows.add(target(one), id, "panel");
  rows.add(target(patient["managingOrganization"]), id, "department");
  for (json::Value one = patient["link"].first(); one; one = one.next())
    if (const std::string other = id_of(target(one["other"]), "Patient"); other != id)
      rows.add("Patient/" + id, other, "linked");
}

bool inactive(json::Value resource) { return resource["active"] && resource["active"].raw() != "true"; }

void from_practitioner_role(json::Value role, Rows& rows) {
  if (inactive(role)) return;
  const Times times = period(role["period"]);
  const std::string person = target(role["practitioner"]);
  rows.add(person, target(role["organization"]), "member", times);
  if (const std::string id = role.string("id"); !id.empty())
    rows.add(person, "PractitionerRole/" + id, "member", times);
}

constexpr std::string_view role_code = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
constexpr std::string_view role_class = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";

/// HL7 v3 RoleCode: who acts for somebody of age. Guardians and proxies, partners, and CHILD and CHLDINLAW with what is
/// below them. A guardian ad litem is for a minor's proceeding, and a former spouse acts for nobody by that.
constexpr std::string_view of_any_age[] = {"GUARD",   "RESPRSN",   "POWATT",   "DPOWATT",  "HPOWATT",  "SPOWATT",
                                           "SPS",     "HUSB",      "WIFE",     "DOMPART",  "CHILD",    "NCHILD",
                                           "SON",     "SONC",      "DAU",      "DAUC",     "STPSON",   "STPDAU",
                                           "STPCHLD", "CHLDADOPT", "SONADOPT", "DAUADOPT", "CHLDFOST", "SONFOST",
                                           "DAUFOST", "CHLDINLAW", "SONINLAW", "DAUINLAW"};

/// Whether somebody acts for a patient of any age. That has to be said: whatever else they are, or if nothing is known,
/// they act as a parent does, until the child is of age (45 CFR 164.502(g)(3)). So does a mother who is also called the
/// responsible party, as most are: one other RoleCode beside it is enough.
bool acts_at_any_age(json::Value related) {
  bool said = false;
  for (json::Value concept_ = related["relationship"].first(); concept_; concept_ = concept_.next()) {
    for (json::Value coding = concept_["coding"].first(); coding; coding = coding.next()) {
      const std::string system = coding.string("system"), code = coding.string("code");
      if (system == role_class && code == "GUARD") said = true;
      if (system != role_code) continue;
      if (std::ranges::find(of_any_age, code) == std::end(of_any_age)) return false;
      said = true;
    }
  }
  return said;
}

void from_related_person(json::Value related, Rows& rows) {
  const std::string id = related.string("id");
  if (inactive(related) || id.empty()) return;
  rows.add("RelatedPerson/" + id, id_of(target(related["patient"]), "Patient"),
           acts_at_any_age(related) ? "delegate" : "parent", period(related["period"]));
}

}  // namespace

std::vector<Relationship> derive(const json::Document& document) {
  struct Source {
    std::string_view type;
    void (*read)(json::Value, Rows&);
  };
  constexpr Source sources[] = {
      {"CareTeam", from_care_team},
      {"Encounter", from_encounter},
      {"Appointment", from_appointment},
      {"Patient", from_patient},
      {"PractitionerRole", from_practitioner_role},
      {"RelatedPerson", from_related_person},
  };
  const json::Value root = document.root();
  const std::string type = root.string("resourceType");
  Rows rows;
  for (const Source& source : sources) {
    if (source.type == type) source.read(root, rows);
  }
  return rows.take();
}

}  // namespace ward::access
