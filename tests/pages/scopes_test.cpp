#include "pages/scopes.hpp"

#include <gtest/gtest.h>

namespace ward::pages {
namespace {

TEST(DescribeScope, says_it_as_a_person_would) {
  struct Case {
    Language language;
    const char *level, *type, *permissions, *constraint, *title, *detail;
    bool sensitive;
  };
  constexpr Language en = Language::en, es = Language::es;
  const Case cases[] = {
      {en, "patient", "Observation", "rs", "", "See your lab results, vital signs and other measurements", "", true},
      {en, "user", "Observation", "rs", "",
       "See lab results, vital signs and other measurements of the patients you may see", "", true},
      {en, "chosen", "Observation", "rs", "",
       "See lab results, vital signs and other measurements of the patient in this record", "", true},
      {en, "chosen", "Practitioner", "rs", "", "See names and contacts of health professionals", "", false},
      {en, "system", "Observation", "rs", "",
       "See lab results, vital signs and other measurements of all patients this app serves", "", true},
      {en, "patient", "Patient", "r", "", "See your name, birth date and contact details", "", false},
      {en, "patient", "*", "rs", "", "See your whole health record", "", true},
      {en, "patient", "*", "cruds", "", "See and change your whole health record",
       "It may add new entries, change entries and delete entries.", true},
      {en, "patient", "Appointment", "crus", "", "See and change your appointments",
       "It may add new entries and change entries.", false},
      {en, "patient", "Communication", "c", "", "Add to your messages with your care team", "", true},
      {en, "patient", "Communication", "cs", "", "See and change your messages with your care team",
       "It may add new entries.", true},
      {en, "patient", "Task", "u", "", "Change your tasks", "", false},
      {en, "patient", "Task", "cu", "", "Change your tasks", "It may add new entries and change entries.", false},
      {en, "patient", "Task", "d", "", "Delete your tasks", "", false},
      {en, "user", "Practitioner", "rs", "", "See names and contacts of health professionals that you may see", "",
       false},
      {en, "patient", "Observation", "rs",
       "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory", "See your lab results", "",
       true},
      {en, "user", "Observation", "rs", "category=http%3A%2F%2Fx%7Csurvey",
       "See answers to questionnaires of the patients you may see", "", true},
      {en, "patient", "Observation", "rs", "category=vital-signs&code=http%3A%2F%2Fx%7C1",
       "See your lab results, vital signs and other measurements", "Only: category=vital-signs, code=http://x|1.",
       true},
      {en, "patient", "Observation", "rs", "category=unheard-of",
       "See your lab results, vital signs and other measurements", "Only: category=unheard-of.", true},
      {en, "patient", "Observation", "rs", "code=http://loinc.org|8867-4",
       "See your lab results, vital signs and other measurements", "Only: code=http://loinc.org|8867-4.", true},
      {en, "patient", "NutritionOrder", "rs", "", "See your records of the kind \"NutritionOrder\"", "", false},
      {en, "user", "NutritionOrder", "rs", "", "See records of the kind \"NutritionOrder\" of the patients you may see",
       "", false},
      {es, "patient", "Condition", "rs", "", "Ver sus diagn\xC3\xB3sticos y problemas de salud", "", true},
      {es, "user", "MedicationRequest", "cruds", "", "Ver y modificar las recetas de los pacientes que usted puede ver",
       "Puede a\xC3\xB1"
       "adir datos nuevos, modificar datos y eliminar datos.",
       true},
  };
  for (const Case& c : cases) {
    const Part part = describe_scope(c.language, c.level, c.type, c.permissions, c.constraint);
    EXPECT_EQ(part.title, c.title);
    EXPECT_EQ(part.detail, c.detail) << c.title;
    EXPECT_EQ(part.sensitive, c.sensitive) << c.title;
  }
}

TEST(DescribeWord, knows_the_words_of_smart) {
  for (const char* word : {"openid", "profile", "fhirUser", "launch", "launch/patient", "launch/encounter",
                           "offline_access", "online_access"})
    for (const Language language : {Language::en, Language::es})
      EXPECT_EQ(describe_word(language, word).title.find(word), std::string::npos) << word;
  EXPECT_EQ(describe_word(Language::en, "offline_access", 30).title, "Keep access while you are away, up to 30 days");
  EXPECT_EQ(describe_word(Language::en, "ward/admin").title, "Administer people, apps, sessions and keys");
  EXPECT_EQ(describe_word(Language::en, "ward/other").title, "Permission \"ward/other\"");
  EXPECT_EQ(describe_word(Language::en, "openid.detail").title, "Permission \"openid.detail\"");
}

}  // namespace
}  // namespace ward::pages
