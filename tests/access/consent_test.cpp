#include "access/consent.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ward::access {
namespace {

constexpr WallTime now{std::chrono::milliseconds(1'750'000'000'000)};  // June 2025

constexpr std::string_view glucose =
    R"({"resourceType":"Observation","id":"o1","meta":{"security":[{"system":"urn:s","code":"LOCAL"}]},)"
    R"("subject":{"reference":"Patient/7"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2024-03-05",)"
    R"("code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}]}})";
constexpr std::string_view undated = R"({"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/7"},)"
                                     R"("code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}]}})";

/// What differs from "Practitioner/1 of Organization/9 reads Observation/o1 of Patient/7 for treatment".
struct Question {
  std::string_view person = "Practitioner/1";
  std::string_view purpose = "TREAT";
  bool writes = false;
  std::string_view type = "Observation", id = "o1";
  std::vector<std::string> patients{"7"};
  std::string_view body = glucose;
};

std::string consent_of(std::string_view provision, std::string_view status = "active",
                       std::string_view scope = "patient-privacy") {
  return fmt::format(R"({{"resourceType":"Consent","id":"c","status":"{}","scope":{{"coding":[{{"code":"{}"}}]}},)"
                     R"("patient":{{"reference":"Patient/7"}}{}{}}})",
                     status, scope, provision.empty() ? "" : ",\"provision\":", provision);
}

bool denied(std::span<const std::string> consents, const Question& q) {
  Consents all;
  for (std::size_t i = 0; i < consents.size(); ++i) all.put(fmt::format("c{}", i), 1, consents[i]);
  Asker asker{.person = std::string(q.person),
              .groups = {"Organization/9", "PractitionerRole/4"},
              .roles = {"physician"},
              .purpose = std::string(q.purpose),
              .writes = q.writes};
  const std::vector<std::string> patients = q.patients;
  return all.denies(asker, {.type = q.type, .id = q.id, .patients = patients, .body = q.body}, now);
}

struct Case {
  const char* name;
  std::string_view provision;
  bool denied;
  Question question = {};
};

TEST(Consent, one_provision_against_one_question) {
  const Case cases[] = {
      // base rules
      {"no provision says nothing", "", false},
      {"an empty provision says nothing", "{}", false},
      {"base deny", R"({"type":"deny"})", true},
      {"base permit", R"({"type":"permit"})", false},
      {"base deny is for everybody", R"({"type":"deny"})", true, {.person = "Practitioner/99"}},
      {"base deny is not for the patient", R"({"type":"deny"})", false, {.person = "Patient/7"}},
      {"base deny is for another patient", R"({"type":"deny"})", true, {.person = "Patient/8"}},
      {"base deny is for whom nobody knows", R"({"type":"deny"})", true, {.person = ""}},
      {"another patient's record", R"({"type":"deny"})", false, {.patients = {"8"}}},
      {"one of two patients denies", R"({"type":"deny"})", true, {.patients = {"6", "7"}}},
      {"a resource of nobody", R"({"type":"deny"})", false, {.patients = {}}},
      {"marks are no patients", R"({"type":"deny"})", true, {.patients = {"7", "#HIV"}}},
      {"deleted: what is not known is denied", R"({"type":"deny"})", true, {.body = ""}},
      // actors
      {"deny to this person", R"({"type":"deny","actor":[{"reference":{"reference":"Practitioner/1"}}]})", true},
      {"deny to another person", R"({"type":"deny","actor":[{"reference":{"reference":"Practitioner/2"}}]})", false},
      {"deny to the person's organization", R"({"type":"deny","actor":[{"reference":{"reference":"Organization/9"}}]})",
       true},
      {"deny to the person's role", R"({"type":"deny","actor":[{"reference":{"reference":"PractitionerRole/4"}}]})",
       true},
      {"deny to one of two",
       R"({"type":"deny","actor":[{"reference":{"reference":"Practitioner/2"}},{"reference":{"reference":"Practitioner/1"}}]})",
       true},
      {"an absolute reference",
       R"({"type":"deny","actor":[{"reference":{"reference":"https://x.example/fhir/Practitioner/1"}}]})", true},
      {"a versioned reference", R"({"type":"deny","actor":[{"reference":{"reference":"Practitioner/1/_history/3"}}]})",
       true},
      {"an actor by words alone is anybody, for a deny",
       R"({"type":"deny","actor":[{"reference":{"display":"Dr X"}}]})", true},
      {"a care team is anybody, for a deny", R"({"type":"deny","actor":[{"reference":{"reference":"CareTeam/1"}}]})",
       true},
      {"a care team is nobody, for a permit",
       R"({"type":"deny","provision":[{"type":"permit","actor":[{"reference":{"reference":"CareTeam/1"}}]}]})", true},
      {"a role of the policy",
       R"({"type":"deny","actor":[{"role":{"coding":[{"system":"urn:ward:role","code":"physician"}]},"reference":{"display":"d"}}]})",
       true},
      {"another role of the policy",
       R"({"type":"deny","actor":[{"role":{"coding":[{"system":"urn:ward:role","code":"desk"}]},"reference":{"display":"d"}}]})",
       false},
      // purposes
      {"deny for this purpose", R"({"type":"deny","purpose":[{"code":"TREAT"}]})", true},
      {"deny for another purpose", R"({"type":"deny","purpose":[{"code":"HRESCH"}]})", false},
      {"deny for one of two purposes", R"({"type":"deny","purpose":[{"code":"HRESCH"},{"code":"TREAT"}]})", true},
      {"an emergency goes before a wish", R"({"type":"deny"})", false, {.purpose = "ETREAT"}},
      {"but not if the wish speaks of emergencies",
       R"({"type":"deny","purpose":[{"code":"ETREAT"}]})",
       true,
       {.purpose = "ETREAT"}},
      {"nested below one that speaks of emergencies",
       R"({"type":"permit","purpose":[{"code":"ETREAT"}],"provision":[{"type":"deny"}]})",
       true,
       {.purpose = "ETREAT"}},
      // actions
      {"deny to access, read", R"({"type":"deny","action":[{"coding":[{"code":"access"}]}]})", true},
      {"deny to use, read", R"({"type":"deny","action":[{"coding":[{"code":"use"}]}]})", true},
      {"deny to disclose, read", R"({"type":"deny","action":[{"coding":[{"code":"disclose"}]}]})", true},
      {"deny to collect, read", R"({"type":"deny","action":[{"coding":[{"code":"collect"}]}]})", false},
      {"deny to correct, written",
       R"({"type":"deny","action":[{"coding":[{"code":"correct"}]}]})",
       true,
       {.writes = true}},
      {"what may not be read may not be changed",
       R"({"type":"deny","action":[{"coding":[{"code":"access"}]}]})",
       true,
       {.writes = true}},
      {"an action that nobody knows is any", R"({"type":"deny","action":[{"coding":[{"code":"x"}]}]})", true},
      // periods of the provision
      {"in its period", R"({"type":"deny","period":{"start":"2025-01-01","end":"2025-12-31"}})", true},
      {"before its period", R"({"type":"deny","period":{"start":"2026"}})", false},
      {"after its period", R"({"type":"deny","period":{"end":"2024-12"}})", false},
      {"the last day counts", R"({"type":"deny","period":{"end":"2025-06-15"}})", true},
      {"the day after does not", R"({"type":"deny","period":{"end":"2025-06-14"}})", false},
      {"a permit that is over", R"({"type":"deny","provision":[{"type":"permit","period":{"end":"2020"}}]})", true},
      // classes
      {"deny a class", R"({"type":"deny","class":[{"code":"Observation"}]})", true},
      {"deny another class", R"({"type":"deny","class":[{"code":"Condition"}]})", false},
      {"a class by what the document says",
       R"({"type":"deny","class":[{"system":"http://loinc.org","code":"2339-0"}]})", true},
      {"a class of a deleted resource", R"({"type":"deny","class":[{"code":"Condition"}]})", true, {.body = ""}},
      // codes
      {"deny a code", R"({"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"2339-0"}]}]})", true},
      {"deny another code", R"({"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}]})",
       false},
      {"the same code of another system", R"({"type":"deny","code":[{"coding":[{"system":"urn:x","code":"2339-0"}]}]})",
       false},
      {"a code without a system", R"({"type":"deny","code":[{"coding":[{"code":"2339-0"}]}]})", true},
      {"a code by words alone is any, for a deny", R"({"type":"deny","code":[{"text":"my sugar"}]})", true},
      {"a code in meta is none", R"({"type":"deny","code":[{"coding":[{"code":"LOCAL"}]}]})", false},
      // labels
      {"deny a label", R"({"type":"deny","securityLabel":[{"code":"HIV"}]})", true, {.patients = {"7", "#HIV", "#R"}}},
      {"deny a label of the same class",
       R"({"type":"deny","securityLabel":[{"code":"SUD"}]})",
       true,
       {.patients = {"7", "#ETH"}}},
      {"deny another label", R"({"type":"deny","securityLabel":[{"code":"HIV"}]})", false, {.patients = {"7", "#ETH"}}},
      {"deny a label, without one", R"({"type":"deny","securityLabel":[{"code":"HIV"}]})", false},
      {"deny a local label", R"({"type":"deny","securityLabel":[{"system":"urn:s","code":"LOCAL"}]})", true},
      {"a deleted resource keeps its labels",
       R"({"type":"deny","securityLabel":[{"code":"HIV"}]})",
       true,
       {.patients = {"7", "#HIV"}, .body = ""}},
      // data
      {"in the period of the data", R"({"type":"deny","dataPeriod":{"start":"2024","end":"2024"}})", true},
      {"outside of the period of the data", R"({"type":"deny","dataPeriod":{"start":"2025"}})", false},
      {"without a date, for a deny", R"({"type":"deny","dataPeriod":{"start":"2025"}})", true, {.body = undated}},
      {"without a date, for a permit",
       R"({"type":"deny","provision":[{"type":"permit","dataPeriod":{"start":"2020"}}]})",
       true,
       {.body = undated}},
      {"this very resource",
       R"({"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Observation/o1"}}]})", true},
      {"another resource",
       R"({"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Observation/o2"}}]})", false},
      {"what refers to an encounter",
       R"({"type":"deny","data":[{"meaning":"related","reference":{"reference":"Encounter/e1"}}]})", true},
      {"what refers to another encounter",
       R"({"type":"deny","data":[{"meaning":"related","reference":{"reference":"Encounter/e2"}}]})", false},
      {"an instance is not what refers to it",
       R"({"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Encounter/e1"}}]})", false},
      // together
      {"all must fit: both do", R"({"type":"deny","purpose":[{"code":"TREAT"}],"class":[{"code":"Observation"}]})",
       true},
      {"all must fit: one does not", R"({"type":"deny","purpose":[{"code":"TREAT"}],"class":[{"code":"Condition"}]})",
       false},
      // nesting
      {"an exception from a deny",
       R"({"type":"deny","provision":[{"type":"permit","class":[{"code":"Observation"}]}]})", false},
      {"an exception that does not fit",
       R"({"type":"deny","provision":[{"type":"permit","class":[{"code":"Condition"}]}]})", true},
      {"an exception from a permit",
       R"({"type":"permit","provision":[{"type":"deny","class":[{"code":"Observation"}]}]})", true},
      {"an exception from an exception",
       R"({"type":"deny","provision":[{"type":"permit","provision":[{"type":"deny","class":[{"code":"Observation"}]}]}]})",
       true},
      {"the deeper one goes first, whatever the order",
       R"({"type":"permit","provision":[{"type":"deny","provision":[{"type":"permit"}]},{"type":"permit"}]})", false},
      {"a tie: the deny wins", R"({"type":"permit","provision":[{"type":"permit"},{"type":"deny"}]})", true},
      {"a tie: the deny wins in either order", R"({"type":"permit","provision":[{"type":"deny"},{"type":"permit"}]})",
       true},
      {"an exception from what does not fit is none",
       R"({"type":"deny","purpose":[{"code":"HRESCH"}],"provision":[{"type":"deny"}]})", false},
      {"a provision without a type only leads to others",
       R"({"purpose":[{"code":"TREAT"}],"provision":[{"type":"deny"}]})", true},
  };
  for (const Case& one : cases) {
    const std::string consent = consent_of(one.provision);
    EXPECT_EQ(denied(std::span(&consent, 1), one.question), one.denied) << one.name;
  }
}

TEST(Consent, only_active_ones_of_privacy_count) {
  constexpr std::string_view deny = R"({"type":"deny"})";
  for (const char* status : {"draft", "proposed", "rejected", "inactive", "entered-in-error"}) {
    const std::string consent = consent_of(deny, status);
    EXPECT_FALSE(denied(std::span(&consent, 1), {})) << status;
  }
  for (const char* scope : {"research", "treatment", "adr"}) {
    const std::string consent = consent_of(deny, "active", scope);
    EXPECT_FALSE(denied(std::span(&consent, 1), {})) << scope;
  }
}

TEST(Consent, opt_out_by_the_policy_rule_alone) {
  const auto with_rule = [](std::string_view code) {
    return fmt::format(
        R"({{"resourceType":"Consent","status":"active","scope":{{"coding":[{{"code":"patient-privacy"}}]}},)"
        R"("patient":{{"reference":"Patient/7"}},"policyRule":{{"coding":[{{"code":"{}"}}]}}}})",
        code);
  };
  const std::string out = with_rule("OPTOUT"), in = with_rule("OPTIN"), other = with_rule("cric");
  EXPECT_TRUE(denied(std::span(&out, 1), {}));
  EXPECT_FALSE(denied(std::span(&in, 1), {}));
  EXPECT_FALSE(denied(std::span(&other, 1), {}));
}

TEST(Consent, of_several_one_that_denies_is_enough) {
  const std::string both[] = {consent_of(R"({"type":"permit"})"),
                              consent_of(R"({"type":"deny","purpose":[{"code":"TREAT"}]})")};
  EXPECT_TRUE(denied(both, {}));
  EXPECT_FALSE(denied(both, {.purpose = "HPAYMT"}));
}

TEST(Consent, too_deep_or_too_wide_is_denied) {
  std::string deep = R"({"type":"permit"})";
  for (int i = 0; i < 20; ++i) deep = R"({"type":"permit","provision":[)" + deep + "]}";
  const std::string consent = consent_of(deep);
  EXPECT_TRUE(denied(std::span(&consent, 1), {}));
}

TEST(Consent, what_is_put_later_or_removed_holds_at_once) {
  Consents all;
  const Asker asker{.person = "Practitioner/1", .groups = {}, .roles = {}, .purpose = "TREAT", .writes = false};
  const std::vector<std::string> patients{"7"};
  const auto ask = [&] {
    return all.denied_by(asker, {.type = "Observation", .id = "o1", .patients = patients, .body = glucose}, now);
  };
  EXPECT_FALSE(all.any());
  all.put("c", 1, consent_of(R"({"type":"deny"})"));
  EXPECT_TRUE(all.any());
  EXPECT_EQ(ask(), "Consent/c");
  all.put("c", 3, consent_of(R"({"type":"deny"})", "inactive"));
  EXPECT_EQ(ask(), "");
  EXPECT_FALSE(all.any());
  all.put("c", 2, consent_of(R"({"type":"deny"})"));  // came late
  EXPECT_EQ(ask(), "");
  all.put("c", 4, consent_of(R"({"type":"deny"})"));
  EXPECT_EQ(ask(), "Consent/c");
  all.put("c", 5, "");
  EXPECT_EQ(ask(), "");
  const auto before = all.generation();
  Consents fresh;
  fresh.put("d", 1, consent_of(R"({"type":"deny"})"));
  all.replace(fresh);
  EXPECT_EQ(ask(), "Consent/d");
  EXPECT_GT(all.generation(), before);
}

}  // namespace
}  // namespace ward::access
