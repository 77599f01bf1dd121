#include "policy_of.hpp"

#include "json/json.hpp"

namespace ward::access {
namespace {

constexpr std::string_view head =
    "[role.r]\nmay = [\"user/*.cruds\"]\nreason = \"test\"\npatients = \"all\"\npurpose = \"TREAT\"\n";
#define REDACTED \
  R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"})"
#define SUBSETTED \
  R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"subsetted"})"
#define MASKED \
  R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}])"
#define R_TAG R"("meta":{"security":[)" REDACTED "]}"
#define S_TAG R"("meta":{"security":[)" SUBSETTED "]}"

std::string through(std::string_view type, std::string_view view, std::string_view body) {
  const auto policy = policy_of(std::string(head) + "view." + std::string(type) + " = " + std::string(view) + "\n");
  return minimised(grant_of(policy, person({"r"}), Interaction::read, type), body, {.visible = true});
}

TEST(View, shows_and_hides_by_path) {
  struct Case {
    const char* name;
    const char* type;
    const char* view;
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {"hide an element, with its extension and the narrative", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","id":"1","text":{"div":"born 1970"},"birthDate":"1970-01-02","_birthDate":{"id":"b"},"gender":"male"})",
       R"({"resourceType":"Patient","id":"1","gender":"male",)" R_TAG "}"},
      {"the tag does not depend on content", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","id":"1"})", R"({"resourceType":"Patient","id":"1",)" R_TAG "}"},
      {"tags join what meta has", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","meta":{"versionId":"3","security":[{"code":"R"}]},"id":"1"})",
       R"({"resourceType":"Patient","meta":{"versionId":"3","security":[{"code":"R"},)" REDACTED R"(]},"id":"1"})"},
      {"a meta without security gets one", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","meta":{"versionId":"3"},"id":"1"})",
       R"({"resourceType":"Patient","meta":{"versionId":"3","security":[)" REDACTED R"(]},"id":"1"})"},
      {"meta hidden still says redacted", "Patient", "{ hide = [\"meta\"] }",
       R"({"resourceType":"Patient","meta":{"versionId":"3","source":"x"},"id":"1"})",
       R"({"resourceType":"Patient","meta":{"security":[)" REDACTED R"(]},"id":"1"})"},
      {"show keeps id and type and nothing else", "Patient", "{ show = [\"gender\"] }",
       R"({"id":"1","active":true,"gender":"male","resourceType":"Patient","name":[{"family":"A"}],"contained":[{"resourceType":"Patient"}]})",
       R"({"id":"1","gender":"male","resourceType":"Patient",)" S_TAG "}"},
      {"nested paths", "Patient", "{ show = [\"name.family\"] }",
       R"({"resourceType":"Patient","name":[{"family":"A","given":["B"]},{"given":["C"]}]})",
       R"({"resourceType":"Patient","name":[{"family":"A"}],)" S_TAG "}"},
      {"hide nested", "Patient", "{ hide = [\"name.given\", \"contact.name\"] }",
       R"({"resourceType":"Patient","name":[{"given":["B"],"family":"A"},{"given":["C"]}],"contact":[{"name":{"family":"X"},"gender":"male"}]})",
       R"({"resourceType":"Patient","name":[{"family":"A"}],"contact":[{"gender":"male"}],)" R_TAG "}"},
      {"where keeps matching items", "Patient", "{ show = [\"identifier.where(system='urn:mrn')\"] }",
       R"({"resourceType":"Patient","identifier":[{"system":"ssn","value":"S"},{"system":"urn:mrn","value":"M"},{"value":"N"}]})",
       R"({"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"M"}],)" S_TAG "}"},
      {"where hides matching items, and what it cannot be sure of", "Patient",
       "{ hide = [\"identifier.where(system='ssn')\"] }",
       R"({"resourceType":"Patient","identifier":[{"system":"ssn","value":"S"},{"system":"urn:mrn","value":"M"},{"system":"s\u0073n","value":"E"}]})",
       R"({"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"M"}],)" R_TAG "}"},
      {"a list that loses all goes", "Patient", "{ show = [\"identifier.where(system='urn:mrn')\"] }",
       R"({"resourceType":"Patient","identifier":[{"system":"ssn","value":"S"}]})",
       R"({"resourceType":"Patient",)" S_TAG "}"},
      {"where and a path behind it", "Patient", "{ show = [\"telecom.where(system='phone').value\"] }",
       R"({"resourceType":"Patient","telecom":[{"system":"phone","value":"1","rank":2},{"system":"email","value":"e"}]})",
       R"({"resourceType":"Patient","telecom":[{"value":"1"}],)" S_TAG "}"},
      {"extension by url", "Patient", "{ hide = [\"extension('urn:race')\"] }",
       R"({"resourceType":"Patient","extension":[{"url":"urn:race","valueString":"x"},{"url":"urn:other","valueString":"y"}]})",
       R"({"resourceType":"Patient","extension":[{"url":"urn:other","valueString":"y"}],)" R_TAG "}"},
      {"year", "Patient", "{ year = [\"birthDate\"] }",
       R"({"resourceType":"Patient","birthDate":"1970-01-02","gender":"male"})",
       R"({"resourceType":"Patient","birthDate":"1970","gender":"male",)" R_TAG "}"},
      {"year of what is no date goes", "Patient", "{ year = [\"birthDate\"] }",
       R"({"resourceType":"Patient","birthDate":"\u0031970"})", R"({"resourceType":"Patient",)" R_TAG "}"},
      {"zip3", "Patient", "{ zip3 = [\"address.postalCode\"] }",
       R"({"resourceType":"Patient","address":[{"postalCode":"02139-1234","city":"C"},{"postalCode":"03601"},{"postalCode":"B2"}]})",
       R"({"resourceType":"Patient","address":[{"postalCode":"021","city":"C"},{"postalCode":"000"}],)" R_TAG "}"},
      {"mask says masked whether there was a value or not", "Patient", "{ mask = [\"name\", \"gender\"] }",
       R"({"resourceType":"Patient","name":[{"family":"A"}]})",
       R"({"resourceType":"Patient","name":[{)" MASKED R"(}],"_gender":{)" MASKED "}," R_TAG "}"},
      {"required elements that go are masked, inside too", "Appointment", "{ show = [\"start\"] }",
       R"({"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}],"start":"2020"})",
       R"({"resourceType":"Appointment","start":"2020","_status":{)" MASKED R"(},"participant":[{)" MASKED
       R"(,"_status":{)" MASKED "}}]," S_TAG "}"},
      {"a whole choice", "Observation", "{ hide = [\"value[x]\"] }",
       R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.50},"_valueString":{"id":"a"}})",
       R"({"resourceType":"Observation","status":"final","code":{"text":"c"},)" R_TAG "}"},
      {"one type of a choice", "Observation", "{ hide = [\"valueString\"] }",
       R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.50},"valueString":"x"})",
       R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.50},)" R_TAG
       "}"},
      {"names that R4 does not know go", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","birthdate":"1970","BirthDate":"1970","birth\u0044ate":"1970","gender":"male"})",
       R"({"resourceType":"Patient","gender":"male",)" R_TAG "}"},
      {"attachments lose data and url unless named", "Patient", "{ hide = [\"birthDate\"] }",
       R"({"resourceType":"Patient","photo":[{"contentType":"image/png","data":"AAAA","url":"http://x"}]})",
       R"({"resourceType":"Patient","photo":[{"contentType":"image/png"}],)" R_TAG "}"},
      {"attachments that are named", "Patient", "{ show = [\"photo\"] }",
       R"({"resourceType":"Patient","photo":[{"contentType":"image/png","data":"AAAA"}]})",
       R"({"resourceType":"Patient","photo":[{"contentType":"image/png","data":"AAAA"}],)" S_TAG "}"},
      {"white space", "Patient", "{ hide = [\"gender\"] }",
       "{ \"resourceType\" : \"Patient\" ,\n \"gender\" : \"male\" , \"id\" : \"1\" }\n",
       "{ \"resourceType\" : \"Patient\" , \"id\" : \"1\" ," R_TAG "}"},
      {"decimals and escapes stay as they are", "Observation", "{ hide = [\"note\"] }",
       R"({"resourceType":"Observation","status":"final","note":[{"text":"n"}],"code":{"text":"\u00e9\n"},"valueQuantity":{"value":1.0e2}})",
       R"({"resourceType":"Observation","status":"final","code":{"text":"\u00e9\n"},"valueQuantity":{"value":1.0e2},)" R_TAG
       "}"},
      {"the second resourceType", "Patient", "{ hide = [\"gender\"] }",
       R"({"resourceType":"Patient","resourceType":"Basic"})", "error: body_malformed"},
      {"no JSON", "Patient", "{ hide = [\"gender\"] }", R"({"resourceType":"Patient","id":)", "error: body_malformed"},
      {"brackets that do not match", "Patient", "{ hide = [\"gender\"] }", R"({"resourceType":"Patient"}})",
       "error: body_malformed"},
  };
  for (const Case& c : cases) {
    const std::string out = through(c.type, c.view, c.body);
    EXPECT_EQ(out, c.expected) << c.name;
    EXPECT_TRUE(out.starts_with("error") || json::Document::parse(out)) << c.name;
  }
}

TEST(View, whole_bodies_leave_byte_for_byte) {
  const auto policy = policy_of(head);
  const Grant grant = grant_of(policy, person({"r"}), Interaction::read, "Patient");
  EXPECT_TRUE(grant.unrestricted());
  const std::string body = "{ \"resourceType\":\"Patient\", \"unknown\" : 1.00 }\n";
  EXPECT_EQ(minimised(grant, body, {.visible = true}), body);
}

TEST(View, display_goes_where_the_target_may_not_be_named) {
  const auto policy = policy_of(
      "[role.r]\nmay = [\"user/Observation.rs\", \"user/Practitioner.rs\", \"user/Patient.rs\"]\npatients = "
      "\"all\"\npurpose = \"TREAT\"\n"
      "view.Patient = { hide = [\"name\"] }\n");
  const Grant grant = grant_of(policy, person({"r"}), Interaction::read, "Observation");
  EXPECT_FALSE(grant.unrestricted());
  EXPECT_EQ(
      minimised(
          grant,
          R"({"resourceType":"Observation","subject":{"reference":"Patient/1","display":"Ann"},)"
          R"("performer":[{"display":"Dr","reference":"https://x/fhir/Practitioner/3/_history/2"},{"reference":"Organization/1","display":"O"},{"display":"?"}],)"
          R"("code":{"text":"c","extension":[{"url":"u","valueReference":{"reference":"Patient/1","display":"Ann"}}]},)"
          R"("contained":[{"resourceType":"Patient","id":"p","name":[{"family":"A"}]},{"resourceType":"Device","id":"d"}]})",
          {.visible = true}),
      R"({"resourceType":"Observation","subject":{"reference":"Patient/1"},)"
      R"("performer":[{"display":"Dr","reference":"https://x/fhir/Practitioner/3/_history/2"},{"reference":"Organization/1"}],)"
      R"("code":{"text":"c","extension":[{"url":"u","valueReference":{"reference":"Patient/1"}}]},)"
      R"("contained":[{"resourceType":"Patient","id":"p",)" R_TAG "}]}");
}

TEST(View, display_goes_where_the_scope_does_not_reach) {
  const auto policy = policy_of(head);
  const Grant grant = grant_of(policy, person({"r"}, "user/Observation.rs"), Interaction::read, "Observation");
  EXPECT_EQ(minimised(grant, R"({"resourceType":"Observation","subject":{"reference":"Patient/1","display":"Ann"}})",
                      {.visible = true}),
            R"({"resourceType":"Observation","subject":{"reference":"Patient/1"}})");
}

TEST(View, two_roles_are_joined_per_element) {
  const auto policy = policy_of(
      "[role.a]\nmay = [\"user/Patient.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\nview.Patient = { show = "
      "[\"name\", \"identifier.where(system='a')\"] }\n"
      "[role.b]\nmay = [\"user/Patient.rs\"]\npatients = \"panel\"\npurpose = \"TREAT\"\nview.Patient = { show = "
      "[\"gender\", \"identifier.where(system='b')\"], year = [\"birthDate\"] }\n");
  const std::string body =
      R"({"resourceType":"Patient","name":[{"family":"A"}],"gender":"male","birthDate":"1970-01-01","active":true,"identifier":[{"system":"a"},{"system":"b"},{"system":"c"}]})";
  const Grant grant = grant_of(policy, person({"a", "b"}), Interaction::read, "Patient");
  const std::vector<std::string> mine{"1"}, others{"7"};
  EXPECT_EQ(
      minimised(grant, body, {.patients = mine}),
      R"({"resourceType":"Patient","name":[{"family":"A"}],"gender":"male","birthDate":"1970","identifier":[{"system":"a"},{"system":"b"}],"meta":{"security":[)" SUBSETTED
      "," REDACTED "]}}");
  EXPECT_EQ(minimised(grant, body, {.patients = others}),
            R"({"resourceType":"Patient","name":[{"family":"A"}],"identifier":[{"system":"a"}],)" S_TAG "}");
}

TEST(View, a_resource_leaves_by_its_own_view_wherever_it_stands) {
  const auto policy = policy_of(std::string(head) + "view.Patient = { hide = [\"birthDate\"] }\n");
  const std::string patient = R"({"resourceType":"Patient","birthDate":"1970-01-02","gender":"male"})";
  const std::string disguised = R"({"resource\u0054ype":"Patient","birthDate":"1970-01-02"})";
  const auto leaves = [&](std::string_view type, const std::string& body, bool container) {
    const Grant grant = grant_of(policy, person({"r"}), Interaction::read, type);
    return minimised(grant, body, {.visible = true, .container = container});
  };
  for (const std::string& held : {patient, disguised}) {
    for (const std::string& body : {
             R"({"resourceType":"Bundle","type":"document","entry":[{"fullUrl":"a","resource":)" + patient + "}]}",
             R"({"resourceType":"Bundle","type":"document","total":[{"x":)" + held + "}]}",
             R"({"resourceType":"Bundle","type":"document","id":)" + held + "}",
             R"({"resourceType":"Bundle","type":"document","link":[{"relation":"self","x":)" + held + "}]}",
             R"({"resourceType":"Observation","valueQuantity":{"value":1,"x":)" + held + "}}",
             R"({"resourceType":"Observation","code":{"text":"t","coding":[{"code":"c","x":[)" + held + "]}]}}",
             R"({"resourceType":"Parameters","parameter":[{"name":"n","part":[{"name":"m","resource":)" + patient +
                 "}]}]}",
             R"({"resourceType":"Organization","contained":[)" + patient + R"(],"name":[)" + held + "]}",
         }) {
      const auto type = body.substr(17, body.find('"', 17) - 17);
      for (const bool container : {false, true}) {
        const std::string out = leaves(type, body, container);
        EXPECT_EQ(out.find("1970"), out.npos) << body << "\n" << out;
      }
    }
  }
  EXPECT_NE(
      leaves("Bundle", R"({"resourceType":"Bundle","type":"document","entry":[{"resource":)" + patient + "}]}", false)
          .find(R"("gender":"male")"),
      std::string::npos);
  const std::string accents =
      R"({"resourceType":"Observation","code":{"text":"caf\u00e9","coding":[{"display":"\u00e9"}]}})";
  EXPECT_EQ(leaves("Observation", accents, false), accents);
}

TEST(View, bundles_of_an_upstream_lose_what_is_outside) {
  const auto policy = policy_of(
      "[role.r]\nmay = [\"user/Observation.rs\", \"user/Patient.rs\", \"user/Practitioner.rs\"]\npatients = "
      "\"panel\"\npurpose = \"TREAT\"\nview.Patient = { show = [\"gender\"] }\n");
  const Grant grant = grant_of(policy, person({"r"}), Interaction::search, "Observation");
  const std::string body =
      R"({"resourceType":"Bundle","type":"searchset","total":4,"entry":[{"fullUrl":"a","resource":{"resourceType":"Patient","id":"7","name":[]}},)"
      R"({"fullUrl":"b","resource":{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1970"},"search":{"mode":"match"}},)"
      R"({"resource":{"resourceType":"Practitioner","id":"x"}},{"resource":{"resourceType":"OperationOutcome"}},{"response":{"status":"204"}},{"resource":{"id":"x"}}]})";
  Facts facts{.container = true};
  facts.patients_of = [](std::string_view type, std::string_view resource) {
    std::vector<std::string> out;
    if (type == "Patient") out.push_back(resource.find("\"1\"") != std::string_view::npos ? "1" : "7");
    return out;
  };
  EXPECT_EQ(
      minimised(grant, body, facts),
      R"({"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"b","resource":{"resourceType":"Patient","id":"1","gender":"male",)" S_TAG
      R"(},"search":{"mode":"match"}},{"resource":{"resourceType":"Practitioner","id":"x"}}]})");
  facts.patients_of = nullptr;
  EXPECT_EQ(
      minimised(grant, body, facts),
      R"({"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Practitioner","id":"x"}}]})");
}

TEST(View, bundles_of_the_store_leave_by_what_all_branches_show) {
  const auto policy = policy_of(
      "[role.a]\nmay = [\"user/Patient.rs\"]\npatients = \"panel\"\npurpose = \"TREAT\"\nview.Patient = { show = "
      "[\"gender\", \"active\"] }\n"
      "[role.b]\nmay = [\"user/Patient.rs\"]\npatients = \"department\"\npurpose = \"TREAT\"\nview.Patient = { show = "
      "[\"active\", \"name\"] }\n");
  const Grant grant = grant_of(policy, person({"a", "b"}), Interaction::search, "Patient");
  const std::string body =
      R"({"resourceType":"Bundle","total":1,"entry":[{"resource":{"resourceType":"Patient","active":true,"gender":"male","name":[{"text":"A"}]}}]})";
  EXPECT_EQ(minimised(grant, body, {.visible = true, .container = true}),
            R"({"resourceType":"Bundle","total":1,"entry":[{"resource":{"resourceType":"Patient","active":true,)" S_TAG
            "}}]}");
}

TEST(View, assembly_puts_frames_around_resources) {
  const auto policy = policy_of(std::string(head) + "view.Patient = { show = [\"gender\"] }\n");
  const Grant grant = grant_of(policy, person({"r"}), Interaction::search, "Patient");
  Assembly assembly(grant);
  assembly.frame("[");
  EXPECT_TRUE(
      assembly.resource(Phi<Buffer>(Buffer(R"({"resourceType":"Patient","gender":"male","active":true})")), {}));
  EXPECT_FALSE(assembly.resource(Phi<Buffer>(Buffer(R"({"resourceType":"Patient","gender":)")), {}));
  assembly.frame("]");
  EXPECT_EQ(std::string(std::move(assembly).finish().view()),
            R"([{"resourceType":"Patient","gender":"male",)" S_TAG "}]");
}

TEST(View, assembly_copies_under_a_grant_of_all_but_looks_whose_it_is) {
  const auto policy =
      policy_of("[role.r]\nmay = [\"user/*.cruds\"]\nreason = \"test\"\npatients = \"panel\"\npurpose = \"TREAT\"\n");
  const Grant grant = grant_of(policy, person({"r"}), Interaction::search, "Observation");
  const std::string body = R"({"resourceType":"Observation","status" : "final"})";
  const std::vector<std::string> own{"1"}, other{"7"};
  Assembly assembly(grant);
  assembly.reserve(100);
  EXPECT_TRUE(assembly.resource(Phi<Buffer>(Buffer(body)), own));
  EXPECT_FALSE(assembly.resource(Phi<Buffer>(Buffer(body)), other));
  EXPECT_FALSE(assembly.resource(Phi<Buffer>(Buffer(R"({"resourceType":"Patient"})")), other))
      << "of another type than the grant's";
  EXPECT_FALSE(assembly.resource(Phi<Buffer>(Buffer(R"({ "resourceType":"Observation"})")), other));
  EXPECT_EQ(std::string(std::move(assembly).finish().view()), body);
}

TEST(View, fields_of_bodies_without_a_contract) {
  struct Case {
    Grant::Fields fields;
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {{true, {"a", "b.c"}},
       R"({"a":[1,{"x":2}],"b":[{"c":1,"d":2},3,null],"e":5})",
       R"({"a":[1,{"x":2}],"b":[{"c":1},null]})"},
      {{false, {"b.c", "e"}}, R"({"a":1,"b":{"c":1,"d":2},"e":5,"\u0065":6})", R"({"a":1,"b":{"d":2}})"},
      {{true, {"a"}}, R"([{"a":1,"b":2},{"b":3}])", R"([{"a":1}])"},
      {{true, {"a"}}, R"({"b":2})", "{}"},
      {{true, {"a"}}, R"("text")", "{}"},
      {{true, {"a"}}, R"({"a":1)", "error: body_malformed"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(minimised(Grant::for_fields(c.fields, {}, "TREAT"), c.body, {}), c.expected) << c.body;
  }
}

}  // namespace
}  // namespace ward::access
