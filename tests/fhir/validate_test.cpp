#include "fhir/validate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ward::fhir {
namespace {

struct Defect {
  const char* name;
  std::string source;  // "@@" stands where the issue is reported
  const char* code;
  const char* expression;
};

/// Reads `marked` without its mark; the mark's place is the line and column that the only issue must have.
void expect_defect(const Defect& defect) {
  std::string source = defect.source;
  const std::size_t mark = source.find("@@");
  ASSERT_NE(mark, std::string::npos) << defect.name;
  source.erase(mark, 2);
  const auto document = json::Document::parse(source);
  ASSERT_TRUE(document) << defect.name << ": " << document.error().text();
  const Reading reading = read_resource(*document);
  std::string all;
  for (const Issue& issue : reading.issues) all += "  " + issue.code + " " + issue.diagnostics + "\n";
  ASSERT_EQ(reading.issues.size(), 1u) << defect.name << "\n" << all;
  const Issue& issue = reading.issues[0];
  const auto expected = document->position(mark);
  EXPECT_EQ(issue.expression, defect.expression) << defect.name;
  EXPECT_EQ(issue.code, defect.code) << defect.name << "\n" << all;
  EXPECT_EQ(issue.line, expected.line) << defect.name;
  EXPECT_EQ(issue.column, expected.column) << defect.name;
  EXPECT_EQ(issue.severity, "error") << defect.name;
}

std::string patient(const std::string& members) { return "{\"resourceType\": \"Patient\",\n " + members + "\n}"; }
std::string observation(const std::string& members) {
  return "{\n\"resourceType\": \"Observation\", \"status\": \"final\", \"code\": {\"text\": \"x\"},\n" + members + "}";
}
std::string extension(const std::string& members) {
  return patient("\"extension\": [\n{\"url\": \"http://example.org/x\", " + members + "}]");
}
std::string narrative(const std::string& div) {
  return patient("\"text\": {\"status\": \"generated\", \"div\": " + div + "}");
}
std::string xhtml(const std::string& inside) {
  return "\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">" + inside + "</div>\"";
}

TEST(Validate, names_the_place_of_each_defect_in_names_and_shape) {
  const Defect defects[] = {
      {"no resource", "@@[]", "structure", ""},
      {"no type", "@@{}", "required", ""},
      {"type is no string", "{\"resourceType\": @@1}", "value", ""},
      {"unknown type", "{\"resourceType\": @@\"Pateint\"}", "value", ""},
      {"abstract type", "{\"resourceType\": @@\"DomainResource\"}", "value", ""},
      {"data type as a resource", "{\"resourceType\": @@\"HumanName\"}", "value", ""},
      {"empty resource", "@@{\"resourceType\": \"Patient\"}", "structure", "Patient"},
      {"unknown member", patient("@@\"surname\": \"x\""), "structure", "Patient"},
      {"member in wrong case", patient("@@\"birthdate\": \"1970-01-01\""), "structure", "Patient"},
      {"unknown member deep down", patient("\"name\": [{\"family\": \"x\"}, {@@\"first\": \"y\"}]"), "structure",
       "Patient.name[1]"},
      {"resourceType in a data type", patient("\"name\": [{@@\"resourceType\": \"x\", \"text\": \"y\"}]"), "structure",
       "Patient.name[0]"},
      {"choice without type", observation("@@\"value\": 1"), "structure", "Observation"},
      {"choice of a wrong type", observation("@@\"valueAddress\": {\"text\": \"x\"}"), "structure", "Observation"},
      {"two of a choice", observation("\"valueString\": \"x\",\n@@\"valueInteger\": 1"), "structure",
       "Observation.value"},
      {"two of a choice by extension", observation("\"valueString\": \"x\",\n@@\"_valueInteger\": {\"id\": \"a\"}"),
       "structure", "Observation.value"},
      {"two of the deceased", patient("\"deceasedBoolean\": true, @@\"deceasedDateTime\": \"2020\""), "structure",
       "Patient.deceased"},
      {"single as array", patient("\"birthDate\": @@[\"1970-01-01\"]"), "structure", "Patient.birthDate"},
      {"single object as array", patient("\"maritalStatus\": @@[{\"text\": \"x\"}]"), "structure",
       "Patient.maritalStatus"},
      {"array as single", patient("\"name\": @@{\"family\": \"x\"}"), "structure", "Patient.name"},
      {"array of primitives as single", patient("\"name\": [{\"given\": @@\"x\"}]"), "structure",
       "Patient.name[0].given"},
      {"empty array", patient("\"name\": @@[]"), "structure", "Patient.name"},
      {"empty object", patient("\"name\": [@@{}]"), "structure", "Patient.name[0]"},
      {"empty object, single", patient("\"maritalStatus\": @@{}"), "structure", "Patient.maritalStatus"},
      {"null", patient("\"birthDate\": @@null"), "structure", "Patient.birthDate"},
      {"null object in an array", patient("\"name\": [{\"text\": \"x\"}, @@null]"), "structure", "Patient.name[1]"},
      {"null without its sibling", patient("\"name\": [{\"given\": [\"x\", @@null]}]"), "structure",
       "Patient.name[0].given[1]"},
      {"null beside null", patient("\"name\": [{\"given\": [\"x\", @@null], \"_given\": [{\"id\": \"a\"}, null]}]"),
       "structure", "Patient.name[0].given[1]"},
      {"object for a primitive", patient("\"birthDate\": @@{}"), "structure", "Patient.birthDate"},
      {"primitive for an object", patient("\"maritalStatus\": @@\"married\""), "structure", "Patient.maritalStatus"},
      {"array in an array", patient("\"name\": [@@[{\"text\": \"x\"}]]"), "structure", "Patient.name[0]"},
      {"required missing", "@@{\"resourceType\": \"Observation\", \"status\": \"final\"}", "required", "Observation"},
      {"required choice missing",
       "@@{\"resourceType\": \"MedicationRequest\", \"status\": \"active\", \"intent\": \"order\", \"subject\": "
       "{\"reference\": \"Patient/1\"}}",
       "required", "MedicationRequest"},
      {"required missing in a backbone", patient("\"communication\": [\n @@{\"preferred\": true}]"), "required",
       "Patient.communication[0]"},
      {"sibling of no primitive", patient("@@\"_name\": [{\"id\": \"a\"}]"), "structure", "Patient"},
      {"sibling of nothing", patient("@@\"_nonsense\": {\"id\": \"a\"}"), "structure", "Patient"},
      {"sibling is no object", patient("\"birthDate\": \"1970\", \"_birthDate\": @@\"x\""), "structure",
       "Patient.birthDate"},
      {"sibling is empty", patient("\"birthDate\": \"1970\", \"_birthDate\": @@{}"), "structure", "Patient.birthDate"},
      {"sibling with a value", patient("\"_birthDate\": {@@\"value\": \"1970\"}"), "structure", "Patient.birthDate"},
      {"sibling of an array is no array", patient("\"name\": [{\"given\": [\"x\"], \"_given\": @@{\"id\": \"a\"}}]"),
       "structure", "Patient.name[0].given"},
      {"sibling array too long", patient("\"name\": [{\"given\": [\"x\"], \"_given\": @@[null, {\"id\": \"a\"}]}]"),
       "structure", "Patient.name[0].given"},
      {"sibling array of nulls", patient("\"name\": [{\"given\": [\"x\"], \"_given\": @@[null]}]"), "structure",
       "Patient.name[0].given"},
      {"recursion of content references",
       "{\"resourceType\": \"Questionnaire\", \"status\": \"draft\", \"item\": [{\"linkId\": \"1\", \"type\": "
       "\"group\",\n\"item\": [{\"linkId\": \"2\", \"type\": \"group\", @@\"nonsense\": 1}]}]}",
       "structure", "Questionnaire.item[0].item[0]"},
  };
  for (const Defect& defect : defects) expect_defect(defect);
}

TEST(Validate, names_the_place_of_each_defect_in_primitives) {
  const Defect defects[] = {
      {"boolean as string", patient("\"active\": @@\"true\""), "structure", "Patient.active"},
      {"boolean as number", patient("\"active\": @@1"), "structure", "Patient.active"},
      {"string as number", patient("\"name\": [{\"family\": @@1}]"), "structure", "Patient.name[0].family"},
      {"empty string", patient("\"name\": [{\"family\": @@\"\"}]"), "value", "Patient.name[0].family"},
      {"control character", patient("\"name\": [{\"given\": [\"x\", @@\"a\\u0000b\"]}]"), "value",
       "Patient.name[0].given[1]"},
      {"too long a string", patient("\"name\": [{\"family\": @@\"" + std::string(1024 * 1024 + 1, 'x') + "\"}]"),
       "too-long", "Patient.name[0].family"},
      {"date in another order", patient("\"birthDate\": @@\"01-02-1970\""), "value", "Patient.birthDate"},
      {"date with a time", patient("\"birthDate\": @@\"1970-01-02T00:00:00Z\""), "value", "Patient.birthDate"},
      {"month 13", patient("\"birthDate\": @@\"1970-13\""), "value", "Patient.birthDate"},
      {"30 February", patient("\"birthDate\": @@\"1972-02-30\""), "value", "Patient.birthDate"},
      {"29 February of no leap year", patient("\"birthDate\": @@\"1900-02-29\""), "value", "Patient.birthDate"},
      {"year 0", patient("\"birthDate\": @@\"0000\""), "value", "Patient.birthDate"},
      {"dateTime without zone", observation("\"effectiveDateTime\": @@\"2020-01-02T03:04:05\""), "value",
       "Observation.effective"},
      {"dateTime without seconds", observation("\"effectiveDateTime\": @@\"2020-01-02T03:04Z\""), "value",
       "Observation.effective"},
      {"dateTime at 24 o'clock", observation("\"effectiveDateTime\": @@\"2020-01-02T24:00:00Z\""), "value",
       "Observation.effective"},
      {"dateTime in zone +15", observation("\"effectiveDateTime\": @@\"2020-01-02T00:00:00+15:00\""), "value",
       "Observation.effective"},
      {"dateTime with a space", observation("\"effectiveDateTime\": @@\"2020-01-02 00:00:00Z\""), "value",
       "Observation.effective"},
      {"instant that is a date", observation("\"issued\": @@\"2020-01-02\""), "value", "Observation.issued"},
      {"time with zone", observation("\"valueTime\": @@\"10:11:12Z\""), "value", "Observation.value"},
      {"time without seconds", observation("\"valueTime\": @@\"10:11\""), "value", "Observation.value"},
      {"decimal as string", observation("\"valueQuantity\": {\"value\": @@\"1.5\"}"), "structure",
       "Observation.value.value"},
      {"integer with a fraction", observation("\"valueInteger\": @@1.5"), "value", "Observation.value"},
      {"integer with an exponent", observation("\"valueInteger\": @@1e3"), "value", "Observation.value"},
      {"integer beyond 32 bits", observation("\"valueInteger\": @@2147483648"), "value", "Observation.value"},
      {"integer below 32 bits", observation("\"valueInteger\": @@-2147483649"), "value", "Observation.value"},
      {"integer as string", observation("\"valueInteger\": @@\"1\""), "structure", "Observation.value"},
      {"positiveInt 0", patient("\"telecom\": [{\"rank\": @@0}]"), "value", "Patient.telecom[0].rank"},
      {"unsignedInt below 0", patient("\"photo\": [{\"size\": @@-1}]"), "value", "Patient.photo[0].size"},
      {"base64 of three characters", patient("\"photo\": [{\"data\": @@\"abc\"}]"), "value", "Patient.photo[0].data"},
      {"base64 with another alphabet", patient("\"photo\": [{\"data\": @@\"ab-_\"}]"), "value",
       "Patient.photo[0].data"},
      {"base64 with padding inside", patient("\"photo\": [{\"data\": @@\"ab==abcd\"}]"), "value",
       "Patient.photo[0].data"},
      {"id with a slash", patient("\"id\": @@\"a/b\""), "value", "Patient.id"},
      {"id too long", patient("\"id\": @@\"" + std::string(65, 'a') + "\""), "value", "Patient.id"},
      {"id with an underscore", patient("\"id\": @@\"a_b\""), "value", "Patient.id"},
      {"uri with a space", patient("\"implicitRules\": @@\"http://a b\""), "value", "Patient.implicitRules"},
      {"empty uri", patient("\"implicitRules\": @@\"\""), "value", "Patient.implicitRules"},
      {"canonical with a space", patient("\"meta\": {\"profile\": [@@\"http://a b\"]}"), "value",
       "Patient.meta.profile[0]"},
      {"code with two spaces", patient("\"language\": @@\"e  n\""), "value", "Patient.language"},
      {"code with a space at its end", patient("\"language\": @@\"en \""), "value", "Patient.language"},
      {"oid without prefix", extension("\"valueOid\": @@\"1.2.3\""), "value", "Patient.extension[0].value"},
      {"oid with a leading zero", extension("\"valueOid\": @@\"urn:oid:1.02\""), "value", "Patient.extension[0].value"},
      {"uuid in upper case", extension("\"valueUuid\": @@\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\""), "value",
       "Patient.extension[0].value"},
      {"primitive in an extension of a primitive",
       patient("\"_birthDate\": {\"extension\": [{\"url\": \"http://example.org/x\",\n\"valueDate\": @@\"x\"}]}"),
       "value", "Patient.birthDate.extension[0].value"},
  };
  for (const Defect& defect : defects) expect_defect(defect);
}

TEST(Validate, names_the_place_of_each_defect_in_codes_references_and_rules) {
  const Defect defects[] = {
      {"code outside its value set", patient("\"gender\": @@\"Female\""), "code-invalid", "Patient.gender"},
      {"code in a data type", patient("\"name\": [{\"use\": @@\"nick\"}]"), "code-invalid", "Patient.name[0].use"},
      {"concept outside its value set",
       "{\"resourceType\": \"AllergyIntolerance\", \"patient\": {\"reference\": \"Patient/1\"},\n\"clinicalStatus\": "
       "@@{\"coding\": [{\"system\": \"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\", \"code\": "
       "\"gone\"}]}}",
       "code-invalid", "AllergyIntolerance.clinicalStatus"},
      {"concept of another system",
       "{\"resourceType\": \"AllergyIntolerance\", \"patient\": {\"reference\": \"Patient/1\"},\n\"clinicalStatus\": "
       "@@{\"coding\": [{\"system\": \"http://example.org\", \"code\": \"active\"}]}}",
       "code-invalid", "AllergyIntolerance.clinicalStatus"},
      {"concept with text only",
       "{\"resourceType\": \"AllergyIntolerance\", \"patient\": {\"reference\": \"Patient/1\"},\n\"clinicalStatus\": "
       "@@{\"text\": \"active\"}}",
       "code-invalid", "AllergyIntolerance.clinicalStatus"},
      {"reference to a wrong type", observation("\"subject\": {\"reference\": @@\"Practitioner/1\"}"), "value",
       "Observation.subject.reference"},
      {"absolute reference to a wrong type",
       observation("\"subject\": {\"reference\": @@\"https://example.org/fhir/Practitioner/1\"}"), "value",
       "Observation.subject.reference"},
      {"reference to a version of a wrong type",
       observation("\"subject\": {\"reference\": @@\"Practitioner/1/_history/2\"}"), "value",
       "Observation.subject.reference"},
      {"conditional reference to a wrong type",
       observation("\"subject\": {\"reference\": @@\"Practitioner?identifier=a\"}"), "value",
       "Observation.subject.reference"},
      {"type of a wrong type", observation("\"subject\": {\"type\": @@\"Practitioner\", \"display\": \"x\"}"), "value",
       "Observation.subject"},
      {"type and reference differ", observation("\"subject\": {\"type\": @@\"Group\", \"reference\": \"Patient/1\"}"),
       "value", "Observation.subject"},
      {"reference to nothing known", observation("\"subject\": {\"reference\": @@\"Pateint/1\"}"), "value",
       "Observation.subject.reference"},
      {"reference without id", observation("\"subject\": {\"reference\": @@\"Patient\"}"), "value",
       "Observation.subject.reference"},
      {"reference with a bad id", observation("\"subject\": {\"reference\": @@\"Patient/a_b\"}"), "value",
       "Observation.subject.reference"},
      {"reference with a path before", observation("\"subject\": {\"reference\": @@\"../Patient/1\"}"), "value",
       "Observation.subject.reference"},
      {"empty reference", observation("\"subject\": {\"reference\": @@\"\"}"), "value",
       "Observation.subject.reference"},
      {"reference to no contained resource", observation("\"subject\": {\"reference\": @@\"#p\"}"), "invariant",
       "Observation.subject.reference"},
      {"contained of a wrong type",
       observation("\"contained\": [{\"resourceType\": \"Practitioner\", \"id\": \"p\"}], \"subject\": {\"reference\": "
                   "@@\"#p\"}"),
       "value", "Observation.subject.reference"},
      {"contained without type", patient("\"contained\": [@@{\"id\": \"p\"}]"), "required", "Patient.contained[0]"},
      {"contained in contained",
       patient("\"contained\": [{\"resourceType\": \"Patient\", \"id\": \"p\", @@\"contained\": [{\"resourceType\": "
               "\"Patient\", \"id\": \"q\"}]}]"),
       "invariant", "Patient.contained[0]"},
      {"contained with a version",
       patient("\"contained\": [{\"resourceType\": \"Patient\", \"id\": \"p\", \"meta\": {@@\"versionId\": \"1\"}}]"),
       "invariant", "Patient.contained[0]"},
      {"defect in contained",
       patient("\"contained\": [{\"resourceType\": \"Organization\", \"id\": \"p\",\n \"active\": @@0}]"), "structure",
       "Patient.contained[0].active"},
      {"contained is no object", patient("\"contained\": [@@1]"), "structure", "Patient.contained[0]"},
      {"extension without url", patient("\"extension\": [@@{\"valueString\": \"x\"}]"), "required",
       "Patient.extension[0]"},
      {"extension without anything", patient("\"extension\": [@@{\"url\": \"http://example.org/x\"}]"), "invariant",
       "Patient.extension[0]"},
      {"extension with value and extensions",
       patient("\"extension\": [@@{\"url\": \"http://example.org/x\", \"valueString\": \"x\", \"extension\": "
               "[{\"url\": \"y\", \"valueCode\": \"z\"}]}]"),
       "invariant", "Patient.extension[0]"},
      {"extension with two values", extension("\"valueString\": \"x\", @@\"valueCode\": \"y\""), "structure",
       "Patient.extension[0].value"},
      {"extension of an unknown type", extension("\"valueCode\": \"y\", @@\"valueNonsense\": 1"), "structure",
       "Patient.extension[0]"},
      {"narrative without div", patient("\"text\": @@{\"status\": \"empty\"}"), "required", "Patient.text"},
      {"narrative without namespace", narrative("@@\"<div>x</div>\""), "invalid", "Patient.text.div"},
      {"narrative in another namespace", narrative("@@\"<div xmlns=\\\"http://www.w3.org/1999/html\\\">x</div>\""),
       "invalid", "Patient.text.div"},
      {"narrative that is text", narrative("@@\"x\""), "invalid", "Patient.text.div"},
      {"narrative in a p", narrative("@@\"<p xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</p>\""), "invalid",
       "Patient.text.div"},
      {"narrative not closed", narrative("@@\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x\""), "invalid",
       "Patient.text.div"},
      {"narrative with something behind", narrative("@@\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>y\""),
       "invalid", "Patient.text.div"},
      {"narrative without content", narrative("@@" + xhtml(" <p> </p><!-- x -->\\n")), "invalid", "Patient.text.div"},
      {"narrative closed at once", narrative("@@\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"/>\""), "invalid",
       "Patient.text.div"},
      {"defect in a bundle",
       "{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"entry\": [{\"resource\":\n{\"resourceType\": "
       "\"Patient\", \"active\": true}},\n{\"resource\": {\"resourceType\": \"Patient\",\n  \"gender\": @@\"x\"}}]}",
       "code-invalid", "Bundle.entry[1].resource.gender"},
      {"bundle entry of no type",
       "{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"entry\": [{\"resource\": @@{\"id\": \"1\"}}]}",
       "required", "Bundle.entry[0].resource"},
      {"contained of the neighbour",
       "{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"entry\": [{\"resource\": {\"resourceType\": "
       "\"Patient\", \"contained\": [{\"resourceType\": \"Organization\", \"id\": \"o\"}], \"managingOrganization\": "
       "{\"reference\": \"#o\"}}},\n{\"resource\": {\"resourceType\": \"Patient\", \"managingOrganization\": "
       "{\"reference\": @@\"#o\"}}}]}",
       "invariant", "Bundle.entry[1].resource.managingOrganization.reference"},
      {"relative fullUrl",
       "{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"entry\": [{\"fullUrl\": @@\"Patient/1\", "
       "\"resource\": {\"resourceType\": \"Patient\", \"id\": \"1\"}}]}",
       "value", "Bundle.entry[0].fullUrl"},
      {"defect in parameters",
       "{\"resourceType\": \"Parameters\", \"parameter\": [{\"name\": \"x\", \"part\": [{\"name\": \"y\", @@\"value\": "
       "1}]}]}",
       "structure", "Parameters.parameter[0].part[0]"},
  };
  for (const Defect& defect : defects) expect_defect(defect);
}

TEST(Validate, takes_what_is_allowed) {
  const std::string good[] = {
      patient("\"id\": \"" + std::string(64, 'a') + "\""),
      patient("\"birthDate\": \"1970\""),
      patient("\"birthDate\": \"1970-12\""),
      patient("\"birthDate\": \"2000-02-29\""),
      patient("\"birthDate\": \"1970-01-01\", \"_birthDate\": {\"extension\": [{\"url\": \"http://example.org/x\", "
              "\"valueDateTime\": \"1970-01-01T23:59:60.001+14:00\"}]}"),
      patient(
          "\"_birthDate\": {\"extension\": [{\"url\": \"http://example.org/absent\", \"valueCode\": \"unknown\"}]}"),
      patient("\"name\": [{\"given\": [null, \"x\"], \"_given\": [{\"id\": \"a\"}, null]}]"),
      patient("\"name\": [{\"given\": [\"x\", \"y\"], \"_given\": [{\"id\": \"a\"}]}]"),
      patient("\"name\": [{\"text\": \"BP <120 & falling; pt's wife -- \\\"select all\\\"\\r\\n\\t\"}]"),
      patient("\"telecom\": [{\"rank\": 1}], \"photo\": [{\"size\": 0, \"data\": \"YWJj ZGVm\\nZw==\"}]"),
      patient("\"managingOrganization\": {\"display\": \"x\"}"),
      patient("\"managingOrganization\": {\"reference\": \"#o\"}, \"contained\": [{\"resourceType\": \"Organization\", "
              "\"id\": \"o\"}]"),
      patient("\"managingOrganization\": {\"reference\": \"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\"}"),
      patient("\"managingOrganization\": {\"reference\": \"https://example.org/x/Organization/1/_history/3\"}"),
      patient("\"managingOrganization\": {\"reference\": \"Organization?identifier=x|y\"}"),
      patient("\"managingOrganization\": {\"reference\": \"Organization/1\", \"type\": \"Organization\"}"),
      observation("\"valueString\": \"x\", \"_valueString\": {\"id\": \"a\"}"),
      observation("\"valueQuantity\": {\"value\": 1.50e-3, \"code\": \"mm[Hg]\"}"),
      observation("\"valueInteger\": -2147483648"),
      observation("\"valueTime\": \"23:59:59.5\""),
      observation("\"effectiveDateTime\": \"2020-01-02T03:04:05.123456-05:00\", \"issued\": \"2020-01-02T03:04:05Z\""),
      observation("\"component\": [{\"code\": {\"text\": \"x\"}, \"referenceRange\": [{\"text\": \"y\"}]}]"),
      narrative(xhtml("x < y")),
      narrative(xhtml("<p title='>'><img src='#a'/></p>")),
      narrative("\" <div\\n xmlns = 'http://www.w3.org/1999/xhtml' lang='en'>x</div >\\n\""),
      "{\"resourceType\": \"Bundle\", \"type\": \"collection\"}",
      "{\"resourceType\": \"Binary\", \"contentType\": \"text/plain\", \"data\": \"YQ==\"}",
      "{\"resourceType\": \"Parameters\", \"parameter\": [{\"name\": \"x\", \"resource\": {\"resourceType\": "
      "\"Patient\", \"active\": true}}]}",
      "{\"resourceType\": \"AllergyIntolerance\", \"patient\": {\"reference\": \"Patient/1\"}, \"clinicalStatus\": "
      "{\"coding\": [{\"system\": \"http://example.org\", \"code\": \"x\"}, {\"system\": "
      "\"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\", \"code\": \"active\"}]}}",
  };
  for (const std::string& source : good) {
    const auto document = json::Document::parse(source);
    ASSERT_TRUE(document) << source;
    const Reading reading = read_resource(*document);
    EXPECT_TRUE(reading.ok()) << source << "\n" << (reading.ok() ? "" : reading.issues[0].diagnostics);
  }
}

TEST(Validate, all_problems_come_in_one_reading_in_the_order_of_the_source_and_bounded) {
  const std::string source =
      patient("\"gender\": \"x\",\n\"surname\": 1,\n\"birthDate\": \"y\",\n\"communication\": [{\"preferred\": 1}]");
  const auto document = json::Document::parse(source);
  const Reading reading = read_resource(*document);
  ASSERT_EQ(reading.issues.size(), 5u);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_LE(reading.issues[i - 1].line, reading.issues[i].line);
  EXPECT_EQ(reading.issues[3].expression, "Patient.communication[0]");

  std::string many = "{\"resourceType\": \"Patient\", \"name\": [";
  for (int i = 0; i < 250; ++i) many += std::string(i == 0 ? "" : ",\n") + "{\"use\": \"x\"}";
  const std::string held = many + "]}";
  const auto kept = json::Document::parse(held);
  const Reading bounded = read_resource(*kept);
  EXPECT_EQ(bounded.issues.size(), 100u);
  EXPECT_EQ(bounded.issues_left_out, 150u);
  EXPECT_EQ(bounded.issues[99].line, 100u);
}

TEST(Validate, diagnostics_never_repeat_a_value) {
  const std::string source = patient(
      "\"gender\": \"Secretvalue\", \"birthDate\": \"Secretvalue\", \"id\": \"Secret_value\", \"Secretvalue is no "
      "name\": 1,"
      "\"managingOrganization\": {\"reference\": \"Secretvalue/1\"}, \"text\": {\"status\": \"Secretvalue\", \"div\": "
      "\"Secretvalue\"}");
  const auto document = json::Document::parse(source);
  const Reading reading = read_resource(*document);
  EXPECT_EQ(reading.issues.size(), 7u);
  for (const Issue& issue : reading.issues) {
    EXPECT_EQ((issue.diagnostics + issue.expression).find("Secret"), std::string::npos) << issue.diagnostics;
  }
}

TEST(Validate, the_type_of_the_url_must_be_that_of_the_body) {
  const std::string source = patient("\"id\": \"a1\"");
  const auto document = json::Document::parse(source);
  EXPECT_TRUE(read_resource(*document, {.expected_type = "Patient"}).ok());
  const Reading other = read_resource(*document, {.expected_type = "Observation"});
  ASSERT_EQ(other.issues.size(), 1u);
  EXPECT_EQ(other.issues[0].code, "invalid");
  EXPECT_EQ(other.id, "a1");
  EXPECT_EQ(other.definition->name, "Patient");
}

TEST(Validate, a_json_error_becomes_an_issue_with_its_place) {
  const auto document = json::Document::parse("{\n \"a\": tru}");
  ASSERT_FALSE(document);
  const Issue issue = json_issue(document.error());
  EXPECT_EQ(issue.line, 2u);
  EXPECT_EQ(issue.column, 7u);
  EXPECT_EQ(issue.code, "structure");
}

std::vector<std::string> found_in(const std::string& source, bool warnings = false) {
  const auto document = json::Document::parse(source);
  EXPECT_TRUE(document) << source;
  const Reading reading = read_resource(*document, {.warnings = warnings});
  std::vector<std::string> out;
  for (const Issue& issue : reading.issues) out.push_back("error " + issue.code + " " + issue.expression);
  for (const Issue& issue : reading.warnings) out.push_back("warning " + issue.code + " " + issue.expression);
  return out;
}

TEST(Validate, extensions_of_hl7_stand_where_they_may_and_hold_what_they_should) {
  using List = std::vector<std::string>;
  const auto patient = [](const std::string& rest) { return R"({"resourceType":"Patient",)" + rest + "}"; };
  const auto extension = [](const std::string& name, const std::string& value) {
    return R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/)" + name + R"(",)" + value + "}]";
  };
  const std::string time = R"("valueDateTime":"1970-01-01T10:00:00Z")", text = R"("valueString":"x")";
  EXPECT_EQ(found_in(patient(extension("patient-birthPlace", R"("valueAddress":{"city":"x"})"))), List{});
  EXPECT_EQ(
      found_in(patient(R"("birthDate":"1970-01-01","_birthDate":{)" + extension("patient-birthTime", time) + "}")),
      List{});
  EXPECT_EQ(found_in(patient(extension("patient-birthTime", time))), List{"error structure Patient.extension[0]"});
  EXPECT_EQ(found_in(patient(extension("patient-birthPlace", text))), List{"error structure Patient.extension[0]"});
  EXPECT_EQ(found_in(patient(extension("patient-birthPlace|4.0.1", text))),
            List{"error value Patient.extension[0].url"});
  EXPECT_EQ(found_in(patient(R"("name":[{"family":"x",)" + extension("data-absent-reason", R"("valueCode":"masked")") +
                             "}]")),
            List{});
  EXPECT_EQ(found_in(patient(R"("url":"x")")), List{"error structure Patient"});
}

TEST(Validate, bundles_keep_their_rules) {
  using List = std::vector<std::string>;
  const auto bundle = [](const std::string& rest) { return R"({"resourceType":"Bundle",)" + rest + "}"; };
  EXPECT_EQ(found_in(bundle(R"("type":"collection","total":1)")), List{"error invariant Bundle.total"});
  EXPECT_EQ(found_in(bundle(R"("type":"searchset","total":0)")), List{});
  EXPECT_EQ(found_in(bundle(R"("type":"document")")).size(), 3u);
  EXPECT_EQ(found_in(bundle(R"("type":"message")")), List{"error invariant Bundle"});
  EXPECT_EQ(found_in(bundle(R"("type":"collection","entry":[{"fullUrl":"urn:x:1"}])")),
            List{"error invariant Bundle.entry[0]"});
  EXPECT_EQ(
      found_in(bundle(R"("type":"searchset","link":[{"relation":"self","url":"a"},{"relation":"self","url":"b"}])")),
      List{"error invalid Bundle.link[1]"});
  const std::string entry =
      R"({"fullUrl":"urn:uuid:550e8400-e29b-41d4-a716-446655440000","resource":{"resourceType":"Patient","active":true}})";
  EXPECT_EQ(found_in(bundle(R"("type":"collection","entry":[)" + entry + "," + entry + "]")),
            List{"error invariant Bundle.entry[1].fullUrl"});
}

TEST(Validate, codes_units_and_periods_are_looked_at) {
  using List = std::vector<std::string>;
  const auto observation = [](const std::string& rest) {
    return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" + rest + "}";
  };
  const std::string unit = R"("valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"milligrams"})";
  EXPECT_EQ(found_in(observation(unit)), List{});
  EXPECT_EQ(found_in(observation(unit), true), List{"warning code-invalid Observation.value.code"});
  EXPECT_EQ(found_in(observation(R"("effectivePeriod":{"start":"2020-02","end":"2020-01"})")),
            List{"error invariant Observation.effective"});
  EXPECT_EQ(found_in(observation(R"("effectivePeriod":{"start":"2020-02","end":"2020-02"})")), List{});
  EXPECT_EQ(found_in(observation(R"("effectivePeriod":{"start":"2020-02","end":"2020"})")),
            List{"error invariant Observation.effective"});
  EXPECT_EQ(found_in(observation(R"("category":[{"coding":[{"system":"x","code":"y"}]}])")),
            List{"error invalid Observation.category[0].coding[0].system"});
  EXPECT_EQ(found_in(observation(
                R"("category":[{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"y"}]}])")),
            List{"error code-invalid Observation.category[0].coding[0].code"});
  EXPECT_EQ(found_in(observation(R"("category":[{"coding":[{"system":"http://x.example","code":"y"}]}])"), true),
            List{"warning code-invalid Observation.category[0]"});
  const std::string contained = R"("contained":[{"resourceType":"Patient","id":"p"}])";
  EXPECT_EQ(found_in(observation(contained), true), List{"error invariant Observation.contained[0]"});
  EXPECT_EQ(found_in(observation(contained + R"(,"subject":{"reference":"#p"})"), true), List{});
}

}  // namespace
}  // namespace ward::fhir
