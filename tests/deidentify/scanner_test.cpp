// What goes from free text, and what must not.
#include "scanner.hpp"

#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::deidentify {
namespace {

using enum Identifier;

const Scanner& scanner() {
  static const Scanner one(2026);
  return one;
}

std::string scan(std::string_view text, const Known* known = nullptr, Counts* counts = nullptr) {
  Counts own;
  const Known* const all[] = {known};
  return scanner().scan(text, all, counts != nullptr ? *counts : own);
}

struct Row {
  const char* text;
  const char* after;
};

TEST(Scanner, PutsMarks) {
  const Row rows[] = {
      {"call 617-555-0142 now", "call [PHONE] now"},
      {"Phone: (617) 555-0142 ext. 12.", "Phone: [PHONE]."},
      {"tel 617.555.0142", "tel [PHONE]"},
      {"reach at +44 20 7946 0958", "reach at [PHONE]"},
      {"Call 555-0142", "Call [PHONE]"},
      {"Fax: 617-555-0143", "Fax: [FAX]"},
      {"mail jane.doe@example.org today", "mail [EMAIL] today"},
      {"mail jane.doe%40example.org today", "mail [EMAIL] today"},
      {"jane.doe at example dot org", "[EMAIL]"},
      {"SSN 123-45-6789", "SSN [SSN]"},
      {"SSN: 123456789", "SSN: [SSN]"},
      {"MRN 00123456 seen", "MRN [MRN] seen"},
      {"MRN: A-123-99", "MRN: [MRN]"},
      {"medical record number 778899", "medical record number [MRN]"},
      {"Member ID: XYZ123456789", "Member ID: [PLAN]"},
      {"MBI 1EG4-TE5-MK73", "MBI [PLAN]"},
      {"Account #: 99887766", "Account #: [ACCOUNT]"},
      {"card 4111 1111 1111 1111", "card [ACCOUNT]"},
      {"driver's license: D1234567", "driver's license: [LICENCE]"},
      {"NPI 1234567893", "NPI [LICENCE]"},
      {"VIN 1HGCM82633A004352", "VIN [VEHICLE]"},
      {"license plate 7ABC123", "license plate [VEHICLE]"},
      {"pacemaker serial number PM-778812", "pacemaker serial number [DEVICE]"},
      {"UDI (01)00643169007222(17)270101(21)A1234", "UDI [DEVICE]"},
      {"see https://portal.example/p/77?x=1.", "see [URL]"},
      {"see www.smithfamily.com/blog", "see [URL]"},
      {"from 192.168.10.44 today", "from [IP] today"},
      {"from 2001:db8::8a2e:370:7334", "from [IP]"},
      {"fingerprint template: FP99-A7C3E2", "fingerprint template: [BIOMETRIC]"},
      {"photo IMG_2231.jpg attached", "photo [PHOTO] attached"},
      {"study subject ID: ST-0042", "study subject ID: [ID]"},
      {"id 0b6f6a0e-9d0c-4a8e-8d3c-6a8c55d7a001", "id [ID]"},
      {"seen 2019-03-04 and 03/05/2019", "seen [DATE] and [DATE]"},
      {"seen 3/5/19, again on 3/9.", "seen [DATE], again on [DATE]."},
      {"March 4, 2019; 4 Mar 2019; Mar 2019; 4-MAR-19", "[DATE]; [DATE]; [DATE]; [DATE]"},
      {"since January, and in May", "since [DATE], and in [DATE]"},
      {"2019-03-04T10:20:00Z", "[DATE]"},
      {"20190304", "[DATE]"},
      {"a 92-year-old woman", "a 90 or older woman"},
      {"94 y/o, aged 101", "90 or older, aged 90 or older"},
      {"ninety-two years old", "90 or older"},
      {"born 1931", "born [DATE]"},
      {"at 12 Harbor Street, Apt 4 today", "at [PLACE] today"},
      {"12 N Main St.", "[PLACE]"},
      {"P.O. Box 1234", "[PLACE]"},
      {"Springfield, MA 01103-2231", "[PLACE], MA [ZIP]"},
      {"ZIP 02139", "ZIP [ZIP]"},
      {"42.35870, -71.05670", "[PLACE]"},
      {"lives in Pittsfield with her cat", "lives in [PLACE] with her cat"},
      {"Dr. Okafor Lopez reviewed", "Dr. [NAME] reviewed"},
      {"Mr. O'Brien", "Mr. [NAME]"},
      {"Patient name: Maria Lopez", "Patient name: [NAME]"},
      {"Electronically signed by: Priya Patel, MD", "Electronically signed by: [NAME]"},
      {"daughter Yara drove", "daughter [NAME] drove"},
  };
  for (const Row& row : rows) EXPECT_EQ(scan(row.text), row.after) << row.text;
}

TEST(Scanner, LeavesClinicalTextAsItIs) {
  const char* const rows[] = {
      "BP 120/80 mmHg, HR 72 bpm, RR 16, T 98.6 F (37.0 C), SpO2 98% on RA.",
      "Temp 101 F last night, 103.2F at the ED.",
      "Hgb 13.5 g/dL, WBC 7.2 K/uL, PLT 250000 /uL, glucose 126 mg/dL, HbA1c 7.1%.",
      "Na 140, K 4.1, Cl 103, CO2 24, BUN 14, Cr 0.9, eGFR >60 mL/min/1.73m2.",
      "metformin 500 mg PO BID; lisinopril 10 mg daily; insulin glargine 12 units qHS.",
      "MS Contin 15 mg q12h, Tylenol 325-650 mg q4-6h prn.",
      "Heparin 5000 units SQ, then 18 units/kg/hr; goal aPTT 60-80.",
      "amoxicillin-clavulanate 875/125 mg x 10 days",
      "take 1/2 tablet on 1/2 tablet days; 2 tablets by mouth",
      "ICD-10 E11.9, I10, J45.909; LOINC 8480-6, 2345-7; SNOMED 38341003, 44054006.",
      "RxNorm 314076; CPT 99213; NDC 0093-1048-01.",
      "OID 2.16.840.1.113883.6.96 and version 4.0.1",
      "Strength 5/5 bilaterally, DTRs 2+, 2/6 systolic murmur, pain 7/10.",
      "EF 55-60%, LVEDD 4.8 cm, aortic root 3.2 x 3.4 cm.",
      "Gravida 3 para 2012, last Pap normal.",
      "A 54-year-old with type 2 diabetes for 12 years, 30 pack-year history.",
      "The patient is 89 years old.",
      "Follow up in 2 weeks or 3 months. May repeat dose in 4 hours.",
      "may 2 tablets be taken at night; march 3 blocks",
      "Patient may be discharged; will follow. Rose-colored sputum, brown discharge.",
      "Parkinson disease, Crohn disease, Down syndrome, Babinski negative, Foley placed.",
      "L4-L5 disc, C5-6 stenosis, T12 fracture, S/P CABG x 3 in 2015.",
      "pH 7.38 / pCO2 41 / pO2 88 / HCO3 24",
      "ECG: NSR 68, PR 160, QRS 92, QTc 430.",
      "CD4 350 cells/mm3; viral load 20000 copies/mL; ESR 12 mm/hr",
      "Vancomycin trough 15.2 mcg/mL at 06:30; 1,250 mg IV given 14:05.",
      "Weight 82.4 kg (181 lb), height 178 cm, BMI 26.0, BSA 2.0 m2.",
      "Apgar 8/9, 39 2/7 weeks, 3450 g, HC 34.5 cm.",
      "FVC 3.20 L (85%), FEV1 2.41 L (80%), ratio 0.75",
      "G6PD 12.1 U/g Hb. TSH 2.31 mIU/L. PSA 1.1 ng/mL. 25-OH vit D 31",
      "Plan: 1. continue 2. recheck BMP 3. return prn. Group A strep negative.",
      "Visit for hypertension since 2012. Case discussed with cardiology.",
      "Stage IIIA (T2 N1 M0), Gleason 3+4=7, ECOG 1, KPS 90.",
      "Dose 90 mg at 95% confidence; age 45; aged 67.",
      "Rate 12:1, ratio 3:2; at 10:30 and 22:15:00.",
      "Labs, OK. Hypertension, MI, CHF. Pain control, PT/OT.",
      "Sodium 3.4 10*3/uL; 150 10*9/L; 1.2E3",
  };
  for (const char* const row : rows) EXPECT_EQ(scan(row), row);
}

class OfARecord : public testing::Test {
 protected:
  OfARecord() : document(*json::Document::parse(text)) { known.learn(document.root()); }

  static constexpr std::string_view text = R"({"resourceType":"Patient","id":"pat-774411",
"name":[{"family":"O'Brien-Müller","given":["Jane","Li","Rose"]},{"text":"Janie Quartermaine"}],
"telecom":[{"system":"phone","value":"+1 (617) 555-0142"},{"system":"email","value":"jrom@example.org"},{"system":"fax","value":"617-555-0199"}],
"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-12-3456"},{"type":{"coding":[{"code":"MR"}]},"value":"MR-00 7788"}],
"birthDate":"1970-02-03",
"address":[{"line":["12 Harbor Street"],"city":"Springfield","state":"MA","postalCode":"01103"}],
"contact":[{"name":{"family":"Abernathy","given":["Tom"]}}]})";
  json::Document document;
  Known known;
};

TEST_F(OfARecord, IsFoundInAnySpelling) {
  const Row rows[] = {
      {"jane came in", "[NAME] came in"},
      {"JANE O'BRIEN-MULLER came", "[NAME] came"},
      {"O\u2019Brien-Mu\u0308ller, Jane came", "[NAME] came"},
      {"obrien came with Tom", "[NAME] came with [NAME]"},
      {"Jane%20O%27Brien came", "[NAME] came"},
      {"Ｊａｎｅ came", "[NAME] came"},
      {"Ja\u00ADne came", "[NAME] came"},
      {"Quartermaine, Janie", "[NAME]"},
      {"jane_quartermaine logged in", "[NAME] logged in"},
      {"janequartermaine logged in", "[NAME] logged in"},
      {"jquartermaine1970 logged in", "[NAME] logged in"},
      {"ABERNATHY's dog", "[NAME]'s dog"},
      {"Jane Li Quartermaine", "[NAME]"},
      {"the number is 6175550142.", "the number is [PHONE]."},
      {"the number is 16175550142.", "the number is [PHONE]."},
      {"617 / 555 - 0142", "[PHONE]"},
      {"617.555.0199", "[FAX]"},
      {"999123456", "[SSN]"},
      {"999 12 3456", "[SSN]"},
      {"mr007788", "[MRN]"},
      {"MR/00/7788", "[MRN]"},
      {"jrom@EXAMPLE.org", "[EMAIL]"},
      {"19700203 and 02031970 and 03021970", "[DATE] and [DATE] and [DATE]"},
      {"12 harbor street", "[PLACE]"},
      {"12%20HARBOR%20STREET", "[PLACE]"},
      {"from springfield", "from [PLACE]"},
      {"01103", "[PLACE]"},
      {"pat-774411", "[ID]"},
  };
  for (const Row& row : rows) EXPECT_EQ(scan(row.text, &known), row.after) << row.text;
}

TEST_F(OfARecord, LeavesCommonWordsThatAreNoNames) {
  for (const std::string_view row :
       {"rose-colored spots on the chest", "rose 2 mg/dL", "a li ne", "harbor-like", "take 5 of 12, 70 kg, 203 lb"})
    EXPECT_EQ(scan(row, &known).find("[NAME]"), std::string::npos) << row;
}

TEST_F(OfARecord, CountsEachClass) {
  Counts counts;
  scan("Jane O'Brien, 617-555-0142, seen 2019-03-04 and 2019-03-05", &known, &counts);
  EXPECT_EQ(counts[name], 1u);
  EXPECT_EQ(counts[phone], 1u);
  EXPECT_EQ(counts[date], 2u);
  EXPECT_EQ(counts.total(), 4u);
}

TEST(Scanner, IsLinearInWhatIsHardForOthers) {
  for (const std::string& piece : {std::string("1"), std::string("a.b@"), std::string("Aa "), std::string("12-"),
                                   std::string("::"), std::string("%20"), std::string("&#1"), std::string("é")}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    scan(text);
  }
}

}  // namespace
}  // namespace ward::deidentify
