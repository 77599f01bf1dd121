#include "policy_of.hpp"

namespace ward::access {
namespace {

std::string merged(std::string_view rest, std::string_view type, std::string_view current, std::string_view submitted) {
  const auto policy =
      policy_of("[role.r]\nmay = [\"user/*.cruds\"]\nreason = \"test\"\npatients = \"all\"\npurpose = \"TREAT\"\n" +
                std::string(rest));
  const Grant grant = grant_of(policy, person({"r"}), Interaction::update, type);
  const auto out = merge(Phi<Buffer>(Buffer(current)), Buffer(submitted), grant, {});
  return out ? std::string(out->view()) : out.error().code;
}

TEST(Merge, keeps_what_the_writer_cannot_see) {
  constexpr std::string_view tags =
      R"("meta":{"security":[{"code":"R"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}]})";
  struct Case {
    const char* name;
    std::string view;
    const char* type;
    std::string current, submitted, expected;
  };
  const Case cases[] = {
      {"whole view", "", "Patient", R"({"resourceType":"Patient","gender":"male"})", R"({"resourceType":"Patient"})",
       R"({"resourceType":"Patient"})"},
      {"refused by default", "view.Patient = { hide = [\"name\"] }\n", "Patient", R"({"resourceType":"Patient"})",
       R"({"resourceType":"Patient"})", "writes_refused"},
      {"hidden stays, shown is replaced or goes", "writes = \"merge\"\nview.Patient = { hide = [\"birthDate\"] }\n",
       "Patient", R"({"resourceType":"Patient","birthDate":"1970-01-01","gender":"male","active":true})",
       R"({"resourceType":"Patient","gender":"female","birthDate":"1999"})",
       R"({"resourceType":"Patient","gender":"female","birthDate":"1970-01-01"})"},
      {"tags that minimise put on come off", "writes = \"merge\"\nview.Patient = { hide = [\"birthDate\"] }\n",
       "Patient", R"({"resourceType":"Patient"})", R"({"resourceType":"Patient",)" + std::string(tags) + "}",
       R"({"resourceType":"Patient","meta":{"security":[{"code":"R"}]}})"},
      {"treated elements stay as they are",
       "writes = \"merge\"\nview.Patient = { year = [\"birthDate\"], zip3 = [\"address.postalCode\"] }\n", "Patient",
       R"({"resourceType":"Patient","birthDate":"1970-01-01","address":[{"city":"A","postalCode":"02139"}]})",
       R"({"resourceType":"Patient","birthDate":"1970","address":[{"city":"B","postalCode":"021"}]})",
       R"({"resourceType":"Patient","address":[{"city":"B","postalCode":"02139"}],"birthDate":"1970-01-01"})"},
      {"masked required elements stay",
       "writes = \"merge\"\nview.Appointment = { hide = [\"status\", \"participant\"] }\n", "Appointment",
       R"({"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted"}],"description":"a"})",
       R"({"resourceType":"Appointment","_status":{"extension":[]},"participant":[{"extension":[]}],"description":"b"})",
       R"({"resourceType":"Appointment","description":"b","status":"booked","participant":[{"status":"accepted"}]})"},
      {"items by condition", "writes = \"merge\"\nview.Patient = { show = [\"identifier.where(system='mrn')\"] }\n",
       "Patient",
       R"({"resourceType":"Patient","identifier":[{"system":"ssn","value":"1"},{"system":"mrn","value":"2"}]})",
       R"({"resourceType":"Patient","identifier":[{"system":"mrn","value":"3"},{"system":"ssn","value":"4"}]})",
       R"({"resourceType":"Patient","identifier":[{"system":"mrn","value":"3"},{"system":"ssn","value":"1"}]})"},
      {"items that cannot be matched", "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n", "Patient",
       R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"},{"given":["C"]}]})",
       R"({"resourceType":"Patient","name":[{"family":"B"}]})", "merge_ambiguous"},
      {"items that changed places", "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n", "Patient",
       R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"},{"given":["C"],"family":"D"}]})",
       R"({"resourceType":"Patient","name":[{"family":"D"},{"family":"B"}]})", "merge_ambiguous"},
      {"an item where another one was", "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n", "Patient",
       R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"},{"given":["C"],"family":"D"}]})",
       R"({"resourceType":"Patient","name":[{"family":"\u0044"},{"family":"new"}]})", "merge_ambiguous"},
      {"one item changed in its place", "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n", "Patient",
       R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"},{"given":["C"],"family":"D"}]})",
       R"({"resourceType":"Patient","name":[{"family":"B"},{"family":"E"}]})",
       R"({"resourceType":"Patient","name":[{"family":"B","given":["A"]},{"family":"E","given":["C"]}]})"},
      {"a display goes where its reference goes", "writes = \"merge\"\nview.Patient = { hide = [\"name\"] }\n",
       "Appointment",
       R"({"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/1","display":"Ann"}},{"actor":{"reference":"Patient/2","display":"Bob"}}]})",
       R"({"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/2"}},{"actor":{"reference":"Patient/1"}}]})",
       R"({"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/2","display":"Bob"}},{"actor":{"reference":"Patient/1","display":"Ann"}}]})"},
      {"items in their order", "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n", "Patient",
       R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"}]})",
       R"({"resourceType":"Patient","name":[{"family":"D"}]})",
       R"({"resourceType":"Patient","name":[{"family":"D","given":["A"]}]})"},
      {"display that was not shown", "writes = \"merge\"\nview.Patient = { hide = [\"name\"] }\n", "Observation",
       R"({"resourceType":"Observation","status":"final","subject":{"reference":"Patient/1","display":"Ann"}})",
       R"({"resourceType":"Observation","status":"amended","subject":{"reference":"Patient/1"}})",
       R"({"resourceType":"Observation","status":"amended","subject":{"reference":"Patient/1","display":"Ann"}})"},
  };
  for (const Case& c : cases) EXPECT_EQ(merged(c.view, c.type, c.current, c.submitted), c.expected) << c.name;
}

TEST(Merge, of_moved_items_takes_no_change_of_what_is_half_hidden) {
  const auto policy = policy_of(
      "[role.r]\nmay = [\"user/*.cruds\"]\nreason = \"test\"\npatients = \"all\"\npurpose = \"TREAT\"\n"
      "writes = \"merge\"\nview.Patient = { hide = [\"name.given\"] }\n");
  const Grant grant = grant_of(policy, person({"r"}), Interaction::update, "Patient");
  constexpr std::string_view before = R"({"resourceType":"Patient","name":[{"given":["A"],"family":"B"}]})";
  constexpr std::string_view other = R"({"resourceType":"Patient","name":[{"family":"D"}]})";
  constexpr std::string_view same = R"({"resourceType":"Patient","name":[{"family":"B"}],"active":true})";
  const auto refused = merge(Phi<Buffer>(Buffer(before)), Buffer(other), grant, {}, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "merge_ambiguous");
  EXPECT_TRUE(merge(Phi<Buffer>(Buffer(before)), Buffer(same), grant, {}, true));
}

}  // namespace
}  // namespace ward::access
