// What of a search is passed on to another FHIR server, and what is not.
#include "upstream/search_query.hpp"

#include <gtest/gtest.h>

namespace ward::door {
namespace {

const std::vector<std::string> own_bases{"https://front.example/fhir"};

Allowed<SearchQuery> asked(std::string_view type, std::string_view query, store::Visible visible = {{.all = true}}) {
  auto search = fhir::parse_search(type, query, {}, {.own_bases = own_bases});
  EXPECT_TRUE(search) << query;
  search->query.visible = std::move(visible);
  return search_query(*search, own_bases);
}

TEST(SearchQuery, what_looks_at_the_resource_itself_is_passed_on) {
  const std::pair<const char*, const char*> cases[] = {
      {"code=1", "code=1"},
      {"code:text=a", "code%3Atext=a"},
      {"component-code-value-quantity=1$gt2", "component-code-value-quantity=1%24gt2"},
      {"subject=https://front.example/fhir/Patient/1", "subject=Patient%2F1"},
      {"_sort=-date,code", "_sort=-date%2Ccode"},
      {"_contained=false", ""},
      {"_summary=text&_elements=code&_total=none", ""},
      {"patient.family=x", ""},
      {"_has:DiagnosticReport:result:status=final", ""},
  };
  for (const auto& [query, passed] : cases) {
    const auto out = asked("Observation", query);
    ASSERT_TRUE(out) << query;
    EXPECT_EQ(out->text, std::string(passed) + (*passed == '\0' ? "" : "&") + "_count=50") << query;
  }
  EXPECT_EQ(asked("Location", "near=1|2|3|km")->text, "near=1%7C2%7C3%7Ckm&_count=50");
}

TEST(SearchQuery, words_are_refused) {
  for (const char* query : {"_text=a", "_content=a,b", "code=1&_content=a"}) {
    const auto out = asked("Observation", query);
    ASSERT_FALSE(out) << query;
    EXPECT_EQ(out.error().status, 400);
    EXPECT_EQ(out.error().issues[0].code, "not-supported");
  }
}

TEST(SearchQuery, the_predicate_is_part_of_the_question) {
  const auto out = asked("Observation", "code-value-quantity=1$2", {{.patients = {"7", "8"}}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->text, "code-value-quantity=1%242&patient=Patient%2F7%2CPatient%2F8&_count=50");
  EXPECT_FALSE(out->unrestricted);
  EXPECT_TRUE(asked("Observation", "code=1", {})->nothing);
}

}  // namespace
}  // namespace ward::door
