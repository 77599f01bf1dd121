// The Safe Harbor form of resources: nothing of the planted person is left, and what may stay does.
#include "deidentifier.hpp"
#include "record.hpp"
#include "rules.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <map>

namespace ward::deidentify {
namespace {

using testing::HasSubstr;
using testing::Not;

WallTime now() { return *parse_rfc3339("2026-11-24T12:00:00.000Z"); }
Secret<std::string> key(char fill = 'k') { return Secret<std::string>(std::string(32, fill)); }

std::string form_of(std::string_view resource, Settings settings = {}, Whose whose = {}, Counts* counts = nullptr) {
  DeIdentifier one(std::move(settings), key(), now());
  Counts own;
  const auto out = one.apply(resource, whose, counts != nullptr ? *counts : own);
  EXPECT_TRUE(out) << (out ? "" : out.error().text());
  const std::string text(out ? out->view() : "");
  EXPECT_TRUE(json::Document::parse(text)) << text;
  return text;
}

std::string digits(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c >= '0' && c <= '9'; });
  return out;
}
std::string letters_and_digits(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(text))
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) out += c;
  return out;
}
std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return text;
}

/// Every string and number of a document, each by itself.
void leaves(json::Value value, std::vector<std::string>& out) {
  if (value.is_string()) out.push_back(value.text());
  if (value.type() == json::Type::number) out.emplace_back(value.raw());
  for (json::Value one = value.first(); one; one = one.next()) leaves(one, out);
}

void expect_nothing_planted(const std::string& text, const std::string& of) {
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document);
  std::vector<std::string> all;
  leaves(document->root(), all);
  for (const std::string& leaf : all) {
    const std::string small = ascii_lower(leaf), pressed = letters_and_digits(leaf), numbers = digits(leaf);
    for (const std::string& value : planted::values()) {
      EXPECT_EQ(small.find(ascii_lower(value)), std::string::npos) << value << " in " << leaf << " of " << of;
      EXPECT_EQ(small.find(ascii_lower(percent_encode(value))), std::string::npos) << value << " in " << leaf;
      EXPECT_EQ(pressed.find(letters_and_digits(value)), std::string::npos) << value << " in " << leaf << " of " << of;
      if (digits(value).size() >= 6) {
        EXPECT_EQ(numbers.find(digits(value)), std::string::npos) << value << " in " << leaf << " of " << of;
      }
    }
    for (const std::string_view part :
         {"quintella", "ximena", "zabrowski", "oduya", "larkspur", "tamworthia", "ossipee", "qzab", "larkmail"})
      EXPECT_EQ(pressed.find(part), std::string::npos) << part << " in " << leaf << " of " << of;
  }
}

std::size_t planted_places(const std::vector<std::string>& resources) {
  std::size_t count = 0;
  for (const std::string& one : resources)
    for (const std::string& value : planted::values())
      for (std::size_t at = 0; (at = one.find(value, at)) != std::string::npos; at += value.size()) ++count;
  return count;
}

class Planted : public testing::TestWithParam<FreeText> {
 protected:
  Planted() : patient(planted::patient()), document(*json::Document::parse(patient)) { known.learn(document.root()); }
  std::string patient;
  json::Document document;
  Known known;
};

TEST_P(Planted, NothingSurvives) {
  const auto resources = planted::resources(base64_encode(planted::plain_note()));
  ASSERT_GE(planted_places(resources), 120u);
  Counts counts;
  for (const std::string& one : resources) {
    ASSERT_TRUE(json::Document::parse(one)) << one;
    const std::string out = form_of(one, {.text = GetParam(), .own_bases = {"https://ehr.example/fhir"}},
                                    {.patient = "x", .known = {&known}}, &counts);
    expect_nothing_planted(out, one.substr(0, 60));
    const auto written = json::Document::parse(out);
    std::vector<std::string> all;
    leaves(written->root(), all);
    for (const std::string& leaf : all)
      if (GetParam() == FreeText::scan && leaf.size() > 600 && base64_decode(leaf))
        expect_nothing_planted(json_string(*base64_decode(leaf)), "attachment");
  }
  for (std::size_t i = 0; i < identifier_count; ++i)
    if (static_cast<Identifier>(i) != Identifier::ip || GetParam() == FreeText::scan) {
      EXPECT_GT(counts.of[i], 0u) << name(static_cast<Identifier>(i));
    }
}

/// Notes with each value in each spelling: nothing of it survives a scan.
TEST_P(Planted, NoSpellingSurvivesInNotes) {
  std::vector<std::string> spellings;
  for (const std::string& value : planted::values()) {
    for (const std::string& form : {value, upper(value), ascii_lower(value), percent_encode(value)})
      spellings.push_back(form);
    // Digits alone are an identifier if they are the record's own, or a date; an address of the net is neither.
    const bool address = value.find("203.0") == 0 || value.find("2001:") == 0;
    if (digits(value).size() >= 9 && !address) spellings.push_back(digits(value));
  }
  for (const char* const name : {"Zabrowski-Oduya, Quintella", "ODUYA ZABROWSKI QUINTELLA", "quintellazabrowski",
                                 "zabrowski.quintella", "Oduya Quintella X.", "qzabrowski", "Zabrowski%20Quintella"})
    spellings.emplace_back(name);
  for (const std::string& spelling : spellings) {
    const std::string resource =
        R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"note":[{"text":)" +
        json_string("Seen today: " + spelling + ", stable. BP 120/80 mmHg.") + "}]}";
    const std::string out = form_of(resource, {.text = GetParam()}, {.patient = "x", .known = {&known}});
    expect_nothing_planted(out, spelling);
    if (GetParam() == FreeText::scan) {
      EXPECT_THAT(out, HasSubstr("stable. BP 120/80 mmHg.")) << spelling;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Text, Planted, testing::Values(FreeText::drop, FreeText::scan));

TEST(DeIdentifier, KeepsWhatSaysNothingOfThePerson) {
  const std::string out = form_of(R"({"resourceType":"Observation","id":"o1","status":"final",
"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"effectiveDateTime":"2019-03-04T10:00:00Z",
"valueQuantity":{"value":120.50,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H"}]}]})");
  DeIdentifier same({}, key(), now());
  EXPECT_EQ(
      out,
      R"({"resourceType":"Observation","id":")" + same.pseudonym("Observation", "o1") +
          R"(","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"ANONYED"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"effectiveDateTime":"2019","valueQuantity":{"value":120.50,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H"}]}]})");
}

TEST(DeIdentifier, KeepsReferencesTogether) {
  DeIdentifier one({}, key(), now()), other({}, key('x'), now());
  const std::string patient = one.pseudonym("Patient", "p1");
  EXPECT_EQ(patient.size(), 32u);
  EXPECT_NE(patient, other.pseudonym("Patient", "p1"));
  EXPECT_NE(patient, one.pseudonym("Group", "p1"));
  EXPECT_EQ(patient.find_first_not_of("bcdfghjklmnpqrst"), std::string::npos);
  const std::string text = R"("subject":{"reference":"Patient/)" + patient + R"("})";
  for (const char* const reference : {"Patient/p1", "Patient/p1/_history/4", "https://ehr.example/fhir/Patient/p1"})
    EXPECT_THAT(form_of(std::string(R"({"resourceType":"Encounter","subject":{"reference":")") + reference + R"("}})",
                        {.own_bases = {"https://ehr.example/fhir"}}),
                HasSubstr(text));
  EXPECT_THAT(form_of(R"({"resourceType":"Encounter","subject":{"reference":"https://else.example/fhir/Patient/p1"}})"),
              Not(HasSubstr(patient)));
  const std::string contained = form_of(
      R"({"resourceType":"Encounter","id":"e","contained":[{"resourceType":"Patient","id":"c"}],"subject":{"reference":"#c"}})");
  const auto document = json::Document::parse(contained);
  EXPECT_EQ("#" + document->root()["contained"].first().string("id"), document->root()["subject"].string("reference"));
}

TEST(DeIdentifier, MasksWhatIsRequired) {
  const std::string out = form_of(R"({"resourceType":"Observation","status":"nonsense","code":{"text":"Jane"}})");
  constexpr auto mask =
      R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]})";
  EXPECT_THAT(out, HasSubstr(std::string(R"("_status":)") + mask));
  EXPECT_THAT(out, HasSubstr(std::string(R"("code":)") + mask));
}

TEST(DeIdentifier, ReducesDatesToYears) {
  const auto born = [](const char* date) {
    return form_of(std::string(R"({"resourceType":"Patient","birthDate":")") + date + R"("})");
  };
  EXPECT_THAT(born("1970-02-03"), HasSubstr(R"("birthDate":"1970")"));
  EXPECT_THAT(born("1970-02"), HasSubstr(R"("birthDate":"1970")"));
  EXPECT_THAT(born("1970"), HasSubstr(R"("birthDate":"1970")"));
  EXPECT_THAT(born("1937-01-01"), HasSubstr(R"("birthDate":"1937")"));
  for (const char* const date : {"1936-12-31", "1936", "1901-01-01", "1970-2-3", "03.02.1970", "x"})
    EXPECT_THAT(born(date), Not(HasSubstr("birthDate"))) << date;
  const std::string instant = form_of(
      R"({"resourceType":"Appointment","status":"booked","start":"2025-03-04T10:00:00.000Z","participant":[{"status":"accepted"}]})");
  EXPECT_THAT(instant, Not(HasSubstr("2025-03")));
  EXPECT_THAT(
      instant,
      HasSubstr(
          R"("_start":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"},{"url":"urn:ward:year","valueDate":"2025"}]})"));
  const std::string timing = form_of(
      R"({"resourceType":"MedicationRequest","dosageInstruction":[{"timing":{"event":["2025-03-04T10:00:00Z","2025-03-05"],"repeat":{"boundsPeriod":{"start":"2025-03-04"},"timeOfDay":["10:00:00"]}}}]})");
  EXPECT_THAT(
      timing,
      HasSubstr(
          R"("timing":{"event":["2025","2025"],"repeat":{"boundsPeriod":{"start":"2025"},"timeOfDay":["10:00:00"]}})"));
}

TEST(DeIdentifier, KeepsAgesUpTo89) {
  const auto aged = [](const char* age) {
    return form_of(std::string(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},"onsetAge":{)") +
                   age + R"(,"system":"http://unitsofmeasure.org"}})");
  };
  EXPECT_THAT(aged(R"("value":89,"code":"a")"), HasSubstr(R"("value":89,)"));
  EXPECT_THAT(aged(R"("value":1070,"code":"mo")"), HasSubstr(R"("value":1070,)"));
  for (const char* const age :
       {R"("value":90,"code":"a")", R"("value":103.5,"unit":"years")", R"("value":1090,"code":"mo")",
        R"("value":9e1,"code":"a")", R"("value":33000,"code":"d")"})
    EXPECT_THAT(aged(age), HasSubstr(R"("onsetAge":{"value":90,"comparator":">=",)")) << age;
}

TEST(DeIdentifier, DropsPlainNumbersThatMayBeAnAgeOver89) {
  const auto answered = [](const char* value, Form form = Form::safe_harbor) {
    return form_of(
        std::string(
            R"({"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{)") +
            value + "}]}]}",
        {.form = form});
  };
  EXPECT_THAT(answered(R"("valueInteger":89)"), HasSubstr(R"("valueInteger":89)"));
  EXPECT_THAT(answered(R"("valueDecimal":151.5)"), HasSubstr(R"("valueDecimal":151.5)"));
  EXPECT_THAT(answered(R"("valueInteger":97)", Form::limited), HasSubstr(R"("valueInteger":97)"));
  for (const char* const age : {R"("valueInteger":90)", R"("valueInteger":150)", R"("valueDecimal":9.25e1)"})
    EXPECT_THAT(answered(age), Not(HasSubstr(R"("value)"))) << age;
  const std::string observed =
      form_of(R"({"resourceType":"Observation","status":"final","code":{"text":"age"},"valueInteger":97})");
  EXPECT_THAT(observed, Not(HasSubstr("97")));
}

TEST(DeIdentifier, KeepsStateAndThreeDigits) {
  const auto place = [](const char* parts, Form form = Form::safe_harbor) {
    return form_of(std::string(R"({"resourceType":"Patient","address":[{)") + parts + "}]}", {.form = form});
  };
  for (const char* const small : {"036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831",
                                  "878", "879", "884", "890", "893"}) {
    EXPECT_TRUE(is_small_zip3(small));
    EXPECT_THAT(place((std::string(R"("postalCode":")") + small + R"(12")").c_str()),
                HasSubstr(R"("postalCode":"000")"));
    EXPECT_THAT(place((std::string(R"("postalCode":")") + small + R"(12-3456")").c_str()),
                HasSubstr(R"("postalCode":"000")"));
  }
  EXPECT_THAT(place(R"("postalCode":"02139-1234","state":"MA","city":"Salem","country":"US")"),
              HasSubstr(R"("address":[{"state":"MA","postalCode":"021","country":"US"}])"));
  EXPECT_THAT(place(R"("postalCode":"10115","state":"Berlin","city":"Berlin","country":"DE")"),
              HasSubstr(R"("address":[{"country":"DE"}])"));
  for (const char* const odd :
       {R"("postalCode":"2139")", R"("postalCode":"021391")", R"("postalCode":"SW1A 1AA")", R"("state":"Salem")"})
    EXPECT_THAT(place(odd), Not(HasSubstr("address"))) << odd;
  EXPECT_THAT(place(R"("postalCode":"02139","state":"MA","city":"Salem","line":["1 Elm"])", Form::limited),
              HasSubstr(R"("address":[{"city":"Salem","state":"MA","postalCode":"02139"}])"));
}

TEST(DeIdentifier, MovesDatesOfAPatientTogetherIfLimited) {
  DeIdentifier one({.form = Form::limited}, key(), now());
  const int days = one.shift_days("p1");
  EXPECT_GE(days, 1);
  EXPECT_LE(days, 364);
  std::map<int, int> drawn;
  for (int i = 0; i < 200; ++i) ++drawn[one.shift_days(std::to_string(i))];
  EXPECT_GT(drawn.size(), 100u);
  const std::string text = form_of(
      R"({"resourceType":"Encounter","period":{"start":"2025-03-04T10:00:00Z","end":"2025-03-06"},"statusHistory":[{"period":{"start":"2025-03"}}]})",
      {.form = Form::limited}, {.patient = "p1"});
  const auto document = json::Document::parse(text);
  const std::string start = document->root()["period"].string("start"), end = document->root()["period"].string("end");
  EXPECT_EQ(start, shifted("2025-03-04T10:00:00Z", -days));
  EXPECT_EQ(end, shifted("2025-03-06", -days));
  EXPECT_EQ(shifted("2025-03-01", -1), "2025-02-28");
  EXPECT_THAT(text, HasSubstr(R"("start":"2025"})"));
  EXPECT_THAT(text, HasSubstr("PSEUDED"));
  EXPECT_THAT(form_of(R"({"resourceType":"Encounter","period":{"start":"2025-03-04"}})", {.form = Form::limited}),
              HasSubstr(R"("start":"2025")"));
}

TEST(DeIdentifier, DropsWhatIsNotKnown) {
  const std::string out = form_of(
      R"({"resourceType":"Patient","gender":"female","gendre":"x","extension":[{"url":"https://x.example","valueCode":"y"}],"_gender":{"extension":[{"url":"https://x.example","valueCode":"y"}]},"active":"true","multipleBirthInteger":2})");
  EXPECT_THAT(out, HasSubstr(R"("gender":"female","multipleBirthInteger":2})"));
  Counts counts;
  DeIdentifier one({}, key(), now());
  EXPECT_EQ(one.apply(R"({"resourceType":"Teapot"})", {}, counts).error().code(), "not_a_resource");
  EXPECT_EQ(one.apply("[]", {}, counts).error().code(), "not_a_resource");
  EXPECT_EQ(one.apply("{", {}, counts).error().code(), "json_malformed");
  EXPECT_EQ(one.apply(R"({"resourceType":"Patient","modifierExtension":[{"url":"x","valueBoolean":true}]})", {}, counts)
                .error()
                .code(),
            "modifier_extension");
}

}  // namespace
}  // namespace ward::deidentify
