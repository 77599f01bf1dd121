// Synthetic resources of the sizes that the figures are about.

/** A Patient of about 2.6 KB: the demo's first, with the contacts that a real chart has. */
export function patient(base) {
  const relations = ["N", "C", "E", "BP"];
  return {
    ...base, meta: undefined,
    contact: relations.map((code, i) => ({
      relationship: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0131", code }] }],
      name: { use: "official", family: "Moreau", given: [["Ana", "Luis", "Irene", "Paul"][i]] },
      telecom: [{ system: "phone", value: `555-01${60 + i}`, use: "mobile" }],
      address: { use: "home", line: [`${210 + i} Elm Avenue`], city: "Lowell", state: "MA", postalCode: "01852", country: "US" },
    })),
  };
}

const quantity = (value, unit) => ({ value, unit, system: "http://unitsofmeasure.org", code: unit });
const loinc = (code, display) => ({ coding: [{ system: "http://loinc.org", code, display }] });

/** An Observation of about 2.6 KB: vital signs with their components and a short note. */
export function observation(patient_id, encounter) {
  return {
    resourceType: "Observation", status: "final",
    category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs", display: "Vital Signs" }] }],
    code: loinc("85353-1", "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel"),
    subject: { reference: "Patient/" + patient_id }, ...(encounter ? { encounter: { reference: encounter } } : {}),
    effectiveDateTime: "2026-03-04T08:15:00-05:00", issued: "2026-03-04T08:45:00.000-05:00",
    performer: [{ reference: "Practitioner/nurse-cole" }],
    note: [{ text: "Seen before lunch, calm. Measured twice on the left arm after five minutes of rest." }],
    component: [
      { code: loinc("8480-6", "Systolic blood pressure"), valueQuantity: quantity(138, "mm[Hg]") },
      { code: loinc("8462-4", "Diastolic blood pressure"), valueQuantity: quantity(86, "mm[Hg]") },
      { code: loinc("8867-4", "Heart rate"), valueQuantity: quantity(72, "/min") },
      { code: loinc("9279-1", "Respiratory rate"), valueQuantity: quantity(14, "/min") },
      { code: loinc("8310-5", "Body temperature"), valueQuantity: quantity(36.8, "Cel") },
      { code: loinc("2708-6", "Oxygen saturation in arterial blood"), valueQuantity: quantity(97, "%") },
      { code: loinc("29463-7", "Body weight"), valueQuantity: quantity(81.4, "kg") },
      { code: loinc("8302-2", "Body height"), valueQuantity: quantity(178.5, "cm") },
      { code: loinc("39156-5", "Body mass index"), valueQuantity: quantity(25.5, "kg/m2") },
    ],
  };
}
