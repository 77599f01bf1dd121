#include "path.hpp"
#include "examples.hpp"
#include "path/decimal.hpp"
#include "path/temporal.hpp"

#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

constexpr std::string_view patient =
    R"({"resourceType":"Patient","id":"1","active":true,"birthDate":"1970-01-01","_birthDate":{"extension":[{"url":"u","valueString":"x"}]},
  "name":[{"use":"official","given":["Anna","Bea"],"_given":[null,{"id":"g"}],"family":"O'Hara"},{"use":"nickname","given":["A"]}],
  "deceasedBoolean":false,"managingOrganization":{"reference":"Organization/7"},"generalPractitioner":[{"reference":"#p"},{"reference":"https://x/fhir/PractitionerRole/2/_history/1"},{"type":"Organization","display":"d"}],
  "contained":[{"resourceType":"Practitioner","id":"p"}],"multipleBirthInteger":3})";

std::string evaluate(std::string_view text, PathLimits limits = {}) {
  static const auto parsed = parse(std::string(patient));
  const auto expression = PathExpression::compile(text);
  if (!expression) return std::string(expression.error().code());
  PathContext context;
  context.resource = parsed->document.root();
  context.now = WallTime(std::chrono::milliseconds(86'400'000));
  context.limits = limits;
  const auto items = expression->evaluate(context);
  if (!items) return std::string(items.error().code());
  std::string out;
  for (const auto& item : *items)
    out += (out.empty() ? "" : ",") + path_text(item).value_or("(" + std::string(item.type) + ")");
  return out;
}

TEST(PathOwn, strict_mode_refuses_what_the_type_does_not_have) {
  const std::pair<const char*, bool> cases[] = {
      {"Patient.name.where(use = 'official').given.first()", true},
      {"name.given1", false},
      {"Observation.status", false},
      {"Patient.children().skip(1)", false},
      {"Patient.descendants().first()", false},
      {"Patient.deceased as boolean", true},
      {"Patient.deceasedBoolean", false},
      {"Patient.contact.relationship.coding.where(code.exists()).display[0]", true},
      {"contained.name", true},
      {"name.select(given | family).count() > period.start", false},
      {"name.exists(period.start < today())", true},
  };
  for (const auto& [text, fits] : cases) {
    const auto expression = PathExpression::compile(text);
    ASSERT_TRUE(expression) << text;
    EXPECT_EQ(expression->check("Patient").has_value(), fits) << text;
  }
}

TEST(PathOwn, expressions_give_their_values) {
  const std::pair<const char*, const char*> cases[] = {
      {"Patient.name.where(use='official').given", "Anna,Bea"},
      {"name.given.first() + ' ' + name.family", "Anna O'Hara"},
      {"Resource.id", "1"},
      {"DomainResource.contained.id", "p"},
      {"Observation.id", ""},
      {"Patient.deceased.exists() and Patient.deceased != false", "false"},
      {"Patient.deceased is boolean", "true"},
      {"Patient.multipleBirth as integer", "3"},
      {"Patient.multipleBirth as boolean", ""},
      {"managingOrganization.where(resolve() is Organization).reference", "Organization/7"},
      {"managingOrganization.where(resolve() is Patient).reference", ""},
      {"generalPractitioner.where(resolve() is Practitioner).reference", "#p"},
      {"generalPractitioner.where(resolve() is PractitionerRole).count()", "1"},
      {"generalPractitioner.where(resolve() is Organization).display", "d"},
      {"birthDate.extension('u').value", "x"},
      {"birthDate.hasExtension('v')", "false"},
      {"name.given[1].id", "g"},
      {"name.given.count()", "3"},
      {"name[0].given | name[1].given | name[0].given", "Anna,Bea,A"},
      {"today() = @1970-01-02", "true"},
      {"now() > birthDate", "true"},
      {"birthDate + 1 month", "1970-02-01"},
      {"@2020-01-31 + 1 month", "2020-02-29"},
      {"@2020-02-29 - 1 year", "2019-02-28"},
      {"@T23:30 + 1 hour", "00:30"},
      {"1.10 + 2", "3.10"},
      {"7 div 2 + 7 mod 2", "4"},
      {"9223372036854775807 + 1", ""},
      {"-9223372036854775807 - 2", ""},
      {"0.1 + 0.2 = 0.3", "true"},
      {"99999999999999999999999999999999999999.0 * 10", "path_syntax"},
      {"'\\u00e4b'.length()", "2"},
      {"'\\u00c4'.lower() = '\\u00e4'", "true"},
      {"'aXbX'.replace('X', '')", "ab"},
      {"'ab'.replace('', '-')", "-a-b-"},
      {"'(a)b'.replaceMatches('[(]([a-z])', '<$1')", "<a)b"},
      {"repeat(contained).id", "p"},
      {"name.select(given.first()).join('/')", "Anna/A"},
      {"(3 | 1 | 2).sort().first()", "1"},
      {"name.all(use.exists())", "true"},
      {"name.given.exists($this = 'Bea')", "true"},
      {"name.select($index)", "0,1"},
      {"{} = 1", ""},
      {"`name`.`use`.first()", "official"},
      {"%resource.id", "1"},
      {"defineVariable('n', name.first()).select(%n.given.first() + %n.family)", "AnnaO'Hara"},
      {"name.defineVariable('g', given.first()).select(%g).first()", "Anna"},
      {"name.select(defineVariable('g', given.first()).select(%g))", "Anna,A"},
      {"defineVariable('a', 1).id | defineVariable('a', 2).select(%a.toString())", "1,2"},
      {"defineVariable('a', 1).defineVariable('a', 2).id", "path_type"},
      {"defineVariable('resource', 1).id", "path_type"},
      {"id.select(defineVariable('b', 2).select(%b)) | %b", "path_type"},
      {"coalesce({}, name.where(use = 'old').family, id)", "1"},
      {"name.sort(use desc, given.first() asc).given.first()", "Anna"},
      {"(1 | 3 | 2).sort($this desc).first()", "3"},
      {"birthDate.yearOf() + birthDate.monthOf()", "1971"},
      {"@2020-01-01T10:20:30.5+02:00.timezoneOffsetOf() = 2.0", "true"},
      {"@2020-01-01T10:20.timeOf() = @T10:20", "true"},
      {"2.0 'cm' * 2.0 'm' = 0.040 'm2'", "true"},
      {"1 'mmol/L' = 1000 'umol/L'", "true"},
      {"120 'mm[Hg]' > 10 'kPa'", "true"},
      {"37 'Cel' = 98.6 '[degF]'", "true"},
      {"1 '[iU]/mL' = 1000 '[IU]/L'", "true"},
      {"(1 'mol').comparable(1 'g')", "false"},
      {"1 'kg'.toQuantity('g').toString()", "1000 'g'"},
      {"1 year = 12 months", "true"},
      {"1 'pH' = 1 'pX'", "false"},
      {"1 year ~ 1 'a'", "true"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(evaluate(text), wanted) << text;
}

TEST(PathOwn, what_is_wrong_is_an_error_with_a_code) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "path_syntax"},
      {"name.", "path_syntax"},
      {"(1", "path_syntax"},
      {"'a", "path_syntax"},
      {"1 +", "path_syntax"},
      {"@2020-13", "path_syntax"},
      {"'\\q'", "path_syntax"},
      {"1 2", "path_syntax"},
      {"nothing()", "path_function"},
      {"first(1)", "path_function"},
      {"where()", "path_function"},
      {"name is Nothing", "path_type"},
      {"name.given + 'a'", "path_type"},
      {"1 < 'a'", "path_type"},
      {"%nothing", "path_type"},
      {"'a'.matches('(')", "path_type"},
      {"name.single()", "path_type"},
      {"1 and name", "path_type"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(evaluate(text), wanted) << text;
}

TEST(PathOwn, work_is_bounded) {
  PathLimits small;
  small.steps_max = 2'000;
  small.items_max = 100;
  small.text_max = 1'000;
  EXPECT_EQ(evaluate("(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9)))", small),
            "path_limit");
  EXPECT_EQ(evaluate("'aaaaaaaaaa'.replace('a','bbbbbbbbbbbbbbbbbbbb').replace('b','cccccccccccccccccccc')", small),
            "path_limit");
  EXPECT_EQ(evaluate("repeat($this + 1)"), "path_type");
  EXPECT_EQ(evaluate("1.repeat($this + 1)", small), "path_limit");
  EXPECT_EQ(evaluate(std::string(200, '(') + "1" + std::string(200, ')')), "path_syntax");
  EXPECT_EQ(evaluate(std::string(5'000, '-') + "1"), "path_syntax");
  std::string chain = "name";
  for (int i = 0; i < 2'000; ++i) chain += ".name";
  EXPECT_EQ(evaluate(chain), "path_syntax");
  EXPECT_EQ(evaluate(std::string(PathExpression::text_bytes_max + 1, ' ')), "path_syntax");
}

TEST(Decimal, keeps_digits_and_rounds_away_from_zero) {
  using namespace path;
  for (const char* text : {"0", "-0.50", "1.00", "12345678901234567890.123456789"})
    EXPECT_EQ(to_text(*parse_decimal(text)), text);
  EXPECT_EQ(to_text(*parse_decimal("1.25e2")), "125");
  EXPECT_EQ(to_text(*parse_decimal("1.25e-2")), "0.0125");
  EXPECT_EQ(to_text(round_to(*parse_decimal("-2.5"), 0)), "-3");
  EXPECT_EQ(to_text(*divide(*parse_decimal("1"), *parse_decimal("3"))), "0.3333333333333333");
  EXPECT_FALSE(divide(*parse_decimal("1"), *parse_decimal("0.0")));
  for (const char* bad :
       {"", "-", ".", "1.", ".5", "1e", "1e999", "a", "1.2.3", "999999999999999999999999999999999999999999"})
    EXPECT_FALSE(parse_decimal(bad)) << bad;
}

TEST(Temporal, covers_what_its_precision_says) {
  using namespace path;
  const std::tuple<const char*, std::int64_t, std::int64_t> cases[] = {{"1970", 0, 31'536'000'000},
                                                                       {"1970-12", 28'857'600'000, 31'536'000'000},
                                                                       {"1970-01-01T00:00Z", 0, 60'000},
                                                                       {"1970-01-01T01:00:00.5+01:00", 500, 501},
                                                                       {"1969-12-31", -86'400'000, 0}};
  for (const auto& [text, low, high] : cases) {
    const auto value = parse_temporal(text, Temporal::date_time);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(first_ms(*value), low) << text;
    EXPECT_EQ(end_ms(*value), high) << text;
  }
  for (const char* bad : {"", "70", "1970-1", "1970-02-30", "1970-01-01T25:00Z", "1970-01-01 00:00",
                          "1970-01-01T00:00+15:00", "1970T00:00", "0000"}) {
    EXPECT_FALSE(parse_temporal(bad, Temporal::date_time)) << bad;
  }
}

}  // namespace
}  // namespace ward::fhir
