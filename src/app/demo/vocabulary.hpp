// Names, codes and ranges that the synthetic clinic draws from.
#pragma once

namespace ward::demo {

inline constexpr const char* women[] = {"Maria", "Aisha", "Grace", "Elena",  "Noor",   "Hannah", "Lucia", "Mei",
                                        "Priya", "Ruth",  "Sofia", "Ingrid", "Carmen", "Naomi",  "Yara",  "Olive"};
inline constexpr const char* men[] = {"James", "Omar", "Mateo", "Chen", "David",   "Samuel", "Arjun",  "Lars",
                                      "Diego", "Kofi", "Peter", "Hugo", "Ibrahim", "Walter", "Rafael", "Tomas"};
inline constexpr const char* families[] = {"Lopez", "Okafor",  "Nguyen", "Schmidt", "Haddad", "Rivera", "Johansson",
                                           "Patel", "O'Brien", "Kim",    "Moreau",  "Garcia", "Novak",  "Abebe",
                                           "Silva", "Walker",  "Tanaka", "Cohen",   "Reyes",  "Larsen"};
inline constexpr const char* streets[] = {"Harbor Street", "Elm Avenue",   "Mill Road",   "Chestnut Lane",
                                          "Canal Street",  "Orchard Road", "Quarry Lane", "Beacon Court"};

struct Town {
  const char* name;
  const char* zip;
};
inline constexpr Town towns[] = {{"Springfield", "01103"}, {"Worcester", "01608"}, {"Lowell", "01852"},
                                 {"Salem", "01970"},       {"Quincy", "02169"},    {"Pittsfield", "01201"}};

struct Code {
  const char* system;
  const char* code;
  const char* display;
};
inline constexpr const char* loinc = "http://loinc.org";
inline constexpr const char* snomed = "http://snomed.info/sct";
inline constexpr const char* rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
inline constexpr const char* cvx = "http://hl7.org/fhir/sid/cvx";

/// A long-term illness, how likely it is at which age, and what it is treated with.
struct Illness {
  const char* key;
  Code code;
  int age_least;
  double likelihood;
  Code medicine;
  const char* dosage;
};
inline constexpr Illness illnesses[] = {
    {"hypertension",
     {snomed, "38341003", "Hypertensive disorder"},
     35,
     0.45,
     {rxnorm, "314076", "lisinopril 10 MG Oral Tablet"},
     "1 tablet once a day"},
    {"diabetes",
     {snomed, "44054006", "Diabetes mellitus type 2"},
     40,
     0.3,
     {rxnorm, "860975", "metformin hydrochloride 500 MG Oral Tablet"},
     "1 tablet twice a day with meals"},
    {"lipids",
     {snomed, "55822004", "Hyperlipidemia"},
     40,
     0.35,
     {rxnorm, "617312", "atorvastatin 20 MG Oral Tablet"},
     "1 tablet in the evening"},
    {"asthma",
     {snomed, "195967001", "Asthma"},
     5,
     0.15,
     {rxnorm, "745679", "albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"},
     "2 puffs when short of breath"},
    {"thyroid",
     {snomed, "40930008", "Hypothyroidism"},
     30,
     0.12,
     {rxnorm, "966222", "levothyroxine sodium 0.05 MG Oral Tablet"},
     "1 tablet in the morning, fasting"},
    {"anxiety",
     {snomed, "197480006", "Anxiety disorder"},
     16,
     0.15,
     {rxnorm, "312940", "sertraline 50 MG Oral Tablet"},
     "1 tablet once a day"},
};

struct Allergen {
  Code code;
  const char* category;
  const char* reaction_code;
  const char* reaction;
};
inline constexpr Allergen allergens[] = {
    {{snomed, "764146007", "Penicillin"}, "medication", "271807003", "Eruption of skin"},
    {{snomed, "256349002", "Peanut"}, "food", "39579001", "Anaphylaxis"},
    {{snomed, "256277009", "Grass pollen"}, "environment", "70076002", "Rhinitis"},
    {{snomed, "111088007", "Latex"}, "environment", "40275004", "Contact dermatitis"},
};

inline constexpr Code vaccines[] = {
    {cvx, "140", "Influenza, seasonal, injectable, preservative free"},
    {cvx, "115", "Tdap"},
    {cvx, "229", "COVID-19, mRNA, LNP-S, bivalent booster"},
};

/// A measurement; `mean` and `deviation` for a healthy adult.
struct Measure {
  const char* key;
  Code code;
  const char* unit;
  const char* ucum;
  double mean, deviation;
  int decimals;
  double low, high;  // reference range; both 0: none
};
inline constexpr Measure vital_signs[] = {
    {"pulse", {loinc, "8867-4", "Heart rate"}, "beats/minute", "/min", 72, 8, 0, 0, 0},
    {"temperature", {loinc, "8310-5", "Body temperature"}, "Cel", "Cel", 36.8, 0.3, 1, 0, 0},
    {"weight", {loinc, "29463-7", "Body weight"}, "kg", "kg", 74, 1, 1, 0, 0},
};
inline constexpr Measure laboratory[] = {
    {"hba1c", {loinc, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"}, "%", "%", 5.4, 0.2, 1, 4.0, 5.6},
    {"glucose", {loinc, "2339-0", "Glucose [Mass/volume] in Blood"}, "mg/dL", "mg/dL", 92, 8, 0, 70, 99},
    {"creatinine",
     {loinc, "2160-0", "Creatinine [Mass/volume] in Serum or Plasma"},
     "mg/dL",
     "mg/dL",
     0.9,
     0.12,
     2,
     0.6,
     1.2},
    {"ldl",
     {loinc, "18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"},
     "mg/dL",
     "mg/dL",
     105,
     12,
     0,
     0,
     129},
    {"tsh",
     {loinc, "3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"},
     "mIU/L",
     "m[IU]/L",
     2.1,
     0.5,
     2,
     0.4,
     4.0},
};

inline constexpr const char* reasons[] = {"Annual check-up",     "Follow-up of blood pressure",
                                          "Cough for two weeks", "Back pain after lifting",
                                          "Review of medicines", "Headache",
                                          "Tiredness",           "Vaccination"};
inline constexpr const char* notes[] = {
    "BP <130 at home on most days; pt reports no dizziness. Plan: continue, review in 3/12.",
    "Pt's wife says he \"forgets the evening dose\" -- reminder set up. R&D consult not needed.",
    "Cough x 2 wks, afebrile, chest clear. SpO2 98% & RR 16. Safety-net advice given.",
    "Weight down 2 kg since last visit; goal < 80 kg. Walks 30 min/day, 5 days/week.",
    "Labs reviewed: values > reference for LDL; diet first, recheck in 6 weeks.",
    "No red flags. Analgesia as needed, no more than 3 g paracetamol per day.",
};

}  // namespace ward::demo
