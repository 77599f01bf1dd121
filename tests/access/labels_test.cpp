#include "access/labels.hpp"

#include "policy_of.hpp"

namespace ward::access {
namespace {

constexpr std::string_view clinic = R"toml(
[delegates]
sealed = ["GDIS"]

[role.cleared]
may = ["user/*.rs"]
reason = "treats"
patients = ["panel", "department"]
purpose = ["TREAT", "ETREAT"]
clearances = ["HIV", "ETH"]
emergency_clearances = ["ETH"]

[role.uncleared]
may = ["user/*.rs"]
reason = "treats"
patients = "all"
purpose = ["TREAT", "ETREAT"]

[role.everything]
may = ["user/*.rs"]
reason = "treats"
patients = "all"
purpose = "TREAT"
clearances = "*"

[role.patient]
may = ["user/*.rs"]
reason = "their own"
patients = ["self", "delegate"]
purpose = "PATRQT"
clearances = ["GDIS", "HIV", "SEX"]
)toml";

std::string labels_of_body(std::string_view body) {
  const auto document = json::Document::parse(body);
  std::string out;
  for (const std::string& mark : marks(labels_in(document->root()))) out += mark;
  return out;
}

TEST(Labels, which_codes_seal) {
  struct Case {
    const char* system;
    const char* code;
    const char* expected;
  };
  const std::string act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
  const std::string confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
  const Case cases[] = {{act.c_str(), "ETH", "#ETH"},
                        {act.c_str(), "SUD", "#ETH"},
                        {act.c_str(), "HIV", "#HIV"},
                        {act.c_str(), "PSYTHPN", "#PSYTHPN"},
                        {act.c_str(), "REDACTED", ""},
                        {act.c_str(), "R", ""},
                        {confidentiality.c_str(), "R", "#R"},
                        {confidentiality.c_str(), "V", "#V"},
                        {confidentiality.c_str(), "N", ""},
                        {confidentiality.c_str(), "HIV", ""},
                        {"http://hl7.org/fhir/v3/ActCode", "HIV", "#HIV"},
                        {"urn:other", "HIV", ""}};
  for (const Case& one : cases) {
    const std::string body = fmt::format(
        R"({{"resourceType":"Basic","meta":{{"security":[{{"system":"{}","code":"{}"}}]}}}})", one.system, one.code);
    EXPECT_EQ(labels_of_body(body), one.expected) << one.system << " " << one.code;
  }
  EXPECT_EQ(labels_of_body(R"({"resourceType":"Basic","contained":[{"meta":{"security":[{"system":")" + act +
                           R"(","code":"HIV"}]}}]})"),
            "#HIV");
}

TEST(Labels, lists_put_them_on) {
  const auto labeller = Labeller::make(label_names());
  ASSERT_TRUE(labeller);
  struct Case {
    const char* name;
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {"ICD-10-CM",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B20"}]}})",
       "#HIV#R"},
      {"a beginning",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"F11.20"}]}})",
       "#ETH#R"},
      {"not tobacco",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"F17.210"}]}})",
       ""},
      {"SNOMED CT",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"7200002"}]}})",
       "#ETH#R"},
      {"LOINC", R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"25836-8"}]}})",
       "#HIV#R"},
      {"RxNorm",
       R"({"resourceType":"MedicationRequest","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"6813"}]}})",
       "#ETH#R"},
      {"in a component",
       R"({"resourceType":"Observation","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"44261-6"}]}}]})",
       "#PSY#R"},
      {"two classes",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"86406008"},{"system":"http://snomed.info/sct","code":"7200002"}]}})",
       "#ETH#HIV#R"},
      {"another system's code",
       R"({"resourceType":"Condition","code":{"coding":[{"system":"urn:x","code":"7200002"}]}})", ""},
      {"a definition is about nobody",
       R"({"resourceType":"ValueSet","compose":{"include":[{"filter":[{"system":"http://snomed.info/sct","code":"7200002"}]}]}})",
       ""},
      {"nothing", R"({"resourceType":"Condition","code":{"text":"cough"}})", ""},
      {"meta is kept",
       R"({"resourceType":"Condition","meta":{"versionId":"1","security":[{"system":"s","code":"c"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"86406008"}]}})",
       "#HIV#R"},
      {"empty meta",
       R"({"resourceType":"Condition","meta":{},"code":{"coding":[{"system":"http://snomed.info/sct","code":"86406008"}]}})",
       "#HIV#R"},
  };
  for (const Case& one : cases) {
    const auto document = json::Document::parse(one.body);
    auto labelled = labeller->label(document->root());
    EXPECT_EQ(labelled ? labels_of_body(labelled->view()) : "", std::string(one.expected)) << one.name;
    if (!labelled) continue;
    const auto again = json::Document::parse(labelled->view());
    ASSERT_TRUE(again) << one.name << labelled->view();
    EXPECT_FALSE(labeller->label(again->root())) << one.name << ": twice is once";
    EXPECT_EQ(labelled->view().find("NORDSCLCD") != std::string_view::npos,
              std::string_view(one.expected).find("#ETH") != std::string_view::npos)
        << one.name;
  }
}

TEST(Labels, a_clearance_decides_who_sees) {
  const auto policy = policy_of(clinic);
  struct Case {
    const char* name;
    const char* role;
    std::vector<std::string> patients;
    bool seen;
    const char* person = "Practitioner/1";
    const char* purpose = "";
  };
  const Case cases[] = {
      {"no label", "cleared", {"1"}, true},
      {"cleared", "cleared", {"1", "#HIV", "#R"}, true},
      {"one of two labels is not cleared", "cleared", {"1", "#HIV", "#SEX", "#R"}, false},
      {"not cleared", "cleared", {"1", "#PSY"}, false},
      {"not the caller's patient", "cleared", {"4", "#HIV"}, false},
      {"no clearances: no label", "uncleared", {"1"}, true},
      {"no clearances: HIV", "uncleared", {"1", "#HIV"}, false},
      {"no clearances: restricted alone", "uncleared", {"1", "#R"}, false},
      {"all clearances", "everything", {"1", "#PSYTHPN", "#V"}, true},
      {"one's own", "patient", {"7", "#HIV", "#ETH", "#R"}, true, "Patient/7"},
      {"one's own psychotherapy notes", "patient", {"7", "#PSYTHPN"}, false, "Patient/7"},
      {"a delegate has the role's clearances", "patient", {"4", "#HIV"}, true, "RelatedPerson/5"},
      {"a delegate has no others", "patient", {"4", "#ETH"}, false, "RelatedPerson/5"},
      {"nor what the policy seals from delegates", "patient", {"4", "#GDIS"}, false, "RelatedPerson/5"},
      {"a child", "patient", {"20", "#SEX"}, true, "RelatedPerson/6"},
      {"an adolescent", "patient", {"21", "#SEX"}, false, "RelatedPerson/6"},
      {"an adolescent's other data", "patient", {"21"}, true, "RelatedPerson/6"},
      {"an emergency opens a label", "uncleared", {"30", "#HIV"}, true, "Practitioner/1", "ETREAT"},
      {"but not what the law seals", "uncleared", {"30", "#ETH"}, false, "Practitioner/1", "ETREAT"},
      {"unless the policy says so", "cleared", {"30", "#ETH"}, true, "Practitioner/1", "ETREAT"},
      {"and psychotherapy notes not even then", "cleared", {"30", "#PSYTHPN"}, false, "Practitioner/1", "ETREAT"},
  };
  const RelatedFn relations = [](std::string_view who, std::string_view kind) -> Result<std::vector<std::string>> {
    if (who == "RelatedPerson/6" && kind == "parent") return std::vector<std::string>{"20", "21"};
    if (who == "RelatedPerson/6" && kind == "adolescent") return std::vector<std::string>{"21"};
    if (kind == "emergency") return std::vector<std::string>{"30"};
    return related(who, kind);
  };
  for (const Case& one : cases) {
    Subject subject = person({one.role}, "user/*.rs", one.person);
    subject.purpose = one.purpose;
    const auto grant = decide(policy, subject, Interaction::read, "Observation", relations, WallTime{});
    ASSERT_TRUE(grant) << one.name << grant.error().cause;
    EXPECT_EQ(grant->sees("Observation", one.patients), one.seen) << one.name;
    EXPECT_EQ(grant->sees("Condition", one.patients), one.seen) << one.name << ", as included";
    const std::string body = R"({"resourceType":"Observation","id":"o","status":"final"})";
    EXPECT_EQ(minimised(*grant, body, {.patients = one.patients, .visible = false}) == body, one.seen) << one.name;
  }
}

TEST(Labels, two_roles_are_not_joined_over_a_seal) {
  const auto policy = policy_of(R"toml(
[role.wide]
may = ["user/Observation.rs"]
patients = "all"
purpose = "TREAT"

[role.narrow]
may = ["user/Observation.rs"]
patients = "all"
purpose = "TREAT"
clearances = ["HIV"]
view.Observation = { show = ["status"] }
)toml");
  const Grant grant = grant_of(policy, person({"wide", "narrow"}), Interaction::read, "Observation");
  const std::string body = R"({"resourceType":"Observation","id":"o","status":"final","valueString":"secret"})";
  const std::vector<std::string> plain{"1"}, labelled{"1", "#HIV"};
  EXPECT_NE(minimised(grant, body, {.patients = plain, .visible = true}).find("secret"), std::string::npos);
  const std::string seen = minimised(grant, body, {.patients = labelled, .visible = true});
  EXPECT_NE(seen.find("final"), std::string::npos);
  EXPECT_EQ(seen.find("secret"), std::string::npos);
}

TEST(Labels, linked_records_are_reached_by_their_own_rule_and_both_ways) {
  const auto policy = policy_of(R"toml(
[role.plain]
may = ["user/Patient.rs"]
patients = "panel"
purpose = "TREAT"
[role.linking]
may = ["user/Patient.rs"]
patients = ["panel", "linked"]
purpose = "TREAT"
)toml");
  const RelatedFn relations = [](std::string_view who, std::string_view kind) -> Result<std::vector<std::string>> {
    if (kind == "panel" && who == "Practitioner/1") return std::vector<std::string>{"1"};
    if (kind == "linked" && who == "Patient/1") return std::vector<std::string>{"2", "3"};
    if (kind == "linked" && who == "Patient/2") return std::vector<std::string>{"1"};
    return std::vector<std::string>{};
  };
  const std::vector<std::string> own{"1"}, mutual{"2"}, one_way{"3"};
  const auto plain = decide(policy, person({"plain"}), Interaction::read, "Patient", relations, WallTime{});
  EXPECT_FALSE(plain->sees("Patient", mutual));
  const auto linking = decide(policy, person({"linking"}), Interaction::read, "Patient", relations, WallTime{});
  EXPECT_TRUE(linking->sees("Patient", own));
  EXPECT_TRUE(linking->sees("Patient", mutual));
  EXPECT_FALSE(linking->sees("Patient", one_way));
}

TEST(Labels, a_policy_names_what_there_is) {
  EXPECT_FALSE(load("[role.a]\nmay = [\"user/Patient.r\"]\npatients = \"all\"\npurpose = \"TREAT\"\nclearances = "
                    "[\"HIVV\"]\n")
                   .problems.empty());
  EXPECT_FALSE(load("[labels]\nlists = [\"nothing\"]\n").problems.empty());
  EXPECT_TRUE(load("[labels]\nlists = [\"HIV\"]\n").problems.empty());
  EXPECT_TRUE(policy_of(clinic)->labeller().active());
  EXPECT_FALSE(policy_of("")->labeller().active());
}

}  // namespace
}  // namespace ward::access
