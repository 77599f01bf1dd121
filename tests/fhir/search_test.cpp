#include "search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view compare_names[] = {"eq", "ne", "lt", "gt", "le", "ge", "sa", "eb", "ap"};

std::string text_of(const store::Match& match) {
  struct Text {
    std::string operator()(const store::TokenIs& m) const {
      return fmt::format("token {}|{}", m.system.value_or("*"), m.code.value_or("*"));
    }
    std::string operator()(const store::StringIs& m) const {
      return fmt::format("{} {}",
                         m.how == store::StringIs::exact    ? "exact"
                         : m.how == store::StringIs::prefix ? "prefix"
                                                            : "contains",
                         m.text);
    }
    std::string operator()(const store::DateIs& m) const {
      return fmt::format("date {} {} {}", compare_names[static_cast<int>(m.how)], m.low, m.high);
    }
    std::string operator()(const store::NumberIs& m) const {
      return fmt::format("number {} {} {}", compare_names[static_cast<int>(m.how)], m.low, m.high);
    }
    std::string operator()(const store::QuantityIs& m) const {
      return fmt::format("quantity {} {} {} {}|{}", compare_names[static_cast<int>(m.how)], m.low, m.high,
                         m.system.value_or("*"), m.code);
    }
    std::string operator()(const store::ReferenceIs& m) const {
      return fmt::format("reference {}/{} {}", m.type, m.id, m.url);
    }
    std::string operator()(const store::UriIs& m) const {
      return fmt::format("uri {}{}{}", m.value, m.below ? " below" : "", m.above ? " above" : "");
    }
    std::string operator()(const store::IdIs& m) const { return "id " + m.id; }
    std::string operator()(const store::TextIs& m) const { return fmt::format("words {}", fmt::join(m.words, "+")); }
    std::string operator()(const store::NearIs& m) const {
      return fmt::format("near {} {} {:.3f}", m.latitude, m.longitude, m.km);
    }
    std::string operator()(const store::UpdatedIs& m) const {
      return fmt::format("updated {} {} {}", compare_names[static_cast<int>(m.how)], m.low, m.high);
    }
  };
  return std::visit(Text{}, match);
}

std::string text_of(const store::Condition& condition) {
  std::string out = condition.param;
  if (condition.negate) out += " not";
  if (condition.missing) out += *condition.missing ? " missing" : " present";
  for (const auto& match : condition.any_of) out += "; " + text_of(match);
  for (const auto& list : condition.together) {
    out += "; (";
    for (const auto& part : list) out += (&part == &list.front() ? "" : " + ") + text_of(part);
    out += ")";
  }
  return out + (condition.anywhere ? " anywhere" : "");
}

SearchOptions options() {
  static const std::vector<std::string> bases{"https://clinic.example/fhir"};
  SearchOptions out;
  out.own_bases = bases;
  return out;
}

struct Good {
  std::string type, query, condition;
};

TEST(Search, each_kind_of_parameter_becomes_its_condition) {
  const Good cases[] = {
      {"Observation", "code=1", "code; token *|1"},
      {"Observation", "code=http://loinc.org|1", "code; token http://loinc.org|1"},
      {"Observation", "code=|1", "code; token |1"},
      {"Observation", "code=http://loinc.org|", "code; token http://loinc.org|*"},
      {"Observation", "code=a,b%2Cc", "code; token *|a; token *|b; token *|c"},
      {"Observation", "code=a%5C,b%5C%7Cc", "code; token *|a,b|c"},
      {"Observation", "code:not=1", "code not; token *|1"},
      {"Observation", "code:missing=true", "code missing"},
      {"Observation", "subject=Patient/1", "subject; reference Patient/1 "},
      {"Observation", "subject:Patient=1", "subject; reference Patient/1 "},
      {"Observation", "subject=1", "subject; reference /1 "},
      {"Observation", "subject=https://clinic.example/fhir/Patient/1", "subject; reference Patient/1 "},
      {"Observation", "subject=https://other.example/fhir/Patient/1",
       "subject; reference / https://other.example/fhir/Patient/1"},
      {"Observation", "subject:identifier=urn:mrn|7", "subject:identifier; token urn:mrn|7"},
      {"Observation", "patient=1", "patient; reference Patient/1 "},
      {"Patient", "name=M%C3%BCller", "name; prefix muller"},
      {"Patient", "name:exact=M%C3%BCller", "name; exact M\xC3\xBCller"},
      {"Patient", "name:contains=A+b", "name; contains a b"},
      {"Patient", "birthdate=1970-01-01", "birthdate; date eq 0 86400000"},
      {"Patient", "birthdate=ge1970-01", "birthdate; date ge 0 2678400000"},
      {"Observation", "date=ap1970-01-01T00:00:00Z", "date; date ap 0 1000"},
      {"RiskAssessment", "probability=0.5", "probability; number eq 0.45 0.55"},
      {"RiskAssessment", "probability=gt0.5", "probability; number gt 0.5 0.5"},
      {"RiskAssessment", "probability=1e2", "probability; number eq 50 150"},
      {"RiskAssessment", "probability=ap100", "probability; number ap 99.5 100.5"},
      {"Observation", "value-quantity=lt5|http://unitsofmeasure.org|mg",
       "value-quantity; quantity lt 5 5 http://unitsofmeasure.org|mg"},
      {"Observation", "value-quantity=5||mg", "value-quantity; quantity eq 4.5 5.5 *|mg"},
      {"Observation", "value-quantity=5", "value-quantity; quantity eq 4.5 5.5 *|"},
      {"ValueSet", "url=http://x", "url; uri http://x"},
      {"ValueSet", "url:below=http://x", "url; uri http://x below"},
      {"Patient", "_id=a,b", "_id; id a; id b"},
      {"Patient", "_lastUpdated=ge1970-01-01", "_lastUpdated; updated ge 0 86400000"},
      {"Patient", "_tag=s|c", "_tag; token s|c"},
      {"Observation", "code:text=Heart+Rate", "code:text; prefix heart rate"},
      {"Patient", "identifier:of-type=http://x|MR|12", "identifier:of-type; token http://x|MR|12"},
      {"Patient", "identifier:of-type=|MR|12", "identifier:of-type; token *|MR|12"},
      {"Patient", "gender:in=http://hl7.org/fhir/ValueSet/administrative-gender",
       "gender; token http://hl7.org/fhir/administrative-gender|female; token |female; "
       "token http://hl7.org/fhir/administrative-gender|male; token |male; "
       "token http://hl7.org/fhir/administrative-gender|other; token |other; "
       "token http://hl7.org/fhir/administrative-gender|unknown; token |unknown"},
      {"Observation", "code-value-quantity=http://loinc.org|8480-6$gt90,1$5",
       "code-value-quantity; (code; token http://loinc.org|8480-6 + value-quantity; quantity gt 90 90 *|); "
       "(code; token *|1 + value-quantity; quantity eq 4.5 5.5 *|)"},
      {"Observation", "code-value-quantity:missing=false",
       "code-value-quantity; (code present + value-quantity present)"},
      {"Observation", "code-value-quantity:missing=true",
       "code-value-quantity not; (code present + value-quantity present)"},
      {"MolecularSequence", "chromosome-variant-coordinate=1$lt5$gt4",
       "chromosome-variant-coordinate; (chromosome; token *|1 anywhere + variant-start; number lt 5 5 + variant-end; "
       "number gt 4 4)"},
      {"DocumentReference", "relationship=replaces$DocumentReference/1",
       "relationship; (relation; token *|replaces + relatesto; reference DocumentReference/1 )"},
      {"Location", "near=48.2|16.37", "near; near 48.2 16.37 5.000"},
      {"Location", "near=-33.9|151.2|10|mi", "near; near -33.9 151.2 16.093"},
      {"Location", "near=48.2|16.37|500|m", "near; near 48.2 16.37 0.500"},
      {"Observation", "_text=blood+pressure", "_text; words blood+pressure"},
      {"Observation", "_content=a%5C,b,c+-", "_content; words a,b; words c"},
  };
  for (const Good& c : cases) {
    const auto search = parse_search(c.type, c.query, {}, options());
    ASSERT_TRUE(search) << c.query << ": " << search.error().cause;
    ASSERT_EQ(search->query.all_of.size(), 1u) << c.query;
    EXPECT_EQ(text_of(search->query.all_of[0]), c.condition) << c.query;
  }
}

TEST(Search, what_is_wrong_or_not_supported_is_refused_by_name_and_without_its_value) {
  const std::tuple<const char*, const char*, const char*, const char*> cases[] = {
      {"Patient", "nothing=SECRET", "not-supported", "nothing"},
      {"Patient", "name:wrong=SECRET", "invalid", "name"},
      {"Patient", "name=", "invalid", "name"},
      {"Patient", "name=SECRET,", "invalid", "name"},
      {"Patient", "birthdate=SECRET", "invalid", "birthdate"},
      {"Patient", "birthdate=2020-13", "invalid", "birthdate"},
      {"Patient", "birthdate=gele2020", "invalid", "birthdate"},
      {"Patient", "_id=SECRET/1", "invalid", "_id"},
      {"Patient", "_id:not=SECRET", "invalid", "_id"},
      {"Patient", "name=%5Cq", "invalid", "name"},
      {"Observation", "code:above=SECRET", "not-supported", "code"},
      {"Observation", "code:of-type=SECRET", "invalid", "code"},
      {"Patient", "identifier:of-type=SECRET", "invalid", "identifier"},
      {"Patient", "identifier:of-type=a|b", "invalid", "identifier"},
      {"Patient", "name:text=SECRET", "not-supported", "name"},
      {"Observation", "subject:text=SECRET", "not-supported", "subject"},
      {"Observation", "code:in=SECRET", "not-supported", "code"},
      {"Observation", "code=%7C", "invalid", "code"},
      {"Observation", "code:missing=SECRET", "invalid", "code"},
      {"Observation", "subject:Organization=SECRET", "invalid", "subject"},
      {"Observation", "subject:Patient=Group/1", "invalid", "subject"},
      {"Observation", "_text:exact=SECRET", "invalid", "_text"},
      {"Observation", "_content=--,SECRET", "invalid", "_content"},
      {"Observation", "_type=SECRET", "not-supported", "_type"},
      {"Observation", "_contained=true", "not-supported", "_contained"},
      {"Observation", "_contained=SECRET", "invalid", "_contained"},
      {"Observation", "_containedType=SECRET", "not-supported", "_containedType"},
      {"Observation", "_filter=SECRET", "not-supported", "_filter"},
      {"Observation", "code-value-quantity=SECRET", "invalid", "code-value-quantity"},
      {"Observation", "code-value-quantity=1$SECRET", "invalid", "value-quantity"},
      {"Observation", "code-value-quantity=$5", "invalid", "code-value-quantity"},
      {"Observation", "code-value-quantity=1$2$SECRET", "invalid", "code-value-quantity"},
      {"Observation", "code-value-quantity:not=SECRET$1", "invalid", "code-value-quantity"},
      {"Location", "near=SECRET", "invalid", "near"},
      {"Location", "near=91|0", "invalid", "near"},
      {"Location", "near=1|1|1|SECRET", "invalid", "near"},
      {"Observation", "value-quantity=5|mg", "invalid", "value-quantity"},
      {"Observation", "value-quantity=SECRET", "invalid", "value-quantity"},
      {"RiskAssessment", "probability=.5", "invalid", "probability"},
      {"Patient", "_count=SECRET", "invalid", "_count"},
      {"Patient", "_count=1&_count=2", "invalid", "_count"},
      {"Patient", "_sort=SECRET1", "invalid", "_sort"},
      {"Patient", "_sort=name,name,name,name", "too-costly", "_sort"},
      {"Patient", "_total=SECRET", "invalid", "_total"},
      {"Patient", "_summary=SECRET", "invalid", "_summary"},
      {"Patient", "_elements=SECRET1", "invalid", "_elements"},
      {"Patient", "name=%zz", "invalid", ""},
      {"Patient", "name=%ff", "invalid", ""},
  };
  for (const auto& [type, query, code, name] : cases) {
    const auto search = parse_search(type, query, {}, options());
    ASSERT_FALSE(search) << query;
    EXPECT_EQ(search.error().status, 400) << query;
    ASSERT_FALSE(search.error().issues.empty());
    EXPECT_EQ(search.error().issues[0].code, code) << query;
    EXPECT_THAT(search.error().issues[0].diagnostics, ::testing::HasSubstr(name)) << query;
    EXPECT_THAT(search.error().issues[0].diagnostics, ::testing::Not(::testing::ContainsRegex("SECRET$|SECRET[^1]")))
        << query;
  }
}

TEST(Search, all_problems_are_listed) {
  const auto search = parse_search("Patient", "nothing=1&name:x=2&birthdate=z");
  ASSERT_FALSE(search);
  EXPECT_EQ(search.error().issues.size(), 3u);
}

TEST(Search, lenient_handling_drops_unknown_parameters_and_says_so) {
  auto lenient = options();
  lenient.lenient = true;
  const auto search = parse_search("Patient", "nothing=1&name=a", {}, lenient);
  ASSERT_TRUE(search);
  EXPECT_EQ(search->query.all_of.size(), 1u);
  EXPECT_THAT(search->warnings, ElementsAre(::testing::HasSubstr("nothing")));
  EXPECT_EQ(self_link("https://x/fhir", *search), "https://x/fhir/Patient?name=a");
  EXPECT_FALSE(parse_search("Patient", "_include=1", {}, lenient)) << "what is wrong is never dropped";
}

TEST(Search, lenient_handling_leaves_out_what_is_not_supported_and_says_so) {
  auto lenient = options();
  lenient.lenient = true;
  for (const char* query : {"code:above=1", "_filter=x", "_contained=both", "_containedType=contained",
                            "subject:text=x", "code:in=http://nowhere", "_type=Observation"}) {
    const auto search = parse_search("Observation", std::string(query) + "&status=final", {}, lenient);
    ASSERT_TRUE(search) << query;
    EXPECT_EQ(search->query.all_of.size(), 1u) << query;
    EXPECT_EQ(search->warnings.size(), 1u) << query;
    EXPECT_EQ(self_link("x", *search), "x/Observation?status=final");
  }
  for (const char* query : {"code:nothing=1", "_contained=x", "code-value-quantity=1"})
    EXPECT_FALSE(parse_search("Observation", query, {}, lenient)) << query << ": what is wrong is never left out";
  EXPECT_FALSE(parse_search("Location", "near=x", {}, lenient));
  EXPECT_TRUE(parse_search("Observation", "_contained=false"));
}

TEST(Search, what_is_used_is_named_so_that_a_view_can_be_asked) {
  const auto search = parse_search("Observation", "combo-code-value-quantity=1$2&_content=x&_text=y&code:text=z");
  ASSERT_TRUE(search);
  std::string used;
  for (const UsedParam& one : search->used) used += one.code + (one.param != nullptr ? " " : "! ");
  EXPECT_EQ(used, "combo-code combo-value-quantity _content! _text! code ");
}

TEST(Search, a_scope_has_no_conditions_on_several_values_or_words) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  for (const auto& [name, value] : Pairs{{"code-value-quantity", "1$2"}, {"_text", "a"}, {"_content", "a"}})
    EXPECT_FALSE(parse_constraints("Observation", Pairs{{name, value}})) << name;
  EXPECT_FALSE(parse_constraints("Location", Pairs{{"near", "1|1"}}));
}

TEST(Search, common_parameters_are_those_of_all_types) {
  for (const char* name : {"_id", "_tag:not", "_lastUpdated", "_content", "_count", "_summary"})
    EXPECT_TRUE(is_common_param(name)) << name;
  for (const char* name : {"code", "patient", "_include", "_revinclude", "_filter", "subject.name", "_typo"})
    EXPECT_FALSE(is_common_param(name)) << name;
}

TEST(Search, result_parameters_shape_the_query) {
  const auto search = parse_search(
      "Patient", "_count=5000&_sort=-birthdate,_id&_total=accurate&_elements=name,gender&_format=json&_pretty=true",
      "name=a", options());
  ASSERT_TRUE(search) << search.error().cause;
  EXPECT_EQ(search->query.count, 1000u);
  ASSERT_EQ(search->query.sort.size(), 2u);
  EXPECT_TRUE(search->query.sort[0].descending);
  EXPECT_EQ(search->query.sort[1].param, "_id");
  EXPECT_EQ(search->query.total, store::Total::accurate);
  EXPECT_THAT(search->elements, ElementsAre("name", "gender"));
  EXPECT_TRUE(search->pretty);
  ASSERT_EQ(search->used.size(), 3u);
  EXPECT_TRUE(search->used[0].sort);
  EXPECT_EQ(search->used[2].param, r4::find_param("Patient", "name"));
  for (const char* query : {"_count=0", "_summary=count", "_summary=count&_count=7", "_count=0&_total=none"}) {
    const auto counted = parse_search("Patient", query);
    ASSERT_TRUE(counted) << query;
    EXPECT_EQ(counted->summary, Summary::count) << query;
    EXPECT_EQ(counted->query.count, 0u) << query;
    EXPECT_EQ(counted->query.total, store::Total::accurate) << query;
  }
}

TEST(Search, parameters_and_values_are_bounded) {
  std::string many;
  for (std::size_t i = 0; i <= search_params_max; ++i) many += "name=a&";
  EXPECT_FALSE(parse_search("Patient", many));
  std::string values = "name=a";
  for (std::size_t i = 1; i < search_values_max; ++i) values += ",a";
  EXPECT_TRUE(parse_search("Patient", values));
  EXPECT_FALSE(parse_search("Patient", values + ",a"));
  EXPECT_FALSE(parse_search("Patient", "name=" + std::string(search_bytes_max, 'a')));
}

TEST(Search, a_condition_needs_a_filter_and_takes_no_result_parameters) {
  EXPECT_TRUE(parse_condition("Patient", "identifier=urn:mrn|7"));
  EXPECT_FALSE(parse_condition("Patient", ""));
  EXPECT_FALSE(parse_condition("Patient", "_count=1"));
  EXPECT_FALSE(parse_condition("Patient", "identifier=7&_sort=name"));
  EXPECT_FALSE(parse_condition("Nothing", "identifier=7"));
}

TEST(Search, constraints_of_a_scope_become_conditions) {
  const std::vector<std::pair<std::string, std::string>> pairs{{"category", "http://x|vital-signs"},
                                                               {"status", "final"}};
  const auto conditions = parse_constraints("Observation", pairs);
  ASSERT_TRUE(conditions);
  EXPECT_EQ(text_of((*conditions)[0]), "category; token http://x|vital-signs");
  const std::vector<std::pair<std::string, std::string>> bad{{"nothing", "1"}};
  EXPECT_FALSE(parse_constraints("Observation", bad));
}

TEST(Search, a_self_link_parses_to_the_same_search) {
  const auto search = parse_search("Observation", "code=http%3A%2F%2Floinc.org%7C1%5C%2C2&date=ge2020&_count=10");
  ASSERT_TRUE(search);
  const std::string link = self_link("https://x", *search);
  EXPECT_EQ(link, "https://x/Observation?code=http://loinc.org%7C1%5C,2&date=ge2020&_count=10");
  const auto again = parse_search("Observation", link.substr(link.find('?') + 1));
  ASSERT_TRUE(again);
  EXPECT_EQ(text_of(again->query.all_of[0]), text_of(search->query.all_of[0]));
}

}  // namespace
}  // namespace ward::fhir
