// Ten thousand notes without identifiers: a scan changes none of them.
#include "record.hpp"
#include "scanner.hpp"

#include "json/json.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace ward::deidentify {
namespace {

class Notes {
 public:
  explicit Notes(unsigned seed) : engine_(seed) {}

  std::string note() {
    std::string out;
    const int sentences = between(3, 9);
    for (int i = 0; i < sentences; ++i) out += (i == 0 ? "" : i % 3 == 0 ? "\n" : " ") + sentence();
    return out;
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
  double real(double low, double high) { return std::uniform_real_distribution(low, high)(engine_); }
  const char* one(std::initializer_list<const char*> all) { return all.begin()[between(0, int(all.size()) - 1)]; }

  std::string sentence() {
    switch (between(0, 19)) {
      case 0:
        return fmt::format("BP {}/{} mmHg, HR {} bpm, RR {}, SpO2 {}% on {}.", between(85, 210), between(40, 120),
                           between(40, 160), between(8, 30), between(85, 100), one({"RA", "2 L NC", "room air"}));
      case 1:
        return fmt::format("Temp {:.1f} F ({:.1f} C).", real(96, 104), real(35, 41));
      case 2:
        return fmt::format("{} {} mg {} {}.",
                           one({"metformin", "Lisinopril", "atorvastatin", "Amoxicillin", "sertraline", "MS Contin"}),
                           between(1, 40) * 25, one({"PO", "IV", "by mouth"}),
                           one({"BID", "daily", "q6h", "qHS", "prn pain"}));
      case 3:
        return fmt::format("Na {}, K {:.1f}, Cl {}, CO2 {}, BUN {}, Cr {:.2f}, glucose {} mg/dL.", between(120, 155),
                           real(2.5, 6.5), between(90, 115), between(15, 35), between(5, 80), real(0.4, 5),
                           between(50, 500));
      case 4:
        return fmt::format("Hgb {:.1f} g/dL, WBC {:.1f} K/uL, platelets {} /uL.", real(6, 18), real(1, 30),
                           between(10, 600) * 1000);
      case 5:
        return fmt::format("A {}-year-old {} with {} for {} years.", between(1, 89), one({"man", "woman", "patient"}),
                           one({"hypertension", "asthma", "type 2 diabetes", "Crohn disease", "Parkinson disease"}),
                           between(1, 40));
      case 6:
        return fmt::format("Strength {}/5, reflexes {}+, murmur {}/6, pain {}/10.", between(0, 5), between(0, 4),
                           between(1, 6), between(0, 10));
      case 7:
        return fmt::format("Diagnosis {}{}.{}; LOINC {}-{}; SNOMED {}.", one({"E", "I", "J", "M", "K"}),
                           between(10, 99), between(0, 9), between(1000, 99999), between(0, 9),
                           between(21000000, 79999999));
      case 8:
        return fmt::format("Follow up in {} {}.", between(1, 12), one({"weeks", "months", "days"}));
      case 9:
        return fmt::format("Heparin {} units SQ, then {} units/kg/hr.", between(10, 100) * 100, between(10, 25));
      case 10:
        return fmt::format("Weight {:.1f} kg, height {} cm, BMI {:.1f}.", real(3, 160), between(50, 200), real(15, 50));
      case 11:
        return fmt::format("EF {}-{}%, lesion {:.1f} x {:.1f} cm.", between(20, 50), between(51, 75), real(0.2, 9),
                           real(0.2, 9));
      case 12:
        return fmt::format("{} denies {} and {}.", one({"Patient", "She", "He", "They"}),
                           one({"fever", "chills", "cough", "chest pain"}),
                           one({"nausea", "dyspnea", "rash", "weight loss"}));
      case 13:
        return fmt::format("s/p {} in {}, stable since.",
                           one({"CABG", "appendectomy", "left hip replacement", "cholecystectomy"}),
                           between(1995, 2025));
      case 14:
        return fmt::format("Take {}/2 tablet {} with food; may repeat in {} hours.", between(1, 3),
                           one({"twice daily", "at night", "every morning"}), between(2, 12));
      case 15:
        return fmt::format("{}: {}", one({"Assessment", "Plan", "Impression"}),
                           one({"stable, continue present therapy.", "improving; recheck labs.", "no acute distress.",
                                "will discuss at next visit."}));
      case 16:
        return fmt::format("pH {:.2f}, pCO2 {}, pO2 {}, HCO3 {}, lactate {:.1f} mmol/L.", real(7.0, 7.6),
                           between(20, 80), between(50, 120), between(10, 40), real(0.5, 8));
      case 17:
        return fmt::format("Vaccine dose {} of {} given, {:.1f} mL IM left deltoid.", between(1, 2), between(2, 3),
                           real(0.2, 1));
      case 18:
        return fmt::format("Viral load {} copies/mL, CD4 {} cells/mm3.", between(20, 900) * 100, between(50, 1200));
      default:
        return fmt::format("L{}-L{} disc bulge, C{}-{} stenosis, grade {} of {}.", between(1, 2), between(3, 5),
                           between(2, 4), between(5, 7), between(1, 2), between(3, 4));
    }
  }

  std::mt19937 engine_;
};

TEST(Notes, AreLeftAsTheyAre) {
  const Scanner scanner(2026);
  Known known;
  const std::string patient = planted::patient();
  const auto document = json::Document::parse(patient);
  known.learn(document->root());
  const Known* const all[] = {&known};
  Notes notes(20261124);
  int changed = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string note = notes.note();
    Counts counts;
    const std::string out = scanner.scan(note, all, counts);
    if (out != note && ++changed <= 10) ADD_FAILURE() << note << "\nbecame\n" << out;
  }
  EXPECT_EQ(changed, 0);
}

}  // namespace
}  // namespace ward::deidentify
