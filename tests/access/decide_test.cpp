#include "policy_of.hpp"

#include "r4/r4.hpp"
#include "rules.hpp"

namespace ward::access {
namespace {

constexpr std::string_view clinic = R"toml(
[role.physician]
may = ["user/*.cruds", "user/Observation.s"]
reason = "treats"
patients = ["panel", "department"]
purpose = ["TREAT"]

[role.desk]
may = ["user/Patient.rs", "user/Appointment.cruds", "user/Practitioner.r", "user/Schedule.r"]
patients = "department"
purpose = ["HOPERAT", "HPAYMT"]
view.Patient = { show = ["name", "birthDate", "identifier.where(system='urn:mrn')", "contact.gender"] }

[role.patient]
may = ["patient/Patient.rs", "patient/Observation.rs", "user/Patient.r"]
patients = ["self", "delegate"]
purpose = "PATRQT"

[role.backend]
may = ["system/Patient.rs", "system/Observation.rs?category=vital-signs"]
patients = "all"
purpose = "HOPERAT"
)toml";

TEST(Decide, role_scope_and_relationship) {
  struct Case {
    const char* name;
    std::vector<std::string> roles;
    const char* scopes;
    const char* fhir_user;
    Interaction interaction;
    const char* type;
    const char* expected;  // refusal code, or branches
  };
  const Case cases[] = {
      {"physician reads", {"physician"}, "user/*.rs", "Practitioner/1", Interaction::read, "Observation", "1,2,3"},
      {"scope without the letter",
       {"physician"},
       "user/*.s",
       "Practitioner/1",
       Interaction::read,
       "Observation",
       "scope_missing"},
      {"scope of another type",
       {"physician"},
       "user/Patient.rs",
       "Practitioner/1",
       Interaction::read,
       "Observation",
       "scope_missing"},
      {"no scope", {"physician"}, "openid", "Practitioner/1", Interaction::read, "Observation", "scope_missing"},
      {"no role", {}, "user/*.rs", "Practitioner/1", Interaction::read, "Observation", "role_missing"},
      {"unknown role", {"chief"}, "user/*.rs", "Practitioner/1", Interaction::read, "Observation", "role_missing"},
      {"no fhirUser sees nothing", {"physician"}, "user/*.rs", "", Interaction::read, "Observation", ""},
      {"a stranger sees nothing", {"physician"}, "user/*.rs", "Practitioner/8", Interaction::read, "Observation", ""},
      {"desk by membership", {"desk"}, "user/*.rs", "Practitioner/1", Interaction::search, "Patient", "3"},
      {"desk may not read observations",
       {"desk"},
       "user/*.rs",
       "Practitioner/1",
       Interaction::search,
       "Observation",
       "policy_denied"},
      {"desk may not update patients",
       {"desk"},
       "user/*.cruds",
       "Practitioner/1",
       Interaction::update,
       "Patient",
       "policy_denied"},
      {"desk makes appointments", {"desk"}, "user/*.cruds", "Practitioner/1", Interaction::create, "Appointment", "3"},
      {"self", {"patient"}, "patient/*.rs", "Patient/7", Interaction::read, "Patient", "7"},
      {"self by a user scope", {"patient"}, "user/*.rs", "Patient/7", Interaction::read, "Patient", "7"},
      {"user scope meets a patient rule", {"patient"}, "user/*.rs", "Patient/7", Interaction::read, "Observation", "7"},
      {"patient scope in a user role without a patient",
       {"physician"},
       "patient/*.rs",
       "Practitioner/1",
       Interaction::read,
       "Observation",
       ""},
      {"system scope for a person",
       {"physician"},
       "system/*.rs",
       "Practitioner/1",
       Interaction::read,
       "Observation",
       "policy_denied"},
      {"user scope for a system role", {"backend"}, "user/*.rs", "", Interaction::read, "Patient", "policy_denied"},
      {"backend", {"backend"}, "system/*.rs", "", Interaction::read, "Patient", "all"},
      {"constraint of the rule",
       {"backend"},
       "system/*.rs",
       "",
       Interaction::search,
       "Observation",
       "all?category=vital-signs"},
      {"constraints of both",
       {"backend"},
       "system/*.rs?status=final",
       "",
       Interaction::search,
       "Observation",
       "all?category=vital-signs&status=final"},
      {"two roles",
       {"physician", "backend"},
       "user/*.rs system/*.rs",
       "Practitioner/1",
       Interaction::read,
       "Patient",
       "1,2,3"},  // purposes differ: the first role's counts
  };
  const auto policy = policy_of(clinic);
  for (const Case& c : cases) {
    const auto grant =
        decide(policy, person(c.roles, c.scopes, c.fhir_user), c.interaction, c.type, related, WallTime{});
    std::string got;
    if (!grant) {
      got = grant.error().code;
    } else {
      for (const Branch& branch : grant->branches()) {
        if (!got.empty()) got += " | ";
        got += branch.all ? "all" : fmt::format("{}", fmt::join(branch.patients, ","));
        char separator = '?';
        for (const auto& [name, value] : branch.constraints) {
          got += separator + name + "=" + value;
          separator = '&';
        }
      }
    }
    EXPECT_EQ(got, c.expected) << c.name;
  }
}

TEST(Decide, launch_patient_narrows_further) {
  const auto policy = policy_of(clinic);
  Subject subject = person({"physician"}, "patient/*.rs");
  subject.launch_patient = "2";
  EXPECT_EQ(grant_of(policy, subject, Interaction::read, "Observation").branches()[0].patients,
            std::vector<std::string>{"2"});
  subject.launch_patient = "7";  // not of this physician's
  EXPECT_TRUE(grant_of(policy, subject, Interaction::read, "Observation").branches()[0].patients.empty());
}

TEST(Decide, purpose_chooses_among_roles) {
  const auto policy = policy_of(clinic);
  Subject subject = person({"desk"});
  EXPECT_EQ(grant_of(policy, subject, Interaction::read, "Patient").purpose(), "HOPERAT");
  subject.purpose = "HPAYMT";
  EXPECT_EQ(grant_of(policy, subject, Interaction::read, "Patient").purpose(), "HPAYMT");
  subject.purpose = "HRESCH";
  const auto refused = decide(policy, subject, Interaction::read, "Patient", related, WallTime{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "purpose_denied");
}

TEST(Decide, sees_by_patient_and_by_kind_of_type) {
  const auto policy = policy_of(clinic);
  const Grant grant = grant_of(policy, person({"desk"}), Interaction::read, "Patient");
  const std::vector<std::string> mine{"9", "3"}, others{"1"};
  EXPECT_TRUE(grant.sees("Patient", mine));
  EXPECT_FALSE(grant.sees("Patient", others));
  EXPECT_FALSE(grant.sees("Patient", {}));
  EXPECT_TRUE(grant.sees("Practitioner", {}));   // about nobody
  EXPECT_FALSE(grant.sees("Schedule", {}));      // may name a patient, and is in no compartment
  EXPECT_FALSE(grant.sees("Organization", {}));  // not in `may`
  EXPECT_EQ(grant.valid_until(), WallTime(std::chrono::seconds(60)));
  EXPECT_EQ(grant.cause_text(), "ward.toml:9 role desk, scope user/*.cruds, patients department");
}

TEST(Decide, types_about_nobody_are_those_that_cannot_name_a_patient) {
  for (const char* type :
       {"Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "HealthcareService", "ValueSet"})
    EXPECT_TRUE(detail::about_nobody(type)) << type;
  for (const char* type : {"Patient", "Observation", "Schedule", "Task", "Binary", "Bundle", "Parameters", "Nonsense"})
    EXPECT_FALSE(detail::about_nobody(type)) << type;
}

TEST(Decide, a_store_that_fails_refuses) {
  const auto policy = policy_of(clinic);
  const RelatedFn broken = [](std::string_view, std::string_view) -> Result<std::vector<std::string>> {
    return fail("store_failed", "disk");
  };
  const auto refused = decide(policy, person({"desk"}), Interaction::read, "Patient", broken, WallTime{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 503);
}

TEST(Searchable, refuses_what_the_view_hides) {
  struct Case {
    const char* param;
    bool expected;
  };
  const Case cases[] = {{"name", true},      {"family", true},      {"birthdate", true},
                        {"_id", true},       {"identifier", false}, {"gender", false},
                        {"telecom", false},  {"phone", false},      {"address", false},
                        {"deceased", false}, {"death-date", false}, {"_lastUpdated", false},
                        {"active", false},   {"phonetic", true},    {"general-practitioner", false}};
  const auto policy = policy_of(clinic);
  const Grant desk = grant_of(policy, person({"desk"}), Interaction::search, "Patient");
  const Grant physician = grant_of(policy, person({"physician"}), Interaction::search, "Patient");
  for (const Case& c : cases) {
    const r4::SearchParam* param = r4::find_param("Patient", c.param);
    ASSERT_NE(param, nullptr) << c.param;
    EXPECT_EQ(searchable(desk, *param), c.expected) << c.param << ": " << param->expression;
    EXPECT_TRUE(searchable(physician, *param)) << c.param;
  }
}

TEST(Searchable, treatments_and_nested_paths_count) {
  const auto policy = policy_of(
      "[role.r]\nmay = [\"user/Patient.rs\", \"user/Observation.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\n"
      "view.Patient = { hide = [\"name.given\", \"telecom.where(system='phone')\"], year = [\"birthDate\"], zip3 = "
      "[\"address.postalCode\"] }\n"
      "view.Observation = { hide = [\"valueString\"] }\n");
  struct Case {
    const char* type;
    const char* param;
    bool expected;
  };
  const Case cases[] = {{"Patient", "family", true},       {"Patient", "given", false},
                        {"Patient", "name", false},        {"Patient", "birthdate", false},
                        {"Patient", "email", false},       {"Patient", "gender", true},
                        {"Patient", "address-city", true}, {"Patient", "address-postalcode", false},
                        {"Patient", "address", false},     {"Patient", "_lastUpdated", true},
                        {"Observation", "code", true},     {"Observation", "value-quantity", false},
                        {"Observation", "date", true},     {"Observation", "subject", true},
                        {"Observation", "patient", true},  {"Observation", "code-value-string", false}};
  const Grant grant = grant_of(policy, person({"r"}), Interaction::search, "Patient");
  for (const Case& c : cases) {
    const r4::SearchParam* param = r4::find_param(c.type, c.param);
    ASSERT_NE(param, nullptr) << c.param;
    EXPECT_EQ(searchable(grant, *param), c.expected) << c.param << ": " << param->expression;
  }
  EXPECT_TRUE(grant.hides("Patient", "name"));
  EXPECT_TRUE(grant.hides("Patient", "name.given"));
  EXPECT_FALSE(grant.hides("Patient", "name.family"));
  EXPECT_FALSE(grant.hides("Patient", "id"));
  EXPECT_TRUE(grant.hides("Patient", "no.such"));
}

TEST(Explain, names_stage_and_line) {
  const auto policy = policy_of(clinic);
  const auto steps = explain(policy, person({"desk"}), Interaction::read, "Patient", related, WallTime{});
  std::string stages;
  for (const Step& step : steps) stages += step.stage + (step.passed ? "+ " : "- ");
  EXPECT_EQ(stages, "scope+ role+ policy+ purpose+ relationship+ view+ ");
  EXPECT_EQ(steps.back().where, "ward.toml:12");
  EXPECT_EQ(steps.back().detail, "role desk: view.Patient");
  const auto refused = explain(policy, person({"desk"}), Interaction::read, "Observation", related, WallTime{});
  EXPECT_EQ(refused.back().stage, "policy");
  EXPECT_FALSE(refused.back().passed);
  EXPECT_EQ(refused.back().where, "ward.toml:9");
}

TEST(Shapes, odd_tokens_get_nothing) {
  const auto shapes = token_shapes(policy_of(clinic));
  EXPECT_GE(shapes.size(), 2u + 4 * 2 + 6);
  for (const Shape& shape : shapes) EXPECT_FALSE(shape.finding) << shape.shape << ": " << shape.result;
  const auto backend = std::ranges::find_if(
      shapes, [](const Shape& one) { return one.shape.find("backend, no fhirUser") != std::string::npos; });
  ASSERT_NE(backend, shapes.end());
  EXPECT_EQ(backend->result, "Observation, Patient of all patients");
}

}  // namespace
}  // namespace ward::access
