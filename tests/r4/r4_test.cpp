#include "r4/r4.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ward::r4 {
namespace {

const Element& element(std::string_view type, std::string_view member) {
  const Definition* const definition = find_definition(type);
  EXPECT_NE(definition, nullptr) << type;
  const auto found = definition->find(member);
  EXPECT_TRUE(found) << type << "." << member;
  return *found->element;
}

std::string joined(std::span<const std::string_view> views) {
  std::string out;
  for (const auto view : views) out += (out.empty() ? "" : ",") + std::string(view);
  return out;
}

TEST(R4, knows_every_resource_type) {
  EXPECT_EQ(resource_types().size(), 146u);
  EXPECT_TRUE(std::ranges::is_sorted(resource_types()));
  for (const auto type : resource_types()) {
    const Definition* const definition = find_definition(type);
    ASSERT_NE(definition, nullptr) << type;
    EXPECT_EQ(definition->name, type);
    EXPECT_EQ(definition->kind, Kind::resource) << type;
    EXPECT_TRUE(definition->find("meta")) << type;
    EXPECT_TRUE(is_resource_type(type));
    EXPECT_FALSE(search_params(type).empty()) << type;
  }
  for (const char* const absent :
       {"", "patient", "Patien", "Patientt", "Resource", "DomainResource", "HumanName", "Zzz"}) {
    EXPECT_FALSE(is_resource_type(absent)) << absent;
  }
  EXPECT_EQ(find_definition("DomainResource"), nullptr);
  EXPECT_EQ(find_definition(""), nullptr);
}

TEST(R4, every_member_name_is_found_and_every_type_resolves) {
  for (const auto type : resource_types()) {
    for (const Element& e : find_definition(type)->elements) {
      for (const ElementType& t : e.types) {
        std::string member(e.name);
        if (e.choice) {
          member += t.code;
          member[e.name.size()] = static_cast<char>(std::toupper(member[e.name.size()]));
        }
        const auto found = find_definition(type)->find(member);
        ASSERT_TRUE(found) << type << "." << member;
        EXPECT_EQ(found->element, &e);
        EXPECT_EQ(found->type->code, t.code);
        EXPECT_TRUE(t.definition != nullptr || t.code == "Resource") << e.path << " " << t.code;
      }
    }
    EXPECT_FALSE(find_definition(type)->find(""));
    EXPECT_FALSE(find_definition(type)->find("resourceType"));
    EXPECT_FALSE(find_definition(type)->find("nonsense"));
  }
}

TEST(R4, elements_are_as_published) {
  const Definition& patient = *find_definition("Patient");
  EXPECT_EQ(patient.elements[0].name, "id");
  EXPECT_EQ(patient.elements[0].types[0].code, "id");
  EXPECT_EQ(joined(element("Patient", "generalPractitioner").types[0].targets),
            "Organization,Practitioner,PractitionerRole");
  EXPECT_EQ(element("Patient", "name").max, unbounded);
  EXPECT_EQ(element("Patient", "birthDate").max, 1);
  EXPECT_TRUE(element("Patient", "active").modifier);
  EXPECT_TRUE(element("Patient", "active").summary);
  EXPECT_FALSE(element("Patient", "photo").summary);
  EXPECT_EQ(element("Patient", "deceasedBoolean").path, "Patient.deceased[x]");
  EXPECT_FALSE(patient.find("deceased"));
  EXPECT_FALSE(patient.find("deceasedString"));
  EXPECT_EQ(element("Observation", "status").min, 1);
  EXPECT_EQ(patient.find("contact")->type->definition, find_definition("Patient.contact"));
  EXPECT_EQ(find_definition("Patient.contact")->kind, Kind::backbone);
  EXPECT_EQ(find_definition("Observation.component")->find("referenceRange")->type->definition,
            find_definition("Observation.referenceRange"));
  EXPECT_EQ(find_definition("Questionnaire.item")->find("item")->type->definition,
            find_definition("Questionnaire.item"));
  EXPECT_EQ(find_definition("Timing")->find("repeat")->type->definition->name, "Timing.repeat");
  EXPECT_EQ(find_definition("Extension")->find("url")->type->code, "uri");
  EXPECT_EQ(find_definition("Narrative")->find("div")->type->code, "xhtml");
  EXPECT_EQ(find_definition("Bundle.entry")->find("resource")->type->definition, nullptr);
  EXPECT_TRUE(element("Provenance", "target").types[0].targets.empty());
}

TEST(R4, primitives_have_their_published_pattern) {
  EXPECT_EQ(find_definition("id")->kind, Kind::primitive);
  EXPECT_EQ(find_definition("id")->pattern, "[A-Za-z0-9\\-\\.]{1,64}");
  EXPECT_EQ(find_definition("positiveInt")->pattern, "[1-9][0-9]*");
  EXPECT_EQ(find_definition("oid")->pattern, "urn:oid:[0-2](\\.(0|[1-9][0-9]*))+");
  EXPECT_TRUE(find_definition("date")->find("extension"));
  EXPECT_FALSE(find_definition("date")->find("value"));
}

TEST(R4, required_value_sets_contain_their_codes_only) {
  const ValueSet* const gender = element("Patient", "gender").value_set;
  ASSERT_NE(gender, nullptr);
  EXPECT_EQ(url(*gender), "http://hl7.org/fhir/ValueSet/administrative-gender");
  EXPECT_TRUE(contains(*gender, "", "female"));
  EXPECT_TRUE(contains(*gender, "http://hl7.org/fhir/administrative-gender", "female"));
  EXPECT_FALSE(contains(*gender, "http://example.org", "female"));
  EXPECT_FALSE(contains(*gender, "", "Female"));
  EXPECT_FALSE(contains(*gender, "", ""));
  const Element& status = element("Condition", "clinicalStatus");
  EXPECT_EQ(status.binding, BindingStrength::required);
  ASSERT_NE(status.value_set, nullptr);
  EXPECT_TRUE(contains(*status.value_set, "http://terminology.hl7.org/CodeSystem/condition-clinical", "remission"));
  EXPECT_NE(element("Money", "currency").value_set, nullptr);
  EXPECT_EQ(element("Attachment", "contentType").value_set, nullptr) << "media types cannot be listed";
  EXPECT_EQ(element("Attachment", "contentType").binding, BindingStrength::required);
  EXPECT_EQ(element("Age", "code").value_set, nullptr);
  EXPECT_EQ(element("Patient", "maritalStatus").binding, BindingStrength::extensible);
  EXPECT_EQ(element("Patient", "maritalStatus").value_set, nullptr);
}

TEST(R4, search_parameters_are_narrowed_to_their_type) {
  struct Case {
    const char* type;
    const char* code;
    ParamType kind;
    const char* expression;
  };
  const Case cases[] = {
      {"Patient", "birthdate", ParamType::date, "Patient.birthDate"},
      {"Patient", "phonetic", ParamType::string, "Patient.name"},
      {"Patient", "_id", ParamType::token, "Resource.id"},
      {"Patient", "_lastUpdated", ParamType::date, "Resource.meta.lastUpdated"},
      {"Binary", "_tag", ParamType::token, "Resource.meta.tag"},
      {"Observation", "_profile", ParamType::uri, "Resource.meta.profile"},
      {"Observation", "_security", ParamType::token, "Resource.meta.security"},
      {"Observation", "_source", ParamType::uri, "Resource.meta.source"},
      {"Observation", "code", ParamType::token, "Observation.code"},
      {"Observation", "patient", ParamType::reference, "Observation.subject.where(resolve() is Patient)"},
      {"Observation", "value-quantity", ParamType::quantity,
       "(Observation.value as Quantity) | (Observation.value as SampledData)"},
      {"AllergyIntolerance", "code", ParamType::token,
       "AllergyIntolerance.code | AllergyIntolerance.reaction.substance"},
      {"MedicationRequest", "code", ParamType::token, "(MedicationRequest.medication as CodeableConcept)"},
      {"InsurancePlan", "name", ParamType::string, "name | alias"},
      {"Patient", "deceased", ParamType::token, "Patient.deceased.exists() and Patient.deceased != false"},
      {"Location", "near", ParamType::special, "Location.position"},
  };
  for (const Case& c : cases) {
    const SearchParam* const param = find_param(c.type, c.code);
    ASSERT_NE(param, nullptr) << c.type << " " << c.code;
    EXPECT_EQ(param->expression, c.expression) << c.type << " " << c.code;
    EXPECT_EQ(param->type, c.kind) << c.type << " " << c.code;
    EXPECT_EQ(param->base, c.type);
  }
  EXPECT_EQ(find_param("Patient", "nonsense"), nullptr);
  EXPECT_EQ(find_param("Nonsense", "_id"), nullptr);
  EXPECT_EQ(joined(find_param("Patient", "general-practitioner")->targets),
            "Practitioner,Organization,PractitionerRole");
  EXPECT_EQ(find_param("Condition", "subject")->url, "http://hl7.org/fhir/SearchParameter/Condition-subject");
}

TEST(R4, the_patient_compartment_is_as_published) {
  EXPECT_EQ(joined(patient_compartment("AllergyIntolerance")), "patient,recorder,asserter");
  EXPECT_EQ(joined(patient_compartment("Observation")), "subject,performer");
  EXPECT_TRUE(patient_compartment("Organization").empty());
  EXPECT_TRUE(in_patient_compartment("Patient"));
  EXPECT_TRUE(in_patient_compartment("Appointment"));
  EXPECT_FALSE(in_patient_compartment("Practitioner"));
  for (const auto type : resource_types()) {
    for (const auto code : patient_compartment(type)) EXPECT_NE(find_param(type, code), nullptr) << type << " " << code;
  }
}

}  // namespace
}  // namespace ward::r4
