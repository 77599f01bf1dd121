#include "demo/chart.hpp"

#include <algorithm>

namespace ward::demo {

using namespace std::chrono;

std::string date_text(sys_days day) {
  const year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

std::string time_text(sys_days day, long minutes_after_eight) {
  const long minutes = 8 * 60 + minutes_after_eight;
  return fmt::format("{}T{:02}:{:02}:00-05:00", date_text(day), minutes / 60, minutes % 60);
}

Json reference(const std::string& type_and_id, const std::string& display) {
  return object({{"reference", text(type_and_id)}, {"display", display.empty() ? "" : text(display)}});
}

Json coded(const char* system, const char* code, const char* display) {
  return object({{"coding", array({object({{"system", text(system)},
                                           {"code", text(code)},
                                           {"display", *display != '\0' ? text(display) : ""}})})}});
}

Json concept_of(const Code& code) {
  return object(
      {{"coding",
        array({object({{"system", text(code.system)}, {"code", text(code.code)}, {"display", text(code.display)}})})},
       {"text", text(code.display)}});
}

Chart::Chart(Chance& chance, WallTime today, Attendance attendance, unsigned number)
    : chance_(chance),
      today_(floor<days>(today)),
      attendance_(std::move(attendance)),
      number_(number),
      patient_id_(chance.id()) {
  woman_ = chance_.chance(0.52);
  given_ = woman_ ? chance_.pick(women) : chance_.pick(men);
  family_ = chance_.pick(families);
  const long age = number == 0 ? 58 : number == 1 ? 34 : chance_.between(2, 91);
  born_ = today_ - days(age * 365 + age / 4 + chance_.between(1, 360));
  weight_kg_ = age < 15 ? 12.0 + 3.0 * static_cast<double>(age) : chance_.normal(76, 9);
  for (const Illness& illness : illnesses)
    if (age >= illness.age_least &&
        (chance_.chance(illness.likelihood) || (number == 0 && std::string_view(illness.key) == "diabetes")))
      illnesses_.push_back(&illness);
}

void Chart::write(Clinic& clinic) {
  clinic_ = &clinic;
  clinic.patients.push_back(patient_id_);
  add_patient();
  add_coverage();
  add_care_team();
  add_related_person();
  add_illnesses();
  add_allergies();
  add_immunizations();
  add_visits();
  add_appointments();
}

void Chart::add(const char* type, const std::string& id, Json json) {
  clinic_->resources.push_back({type, id, std::move(json)});
}
Json Chart::subject() const { return reference("Patient/" + patient_id_); }

bool Chart::has(std::string_view illness) const {
  return std::any_of(illnesses_.begin(), illnesses_.end(), [&](const Illness* one) { return illness == one->key; });
}

double Chart::progress(Day day) const { return 1.0 - static_cast<double>((today_ - day).count()) / (5 * 365.0); }

void Chart::add_patient() {
  const Town& town = chance_.pick(towns);
  const std::string phone = fmt::format("555-01{:02}", chance_.between(0, 99));
  add("Patient", patient_id_,
      object(
          {{"resourceType", text("Patient")},
           {"id", text(patient_id_)},
           {"text",
            object({{"status", text("generated")},
                    {"div", text(fmt::format(
                                "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{} {}, born {} (synthetic)</p></div>",
                                given_, family_ == "O'Brien" ? "O&#39;Brien" : family_, date_text(born_)))}})},
           {"identifier", array({object({{"use", text("usual")},
                                         {"type", coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MR")},
                                         {"system", text("urn:mrn")},
                                         {"value", text(fmt::format("MRN-{:06}", 240000 + number_ * 37))}}),
                                 object({{"use", text("official")},
                                         {"type", coded("http://terminology.hl7.org/CodeSystem/v2-0203", "SS")},
                                         {"system", text("http://hl7.org/fhir/sid/us-ssn")},
                                         {"value", text(fmt::format("999-{:02}-{:04}", chance_.between(10, 99),
                                                                    chance_.between(1000, 9999)))}})})},
           {"active", "true"},
           {"name",
            array({object({{"use", text("official")}, {"family", text(family_)}, {"given", array({text(given_)})}})})},
           {"telecom", array({object({{"system", text("phone")}, {"value", text(phone)}, {"use", text("home")}}),
                              object({{"system", text("email")},
                                      {"value", text(fmt::format("{}@patient.example", patient_id_))}})})},
           {"gender", text(woman_ ? "female" : "male")},
           {"birthDate", text(date_text(born_))},
           {"address",
            array(
                {object({{"use", text("home")},
                         {"line", array({text(fmt::format("{} {}", chance_.between(1, 240), chance_.pick(streets)))})},
                         {"city", text(town.name)},
                         {"state", text("MA")},
                         {"postalCode", text(town.zip)},
                         {"country", text("US")}})})},
           {"maritalStatus",
            coded("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", chance_.chance(0.5) ? "M" : "S")},
           {"communication",
            array({object({{"language", coded("urn:ietf:bcp:47", chance_.chance(0.8) ? "en" : "es")}})})},
           {"generalPractitioner", array({reference("Practitioner/" + attendance_.physician)})},
           {"managingOrganization", reference("Organization/" + attendance_.department)}}));
}

void Chart::add_coverage() {
  const std::string id = chance_.id();
  add("Coverage", id,
      object({{"resourceType", text("Coverage")},
              {"id", text(id)},
              {"status", text("active")},
              {"type", coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "EHCPOL", "extended healthcare")},
              {"subscriberId", text(fmt::format("SUB{:07}", chance_.between(1000000, 9999999)))},
              {"beneficiary", subject()},
              {"relationship", coded("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self")},
              {"period", object({{"start", text(date_text(today_ - days(400)))}})},
              {"payor", array({reference("Organization/clinic", "Lakeside Health Plan (synthetic)")})}}));
}

void Chart::add_care_team() {
  const std::string id = chance_.id();
  add("CareTeam", id,
      object({{"resourceType", text("CareTeam")},
              {"id", text(id)},
              {"status", text("active")},
              {"name", text("Care team")},
              {"subject", subject()},
              {"period", object({{"start", text(date_text(today_ - days(5 * 365)))}})},
              {"participant", array({object({{"role", array({coded(snomed, "309343006", "Physician")})},
                                             {"member", reference("Practitioner/" + attendance_.physician)}}),
                                     object({{"role", array({coded(snomed, "224535009", "Registered nurse")})},
                                             {"member", reference("Practitioner/" + attendance_.nurse)}})})},
              {"managingOrganization", array({reference("Organization/" + attendance_.department)})}}));
}

void Chart::add_related_person() {
  const bool child = today_ - born_ < days(18 * 365);
  if (!child && !chance_.chance(0.2)) return;
  const std::string id = chance_.id();
  if (child) parent_id_ = id;
  add("RelatedPerson", id,
      object({{"resourceType", text("RelatedPerson")},
              {"id", text(id)},
              {"active", "true"},
              {"patient", subject()},
              {"relationship", array({coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", child ? "PRN" : "SPS",
                                            child ? "parent" : "spouse")})},
              {"name", array({object({{"family", text(family_)}, {"given", array({text(chance_.pick(women))})}})})}}));
}

void Chart::add_illnesses() {
  for (const Illness* illness : illnesses_) {
    const std::string id = chance_.id(), onset = date_text(today_ - days(chance_.between(400, 4 * 365)));
    add("Condition", id,
        object(
            {{"resourceType", text("Condition")},
             {"id", text(id)},
             {"clinicalStatus", coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")},
             {"verificationStatus", coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")},
             {"category", array({coded("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item",
                                       "Problem List Item")})},
             {"code", concept_of(illness->code)},
             {"subject", subject()},
             {"onsetDateTime", text(onset)},
             {"recordedDate", text(onset)}}));
    const std::string order = chance_.id();
    add("MedicationRequest", order,
        object({{"resourceType", text("MedicationRequest")},
                {"id", text(order)},
                {"status", text("active")},
                {"intent", text("order")},
                {"medicationCodeableConcept", concept_of(illness->medicine)},
                {"subject", subject()},
                {"authoredOn", text(onset)},
                {"requester", reference("Practitioner/" + attendance_.physician)},
                {"reasonReference", array({reference("Condition/" + id)})},
                {"dosageInstruction", array({object({{"text", text(illness->dosage)}})})}}));
  }
}

void Chart::add_allergies() {
  if (!chance_.chance(0.35)) return;
  const Allergen& allergen = chance_.pick(allergens);
  const std::string id = chance_.id();
  add("AllergyIntolerance", id,
      object(
          {{"resourceType", text("AllergyIntolerance")},
           {"id", text(id)},
           {"clinicalStatus", coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active")},
           {"verificationStatus",
            coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "confirmed")},
           {"type", text("allergy")},
           {"category", array({text(allergen.category)})},
           {"criticality", text(chance_.chance(0.3) ? "high" : "low")},
           {"code", concept_of(allergen.code)},
           {"patient", subject()},
           {"recordedDate", text(date_text(today_ - days(chance_.between(100, 1500))))},
           {"reaction",
            array({object({{"manifestation", array({coded(snomed, allergen.reaction_code, allergen.reaction)})}})})}}));
}

void Chart::add_immunizations() {
  for (int year = 0; year < 5; ++year) {
    if (!chance_.chance(0.6)) continue;
    const Code& vaccine = vaccines[year == 3 ? 1 : year == 1 ? 2 : 0];
    const std::string id = chance_.id();
    add("Immunization", id,
        object({{"resourceType", text("Immunization")},
                {"id", text(id)},
                {"status", text("completed")},
                {"vaccineCode", concept_of(vaccine)},
                {"patient", subject()},
                {"occurrenceDateTime", text(date_text(today_ - days(year * 365 + chance_.between(20, 60))))},
                {"primarySource", "true"},
                {"lotNumber", text(fmt::format("LOT{:05}", chance_.between(10000, 99999)))}}));
  }
}

}  // namespace ward::demo
