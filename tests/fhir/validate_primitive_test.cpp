// The hand-written lexical rules against the patterns that HL7 publishes.
#include "validate_primitive.hpp"

#include "r4/r4.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace ward::fhir {
namespace {

// clang-format off
/// JSON texts: strings and numbers, good and bad for the one or the other type.
const char* const texts[] = {
    "\"\"", "\" \"", "\"a\"", "\"a b\"", "\"a  b\"", "\" a\"", "\"a \"", "\"a\\tb\"", "\"a\\nb\"", "\"a\\u0007b\"",
    "\"\xC3\xA9\"", "\"true\"", "\"0\"", "\"1\"", "\"-1\"", "\"YWJj\"", "\"YWI=\"", "\"YQ==\"", "\"YWJj YWJj\"",
    "\"YWJ\"", "\"Y=Jj\"", "\"!!!!\"", "\"1970\"", "\"0001\"", "\"0100\"", "\"1000\"", "\"0000\"", "\"970\"",
    "\"19700\"", "\"1970-00\"", "\"1970-01\"", "\"1970-12\"", "\"1970-13\"", "\"1970-1\"", "\"1970-01-00\"",
    "\"1970-01-01\"", "\"1970-01-31\"", "\"1970-01-32\"", "\"1970-01-1\"", "\"1970-01-01T00:00:00Z\"",
    "\"1970-01-01T23:59:60Z\"", "\"1970-01-01T24:00:00Z\"", "\"1970-01-01T00:60:00Z\"", "\"1970-01-01T00:00:61Z\"",
    "\"1970-01-01T00:00:00.1Z\"", "\"1970-01-01T00:00:00.Z\"", "\"1970-01-01T00:00:00+13:59\"",
    "\"1970-01-01T00:00:00-14:00\"", "\"1970-01-01T00:00:00+14:01\"", "\"1970-01-01T00:00:00+1400\"",
    "\"1970-01-01T00:00:00\"", "\"1970-01T00:00:00Z\"", "\"1970-01-01T00:00Z\"", "\"1970-01-01t00:00:00z\"",
    "\"00:00:00\"", "\"23:59:60.123\"", "\"24:00:00\"", "\"00:00\"", "\"00:00:00Z\"", "\"urn:oid:1.2.3\"",
    "\"urn:oid:1\"", "\"urn:oid:3.2\"", "\"urn:oid:1.02\"", "\"urn:oid:1.0\"", "\"urn:oid:1.2.\"", "\"1.2.3\"",
    "\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\"", "\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\"",
    "\"urn:uuid:c757873dec9a4326a141556f43239520\"", "\"http://a.example/b?c#d\"", "\"http://a b\"", "\"a-b.C9\"",
    "\"a_b\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "0", "1", "-1", "-0", "10", "1.0",
    "1.50", "1e3", "-1.5E-3", "2147483647", "true", "false", "null",
};
// clang-format on

/// Where Ward is stricter than the pattern, with the reason.
const std::set<std::pair<std::string, std::string>> stricter = {
    {"base64Binary", "\"Y=Jj\""},  // padding stands at the end only (RFC 4648)
    {"canonical", "\"\""},
    {"uri", "\"\""},
    {"url", "\"\""},  // FHIR allows no empty values
    // FHIR strings have no control characters but tab, CR and LF; \S would take them.
    {"canonical", "\"a\\u0007b\""},
    {"code", "\"a\\u0007b\""},
    {"markdown", "\"a\\u0007b\""},
    {"string", "\"a\\u0007b\""},
    {"uri", "\"a\\u0007b\""},
    {"url", "\"a\\u0007b\""},
};

TEST(ValidatePrimitive, hand_written_rules_agree_with_the_published_patterns) {
  const char* const types[] = {"base64Binary", "boolean",     "canonical", "code",     "date", "dateTime",    "decimal",
                               "id",           "instant",     "integer",   "markdown", "oid",  "positiveInt", "string",
                               "time",         "unsignedInt", "uri",       "url",      "uuid"};
  for (const char* const name : types) {
    const r4::Definition* const definition = r4::find_definition(name);
    ASSERT_NE(definition, nullptr) << name;
    ASSERT_FALSE(definition->pattern.empty()) << name;
    const std::regex pattern(std::string(definition->pattern), std::regex::ECMAScript | std::regex::optimize);
    const Primitive type = primitive_of(name);
    for (const char* const json_text : texts) {
      const auto document = json::Document::parse(json_text);
      ASSERT_TRUE(document) << json_text;
      const json::Value value = document->root();
      const bool right_json = is_text(type)                ? value.type() == json::Type::string
                              : type == Primitive::boolean ? value.type() == json::Type::boolean
                                                           : value.type() == json::Type::number;
      const std::string text = value.is_string() ? value.text() : std::string(value.raw());
      const bool taken = primitive_problem(type, value, text) == nullptr;
      const bool published = right_json && std::regex_match(text, pattern);
      if (taken == published) continue;
      EXPECT_TRUE(!taken && stricter.contains({name, json_text}))
          << name << " " << json_text << (taken ? " is taken" : " is refused");
    }
  }
}

}  // namespace
}  // namespace ward::fhir
