#include "bundle.hpp"
#include "examples.hpp"
#include "index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BundleWriter, writes_a_searchset_that_reads_back) {
  BundleHead head;
  head.type = "searchset";
  head.total = 2;
  head.links = {{"self", "https://x/Patient?name=\"a\""}};
  BundleWriter writer(head);
  BundleEntry entry;
  entry.full_url = "https://x/Patient/1";
  entry.resource = R"({"resourceType":"Patient","id":"1"})";
  entry.search_mode = "match";
  writer.add(entry);
  BundleEntry outcome;
  outcome.resource = R"({"resourceType":"OperationOutcome"})";
  outcome.search_mode = "outcome";
  writer.add(outcome);
  EXPECT_EQ(
      std::move(writer).finish().view(),
      R"({"resourceType":"Bundle","type":"searchset","total":2,"link":[{"relation":"self","url":"https://x/Patient?name=\"a\""}],)"
      R"("entry":[{"fullUrl":"https://x/Patient/1","resource":{"resourceType":"Patient","id":"1"},"search":{"mode":"match"}},)"
      R"({"resource":{"resourceType":"OperationOutcome"},"search":{"mode":"outcome"}}]})");
}

TEST(BundleWriter, an_empty_one_has_no_entry) {
  BundleHead head;
  head.type = "searchset";
  head.total = 0;
  EXPECT_EQ(BundleWriter(head).finish().view(), R"({"resourceType":"Bundle","type":"searchset","total":0})");
}

TEST(BundleWriter, writes_history_and_responses) {
  BundleHead head;
  head.type = "history";
  head.id = "h";
  head.updated = WallTime(std::chrono::milliseconds(0));
  BundleWriter writer(head);
  BundleEntry entry;
  entry.request_method = "DELETE";
  entry.request_url = "Patient/1";
  entry.status = "204 No Content";
  entry.etag = "W/\"3\"";
  entry.last_modified = WallTime(std::chrono::milliseconds(1));
  writer.add(entry);
  const Buffer out = std::move(writer).finish();
  EXPECT_EQ(
      out.view(),
      R"({"resourceType":"Bundle","id":"h","meta":{"lastUpdated":"1970-01-01T00:00:00.000Z"},"type":"history",)"
      R"("entry":[{"request":{"method":"DELETE","url":"Patient/1"},"response":{"status":"204 No Content","etag":"W/\"3\"",)"
      R"("lastModified":"1970-01-01T00:00:00.001Z"}}]})");
  EXPECT_TRUE(parse(std::string(out.view())));
}

std::string transaction(std::string_view entries, std::string_view type = "transaction") {
  return fmt::format(R"({{"resourceType":"Bundle","type":"{}","entry":[{}]}})", type, entries);
}

TEST(BundleRead, takes_requests_apart_and_orders_them) {
  const auto parsed = parse(transaction(
      R"({"request":{"method":"GET","url":"Patient/1/_history/2"}},)"
      R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=7"}},)"
      R"({"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2","ifMatch":"W/\"1\""}},)"
      R"({"request":{"method":"DELETE","url":"Observation?code=1"}},)"
      R"({"resource":{"resourceType":"Binary"},"request":{"method":"PATCH","url":"https://x/fhir/Patient/3"}})"));
  const std::vector<std::string> bases{"https://x/fhir"};
  BundleLimits limits;
  limits.own_bases = bases;
  const auto requests = read_bundle(parsed->document, limits);
  ASSERT_TRUE(requests) << requests.error().cause;
  EXPECT_TRUE(requests->transaction);
  const auto& entries = requests->entries;
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(std::tie(entries[0].type, entries[0].id, entries[0].version), std::make_tuple("Patient", "1", "2"));
  EXPECT_EQ(std::tie(entries[1].full_url, entries[1].type, entries[1].if_none_exist),
            std::make_tuple("urn:uuid:1", "Patient", "identifier=7"));
  EXPECT_EQ(std::tie(entries[2].id, entries[2].if_match), std::make_tuple("2", "W/\"1\""));
  EXPECT_EQ(std::tie(entries[3].type, entries[3].query), std::make_tuple("Observation", "code=1"));
  EXPECT_EQ(entries[4].id, "3");
  EXPECT_THAT(processing_order(*requests), ElementsAre(3u, 1u, 2u, 4u, 0u));
}

TEST(BundleRead, each_wrong_entry_is_an_issue_with_its_place) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"fullUrl":"urn:uuid:1"})", "Bundle.entry[0].request"},
      {R"({"request":{"method":"BREW","url":"Patient/1"}})", "Bundle.entry[0].request.method"},
      {R"({"request":{"method":"GET","url":"Patient/a/b/c"}})", "Bundle.entry[0].request.url"},
      {R"({"request":{"method":"GET","url":"Patient/%zz"}})", "Bundle.entry[0].request.url"},
      {R"({"request":{"method":"DELETE","url":"Patient"}})", "Bundle.entry[0].request.url"},
      {R"({"request":{"method":"DELETE","url":"Patient/1?name=a"}})", "Bundle.entry[0].request.url"},
      {R"({"request":{"method":"POST","url":"Patient"}})", "Bundle.entry[0].resource"},
      {R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/1"}})",
       "Bundle.entry[0].request.url"},
      {R"({"resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Patient"}})",
       "Bundle.entry[0].resource"},
      {R"({"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/1"}})",
       "Bundle.entry[0].resource.id"},
      {R"({"request":{"method":"DELETE","url":"Patient/1"}},{"request":{"method":"DELETE","url":"Patient/1"}})",
       "Bundle.entry[1].request.url"},
      {R"({"fullUrl":"urn:uuid:1","request":{"method":"GET","url":"Patient/1"}},{"fullUrl":"urn:uuid:1","request":{"method":"GET","url":"Patient/1"}})",
       "Bundle.entry[1].fullUrl"},
  };
  for (const auto& [entries, expression] : cases) {
    const auto parsed = parse(transaction(entries));
    const auto requests = read_bundle(parsed->document);
    ASSERT_FALSE(requests) << entries;
    ASSERT_EQ(requests.error().issues.size(), 1u) << entries;
    EXPECT_EQ(requests.error().issues[0].expression, expression) << entries;
    EXPECT_EQ(requests.error().issues[0].line, 1u);
  }
  EXPECT_FALSE(read_bundle(parse(transaction("", "collection"))->document));
  EXPECT_FALSE(read_bundle(parse(R"({"resourceType":"Patient"})")->document));
}

TEST(Rewrite, replaces_mapped_references_and_leaves_every_other_byte) {
  const ReferenceMap map{{"urn:uuid:1", "Patient/a"},
                         {"Practitioner?identifier=x", "Practitioner/b"},
                         {"https://x/fhir/Group/1", "Group/c"}};
  const std::string source =
      R"({ "resourceType":"Observation","subject":{"reference" : "urn:uuid:1","display":"urn:uuid:1"},"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}],)"
      R"("performer":[{"reference":"Practitioner?identifier=x"},{"reference":"Group/1"},{"reference":"urn:uuid:2"}],"valueQuantity":{"value":1.50},)"
      R"("contained":[{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:1"}}]}],"extension":[{"url":"u","valueUri":"urn:uuid:1"},{"url":"v","valueString":"urn:uuid:1"}]})";
  const auto parsed = parse(source);
  const json::Value root = parsed->document.root();
  EXPECT_THAT(conditional_references(root, "Observation"), ElementsAre("Practitioner?identifier=x"));
  EXPECT_EQ(literal_references(root, "Observation").size(), 5u);
  EXPECT_EQ(
      rewrite_references(root, "Observation", map, "https://x/fhir/Observation/9").view(),
      R"({ "resourceType":"Observation","subject":{"reference" : "Patient/a","display":"urn:uuid:1"},"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}],)"
      R"("performer":[{"reference":"Practitioner/b"},{"reference":"Group/c"},{"reference":"urn:uuid:2"}],"valueQuantity":{"value":1.50},)"
      R"("contained":[{"resourceType":"Patient","link":[{"other":{"reference":"Patient/a"}}]}],"extension":[{"url":"u","valueUri":"Patient/a"},{"url":"v","valueString":"urn:uuid:1"}]})");
  EXPECT_EQ(rewrite_references(root, "Observation", {}).view(), source);
}

TEST(Rewrite, reaches_extensions_of_primitives) {
  const auto parsed = parse(
      R"({"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueReference":{"reference":"urn:uuid:1"}}]}})");
  EXPECT_THAT(rewrite_references(parsed->document.root(), "Patient", {{"urn:uuid:1", "Patient/a"}}).view(),
              HasSubstr("\"reference\":\"Patient/a\""));
}

TEST(Rewrite, works_on_a_resource_inside_a_bundle) {
  const auto parsed =
      parse(R"({"entry":[{"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"}}}]})");
  const json::Value resource = parsed->document.root()["entry"].first()["resource"];
  EXPECT_EQ(rewrite_references(resource, "Observation", {{"urn:uuid:1", "Patient/a"}}).view(),
            R"({"resourceType":"Observation","subject":{"reference":"Patient/a"}})");
  EXPECT_EQ(set_id(resource, "7").view(),
            R"({"resourceType":"Observation","id":"7","subject":{"reference":"urn:uuid:1"}})");
}

TEST(Shape, set_id_replaces_or_inserts) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"resourceType":"Patient","id":"1","active":true})", R"({"resourceType":"Patient","id":"x","active":true})"},
      {R"({"resourceType":"Patient"})", R"({"resourceType":"Patient","id":"x"})"},
      {R"({ "active":true, "resourceType":"Patient" })", R"({ "active":true, "resourceType":"Patient","id":"x" })"},
      {R"({"active":true})", R"({"id":"x","active":true})"},
      {R"({})", R"({"id":"x"})"},
  };
  for (const auto& [source, wanted] : cases) EXPECT_EQ(set_id(parse(source)->document.root(), "x").view(), wanted);
}

constexpr std::string_view tag =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"})";

TEST(Shape, a_summary_keeps_what_its_definition_marks) {
  const auto parsed = parse(
      R"({"resourceType":"Patient","id":"1","meta":{"versionId":"2","tag":[{"code":"t"}]},"text":{"status":"empty","div":"<div/>"},"active":true,)"
      R"("name":[{"family":"A"}],"maritalStatus":{"text":"m"},"contact":[{"name":{"family":"B"}}],"communication":[{"language":{"text":"de"}}]})");
  const json::Value root = parsed->document.root();
  EXPECT_EQ(
      summarize(root, "Patient", Summary::yes).view(),
      fmt::format(
          R"({{"resourceType":"Patient","id":"1","meta":{{"versionId":"2","tag":[{},{{"code":"t"}}]}},"active":true,"name":[{{"family":"A"}}]}})",
          tag));
  EXPECT_EQ(
      summarize(root, "Patient", Summary::text).view(),
      fmt::format(
          R"({{"resourceType":"Patient","id":"1","meta":{{"versionId":"2","tag":[{},{{"code":"t"}}]}},"text":{{"status":"empty","div":"<div/>"}}}})",
          tag));
  EXPECT_THAT(summarize(root, "Patient", Summary::data).view(), ::testing::Not(HasSubstr("\"text\":{\"status\"")));
  EXPECT_THAT(summarize(root, "Patient", Summary::data).view(), HasSubstr("communication"));
  EXPECT_EQ(summarize(root, "Patient", Summary::none).view(), root.raw());
}

TEST(Shape, elements_keeps_the_named_and_the_mandatory_ones) {
  const auto parsed = parse(
      R"({"resourceType":"Observation","id":"1","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.0},"note":[{"text":"n"}],"effectiveDateTime":"2020","_effectiveDateTime":{"id":"a"}})");
  const std::vector<std::string> names{"value", "effective"};
  EXPECT_EQ(
      only_elements(parsed->document.root(), "Observation", names).view(),
      fmt::format(
          R"({{"resourceType":"Observation","meta":{{"tag":[{}]}},"id":"1","status":"final","code":{{"text":"c"}},"valueQuantity":{{"value":1.0}},)"
          R"("effectiveDateTime":"2020","_effectiveDateTime":{{"id":"a"}}}})",
          tag));
}

TEST(Shape, every_example_summarises_to_json_of_the_same_type) {
  if (!std::filesystem::exists(example_folder())) GTEST_SKIP() << "no examples in " << example_folder();
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(example_folder())) {
    if (entry.file_size() > 100'000) continue;
    const auto parsed = parse(read_file(entry.path()));
    if (!parsed) continue;
    const std::string type = parsed->document.root().string("resourceType");
    if (!r4::is_resource_type(type)) continue;
    for (const auto summary : {Summary::yes, Summary::text, Summary::data}) {
      const auto again = parse(std::string(summarize(parsed->document.root(), type, summary).view()));
      ASSERT_TRUE(again) << entry.path();
      EXPECT_EQ(again->document.root().string("resourceType"), type);
      EXPECT_TRUE(again->document.root()["meta"]["tag"]) << entry.path();
    }
    ++count;
  }
  EXPECT_GT(count, 500u);
}

}  // namespace
}  // namespace ward::fhir
