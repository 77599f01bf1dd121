#include "index.hpp"
#include "examples.hpp"
#include "index/plan.hpp"
#include "r4/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <zlib.h>

namespace ward::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// One line for each row, so that a case is a list of lines.
std::vector<std::string> lines(const store::IndexEntries& entries, std::string_view param) {
  std::vector<std::string> out;
  for (const auto& e : entries.tokens)
    if (e.param == param) out.push_back(fmt::format("token {}|{}", e.system, e.code));
  for (const auto& e : entries.strings)
    if (e.param == param) out.push_back(fmt::format("string {} = {}", e.folded, e.exact));
  for (const auto& e : entries.dates)
    if (e.param == param)
      out.push_back(fmt::format("date {} {}", e.low == INT64_MIN ? "open" : std::to_string(e.low),
                                e.high == INT64_MAX ? "open" : std::to_string(e.high)));
  for (const auto& e : entries.numbers)
    if (e.param == param) out.push_back(fmt::format("number {} {}", e.low, e.high));
  for (const auto& e : entries.quantities)
    if (e.param == param)
      out.push_back(fmt::format("quantity {} {} {}|{} {}", e.low, e.high, e.system, e.code, e.unit));
  for (const auto& e : entries.references)
    if (e.param == param) out.push_back(fmt::format("reference {}/{} {}", e.type, e.id, e.url));
  for (const auto& e : entries.uris)
    if (e.param == param) out.push_back(fmt::format("uri {}", e.value));
  return out;
}

const std::vector<std::string> own_bases{"https://clinic.example/fhir"};

store::IndexEntries index_of(std::string_view type, std::string source, std::string_view id = "x") {
  const auto parsed = parse(std::move(source));
  EXPECT_TRUE(parsed);
  IndexOptions options;
  options.own_bases = own_bases;
  auto entries = index(parsed->document, type, id, options);
  EXPECT_TRUE(entries) << (entries ? "" : entries.error().text());
  return entries ? std::move(*entries) : store::IndexEntries();
}

struct Case {
  std::string name, type, source, param;
  std::vector<std::string> rows;
};

TEST(Index, each_data_type_gives_the_rows_of_its_parameter) {
  const Case cases[] = {
      {"Identifier",
       "Patient",
       R"({"identifier":[{"system":"urn:mrn","value":"7"},{"value":"8"}]})",
       "identifier",
       {"token |8", "token urn:mrn|7"}},
      {"code", "Patient", R"({"gender":"male"})", "gender", {"token |male"}},
      {"boolean", "Patient", R"({"active":true})", "active", {"token |true"}},
      {"boolean expression", "Patient", R"({"deceasedDateTime":"2020"})", "deceased", {"token |true"}},
      {"boolean expression of a false element",
       "Patient",
       R"({"deceasedBoolean":false})",
       "deceased",
       {"token |false"}},
      {"ContactPoint with a filter",
       "Patient",
       R"({"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b.example"}]})",
       "email",
       {"token |a@b.example"}},
      {"CodeableConcept",
       "Observation",
       R"({"code":{"coding":[{"system":"http://loinc.org","code":"1"},{"code":"2"}],"text":"t"}})",
       "code",
       {"token http://loinc.org|1", "token |2"}},
      {"HumanName folded",
       "Patient",
       "{\"name\":[{\"family\":\"M\xC3\xBCller  Stra\xC3\x9F"
       "e\",\"given\":[\"\xC3\x89va\"]}]}",
       "name",
       {"string eva = \xC3\x89va",
        "string muller strasse = M\xC3\xBCller  Stra\xC3\x9F"
        "e"}},
      {"Address",
       "Patient",
       R"({"address":[{"city":"Bern","line":["A 1"]}]})",
       "address",
       {"string a 1 = A 1", "string bern = Bern"}},
      {"part of an address",
       "Patient",
       R"({"address":[{"city":"Bern","line":["A 1"]}]})",
       "address-city",
       {"string bern = Bern"}},
      {"date", "Patient", R"({"birthDate":"1970-01"})", "birthdate", {"date 0 2678400000"}},
      {"dateTime with zone",
       "Observation",
       R"({"effectiveDateTime":"1970-01-01T01:00:00+01:00"})",
       "date",
       {"date 0 1000"}},
      {"Period, open", "Observation", R"({"effectivePeriod":{"start":"1970-01-01"}})", "date", {"date 0 open"}},
      {"Timing",
       "Observation",
       R"({"effectiveTiming":{"event":["1970-01-01","1970-01-02"]}})",
       "date",
       {"date 0 86400000", "date 86400000 172800000"}},
      {"Quantity",
       "Observation",
       R"({"valueQuantity":{"value":5.40,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}})",
       "value-quantity",
       {"quantity 5.4 5.4 http://unitsofmeasure.org|mg mg"}},
      {"Quantity with a comparator",
       "Observation",
       R"({"valueQuantity":{"value":5,"comparator":"<"}})",
       "value-quantity",
       {"quantity 5 5 | "}},
      {"integer",
       "RiskAssessment",
       R"({"prediction":[{"probabilityDecimal":0.5}]})",
       "probability",
       {"number 0.5 0.5"}},
      {"reference",
       "Observation",
       R"({"subject":{"reference":"Patient/7/_history/2"}})",
       "subject",
       {"reference Patient/7 "}},
      {"reference to our own base",
       "Observation",
       R"({"subject":{"reference":"https://clinic.example/fhir/Patient/7"}})",
       "subject",
       {"reference Patient/7 "}},
      {"reference elsewhere",
       "Observation",
       R"({"subject":{"reference":"https://other.example/fhir/Patient/7"}})",
       "subject",
       {"reference / https://other.example/fhir/Patient/7"}},
      {"reference filtered by type", "Observation", R"({"subject":{"reference":"Group/7"}})", "patient", {}},
      {"contained reference",
       "Observation",
       R"({"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]})",
       "patient",
       {}},
      {"identifier of a reference",
       "Observation",
       R"({"subject":{"identifier":{"system":"urn:mrn","value":"7"}}})",
       "subject:identifier",
       {"token urn:mrn|7"}},
      {"canonical with version",
       "PlanDefinition",
       R"({"library":["http://x/Library/a|2"]})",
       "depends-on",
       {"reference / http://x/Library/a", "reference / http://x/Library/a|2"}},
      {"uri", "ValueSet", R"({"url":"http://x/vs"})", "url", {"uri http://x/vs"}},
      {"tag",
       "Patient",
       R"({"meta":{"tag":[{"system":"s","code":"c"}],"profile":["http://p"]}})",
       "_tag",
       {"token s|c"}},
      {"profile", "Patient", R"({"meta":{"profile":["http://p"]}})", "_profile", {"uri http://p"}},
      {"id is the store's", "Patient", R"({"id":"7","meta":{"lastUpdated":"2020-01-01T00:00:00Z"}})", "_id", {}},
  };
  for (const Case& c : cases) {
    const std::string source = fmt::format(R"({{"resourceType":"{}",{})", c.type, c.source.substr(1));
    EXPECT_THAT(lines(index_of(c.type, source), c.param), ::testing::UnorderedElementsAreArray(c.rows)) << c.name;
  }
}

TEST(Index, patients_are_those_of_the_published_compartment) {
  EXPECT_THAT(
      index_of("Patient", R"({"resourceType":"Patient","link":[{"other":{"reference":"Patient/b"}}]})", "a").patients,
      ElementsAre("a"));  // a link widens nothing
  EXPECT_THAT(
      index_of(
          "Observation",
          R"({"resourceType":"Observation","subject":{"reference":"Patient/7"},"performer":[{"reference":"Patient/8"},{"reference":"Practitioner/1"}]})")
          .patients,
      ElementsAre("7", "8"));
  EXPECT_THAT(index_of("Observation", R"({"resourceType":"Observation","focus":[{"reference":"Patient/7"}]})").patients,
              IsEmpty());
  EXPECT_THAT(index_of("Practitioner", R"({"resourceType":"Practitioner","identifier":[{"value":"7"}]})").patients,
              IsEmpty());
}

TEST(Index, too_many_values_are_an_error) {
  std::string source = R"({"resourceType":"Patient","identifier":[{"value":"a"})";
  for (int i = 0; i < 50; ++i) source += fmt::format(R"(,{{"value":"{}"}})", i);
  const auto parsed = parse(source + "]}");
  IndexOptions options;
  options.entries_max = 40;
  const auto entries = index(parsed->document, "Patient", "x", options);
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().code(), "index_too_large");
}

TEST(Index, values_know_the_element_that_they_stand_in) {
  const auto entries = index_of("Observation", R"({"resourceType":"Observation","status":"final",
    "code":{"coding":[{"code":"panel"}]},"component":[
      {"code":{"coding":[{"code":"sys","display":"Systolic"}]},"valueQuantity":{"value":120}},
      {"code":{"coding":[{"code":"dia"}]},"valueQuantity":{"value":80}}]})");
  std::vector<std::string> found;
  for (const auto& e : entries.tokens)
    if (e.param == "combo-code") found.push_back(fmt::format("{} {}", e.code, e.group));
  for (const auto& e : entries.quantities)
    if (e.param == "combo-value-quantity") found.push_back(fmt::format("{} {}", e.low, e.group));
  EXPECT_THAT(found, UnorderedElementsAre("panel 0", "sys 1", "dia 2", "120 1", "80 2"));
  EXPECT_THAT(lines(entries, "component-code:text"), ElementsAre("string systolic = "));
}

TEST(Index, codes_say_what_they_say_to_people_and_identifiers_their_type) {
  const auto entries = index_of("Patient", R"({"resourceType":"Patient","identifier":[
    {"type":{"coding":[{"system":"http://t","code":"MR"}],"text":"Record"},"system":"urn:mrn","value":"7"}],
    "maritalStatus":{"text":"none of it"}})");
  EXPECT_THAT(lines(entries, "identifier:of-type"), ElementsAre("token http://t|MR|7"));
  EXPECT_THAT(lines(entries, "identifier:text"), ElementsAre("string record = "));
}

TEST(Index, a_place_is_two_numbers) {
  const auto entries = index_of(
      "Location", R"({"resourceType":"Location","position":{"longitude":16.37,"latitude":48.2,"altitude":171}})");
  EXPECT_THAT(lines(entries, "near"), ElementsAre("number 48.2 48.2"));
  EXPECT_THAT(lines(entries, "near:longitude"), ElementsAre("number 16.37 16.37"));
}

TEST(Index, words_are_those_that_a_whole_view_shows) {
  const auto entries = index_of("Observation", R"({"resourceType":"Observation","id":"idword","status":"final",
    "meta":{"tag":[{"code":"tagword"}]},"text":{"status":"generated","div":"<div a='attributeword'>bold <b>face</b>&amp;x</div>"},
    "contained":[{"resourceType":"Patient","id":"p","name":[{"family":"containedword"}]}],
    "code":{"coding":[{"system":"http://systemword","code":"codeword","display":"displayword"}],"text":"textword"},
    "subject":{"reference":"Patient/referenceword","display":"otherword"},
    "performer":[{"identifier":{"value":"identifierword"},"display":"unseenword"}],
    "effectiveDateTime":"2026-11-24","note":[{"text":"noteword"}]})");
  EXPECT_EQ(entries.narrative, "  bold   face   x  ");
  EXPECT_EQ(entries.content, "final codeword displayword textword identifierword noteword");
  const auto parsed = parse(R"({"resourceType":"Observation","status":"final"})");
  EXPECT_EQ(index(parsed->document, "Observation", "x", {.words = false})->content, "");
}

TEST(Index, parts_of_composites_are_indexed_in_the_elements_that_r4_names) {
  std::size_t composites = 0;
  for (const auto type : r4::resource_types())
    for (const r4::Composite& composite : r4::composites(type)) {
      ++composites;
      EXPECT_GE(composite.parts.size(), 2u);
      for (const r4::CompositePart& part : composite.parts) {
        const auto* param = r4::find_param(type, part.code);
        ASSERT_NE(param, nullptr) << type << " " << composite.code;
        EXPECT_NE(param->type, r4::ParamType::composite);
      }
    }
  EXPECT_GT(composites, 70u);
}

TEST(Index, every_r4_expression_compiles) {
  for (const auto type : r4::resource_types()) {
    const auto* plan = index_plan::plan_of(type);
    ASSERT_TRUE(plan) << type;
    EXPECT_THAT(plan->broken, IsEmpty()) << type;
  }
}

TEST(Index, plain_paths_and_the_evaluator_agree_on_all_examples) {
  if (!std::filesystem::exists(example_folder())) GTEST_SKIP() << "no examples in " << example_folder();
  unsigned resources = 0, rows = 0;
  for (const auto& entry : std::filesystem::directory_iterator(example_folder())) {
    const auto parsed = parse(read_file(entry.path()));
    if (!parsed) continue;
    const std::string type = parsed->document.root().string("resourceType");
    if (!r4::is_resource_type(type) || entry.file_size() > 1'000'000) continue;
    const auto entries = index(parsed->document, type, "x");
    ASSERT_TRUE(entries) << entry.path() << entries.error().text();
    ++resources;
    rows += static_cast<unsigned>(entries->tokens.size() + entries->references.size() + entries->strings.size());
    if (resources % 7 != 0) continue;
    PathContext context;
    context.resource = parsed->document.root();
    context.resource_type = type;
    for (const auto& param : r4::search_params(type)) {
      if (param.expression.empty()) continue;
      const auto expression = PathExpression::compile(param.expression);
      ASSERT_TRUE(expression) << param.expression;
      const auto items = expression->evaluate(context);
      if (!items) {
        EXPECT_EQ(items.error().code(), "path_type") << entry.path() << param.expression;
      }
      if (!items || param.type != r4::ParamType::uri) continue;
      EXPECT_EQ(items->empty(), lines(*entries, param.code).empty()) << entry.path() << " " << param.code;
    }
  }
  EXPECT_GT(resources, 500u);
  EXPECT_GT(rows, 5000u);
}

TEST(Index, synthea_bundles_index_without_error) {
  const auto file = shared_data() / "fhir/synthea-dev-25.bundles.ndjson.gz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no Synthea set at " << file;
  gzFile in = gzopen(file.c_str(), "rb");
  std::string line;
  std::vector<char> chunk(1 << 20);
  unsigned resources = 0, observations = 0, in_compartment = 0;
  std::chrono::nanoseconds spent{};
  for (int bundles = 0; bundles < 5; ++bundles) {
    line.clear();
    while (gzgets(in, chunk.data(), static_cast<int>(chunk.size()))) {
      line += chunk.data();
      if (line.ends_with('\n')) break;
    }
    if (line.empty()) break;
    const auto bundle = parse(line);
    ASSERT_TRUE(bundle);
    for (json::Value entry = bundle->document.root()["entry"].first(); entry; entry = entry.next()) {
      const auto resource = parse(std::string(entry["resource"].raw()));
      const std::string type = resource->document.root().string("resourceType");
      const auto start = std::chrono::steady_clock::now();
      const auto entries = index(resource->document, type, "x");
      if (type == "Observation") spent += std::chrono::steady_clock::now() - start, ++observations;
      ASSERT_TRUE(entries) << type << entries.error().text();
      ++resources;
      in_compartment += !entries->patients.empty();
    }
  }
  gzclose(in);
  EXPECT_GT(resources, 500u);
  EXPECT_GE(in_compartment, 3u);  // before their urn:uuid references are rewritten, the patients themselves
  std::cout << "an Observation takes " << spent.count() / std::max(observations, 1u) / 1000.0 << " us to index\n";
}

TEST(Index, references_are_taken_apart) {
  const std::tuple<const char*, const char*, const char*, const char*, const char*> cases[] = {
      {"Patient/1", "Patient", "1", "", ""},
      {"Patient/1/_history/2", "Patient", "1", "2", ""},
      {"https://clinic.example/fhir/Patient/1", "Patient", "1", "", ""},
      {"https://clinic.example/fhirPatient/1", "", "", "", "https://clinic.example/fhirPatient/1"},
      {"Patient/1/x", "", "", "", "Patient/1/x"},
      {"Nothing/1", "", "", "", "Nothing/1"},
      {"Patient/a b", "", "", "", "Patient/a b"},
      {"#a", "", "", "", ""},
      {"urn:uuid:1", "", "", "", "urn:uuid:1"},
  };
  for (const auto& [text, type, id, version, url] : cases) {
    const auto parts = split_reference(text, own_bases);
    EXPECT_EQ(std::tie(parts.type, parts.id, parts.version, parts.url), std::make_tuple(type, id, version, url))
        << text;
  }
}

}  // namespace
}  // namespace ward::fhir
