#include "fhir/operations/compartment.hpp"

#include "r4/r4.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ward::door {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr Row by_encounter[] = {
    {"CarePlan", "encounter"},
    {"CareTeam", "encounter"},
    {"ChargeItem", "context"},
    {"Claim", "item-encounter"},
    {"ClinicalImpression", "encounter"},
    {"Communication", "encounter"},
    {"CommunicationRequest", "encounter"},
    {"Composition", "encounter"},
    {"Condition", "encounter"},
    {"DeviceRequest", "encounter"},
    {"DiagnosticReport", "encounter"},
    {"DocumentManifest", "related-ref"},
    {"DocumentReference", "encounter"},
    {"ExplanationOfBenefit", "encounter"},
    {"Media", "encounter"},
    {"MedicationAdministration", "context"},
    {"MedicationRequest", "encounter"},
    {"NutritionOrder", "encounter"},
    {"Observation", "encounter"},
    {"Procedure", "encounter"},
    {"QuestionnaireResponse", "encounter"},
    {"RequestGroup", "encounter"},
    {"ServiceRequest", "encounter"},
    {"VisionPrescription", "encounter"},
};

constexpr Row by_care_date[] = {
    {"AdverseEvent", "date"},
    {"AllergyIntolerance", "date"},
    {"Appointment", "date"},
    {"AuditEvent", "date"},
    {"Basic", "created"},
    {"CarePlan", "date"},
    {"CareTeam", "date"},
    {"ChargeItem", "occurrence"},
    {"Claim", "created"},
    {"ClaimResponse", "created"},
    {"ClinicalImpression", "date"},
    {"Communication", "sent"},
    {"CommunicationRequest", "authored"},
    {"Composition", "date"},
    {"Condition", "onset-date"},
    {"Consent", "date"},
    {"DetectedIssue", "identified"},
    {"DeviceRequest", "event-date"},
    {"DiagnosticReport", "date"},
    {"DocumentManifest", "created"},
    {"DocumentReference", "date"},
    {"Encounter", "date"},
    {"EpisodeOfCare", "date"},
    {"ExplanationOfBenefit", "created"},
    {"FamilyMemberHistory", "date"},
    {"Flag", "date"},
    {"Goal", "start-date"},
    {"ImagingStudy", "started"},
    {"Immunization", "date"},
    {"Invoice", "date"},
    {"List", "date"},
    {"Media", "created"},
    {"MedicationAdministration", "effective-time"},
    {"MedicationDispense", "whenhandedover"},
    {"MedicationRequest", "authoredon"},
    {"MedicationStatement", "effective"},
    {"NutritionOrder", "datetime"},
    {"Observation", "date"},
    {"Procedure", "date"},
    {"QuestionnaireResponse", "authored"},
    {"RequestGroup", "authored"},
    {"RiskAssessment", "date"},
    {"ServiceRequest", "occurrence"},
    {"SupplyRequest", "date"},
    {"VisionPrescription", "datewritten"},
};

template <std::size_t N>
std::string_view found_in(const Row (&rows)[N], std::string_view type) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.first == type; });
  if (row == std::end(rows) || r4::find_param(type, row->second) == nullptr) return {};
  return row->second;
}

}  // namespace

std::string_view encounter_param(std::string_view type) { return found_in(by_encounter, type); }
std::string_view care_date_param(std::string_view type) { return found_in(by_care_date, type); }

}  // namespace ward::door
