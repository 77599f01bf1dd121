// What the walk leaves to the firewall, and what it collects for others.
#include "fhir/validate.hpp"

#include "validate_primitive.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ward::fhir {
namespace {

TEST(ValidateFree, only_what_its_type_does_not_prove_is_free) {
  struct Case {
    const char* name;
    Primitive type;
    const char* text;
    bool free;
  };
  const Case cases[] = {
      {"a word", Primitive::string, "Miller", false},
      {"a phone number", Primitive::string, "+1 (555) 123-4567", false},
      {"two words", Primitive::string, "Main Street", true},
      {"an apostrophe", Primitive::string, "O'Brien", true},
      {"injection", Primitive::string, "1' or '1'='1", true},
      {"traversal", Primitive::string, "..", true},
      {"a code", Primitive::code, "final", false},
      {"a media type", Primitive::code, "application/fhir+json", false},
      {"a unit", Primitive::code, "mm[Hg]", false},
      {"a unit with a power", Primitive::code, "10*3/uL", false},
      {"a unit per", Primitive::code, "/min", false},
      {"percent", Primitive::code, "%", false},
      {"a template", Primitive::code, "{{7*7}}", true},
      {"an expression", Primitive::code, "{7*7}", true},
      {"a path", Primitive::code, "/etc/passwd", true},
      {"percent-encoded", Primitive::code, "%27", true},
      {"markup", Primitive::code, "<script>", true},
      {"a system", Primitive::uri, "http://loinc.org", false},
      {"a system with a path", Primitive::uri, "http://hl7.org/fhir/sid/us-ssn", false},
      {"a profile with a version", Primitive::canonical, "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1",
       false},
      {"an oid", Primitive::uri, "urn:oid:1.2.3", false},
      {"a script", Primitive::uri, "javascript:alert(1)", true},
      {"loopback", Primitive::uri, "http://127.0.0.1/x", true},
      {"metadata service", Primitive::uri, "http://169.254.169.254/latest", true},
      {"inner network", Primitive::uri, "http://metadata.google.internal/", true},
      {"a single label", Primitive::uri, "http://localhost/x", true},
      {"a port", Primitive::uri, "http://example.org:22/", true},
      {"user info", Primitive::uri, "http://a@example.org/", true},
      {"a query", Primitive::uri, "http://example.org/?a=b", true},
      {"traversal in a uri", Primitive::uri, "http://example.org/../x", true},
      {"what may be fetched", Primitive::url, "http://loinc.org", true},
      {"a date", Primitive::date, "2020-01-01", false},
      {"xhtml", Primitive::xhtml, "<div/>", true},
  };
  for (const Case& c : cases) EXPECT_EQ(is_free(c.type, c.text), c.free) << c.name;
}

TEST(ValidateFree, prose_is_clinical_and_names_of_things_are_not) {
  const std::string source = R"({"resourceType": "Patient", "id": "a", "language": "e'n",
    "identifier": [{"system": "http://example.org/ids", "value": "1' or 1=1"}],
    "name": [{"family": "O'Brien", "given": ["Anne"]}],
    "telecom": [{"system": "phone", "value": "call <me>"}, {"system": "phone", "value": "(03) 5555 6473"}],
    "photo": [{"url": "http://example.org/a.png", "title": "at home"}],
    "managingOrganization": {"reference": "Organization/1", "display": "The Clinic"},
    "link": [{"type": "seealso", "other": {"reference": "https://other.example/fhir/Patient/2"}}]})";
  const auto document = json::Document::parse(source);
  ASSERT_TRUE(document);
  const Reading reading = read_resource(*document);
  ASSERT_TRUE(reading.ok()) << reading.issues[0].diagnostics;
  std::vector<std::string> seen;
  for (const FreeValue& value : reading.free_values) {
    seen.push_back(std::string(value.element) + (value.clinical ? " clinical" : ""));
  }
  const std::vector<std::string> expected = {
      "Patient.language", "Identifier.value",          "HumanName.family clinical",  "ContactPoint.value",
      "Attachment.url",   "Attachment.title clinical", "Reference.display clinical", "Reference.reference",
  };
  std::ranges::sort(seen);
  auto sorted = expected;
  std::ranges::sort(sorted);
  EXPECT_EQ(seen, sorted);
}

TEST(ValidateFree, narratives_and_references_are_collected_with_their_spans) {
  const std::string source = R"({"resourceType": "Bundle", "type": "collection", "entry": [{"resource":
    {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
     "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">a<\/div>"},
     "contained": [{"resourceType": "Patient", "id": "p"}],
     "subject": {"reference": "#p"},
     "encounter": {"reference": "Encounter\/e1"},
     "performer": [{"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
       {"reference": "Practitioner?identifier=1"},
       {"reference": "https://other.example/fhir/Practitioner/7/_history/1"},
       {"reference": "ftp://other.example/x"}]}}]})";
  const auto document = json::Document::parse(source);
  ASSERT_TRUE(document);
  const Reading reading = read_resource(*document);
  ASSERT_TRUE(reading.ok()) << reading.issues[0].diagnostics;
  ASSERT_EQ(reading.narratives.size(), 1u);
  const NarrativeSpan& narrative = reading.narratives[0];
  EXPECT_EQ(narrative.expression, "Bundle.entry[0].resource.text.div");
  EXPECT_EQ(source.substr(narrative.begin, 5), "\"<div");
  EXPECT_EQ(source.substr(narrative.begin + narrative.size - 6, 6), "/div>\"");
  struct Case {
    ReferenceKind kind;
    const char* type;
    const char* id;
    const char* expression;
  };
  const Case cases[] = {
      {ReferenceKind::contained, "Patient", "p", "Bundle.entry[0].resource.subject"},
      {ReferenceKind::relative, "Encounter", "e1", "Bundle.entry[0].resource.encounter"},
      {ReferenceKind::urn, "", "", "Bundle.entry[0].resource.performer[0]"},
      {ReferenceKind::conditional, "Practitioner", "", "Bundle.entry[0].resource.performer[1]"},
      {ReferenceKind::absolute, "Practitioner", "7", "Bundle.entry[0].resource.performer[2]"},
      {ReferenceKind::other, "", "", "Bundle.entry[0].resource.performer[3]"},
  };
  ASSERT_EQ(reading.references.size(), std::size(cases));
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(reading.references[i].kind, cases[i].kind) << i;
    EXPECT_EQ(reading.references[i].type, cases[i].type) << i;
    EXPECT_EQ(reading.references[i].id, cases[i].id) << i;
    EXPECT_EQ(reading.references[i].expression, cases[i].expression) << i;
    EXPECT_TRUE(reading.references[i].value.is_string()) << i;
  }
}

}  // namespace
}  // namespace ward::fhir
