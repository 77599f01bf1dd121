// What is read from a request line, and which of its values are free.
#include "fhir_request.hpp"
#include "line_values.hpp"
#include "routes.hpp"

#include <gtest/gtest.h>

namespace ward::door {
namespace {

using Kind = FhirRequest::Kind;

struct Case {
  const char* method;
  std::vector<std::string> rest;
  bool query;
  int status;  // 0: taken
  Kind kind = Kind::resource;
  Interaction interaction = Interaction::read;
  const char* path_template = "";
};

TEST(FhirRequest, method_and_path_give_the_interaction) {
  const Case cases[] = {
      {"GET", {"metadata"}, false, 0, Kind::capabilities, Interaction::read, "/metadata"},
      {"POST", {"metadata"}, false, 405},
      {"POST", {}, false, 0, Kind::bundle, Interaction::read, ""},
      {"GET", {}, false, 405},
      {"GET", {"Patient"}, false, 0, Kind::resource, Interaction::search, "/{type}?"},
      {"HEAD", {"Patient"}, true, 0, Kind::resource, Interaction::search, "/{type}?"},
      {"POST", {"Patient", "_search"}, false, 0, Kind::resource, Interaction::search, "/{type}?"},
      {"GET", {"Patient", "_search"}, false, 405},
      {"POST", {"Patient"}, false, 0, Kind::resource, Interaction::create, "/{type}"},
      {"PUT", {"Patient"}, true, 0, Kind::resource, Interaction::update, "/{type}?"},
      {"PUT", {"Patient"}, false, 405},
      {"DELETE", {"Patient"}, true, 0, Kind::resource, Interaction::remove, "/{type}?"},
      {"DELETE", {"Patient"}, false, 405},
      {"PATCH", {"Patient", "1"}, false, 0, Kind::resource, Interaction::patch, "/{type}/{id}"},
      {"PATCH", {"Patient"}, true, 0, Kind::resource, Interaction::patch, "/{type}?"},
      {"PATCH", {"Patient"}, false, 405},
      {"GET", {"Patient", "1"}, false, 0, Kind::resource, Interaction::read, "/{type}/{id}"},
      {"HEAD", {"Patient", "1"}, false, 0, Kind::resource, Interaction::read, "/{type}/{id}"},
      {"PUT", {"Patient", "1"}, false, 0, Kind::resource, Interaction::update, "/{type}/{id}"},
      {"DELETE", {"Patient", "1"}, false, 0, Kind::resource, Interaction::remove, "/{type}/{id}"},
      {"POST", {"Patient", "1"}, false, 405},
      {"GET", {"Patient", "1", "_history"}, false, 0, Kind::resource, Interaction::history, "/{type}/{id}/_history"},
      {"GET",
       {"Patient", "1", "_history", "3"},
       false,
       0,
       Kind::resource,
       Interaction::vread,
       "/{type}/{id}/_history/{vid}"},
      {"DELETE", {"Patient", "1", "_history"}, false, 405},
      {"GET", {"Patient", "1", "_history", "3", "x"}, false, 404},
      {"GET",
       {"Patient", "1", "$everything"},
       false,
       0,
       Kind::operation,
       Interaction::read,
       "/{type}/{id}/$everything"},
      {"POST",
       {"Encounter", "1", "$everything"},
       false,
       0,
       Kind::operation,
       Interaction::read,
       "/{type}/{id}/$everything"},
      {"DELETE", {"Patient", "1", "$everything"}, false, 405},
      {"GET", {"Observation", "1", "$everything"}, false, 404},
      {"GET", {"Patient", "$everything"}, false, 404},
      {"GET", {"Patient", "1", "$everything", "x"}, false, 404},
      {"GET", {"Patient", "1", "$unknown"}, false, 404},
      {"GET", {"Patient", "1", "$"}, false, 404},
      {"POST", {"Patient", "$validate"}, false, 0, Kind::operation, Interaction::create, "/{type}/$validate"},
      {"POST", {"Patient", "1", "$validate"}, false, 0, Kind::operation, Interaction::update, "/{type}/{id}/$validate"},
      {"GET", {"Patient", "$validate"}, false, 405},
      {"HEAD", {"Observation", "$lastn"}, false, 0, Kind::operation, Interaction::search, "/{type}/$lastn"},
      {"GET", {"Patient", "$lastn"}, false, 404},
      {"GET", {"Patient", "a b"}, false, 404},
      {"GET", {"Patient", std::string(65, 'a')}, false, 404},
      {"GET", {"patient", "1"}, false, 404},
      {"GET", {"Element"}, false, 404},
      {"GET", {"$export"}, false, 404},
      {"GET", {"_history"}, false, 0, Kind::histories, Interaction::search_history, "/_history"},
      {"GET", {"Patient", "_history"}, false, 0, Kind::histories, Interaction::search_history, "/{type}/_history"},
      {"POST", {"Patient", "_history"}, false, 405},
      {"GET", {"_history", "1"}, false, 404},
      {"GET", {}, true, 0, Kind::search_all, Interaction::search, "?"},
      {"HEAD", {}, true, 0, Kind::search_all, Interaction::search, "?"},
      {"POST", {}, true, 0, Kind::bundle, Interaction::read, ""},
      {"DELETE", {}, true, 405},
      {"POST", {"_search"}, false, 0, Kind::search_all, Interaction::search, "?"},
      {"GET", {"_search"}, true, 405},
      {"GET", {"Patient", "1", "Observation"}, false, 0, Kind::resource, Interaction::search, "/Patient/{id}/{type}?"},
      {"GET", {"Encounter", "1", "Observation"}, true, 0, Kind::resource, Interaction::search, "/{owner}/{id}/{type}?"},
      {"POST",
       {"Practitioner", "1", "Encounter", "_search"},
       false,
       0,
       Kind::resource,
       Interaction::search,
       "/{owner}/{id}/{type}?"},
      {"GET", {"Practitioner", "1", "Encounter", "_search"}, false, 405},
      {"POST", {"Encounter", "1", "Observation"}, false, 405},
      {"GET", {"Encounter", "1", "Location"}, false, 404},
      {"GET", {"Encounter", "1", "Encounter"}, false, 404},
      {"GET", {"Organization", "1", "Patient"}, false, 404},
  };
  for (const Case& one : cases) {
    std::string name = one.method;
    for (const std::string& segment : one.rest) name += "/" + segment;
    const auto request = parse_fhir_request(one.method, one.rest, one.query);
    if (one.status != 0) {
      ASSERT_FALSE(request) << name;
      EXPECT_EQ(request.error().status, one.status) << name;
      if (one.status == 405) {
        EXPECT_EQ(request.error().headers.at(0).first, "allow") << name;
      }
      continue;
    }
    ASSERT_TRUE(request) << name;
    EXPECT_EQ(request->kind, one.kind) << name;
    if (one.kind == Kind::resource) {
      EXPECT_EQ(request->interaction, one.interaction) << name;
    }
    EXPECT_EQ(request->path_template(), one.path_template) << name;
  }
}

TEST(FhirRequest, what_is_no_version_is_one_that_does_not_exist) {
  for (const char* version : {"0", "-1", "1x", "x", "", "99999999999999999999999", " 1"})
    EXPECT_EQ(parse_fhir_request("GET", {"Patient", "1", "_history", version}, false)->version, UINT64_MAX) << version;
  EXPECT_EQ(parse_fhir_request("GET", {"Patient", "1", "_history", "12"}, false)->version, 12U);
}

TEST(Routes, the_longest_path_and_a_named_host_win) {
  Routes routes;
  routes.add({.name = "any", .path = {}});
  routes.add({.name = "fhir", .path = {"fhir"}});
  routes.add({.name = "tenant", .path = {"fhir", "{tenant}", "r4"}});
  routes.add({.name = "named", .host = "ehr.example", .path = {"fhir"}});
  const auto found = [&](const char* host, std::vector<std::string> segments) {
    const auto one = routes.find(host, segments);
    return one ? one->route->name + " " + std::to_string(one->consumed) : "none";
  };
  EXPECT_EQ(found("x", {"fhir", "Patient"}), "fhir 1");
  EXPECT_EQ(found("ehr.example", {"fhir", "Patient"}), "named 1");
  EXPECT_EQ(found("x", {"fhir", "a", "r4", "Patient"}), "tenant 3");
  EXPECT_EQ(found("x", {"fhir", "a", "r5"}), "fhir 1");
  EXPECT_EQ(found("x", {"fhirx"}), "any 0");
  EXPECT_EQ(found("x", {}), "any 0");
  EXPECT_EQ(Routes().find("x", {"fhir"}), std::nullopt);
}

struct Value {
  const char* name;
  const char* value;
  bool free;
};

TEST(LineValues, what_a_parameters_type_proves_is_not_scanned) {
  const Value values[] = {
      {"_id", "abc-1", false},
      {"_id", "1' OR 1=1", true},
      {"_count", "50", false},
      {"_count", "50;ls", true},
      {"_sort", "-date,code", false},
      {"_elements", "name,birthDate", false},
      {"_lastUpdated", "gt2024-01-01T00:00:00Z", false},
      {"_lastUpdated", "gt2024' --", true},
      {"subject", "Patient/1", false},
      {"subject", "Patient/../../etc", true},
      {"subject:missing", "true", false},
      {"subject:missing", "<b>", true},
      {"date", "ge2024-01-01,lt2025", false},
      {"date", "ge2024-01-01' OR '1", true},
      {"code", "http://loinc.org|8480-6", false},
      {"code", "8480-6,8462-4", false},
      {"code", "http://127.0.0.1|x", true},
      {"code", "http://localhost/|x", true},
      {"code", "a b", true},
      {"code", "javascript://|x", true},
      {"value-quantity", "gt5.4|http://unitsofmeasure.org|mg", false},
      {"value-quantity", "5.4||mg", false},
      {"value-quantity", "5;6", true},
      {"value-quantity", "5|http://127.0.0.1|mg", true},
      {"value-string", "tired", true},
      {"no-such-param", "x", true},
      {"code", "", false},
  };
  FhirRequest request;
  request.type = "Observation";
  for (const Value& one : values) {
    const std::vector<std::pair<std::string, std::string>> query{{one.name, one.value}};
    EXPECT_EQ(free_query_values(Route{.kind = RouteKind::fhir}, request, query).size(), one.free ? 1U : 0U)
        << one.name << "=" << one.value;
    EXPECT_EQ(free_query_values(Route{.kind = RouteKind::upstream}, request, query).size(), 1U)
        << "nothing is proven without a contract";
  }
}

TEST(LineValues, a_name_that_is_none_is_free_too) {
  const std::vector<std::pair<std::string, std::string>> query{{"a<script>", "1"}};
  EXPECT_EQ(free_query_values(Route{.kind = RouteKind::fhir}, {}, query).size(), 2U);
}

TEST(LineValues, a_refused_path_is_free_unless_it_holds_but_names) {
  for (const char* path : {"/fhir/Patient/1/x", "/fhir/teapots", "/", "/fhir/metadata.json"})
    EXPECT_TRUE(free_path_pieces(path).empty()) << path;
  EXPECT_EQ(free_path_pieces("/fhir/1'%20OR%201=1"), (std::vector<std::string>{"/fhir/1' OR 1=1", "1' OR 1=1"}));
  EXPECT_EQ(free_path_pieces("/a/..%2F..%2Fetc%2Fpasswd"),
            (std::vector<std::string>{"/a/../../etc/passwd", "../../etc/passwd"}));
  EXPECT_EQ(free_path_pieces("/a/file%3A%2F%2F%2Fetc"), (std::vector<std::string>{"/a/file:///etc", "file:///etc"}));
  EXPECT_EQ(free_path_pieces("/%zz<").size(), 2U) << "what does not decode is taken as it is";
}

}  // namespace
}  // namespace ward::door
