// Resources that others published: HL7's examples, HL7's validator cases, Synthea's patients.
#include "fhir/validate.hpp"

#include "validate_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace ward::fhir {
namespace {

constexpr json::Limits wide{.depth_max = 64, .members_max = 10'000'000};

std::string issues_text(const Reading& reading) {
  std::string out;
  for (const Issue& issue : reading.issues) {
    out += "  " + std::to_string(issue.line) + ":" + std::to_string(issue.column) + " " + issue.code + " " +
           issue.diagnostics + "\n";
  }
  return out;
}

/// Examples of HL7 that break a rule of the same publication.
const std::pair<std::string_view, std::string_view> faulty_examples[] = {
    {"ActivityDefinition-blood-tubes-supply.json", "text.div is empty"},
    {"ActivityDefinition-heart-valve-replacement.json", "text.div is empty"},
    {"EventDefinition-example.json", "text.div is empty"},
    {"Questionnaire-zika-virus-exposure-assessment.json", "text.div is empty"},
    {"DeviceMetric-example.json", "parent refers to a DeviceDefinition; allowed is Device"},
    {"DeviceUseStatement-example.json", "reasonReference refers to a Procedure"},
    {"MedicationRequest-medrx0301.json", "dispenseRequest.performer refers to a Practitioner; allowed is Organization"},
    {"Observation-clinical-gender.json", "performer refers to an Encounter"},
    {"ImplementationGuide-fhir.json", "name and status are missing, references name no resource"},
    {"ig-r4.json", "name and status are missing, references name no resource"},
    {"Questionnaire-qs1.json", "items without linkId"},
    {"CapabilityStatement-knowledge-repository.json", "search parameters with other types than R4 gives them"},
    {"CapabilityStatement-measure-processor.json", "search parameters with other types than R4 gives them"},
    {"CapabilityStatement-terminology-server.json", "search parameters with other types than R4 gives them"},
    {"CodeSystem-snomedct.json", "two properties of one code"},
    {"ValueSet-example-hierarchical.json", "the system of an include is no absolute URI"},
    {"Bundle-valuesets.json", "holds CodeSystem/snomedct and ValueSet/example-hierarchical"},
    {"Bundle-dataelements.json", "fullUrls that are given twice (bdl-7)"},
    {"SearchParameter-codesystem-extensions-CodeSystem-author.json", "base is missing"},
    {"SearchParameter-codesystem-extensions-CodeSystem-effective.json", "base is missing"},
    {"SearchParameter-codesystem-extensions-CodeSystem-end.json", "base is missing"},
    {"SearchParameter-codesystem-extensions-CodeSystem-keyword.json", "base is missing"},
    {"SearchParameter-codesystem-extensions-CodeSystem-workflow.json", "base is missing"},
    {"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
     "id has 65 characters"},
    {"SearchParameter-valueset-extensions-ValueSet-author.json", "base is missing"},
    {"SearchParameter-valueset-extensions-ValueSet-effective.json", "base is missing"},
    {"SearchParameter-valueset-extensions-ValueSet-end.json", "base is missing"},
    {"SearchParameter-valueset-extensions-ValueSet-keyword.json", "base is missing"},
    {"SearchParameter-valueset-extensions-ValueSet-workflow.json", "base is missing"},
};

TEST(ValidateCorpus, hl7_examples_are_valid) {
  const std::filesystem::path folder = example_folder();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no HL7 packages in " << folder;
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".json") || name == "package.json" || name.starts_with('.')) continue;
    const std::string source = read_file(entry.path());
    const auto document = json::Document::parse(source, wide);
    ASSERT_TRUE(document) << name << ": " << document.error().text();
    const Reading reading = read_resource(*document);
    ++read;
    const auto known = std::ranges::find(faulty_examples, name, [](const auto& pair) { return pair.first; });
    const bool expected = known == std::end(faulty_examples);
    EXPECT_EQ(reading.ok(), expected) << name << (expected ? "" : " is listed as faulty") << "\n"
                                      << issues_text(reading);
  }
  EXPECT_GT(read, 5000u);
}

TEST(ValidateCorpus, synthea_patients_are_valid) {
  const auto lines = gzip_lines(shared_data() / "fhir/synthea-dev-25.bundles.ndjson.gz");
  if (lines.empty()) GTEST_SKIP() << "no Synthea bundles in " << shared_data();
  std::size_t references = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto document = json::Document::parse(lines[i], wide);
    ASSERT_TRUE(document) << i << ": " << document.error().text();
    const Reading reading = read_resource(*document);
    EXPECT_TRUE(reading.ok()) << "bundle " << i << "\n" << issues_text(reading);
    EXPECT_FALSE(reading.free_values.empty());
    references += reading.references.size();
  }
  EXPECT_GT(references, 1000u);
}

/// HL7's validator cases: what is not in scope is here with what it would need. Every other case is judged.
struct OutOfScope {
  std::string_view id;
  std::string_view needs;
};
constexpr OutOfScope out_of_scope[] = {
    {"hl7/dr-example-org", "an option of HL7's validator: no example URLs"},
    {"hl7/vs-bad-code", "a terminology server (SNOMED CT)"},
    {"hl7/vs-bad-ecl", "a terminology server (SNOMED CT expressions)"},
    {"hl7/cvx", "a terminology server (CVX)"},
    {"hl7/uk-msg", "a terminology server (SNOMED CT)"},
    {"hl7/parameters-reference-bad", "resolution of references to stored resources"},
    {"hl7/pat-dob-ext", "profiles: definitions of others' extensions"},
    {"hl7/target-ref-profile-empty", "profiles: definitions of others' extensions"},
};

/// HL7 calls it an error that a fullUrl names another id than the resource has; its own examples have such, so we warn.
constexpr std::string_view judged_otherwise = "hl7/bundle-with-contained";

bool is_error(std::string_view expect) { return expect == "error" || expect == "java-only-error"; }

TEST(ValidateCorpus, hl7_validator_cases_in_scope_are_judged_alike) {
  const auto lines = gzip_lines(shared_data() / "fhir/validation-hl7-dev.jsonl.gz");
  if (lines.empty()) GTEST_SKIP() << "no HL7 validator cases in " << shared_data();
  std::size_t judged = 0, disagreed = 0, left_out = 0;
  for (const std::string& line : lines) {
    const auto outer = json::Document::parse(line, wide);
    ASSERT_TRUE(outer) << outer.error().text();
    const std::string id = outer->root().string("id"), expect = outer->root().string("expect");
    if (expect == "contested" || std::ranges::find(out_of_scope, id, &OutOfScope::id) != std::end(out_of_scope)) {
      ++left_out;
      continue;
    }
    ++judged;
    const std::string body = outer->root().string("body");
    const auto document = json::Document::parse(body, wide);
    const Reading reading = document ? read_resource(*document, {.warnings = true}) : Reading();
    const bool fine = document && reading.ok();
    if (fine == is_error(expect)) ++disagreed;
    EXPECT_EQ(fine, !is_error(expect) || id == judged_otherwise) << id << "\n" << issues_text(reading);
    for (const Issue& issue : reading.issues) EXPECT_TRUE(issue.line > 0 && issue.column > 0) << id;
  }
  std::cout << judged << " HL7 validator cases judged, " << disagreed << " otherwise than HL7; " << left_out
            << " out of scope\n";
  EXPECT_LE(disagreed, 1u);
}

/// Where the first problem of some of them stands.
TEST(ValidateCorpus, problems_of_hl7_validator_cases_stand_where_they_are) {
  struct Case {
    std::string_view id;
    std::string_view expression;  // of the first issue; "" for a resource without any, "-" for what is not JSON
  };
  const Case cases[] = {
      {"hl7/hakan-se", "MedicationRequest"},
      {"hl7/Observation-ex-pain.json", "Observation"},
      {"hl7/ai8", "StructureDefinition"},
      {"hl7/obs-vs-2", "Observation.text"},
      {"hl7/patient-id-bad-1 / R4", "Patient.id"},
      {"hl7/resource-invalid-id-1", "Location.id"},
      {"hl7/resource-invalid-eid-2", "Location.position.id"},
      {"hl7/versioned-extension", "Patient.extension[1].url"},
      {"hl7/bundle-duplicate-id", "Bundle.entry[0].fullUrl"},
      {"hl7/mni-patientOverview-bundle-example1", "Bundle.entry[0].fullUrl"},
      {"hl7/bad-json-close-2", "-"},
      {"hl7/encounter-period", "Encounter.period"},
      {"hl7/contract-binding-test", "Contract.legalState.coding[0].code"},
      {"hl7/pat-security-good1", ""},
  };
  const auto lines = gzip_lines(shared_data() / "fhir/validation-hl7-dev.jsonl.gz");
  if (lines.empty()) GTEST_SKIP() << "no HL7 validator cases in " << shared_data();
  for (const std::string& line : lines) {
    const auto outer = json::Document::parse(line, wide);
    ASSERT_TRUE(outer) << outer.error().text();
    const std::string id = outer->root().string("id");
    const auto known = std::ranges::find(cases, id, &Case::id);
    if (known == std::end(cases)) continue;
    const std::string body = outer->root().string("body");
    const auto document = json::Document::parse(body, wide);
    EXPECT_EQ(!document, known->expression == "-") << id;
    if (!document) continue;
    const Reading reading = read_resource(*document);
    EXPECT_EQ(reading.ok() ? "" : reading.issues[0].expression, known->expression) << id << "\n"
                                                                                   << issues_text(reading);
  }
}

}  // namespace
}  // namespace ward::fhir
