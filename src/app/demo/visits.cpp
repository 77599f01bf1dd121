// The visits of a chart: encounters with what was measured, reported and agreed.
#include "demo/chart.hpp"

namespace ward::demo {

using namespace std::chrono;

namespace {

constexpr const char* observation_category = "http://terminology.hl7.org/CodeSystem/observation-category";

Json quantity(double value, const Measure& measure) {
  return object({{"value", number(value, measure.decimals)},
                 {"unit", text(measure.unit)},
                 {"system", text("http://unitsofmeasure.org")},
                 {"code", text(measure.ucum)}});
}

Json component(const char* code, const char* display, double value) {
  static constexpr Measure pressure{"", {}, "mmHg", "mm[Hg]", 0, 0, 0, 0, 0};
  return object({{"code", coded(loinc, code, display)}, {"valueQuantity", quantity(value, pressure)}});
}

}  // namespace

void Chart::add_visits() {
  const long visits = 6 + 3 * static_cast<long>(illnesses_.size()) + chance_.between(0, 4);
  for (long i = 0; i < visits; ++i) {
    const Day day = today_ - days(5 * 365 - (5 * 365 - 14) * i / visits - chance_.between(0, 20));
    if (day > born_) add_visit(day, static_cast<unsigned>(i));
  }
}

void Chart::add_visit(Day day, unsigned number) {
  const std::string id = chance_.id(), reason = chance_.pick(reasons);
  const long minute = chance_.between(0, 32) * 15;
  add("Encounter", id,
      object({{"resourceType", text("Encounter")},
              {"id", text(id)},
              {"status", text("finished")},
              {"class", object({{"system", text("http://terminology.hl7.org/CodeSystem/v3-ActCode")},
                                {"code", text("AMB")},
                                {"display", text("ambulatory")}})},
              {"type", array({coded(snomed, "185349003", "Encounter for check up")})},
              {"subject", subject()},
              {"participant", array({object({{"individual", reference("Practitioner/" + attendance_.physician)}})})},
              {"period", object({{"start", text(time_text(day, minute))}, {"end", text(time_text(day, minute + 25))}})},
              {"reasonCode", array({object({{"text", text(reason)}})})},
              {"serviceProvider", reference("Organization/" + attendance_.department)}}));
  add_vital_signs(day, id);
  if (number % 3 == 0) add_laboratory(day, id);
}

std::string Chart::observation(Day day, const std::string& encounter, const Measure& measure, double value,
                               const char* category) {
  const std::string id = chance_.id();
  const bool ranged = measure.high > 0;
  const bool outside = ranged && (value > measure.high || value < measure.low);
  add("Observation", id,
      object({{"resourceType", text("Observation")},
              {"id", text(id)},
              {"status", text("final")},
              {"category", array({coded(observation_category, category)})},
              {"code", concept_of(measure.code)},
              {"subject", subject()},
              {"encounter", reference("Encounter/" + encounter)},
              {"effectiveDateTime", text(time_text(day, 20))},
              {"issued", text(time_text(day, 45))},
              {"performer", array({reference("Practitioner/" + attendance_.nurse)})},
              {"valueQuantity", quantity(value, measure)},
              {"interpretation",
               outside ? array({coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                                      value > measure.high ? "H" : "L")})
                       : ""},
              {"referenceRange", ranged ? array({object({{"low", quantity(measure.low, measure)},
                                                         {"high", quantity(measure.high, measure)}})})
                                        : ""}}));
  return id;
}

void Chart::add_vital_signs(Day day, const std::string& encounter) {
  // Treated illnesses get better over the years, so that a chart has trends to look at.
  const double strain = has("hypertension") ? 26 * (1.0 - 0.6 * progress(day)) : 0;
  const std::string id = chance_.id();
  const bool noted = chance_.chance(0.3);
  add("Observation", id,
      object({{"resourceType", text("Observation")},
              {"id", text(id)},
              {"status", text("final")},
              {"category", array({coded(observation_category, "vital-signs", "Vital Signs")})},
              {"code", coded(loinc, "85354-9", "Blood pressure panel with all children optional")},
              {"subject", subject()},
              {"encounter", reference("Encounter/" + encounter)},
              {"effectiveDateTime", text(time_text(day, 15))},
              {"performer", array({reference("Practitioner/" + attendance_.nurse)})},
              {"note", noted ? array({object({{"text", text(chance_.pick(notes))}})}) : ""},
              {"component",
               array({component("8480-6", "Systolic blood pressure", chance_.normal(119 + strain, 6)),
                      component("8462-4", "Diastolic blood pressure", chance_.normal(76 + strain / 2, 4))})}}));
  for (const Measure& measure : vital_signs) {
    const bool weight = std::string_view(measure.key) == "weight";
    const double mean = weight ? weight_kg_ - 3 * progress(day) : measure.mean;
    observation(day, encounter, measure, chance_.normal(mean, measure.deviation), "vital-signs");
  }
}

void Chart::add_laboratory(Day day, const std::string& encounter) {
  std::vector<Json> results;
  for (const Measure& measure : laboratory) {
    const std::string_view key = measure.key;
    double mean = measure.mean;
    if (key == "hba1c" && has("diabetes")) mean = 8.6 - 1.7 * progress(day);
    if (key == "glucose" && has("diabetes")) mean = 178 - 50 * progress(day);
    if (key == "ldl" && has("lipids")) mean = 168 - 55 * progress(day);
    if (key == "tsh" && has("thyroid")) mean = 6.5 - 3.5 * progress(day);
    results.push_back(reference(
        "Observation/" + observation(day, encounter, measure, chance_.normal(mean, measure.deviation), "laboratory")));
  }
  const std::string id = chance_.id(), note = chance_.pick(notes);
  std::string shown;
  for (const char c : note) shown += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  add("DiagnosticReport", id,
      object(
          {{"resourceType", text("DiagnosticReport")},
           {"id", text(id)},
           {"text", object({{"status", text("additional")},
                            {"div", text("<div xmlns=\"http://www.w3.org/1999/xhtml\"><h3>Laboratory report</h3><p>" +
                                         shown + "</p></div>")}})},
           {"status", text("final")},
           {"category", array({coded("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory")})},
           {"code", coded(loinc, "24323-8", "Comprehensive metabolic 2000 panel - Serum or Plasma")},
           {"subject", subject()},
           {"encounter", reference("Encounter/" + encounter)},
           {"effectiveDateTime", text(time_text(day, 20))},
           {"issued", text(time_text(day, 240))},
           {"performer", array({reference("Organization/clinic")})},
           {"result", array(results)},
           {"conclusion", text(note)}}));
}

void Chart::add_appointments() {
  for (const long ahead : {-chance_.between(20, 60), chance_.between(1, 30)}) {
    const Day day = today_ + days(ahead);
    const long minute = chance_.between(0, 32) * 15;
    const std::string id = chance_.id();
    add("Appointment", id,
        object({{"resourceType", text("Appointment")},
                {"id", text(id)},
                {"status", text(ahead < 0 ? "fulfilled" : "booked")},
                {"description", text(chance_.pick(reasons))},
                {"start", text(time_text(day, minute))},
                {"end", text(time_text(day, minute + 30))},
                {"minutesDuration", "30"},
                {"participant",
                 array({object({{"actor", subject()}, {"status", text("accepted")}}),
                        object({{"actor", reference("Practitioner/" + attendance_.physician)},
                                {"status", text("accepted")}}),
                        object({{"actor", reference("Location/room-1")}, {"status", text("accepted")}})})}}));
  }
}

}  // namespace ward::demo
