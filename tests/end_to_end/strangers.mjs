// Requests about one person's record, to be asked about a stranger, about nobody, and about a patient of one's own.
//
// Every value by which a record can be named is a word of a Naming; the three namings have values of the same lengths, so
// that answers can be compared byte for byte once the asked words are replaced.

/** @returns the words by which the record of `who` (eight letters) is named. */
export function naming(who, family, number, born) {
  const id = (what) => who + "-" + what;
  return {
    patient: id("patient"), observation: id("observation"), condition: id("condition"), encounter: id("encounter"), coverage: id("coverage"),
    appointment: id("appointment"), careTeam: id("team"), related: id("related"), report: id("report"), order: id("order"), allergy: id("allergy"),
    immunization: id("immunization"), deleted: id("deleted"), moved: id("moved"),
    family, mrn: "MRN-" + number, accession: "ACC-" + number, phone: "555-" + number, city: family + "ville", born,
  };
}

export const stranger = naming("stranger", "Quillfeather", "777001", "1931-07-09");
export const nobody = naming("absentee", "Wrenhollowed", "888002", "1931-07-10");
export const familiar = naming("familiar", "Larkspurling", "666003", "1931-07-11");

/** What is in the stranger's record and in no request: it may not be in any answer. */
export const canaries = ["999-77-7001", "Canary Lane", "777.1234", "canary in words"];

const coded = (system, code) => ({ coding: [{ system, code }] });
const reference = (text) => ({ reference: text });
const category = (code) => [coded("http://terminology.hl7.org/CodeSystem/observation-category", code)];

/** The record of a patient of one practitioner and department: a resource of each type that the demo has. */
export function record(words, { practitioner, nurse, department, secret }) {
  const subject = reference("Patient/" + words.patient), encounter = reference("Encounter/" + words.encounter), period = { start: "2024-01-02" };
  const doctor = reference("Practitioner/" + practitioner);
  const observation = (id, extra = {}) => ({ resourceType: "Observation", id, status: "final", category: category("vital-signs"), code: coded("http://loinc.org", "29463-7"),
    subject, effectiveDateTime: "2024-05-06", valueQuantity: { value: secret.value }, ...extra });
  return [
    { resourceType: "Patient", id: words.patient, active: true, identifier: [{ system: "urn:mrn", value: words.mrn }, { system: "http://hl7.org/fhir/sid/us-ssn", value: secret.ssn }],
      name: [{ family: words.family, given: ["Ada"] }], telecom: [{ system: "phone", value: words.phone }], gender: "female", birthDate: words.born,
      address: [{ line: ["1 " + secret.street], city: words.city, state: "MA", postalCode: "02139" }], generalPractitioner: [doctor], managingOrganization: reference("Organization/" + department) },
    { resourceType: "Encounter", id: words.encounter, status: "finished", class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" }, subject, period,
      participant: [{ individual: doctor }], serviceProvider: reference("Organization/" + department) },
    observation(words.observation, { encounter, identifier: [{ system: "urn:accession", value: words.accession }] }),
    observation(words.deleted), observation(words.moved),
    { resourceType: "Condition", id: words.condition, clinicalStatus: coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"), code: { text: secret.text }, subject, encounter },
    { resourceType: "Coverage", id: words.coverage, status: "active", beneficiary: subject, payor: [reference("Organization/clinic")], subscriberId: words.accession },
    { resourceType: "Appointment", id: words.appointment, status: "booked", start: "2027-01-02T09:00:00Z", end: "2027-01-02T09:30:00Z", description: secret.text,
      participant: [{ actor: subject, status: "accepted" }, { actor: doctor, status: "accepted" }] },
    { resourceType: "CareTeam", id: words.careTeam, status: "active", subject, period, participant: [practitioner, nurse].filter(Boolean).map((one) => ({ member: reference("Practitioner/" + one) })) },
    { resourceType: "RelatedPerson", id: words.related, active: true, patient: subject, name: [{ family: words.family }] },
    { resourceType: "DiagnosticReport", id: words.report, status: "final", code: coded("http://loinc.org", "24323-8"), subject, encounter, conclusion: secret.text, result: [reference("Observation/" + words.observation)] },
    { resourceType: "MedicationRequest", id: words.order, status: "active", intent: "order", medicationCodeableConcept: { text: secret.text }, subject },
    { resourceType: "AllergyIntolerance", id: words.allergy, patient: subject, code: { text: secret.text } },
    { resourceType: "Immunization", id: words.immunization, status: "completed", vaccineCode: { text: secret.text }, patient: subject, occurrenceDateTime: "2024-02-03" },
  ];
}

export const instances = (words) => ({
  Patient: words.patient, Observation: words.observation, Condition: words.condition, Encounter: words.encounter, Coverage: words.coverage, Appointment: words.appointment, CareTeam: words.careTeam,
  RelatedPerson: words.related, DiagnosticReport: words.report, MedicationRequest: words.order, AllergyIntolerance: words.allergy, Immunization: words.immunization,
});

/** A small Observation about `patient`, with whatever else a row wants to try. */
export const measured = (patient, extra = {}) => ({ resourceType: "Observation", status: "final", category: category("vital-signs"), code: coded("http://loinc.org", "8867-4"),
  subject: reference("Patient/" + patient), valueQuantity: { value: 71 }, ...extra });

const form = { "content-type": "application/x-www-form-urlencoded" };
const everyone = ["dr.adams", "desk.diaz", "nurse.cole", "patient.one"];

/**
 * The table. Each row: { name, as: [who], ask(words, base) -> { method, path, headers, body }, own }.
 * `own` is the status of the same request about a patient of dr.adams (undefined: not asked, as it would change or end that record; 0: 200, with
 * nothing found). `embedded`: in front of another server, which
 * counts what it likes, not served.
 */
export function rows() {
  const table = [];
  const add = (name, ask, { as = ["dr.adams"], own, embedded = false } = {}) => table.push({ name, as, own, embedded, ask: (words, base) => ({ method: "GET", ...(typeof ask === "string" ? { path: ask } : ask(words, base)) }) });
  const get = (name, path, options = {}) => add(name, (words, base) => ({ path: path(words, base) }), { own: 200, ...options });

  for (const type of Object.keys(instances(nobody))) {
    const may = { Patient: everyone, Coverage: ["dr.adams", "desk.diaz", "patient.one"], Appointment: ["dr.adams", "desk.diaz", "patient.one"] }[type] ?? ["dr.adams", "nurse.cole", "patient.one"];
    get("read " + type, (w) => `${type}/${instances(w)[type]}`, { as: may });
    get("history of " + type, (w) => `${type}/${instances(w)[type]}/_history`);
    add("delete " + type, (w) => ({ method: "DELETE", path: `${type}/${instances(w)[type]}` }));
  }

  // read and its variants
  get("vread of the first version", (w) => `Patient/${w.patient}/_history/1`, { as: everyone });
  get("vread of a version that is not there", (w) => `Patient/${w.patient}/_history/9`, { own: 404, as: everyone });
  get("vread of what is no version", (w) => `Patient/${w.patient}/_history/zero`, { own: 404 });
  add("HEAD", (w) => ({ method: "HEAD", path: `Patient/${w.patient}` }), { own: 200, as: everyone });
  add("HEAD of the history", (w) => ({ method: "HEAD", path: `Patient/${w.patient}/_history` }), { own: 200 });
  add("If-None-Match with the version", (w) => ({ path: `Patient/${w.patient}`, headers: { "if-none-match": 'W/"1"' } }), { own: 304, as: everyone });
  add("If-None-Match with a star", (w) => ({ path: `Patient/${w.patient}`, headers: { "if-none-match": "*" } }), { own: 304 });
  add("If-None-Match on vread", (w) => ({ path: `Patient/${w.patient}/_history/1`, headers: { "if-none-match": 'W/"1"' } }), { own: 304 });
  add("If-Modified-Since", (w) => ({ path: `Patient/${w.patient}`, headers: { "if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT" } }), { own: 200 });
  add("If-Modified-Since that is later", (w) => ({ path: `Patient/${w.patient}`, headers: { "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT" } }), { own: 304, as: everyone });
  for (const query of ["_count=1", "_since=2020", "_at=2100", "_count=1&_since=2020"]) get(`history with ${query}`, (w) => `Observation/${w.observation}/_history?${query}`);
  get("history with a page of nobody's", (w) => `Observation/${w.observation}/_history?_page=AAAA`, { own: 400 });
  get("read with _summary=true", (w) => `Patient/${w.patient}?_summary=true`, { as: everyone });
  get("read with _summary=text", (w) => `Patient/${w.patient}?_summary=text`);
  get("read with _elements", (w) => `Patient/${w.patient}?_elements=name`);
  get("read with a parameter that no read has", (w) => `Patient/${w.patient}?name=Ada`, { own: 400 });
  get("an operation", (w) => `Patient/${w.patient}/$everything`, { as: everyone });
  const whole = (w) => ({ identifier: [{ system: "urn:mrn", value: w.mrn }], name: [{ family: w.family, given: ["Ada"] }], birthDate: w.born, telecom: [{ system: "phone", value: w.phone }], address: [{ city: w.city }] });
  const matches = {
    "by everything": whole,
    "by name and birth date": (w) => ({ name: [{ family: w.family, given: ["Ada"] }], birthDate: w.born }),
    "by the record's number": (w) => ({ identifier: [{ system: "urn:mrn", value: w.mrn }], gender: "female" }),
    "by a phone and a birth date": (w) => ({ telecom: [{ system: "phone", value: w.phone }], birthDate: w.born }),
    "by part of the name": (w) => ({ name: [{ family: w.family.slice(0, 9), given: ["Ada"] }], birthDate: w.born }),
  };
  for (const [name, patient] of Object.entries(matches))
    for (const certain of [false, true])
      add(`$match ${name}${certain ? ", certain only" : ""}`, (w) => ({ method: "POST", path: "Patient/$match",
        body: { resourceType: "Parameters", parameter: [{ name: "resource", resource: { resourceType: "Patient", ...patient(w) } }, { name: "onlyCertainMatches", valueBoolean: certain }] } }),
        { as: everyone.filter((one) => one !== "nurse.cole") });
  get("an operation that is not served", (w) => `Patient/${w.patient}/$graph`, { own: 404 });
  const staff = ["dr.adams", "nurse.cole", "patient.one"];
  get("a compartment", (w) => `Patient/${w.patient}/Observation`, { as: staff });
  get("a compartment, counted", (w) => `Patient/${w.patient}/Observation?_total=accurate&_count=1`, { as: staff });
  get("a compartment and another patient", (w) => `Patient/${w.patient}/Observation?patient=${familiar.patient}&_total=accurate`);
  get("an own compartment and this patient", (w) => `Patient/${familiar.patient}/Observation?subject=Patient/${w.patient}&_total=accurate`);
  get("a compartment by this patient's encounter", (w) => `Patient/${familiar.patient}/Observation?encounter=${w.encounter}&_total=accurate`);
  get("a compartment with includes", (w) => `Patient/${w.patient}/Observation?_include=*&_revinclude=DiagnosticReport:result`);
  add("a compartment by POST", (w) => ({ method: "POST", path: `Patient/${w.patient}/Observation/_search`, headers: form, body: "_total=accurate" }), { own: 200 });
  get("a compartment of a type that has none", (w) => `Patient/${w.patient}/Practitioner`, { own: 404 });
  get("read with a version of another resource's path", (w) => `Observation/${w.patient}`, { own: 404 });

  // search, by each name of the patient
  get("Observation by patient", (w) => `Observation?patient=${w.patient}`, { as: ["dr.adams", "nurse.cole", "patient.one"] });
  get("Observation by patient=Patient/id", (w) => `Observation?patient=Patient/${w.patient}`);
  get("Observation by subject", (w) => `Observation?subject=Patient/${w.patient}`);
  get("Observation by a bare subject", (w) => `Observation?subject=${w.patient}`);
  get("Observation by subject:Patient", (w) => `Observation?subject:Patient=${w.patient}`);
  get("Observation by an absolute URL", (w, base) => `Observation?subject=${encodeURIComponent(base + "/Patient/" + w.patient)}`);
  get("Observation by patient and an absolute URL", (w, base) => `Observation?patient=${encodeURIComponent(base + "/Patient/" + w.patient)}`);
  get("Observation by an absolute URL elsewhere", (w) => `Observation?subject=${encodeURIComponent("https://else.example/fhir/Patient/" + w.patient)}`, { own: 0 });
  get("Observation by a versioned reference", (w) => `Observation?subject=${encodeURIComponent(`Patient/${w.patient}/_history/1`)}`, { own: 0 });
  get("Observation by subject:identifier", (w) => `Observation?subject:identifier=urn:mrn|${w.mrn}`, { own: 0 });
  get("Observation by patient:identifier", (w) => `Observation?patient:identifier=urn:mrn|${w.mrn}`, { own: 0 });
  get("Observation by its identifier", (w) => `Observation?identifier=urn:accession|${w.accession}`);
  get("Observation by _id", (w) => `Observation?_id=${w.observation}`);
  get("Observation by encounter", (w) => `Observation?encounter=Encounter/${w.encounter}`);
  get("Observation by a list with an own patient", (w) => `Observation?patient=${familiar.patient},${w.patient}&_total=accurate`);
  get("Observation by a list, one a page", (w) => `Observation?patient=${familiar.patient},${w.patient}&_count=1`);
  get("Observation by both at once", (w) => `Observation?patient=${familiar.patient}&patient=${w.patient}`);
  get("Observation but not by _id, which is not served", (w) => `Observation?patient=${familiar.patient}&_id:not=${w.observation}&_total=accurate`, { own: 400 });
  get("Observation but not by identifier", (w) => `Observation?patient=${familiar.patient}&identifier:not=urn:accession|${w.accession}&_total=accurate`);
  get("Observation but not by subject, which references do not have", (w) => `Observation?subject:not=Patient/${w.patient}&_total=accurate`, { own: 400 });
  get("Observation of whom something is missing", (w) => `Observation?patient=${w.patient}&performer:missing=true&_total=accurate`);
  get("Observation of whom something is not missing", (w) => `Observation?patient=${w.patient}&encounter:missing=false&_total=accurate`);
  get("Observation with an accurate total", (w) => `Observation?patient=${w.patient}&_total=accurate`);
  get("Observation with an estimated total", (w) => `Observation?patient=${w.patient}&_total=estimate`);
  get("Observation counted", (w) => `Observation?patient=${w.patient}&_summary=count`, { embedded: true });
  get("Observation, none of them", (w) => `Observation?patient=${w.patient}&_count=0&_total=accurate`, { own: 0 });
  get("Observation sorted", (w) => `Observation?patient=${w.patient}&_sort=-date,_id`);
  get("Observation by time of change", (w) => `Observation?patient=${w.patient}&_lastUpdated=gt2020-01-01`);
  get("Observation by value", (w) => `Observation?patient=${w.patient}&value-quantity=gt1`);
  // through references: each hop is decided
  const chains = { identifier: (w) => w.mrn, name: (w) => w.family, family: (w) => w.family, birthdate: (w) => w.born, phone: (w) => w.phone, "address-city": (w) => w.city, _id: (w) => w.patient, "family:exact": (w) => w.family };
  for (const [param, value] of Object.entries(chains)) {
    get(`Observation by patient.${param}`, (w) => `Observation?patient.${param}=${encodeURIComponent(value(w))}&_total=accurate`, { as: ["dr.adams", "patient.one"] });
    get(`Observation by subject:Patient.${param}`, (w) => `Observation?subject:Patient.${param}=${encodeURIComponent(value(w))}`);
  }
  get("Observation by an untyped chain", (w) => `Observation?subject.identifier=${w.mrn}&_total=accurate`);
  get("Observation by a chain, sorted", (w) => `Observation?patient.identifier=${w.mrn}&_sort=-date&_count=1`);
  get("Observation by a chain, counted", (w) => `Observation?patient.identifier=${w.mrn}&_summary=count`, { embedded: true });
  get("Observation by a chain or an own patient", (w) => `Observation?patient.identifier=${w.mrn},MRN-666003&_total=accurate`);
  get("Observation by a chain that excludes", (w) => `Observation?patient=${familiar.patient}&patient.identifier:not=${w.mrn}&_total=accurate`, { own: 0 });
  get("Observation by a chain, missing", (w) => `Observation?patient=${w.patient}&patient.death-date:missing=true&_total=accurate`);
  get("Observation by the encounter's patient", (w) => `Observation?encounter.patient.identifier=${w.mrn}&_total=accurate`);
  get("Observation by the encounter's type of chain", (w) => `Observation?encounter.subject:Patient.family=${w.family}`);
  get("DiagnosticReport by its result's identifier", (w) => `DiagnosticReport?result.identifier=urn:accession|${w.accession}&_total=accurate`);
  get("DiagnosticReport by its result's patient's name", (w) => `DiagnosticReport?result.patient.family=${w.family}&_total=accurate`);
  get("Appointment by a patient's name", (w) => `Appointment?patient.family=${w.family}&_total=accurate`, { as: ["dr.adams", "patient.one"] });
  get("Appointment by an actor's name", (w) => `Appointment?actor:Patient.family=${w.family}&_total=accurate`);
  get("Coverage by the beneficiary's number", (w) => `Coverage?beneficiary.identifier=${w.mrn}&_total=accurate`);
  get("Coverage by the beneficiary's number, at the desk", (w) => `Coverage?beneficiary:Patient.identifier=${w.mrn}&_total=accurate`, { as: ["desk.diaz"] });
  get("Coverage by what the desk does not see", (w) => `Coverage?beneficiary:Patient.gender=female&beneficiary=${w.patient}&_total=accurate`, { as: ["desk.diaz"], own: undefined });
  get("RelatedPerson by the patient's phone", (w) => `RelatedPerson?patient.phone=${w.phone}&_total=accurate`);
  get("Practitioner by whose patient one is", (w) => `Practitioner?_has:Patient:general-practitioner:identifier=${w.mrn}&_total=accurate`);
  get("Practitioner by a patient's name, backward", (w) => `Practitioner?_has:Patient:general-practitioner:family=${w.family}&_total=accurate`);
  get("Organization by whose patient one is", (w) => `Organization?_has:Patient:organization:birthdate=${w.born}&_total=accurate`);
  get("Organization by an encounter", (w) => `Organization?_has:Encounter:service-provider:_id=${w.encounter}&_total=accurate`);
  get("Practitioner by an encounter of a patient", (w) => `Practitioner?_has:Encounter:participant:patient=${w.patient}&_total=accurate`);
  get("Practitioner by an encounter of a named patient", (w) => `Practitioner?_has:Encounter:participant:patient.family=${w.family}&_total=accurate`);
  get("Practitioner by nested reverse chains", (w) => `Practitioner?_has:Encounter:participant:_has:Observation:encounter:identifier=urn:accession|${w.accession}&_total=accurate`);
  get("Patient by a reverse chain", (w) => `Patient?_has:Observation:patient:_id=${w.observation}&_total=accurate`);
  get("Patient by a reverse chain of a value", (w) => `Patient?_has:Observation:patient:identifier=urn:accession|${w.accession}&_total=accurate`);
  get("Patient by a condition", (w) => `Patient?_has:Condition:patient:_id=${w.condition}&_total=accurate`);
  get("Patient by a reverse chain and a name", (w) => `Patient?family=${w.family}&_has:Observation:patient:code=29463-7&_total=accurate`);
  get("Patient by a nested reverse chain", (w) => `Patient?_has:Observation:patient:_has:DiagnosticReport:result:_id=${w.report}&_total=accurate`);
  get("Observation by the report that names it", (w) => `Observation?_has:DiagnosticReport:result:_id=${w.report}&_total=accurate`);
  get("Observation by the report of a patient", (w) => `Observation?_has:DiagnosticReport:result:patient=${w.patient}&_total=accurate`);
  get("Encounter by its observation", (w) => `Encounter?_has:Observation:encounter:_id=${w.observation}&_total=accurate`);
  get("Patient by a list of nobody's", () => "Patient?_list=there-is-none&_total=accurate", { own: 0 });
  // several values, words, several types, other compartments
  get("Observation by a composite", (w) => `Observation?patient=${w.patient}&code-value-quantity=29463-7$gt1&_total=accurate`);
  get("Observation by a composite that excludes", (w) => `Observation?patient=${w.patient}&component-code-value-quantity:missing=true&_total=accurate`);
  get("Condition by its text", (w) => `Condition?patient=${w.patient}&code:text=words&_total=accurate`);
  get("Condition by the stranger's text", () => "Condition?code:text=canary&_total=accurate", { own: 0 });
  get("Patient by a value set", (w) => `Patient?_id=${w.patient}&gender:in=http://hl7.org/fhir/ValueSet/administrative-gender&_total=accurate`);
  get("Patient by none of a value set", (w) => `Patient?_id=${w.patient}&gender:not-in=http://hl7.org/fhir/ValueSet/observation-status&_total=accurate`);
  get("Patient by a type of identifier", (w) => `Patient?identifier:of-type=|MR|${w.mrn}&_total=accurate`, { own: 0 });
  get("Patient by a word", (w) => `Patient?_content=${w.family}&_total=accurate`, { as: everyone, embedded: true });
  get("Patient by a word of the narrative", (w) => `Patient?_text=${w.family}&_total=accurate`, { as: ["dr.adams", "desk.diaz", "nurse.cole"], own: undefined });
  get("Condition by the stranger's words", () => "Condition?_content=canary+in+words&_total=accurate", { own: undefined });
  get("Appointment by the stranger's words", () => "Appointment?_content=canary&_total=accurate", { as: ["dr.adams", "desk.diaz", "patient.one"], own: undefined });
  get("Observation by a word of its patient", (w) => `Observation?patient._content=${w.family}&_total=accurate`, { embedded: true });
  get("Practitioner by a word of a patient", (w) => `Practitioner?_has:Patient:general-practitioner:_content=${w.family}&_total=accurate`, { embedded: true });
  get("several types by _id", (w) => `?_type=Patient,Observation,Condition&_id=${w.patient},${w.observation},${w.condition}&_total=accurate`, { as: ["dr.adams", "nurse.cole", "patient.one"] });
  get("several types by _id, one a page", (w) => `?_type=Observation,Patient&_id=${w.patient},${w.observation}&_count=1`);
  get("several types by _id, counted", (w) => `?_type=Observation,Patient&_id=${w.patient},${w.observation}&_summary=count`, { embedded: true });
  get("several types by a word", (w) => `?_type=Patient,RelatedPerson&_content=${w.family}&_total=accurate`, { embedded: true });
  get("several types that the desk may not see", (w) => `?_type=Patient,Observation&_id=${w.patient}`, { as: ["desk.diaz"], own: undefined });
  add("several types by POST", (w) => ({ method: "POST", path: "_search", headers: form, body: `_type=Patient,Encounter&_id=${w.patient},${w.encounter}&_total=accurate` }), { own: 200 });
  get("an encounter's compartment", (w) => `Encounter/${w.encounter}/Observation?_total=accurate`, { as: staff });
  get("an encounter's compartment of conditions", (w) => `Encounter/${w.encounter}/Condition?_total=accurate`);
  get("an encounter's compartment that the desk may not see", (w) => `Encounter/${w.encounter}/Observation`, { as: ["desk.diaz"], own: undefined });
  get("a practitioner's compartment", (w) => `Practitioner/dr-baker/Encounter?_id=${w.encounter}&_total=accurate`, { own: 0 });
  get("a related person's compartment", (w) => `RelatedPerson/${w.related}/Appointment?_total=accurate`, { own: 0 });
  add("Observation by a chain, POST", (w) => ({ method: "POST", path: "Observation/_search", headers: form, body: `patient.identifier=${w.mrn}&_total=accurate` }), { own: 200 });

  // what comes along
  get("Observation with its patient", (w) => `Observation?patient=${w.patient}&_include=Observation:subject`, { as: ["dr.adams", "nurse.cole", "patient.one"] });
  get("Observation with its patient by type", (w) => `Observation?patient=${w.patient}&_include=Observation:subject:Patient&_total=accurate`);
  get("Observation with everything that it refers to", (w) => `Observation?patient=${w.patient}&_include=*`);
  get("Observation with all of its own", (w) => `Observation?patient=${w.patient}&_include=Observation:*`);
  get("Observation with patient and practitioner", (w) => `Observation?patient=${w.patient}&_include=Observation:patient&_include:iterate=Patient:general-practitioner`);
  get("Observation with the reports that name it", (w) => `Observation?patient=${w.patient}&_revinclude=DiagnosticReport:result`);
  get("Encounter with all observations", (w) => `Encounter?_id=${w.encounter}&_revinclude=Observation:encounter`);
  get("Patient with observations", (w) => `Patient?_id=${w.patient}&_revinclude=Observation:patient`, { as: ["dr.adams", "nurse.cole", "patient.one"] });
  get("Patient with conditions and encounters", (w) => `Patient?family=${w.family}&_revinclude=Condition:patient&_revinclude=Encounter:patient`);
  get("Patient with all of Observation", (w) => `Patient?_id=${w.patient}&_revinclude=Observation:*`);
  get("Patient by iterated reverse includes", (w) => `Patient?_id=${w.patient}&_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter&_revinclude:iterate=DiagnosticReport:result`);
  for (const [who, own] of [["dr.adams", 200], ["nurse.cole", 200]]) {
    get(`Practitioner with those who have it, as ${who}`, () => "Practitioner?_id=dr-baker&_revinclude=Patient:general-practitioner", { as: [who], own });
    get(`Organization with its patients, as ${who}`, () => "Organization?_id=dept-cardiology&_revinclude=Patient:organization&_revinclude=Encounter:service-provider", { as: [who], own });
  }
  get("Observation with a page of nobody's", (w) => `Observation?patient=${w.patient}&_page=AAAA`, { own: 400 });
  add("Observation by POST", (w) => ({ method: "POST", path: "Observation/_search", headers: form, body: `patient=${w.patient}` }), { own: 200 });
  add("Observation by POST, query and body", (w) => ({ method: "POST", path: `Observation/_search?patient=${w.patient}`, headers: form, body: `_total=accurate&subject=Patient/${w.patient}` }), { own: 200 });
  add("Observation by POST, two patients in two places", (w) => ({ method: "POST", path: `Observation/_search?patient=${familiar.patient}`, headers: form, body: `patient=${w.patient}&_total=accurate` }), { own: 200 });
  add("HEAD of a search", (w) => ({ method: "HEAD", path: `Observation?patient=${w.patient}` }), { own: 200 });
  get("Observation with handling=lenient", (w) => `Observation?patient=${w.patient}&colour=red`, { own: 400 });

  get("Patient by _id", (w) => `Patient?_id=${w.patient}`, { as: everyone });
  get("Patient by _id, in a list", (w) => `Patient?_id=${familiar.patient},${w.patient}&_total=accurate`);
  get("Patient by record number", (w) => `Patient?identifier=urn:mrn|${w.mrn}`, { as: ["dr.adams", "nurse.cole"], own: undefined });
  get("Patient by record number of a physician's own", (w) => `Patient?identifier=urn:mrn|${w.mrn}&_total=accurate`);
  get("Patient by a number without a system", (w) => `Patient?identifier=${w.mrn}`);
  get("Patient by family name", (w) => `Patient?family=${w.family}&_total=accurate`, { as: ["dr.adams", "desk.diaz", "nurse.cole"] });
  get("Patient by exact name", (w) => `Patient?family:exact=${w.family}`);
  get("Patient by a part of the name", (w) => `Patient?name:contains=${w.family.slice(2, 9)}`, { own: 0 });
  get("Patient by birth date", (w) => `Patient?birthdate=${w.born}&_total=accurate`, { as: ["dr.adams", "desk.diaz"] });
  get("Patient by telephone", (w) => `Patient?telecom=${w.phone}`);
  get("Patient by town", (w) => `Patient?address-city=${w.city}`);
  get("Patient counted by name", (w) => `Patient?family=${w.family}&_summary=count`, { as: ["dr.adams", "desk.diaz"], embedded: true });
  for (const [type, query] of Object.entries({ Condition: "patient=", Encounter: "subject=Patient/", Coverage: "beneficiary=Patient/", Appointment: "actor=Patient/", CareTeam: "patient=", RelatedPerson: "patient=",
    DiagnosticReport: "subject=Patient/", MedicationRequest: "patient=", AllergyIntolerance: "patient=", Immunization: "patient=" }))
    get(`${type} by ${query}`, (w) => `${type}?${query}${w.patient}&_total=accurate`, { as: ["Coverage", "Appointment"].includes(type) ? ["dr.adams", "desk.diaz"] : ["dr.adams", "nurse.cole"] });
  get("Appointment by patient", (w) => `Appointment?patient=${w.patient}`, { as: ["dr.adams", "desk.diaz", "patient.one"] });
  get("DiagnosticReport by result", (w) => `DiagnosticReport?result=Observation/${w.observation}`);

  // the deleted, and what moved between patients
  for (const [what, which] of [["deleted", "deleted"], ["moved away", "moved"]]) {
    get(`read of the ${what}`, (w) => `Observation/${w[which]}`, { own: undefined });
    get(`vread of the ${what}, first version`, (w) => `Observation/${w[which]}/_history/1`, { own: undefined });
    get(`vread of the ${what}, last version`, (w) => `Observation/${w[which]}/_history/2`, { own: undefined });
    get(`history of the ${what}`, (w) => `Observation/${w[which]}/_history`, { own: undefined });
    get(`search for the ${what}`, (w) => `Observation?_id=${w[which]}&_total=accurate`, { own: undefined });
    add(`delete of the ${what}`, (w) => ({ method: "DELETE", path: `Observation/${w[which]}` }));
    add(`update of the ${what}`, (w) => ({ method: "PUT", path: `Observation/${w[which]}`, body: measured(familiar.patient, { id: w[which] }) }));
    add(`a reference to the ${what}`, (w) => ({ method: "POST", path: "Observation", body: measured(familiar.patient, { derivedFrom: [reference("Observation/" + w[which])] }) }));
  }

  addWrites(add);
  addReferences(add);
  addBundles(add);
  return table;
}

function addWrites(add) {
  const put = (name, ask, options) => add(name, (w, base) => ({ method: "PUT", ...ask(w, base) }), options);
  const post = (name, ask, options) => add(name, (w, base) => ({ method: "POST", path: "Observation", ...ask(w, base) }), options);

  const patch = (name, path, operations, options = {}) => add(name, (w) => ({ method: "PATCH", path: path(w), headers: { "content-type": "application/json-patch+json", ...options.headers }, body: JSON.stringify(operations) }), options);
  const amend = { op: "replace", path: "/status", value: "amended" };
  for (const type of Object.keys(instances(nobody))) patch(`patch of ${type}`, (w) => `${type}/${instances(w)[type]}`, [{ op: "test", path: "/resourceType", value: type }, { op: "test", path: "/id", value: "another" }], { own: 422 });
  patch("patch with a test that would pass", (w) => `Observation/${w.observation}`, [{ op: "test", path: "/status", value: "final" }, amend]);
  patch("patch with the right If-Match", (w) => `Observation/${w.observation}`, [amend], { headers: { "if-match": 'W/"1"' } });
  patch("patch with a wrong If-Match", (w) => `Observation/${w.observation}`, [amend], { headers: { "if-match": 'W/"9"' }, own: 412 });
  patch("patch of the deleted", (w) => `Observation/${w.deleted}`, [amend]);
  patch("patch of what moved", (w) => `Observation/${w.moved}`, [amend]);
  patch("conditional patch", (w) => `Observation?identifier=urn:accession|${w.accession}`, [amend]);
  patch("conditional patch of several", (w) => `Observation?patient=${w.patient}`, [amend], { own: 412 });

  put("update about the asked patient", (w) => ({ path: `Observation/${w.observation}`, body: measured(w.patient, { id: w.observation }) }), { as: ["dr.adams", "nurse.cole"] });
  put("update about an own patient", (w) => ({ path: `Observation/${w.observation}`, body: measured(familiar.patient, { id: w.observation }) }));
  put("update with the right If-Match", (w) => ({ path: `Observation/${w.observation}`, headers: { "if-match": 'W/"1"' }, body: measured(familiar.patient, { id: w.observation }) }));
  put("update with a wrong If-Match", (w) => ({ path: `Observation/${w.observation}`, headers: { "if-match": 'W/"9"' }, body: measured(familiar.patient, { id: w.observation }) }), { own: 412 });
  put("update with any If-Match", (w) => ({ path: `Observation/${w.observation}`, headers: { "if-match": "*" }, body: measured(familiar.patient, { id: w.observation }) }));
  put("update with If-None-Match", (w) => ({ path: `Observation/${w.observation}`, headers: { "if-none-match": "*" }, body: measured(familiar.patient, { id: w.observation }) }));
  put("update with another id in the body", (w) => ({ path: `Observation/${w.observation}`, body: measured(familiar.patient, { id: "another" }) }), { own: 400 });
  put("update with a broken body", (w) => ({ path: `Observation/${w.observation}`, body: { resourceType: "Observation", id: w.observation } }), { own: 422 });
  put("update of a patient", (w) => ({ path: `Patient/${w.patient}`, body: { resourceType: "Patient", id: w.patient, active: true, generalPractitioner: [reference("Practitioner/dr-adams")] } }), { as: ["dr.adams", "desk.diaz"] });
  put("moving an own resource", (w) => ({ path: `Observation/${familiar.observation}`, body: measured(w.patient, { id: familiar.observation }) }));
  put("moving an own resource by identifier", (w) => ({ path: `Observation/${familiar.observation}`, body: { ...measured(w.patient, { id: familiar.observation }), subject: { identifier: { system: "urn:mrn", value: w.mrn } } } }), { own: 422 });
  put("moving an own appointment", (w) => ({ path: `Appointment/${familiar.appointment}`, body: { resourceType: "Appointment", id: familiar.appointment, status: "proposed", participant: [{ actor: reference("Patient/" + w.patient), status: "accepted" }] } }), { as: ["dr.adams", "desk.diaz"] });
  add("delete with the right If-Match", (w) => ({ method: "DELETE", path: `Observation/${w.observation}`, headers: { "if-match": 'W/"1"' } }));
  add("delete with a wrong If-Match", (w) => ({ method: "DELETE", path: `Observation/${w.observation}`, headers: { "if-match": 'W/"9"' } }), { own: 412 });

  for (const [how, query] of [["_id", (w) => `_id=${w.observation}`], ["identifier", (w) => `identifier=urn:accession|${w.accession}`], ["patient", (w) => `patient=${w.patient}&encounter=Encounter/${w.encounter}`], ["subject, absolute", (w, base) => `subject=${base}/Patient/${w.patient}&encounter:missing=false`]]) {
    post(`conditional create by ${how}`, (w, base) => ({ headers: { "if-none-exist": query(w, base) }, body: measured(familiar.patient) }), { own: 200 });
    post(`conditional create by ${how}, answered in short`, (w, base) => ({ headers: { "if-none-exist": query(w, base), prefer: "return=minimal" }, body: measured(familiar.patient) }), { own: 200 });
    add(`conditional delete by ${how}`, (w, base) => ({ method: "DELETE", path: `Observation?${query(w, base)}` }));
    put(`conditional update by ${how}`, (w, base) => ({ path: `Observation?${query(w, base)}`, body: measured(familiar.patient) }));
  }
  put("conditional update with a wrong If-Match", (w) => ({ path: `Observation?_id=${w.observation}`, headers: { "if-match": 'W/"9"' }, body: measured(familiar.patient) }), { own: 412 });
  post("conditional create of a patient by record number", (w) => ({ path: "Patient", headers: { "if-none-exist": `identifier=urn:mrn|${w.mrn}` }, body: { resourceType: "Patient", active: true } }), { own: 200 });
  post("conditional create about the asked patient", (w) => ({ headers: { "if-none-exist": `_id=${w.observation}` }, body: measured(w.patient) }), { own: 200 });
  post("conditional create of an appointment", (w) => ({ path: "Appointment", headers: { "if-none-exist": `patient=${w.patient}&_id=${w.appointment}` }, body: { resourceType: "Appointment", status: "proposed", participant: [{ actor: reference("Patient/" + familiar.patient), status: "accepted" }] } }), { as: ["desk.diaz"], own: 200 });
}

/** Creates that refer to what was asked about, in each place where a reference can hide. */
function addReferences(add) {
  const post = (name, body, options = {}) => add("reference: " + name, (w, base) => ({ method: "POST", path: body(w, base).resourceType, body: body(w, base) }), { own: 201, ...options });
  post("subject", (w) => measured(w.patient), { as: ["dr.adams", "nurse.cole"] });
  post("subject, absolute", (w, base) => ({ ...measured(w.patient), subject: reference(`${base}/Patient/${w.patient}`) }));
  post("subject, versioned", (w) => ({ ...measured(w.patient), subject: reference(`Patient/${w.patient}/_history/1`) }));
  post("subject, by identifier", (w) => ({ ...measured(w.patient), subject: { identifier: { system: "urn:mrn", value: w.mrn } } }), { own: 422 });
  post("subject, under another name of this server", (w, base) => ({ ...measured(w.patient), subject: reference(`${base.replace("localhost", "127.0.0.1")}/Patient/${w.patient}`) }), { own: undefined });
  post("subject, as urn:uuid", (w) => ({ ...measured(w.patient), subject: reference("urn:uuid:" + w.patient) }), { own: 422 });
  post("subject, by a search", (w) => ({ ...measured(w.patient), subject: reference(`Patient?identifier=urn:mrn|${w.mrn}`) }), { own: 422 });
  post("performer, by a search", (w) => measured(familiar.patient, { performer: [reference(`Patient?identifier=urn:mrn|${w.mrn}`)] }), { own: 422 });
  post("encounter", (w) => measured(familiar.patient, { encounter: reference("Encounter/" + w.encounter) }));
  post("performer", (w) => measured(familiar.patient, { performer: [reference("Patient/" + w.patient)] }));
  post("performer, a related person", (w) => measured(familiar.patient, { performer: [reference("RelatedPerson/" + w.related)] }));
  post("derived from", (w) => measured(familiar.patient, { derivedFrom: [reference("Observation/" + w.observation)] }));
  post("in an extension", (w) => measured(familiar.patient, { extension: [{ url: "urn:x", valueReference: reference("Patient/" + w.patient) }] }));
  post("in an extension of a primitive", (w) => measured(familiar.patient, { _status: { extension: [{ url: "urn:x", valueReference: reference("Condition/" + w.condition) }] } }));
  post("in a contained resource", (w) => measured(familiar.patient, { contained: [{ resourceType: "Observation", id: "c", status: "final", code: { text: "x" }, subject: reference("Patient/" + w.patient) }], hasMember: [reference("#c")] }));
  post("in a note's author", (w) => measured(familiar.patient, { note: [{ text: "x", authorReference: reference("Patient/" + w.patient) }] }));
  post("evidence of a condition", (w) => ({ resourceType: "Condition", subject: reference("Patient/" + familiar.patient), code: { text: "x" }, evidence: [{ detail: [reference("Observation/" + w.observation)] }] }));
  post("one of two patients of an appointment", (w) => ({ resourceType: "Appointment", status: "proposed", participant: [familiar.patient, w.patient].map((id) => ({ actor: reference("Patient/" + id), status: "accepted" })) }), { as: ["dr.adams", "desk.diaz"] });
  post("the patient of an appointment", (w) => ({ resourceType: "Appointment", status: "proposed", participant: [{ actor: reference("Patient/" + w.patient), status: "accepted" }] }), { as: ["dr.adams", "desk.diaz"] });
  post("an appointment's reason", (w) => ({ resourceType: "Appointment", status: "proposed", reasonReference: [reference("Condition/" + w.condition)], participant: [{ actor: reference("Patient/" + familiar.patient), status: "accepted" }] }), { as: ["dr.adams", "desk.diaz"] });
  post("a care team that would make the asked patient one's own", (w) => ({ resourceType: "CareTeam", status: "active", subject: reference("Patient/" + w.patient), participant: [{ member: reference("Practitioner/dr-adams") }] }));
  post("an encounter that would make the asked patient one's own", (w) => ({ resourceType: "Encounter", status: "in-progress", class: { code: "AMB" }, subject: reference("Patient/" + w.patient), participant: [{ individual: reference("Practitioner/dr-adams") }] }));
  post("a relative of the asked patient", (w) => ({ resourceType: "RelatedPerson", patient: reference("Patient/" + w.patient) }));
  post("a linked patient", (w) => ({ resourceType: "Patient", link: [{ other: reference("Patient/" + w.patient), type: "seealso" }], generalPractitioner: [reference("Practitioner/dr-adams")] }), { own: 422 });
  post("a list", (w) => ({ resourceType: "List", status: "current", mode: "working", subject: reference("Patient/" + familiar.patient), entry: [{ item: reference("Observation/" + w.observation) }] }));
  post("a group", (w) => ({ resourceType: "Group", type: "person", actual: true, member: [{ entity: reference("Patient/" + w.patient) }] }));
  post("a person", (w) => ({ resourceType: "Person", link: [{ target: reference("Patient/" + w.patient) }] }));
  post("what something came from", (w) => ({ resourceType: "Provenance", target: [reference("Observation/" + w.observation)], recorded: "2024-01-02T03:04:05Z", agent: [{ who: reference("Practitioner/dr-adams") }] }), { own: undefined });
  post("a consent", (w) => ({ resourceType: "Consent", status: "active", scope: { text: "x" }, category: [{ text: "x" }], policyRule: { text: "x" }, patient: reference("Patient/" + w.patient) }));
  post("a document", (w) => ({ resourceType: "DocumentReference", status: "current", subject: reference("Patient/" + w.patient), content: [{ attachment: { title: "x" } }] }));
  post("a flag", (w) => ({ resourceType: "Flag", status: "active", code: { text: "x" }, subject: reference("Patient/" + w.patient) }));
  post("a questionnaire's subject", (w) => ({ resourceType: "QuestionnaireResponse", status: "completed", subject: reference("Patient/" + w.patient) }));
  post("a role in an organization, for a location of the asked record", (w) => ({ resourceType: "Task", status: "draft", intent: "order", for: reference("Patient/" + w.patient), focus: reference("Condition/" + w.condition) }), { own: undefined });
}

/** The same, as entries. `own` of a bundle is the status of the whole; batches answer 200 always. */
function addBundles(add) {
  const entry = (method, url, resource, request = {}, fullUrl = undefined) => ({ fullUrl, resource, request: { method, url, ...request } });
  const patchEntry = (operations) => ({ resourceType: "Binary", contentType: "application/json-patch+json", data: Buffer.from(JSON.stringify(operations)).toString("base64") });
  const entries = {
    "a read": (w) => [entry("GET", `Patient/${w.patient}`)],
    "a read with If-None-Match": (w) => [entry("GET", `Patient/${w.patient}`, undefined, { ifNoneMatch: 'W/"1"' })],
    "a read with If-Modified-Since": (w) => [entry("GET", `Patient/${w.patient}`, undefined, { ifModifiedSince: "2100-01-01T00:00:00Z" })],
    "a patch": (w) => [entry("PATCH", `Observation/${w.observation}`, patchEntry([{ op: "replace", path: "/status", value: "amended" }]))],
    "a patch that refers by a search": (w) => [entry("PATCH", `Observation/${familiar.observation}`, patchEntry([{ op: "add", path: "/focus", value: [reference(`Encounter?_id=${w.encounter}`)] }, { op: "test", path: "/id", value: "another" }]))],
    "an update that others refer to by its search": (w) => [entry("PUT", `Observation?_id=${w.observation}`, measured(familiar.patient), {}, "urn:uuid:00000000-0000-4000-8000-000000000002"),
      entry("POST", "Observation", measured(familiar.patient, { derivedFrom: [reference("urn:uuid:00000000-0000-4000-8000-000000000002"), reference("Observation/no-such")] }))],
    "a delete and a create where none is": (w) => [entry("DELETE", `Observation?_id=${w.observation}`), entry("POST", "Observation", measured(familiar.patient), { ifNoneExist: `_id=${w.observation}` })],
    "a vread": (w) => [entry("GET", `Patient/${w.patient}/_history/1`)],
    "a history": (w) => [entry("GET", `Patient/${w.patient}/_history`)],
    "a read of some elements": (w) => [entry("GET", `Patient/${w.patient}?_elements=name`)],
    "a search": (w) => [entry("GET", `Observation?patient=${w.patient}&_total=accurate`)],
    "a search with a page": (w) => [entry("GET", `Observation?patient=${familiar.patient},${w.patient}&_count=1`)],
    "a create": (w) => [entry("POST", "Observation", measured(w.patient))],
    "a create with an own one": (w) => [entry("POST", "Observation", measured(familiar.patient)), entry("POST", "Observation", measured(w.patient))],
    "a conditional create": (w) => [entry("POST", "Observation", measured(familiar.patient), { ifNoneExist: `identifier=urn:accession|${w.accession}` })],
    "a conditional create that others refer to": (w) => [
      entry("POST", "Observation", measured(familiar.patient), { ifNoneExist: `_id=${w.observation}` }, "urn:uuid:00000000-0000-4000-8000-000000000001"),
      entry("POST", "Observation", measured(familiar.patient, { derivedFrom: [reference("urn:uuid:00000000-0000-4000-8000-000000000001")] }))],
    "an update": (w) => [entry("PUT", `Observation/${w.observation}`, measured(familiar.patient, { id: w.observation }))],
    "an update with If-Match": (w) => [entry("PUT", `Observation/${w.observation}`, measured(familiar.patient, { id: w.observation }), { ifMatch: 'W/"9"' })],
    "an update that others refer to": (w, base) => [entry("PUT", `Patient/${w.patient}`, { resourceType: "Patient", id: w.patient }, {}, `${base}/Patient/${w.patient}`),
      entry("POST", "Observation", measured(w.patient))],
    "a create under the asked name": (w, base) => [entry("POST", "Observation", measured(familiar.patient), {}, `${base}/Observation/${w.observation}`),
      entry("POST", "Observation", measured(familiar.patient, { derivedFrom: [reference("Observation/" + w.observation)] }))],
    "a delete": (w) => [entry("DELETE", `Observation/${w.observation}`)],
    "a delete of the deleted": (w) => [entry("DELETE", `Observation/${w.deleted}`)],
    "a conditional delete": (w) => [entry("DELETE", `Observation?patient=${w.patient}`)],
    "a conditional update": (w) => [entry("PUT", `Observation?identifier=urn:accession|${w.accession}`, measured(familiar.patient))],
    "a conditional reference": (w) => [entry("POST", "Observation", { ...measured(w.patient), subject: reference(`Patient?identifier=urn:mrn|${w.mrn}`) })],
    "a conditional reference in an own one": (w) => [entry("POST", "Observation", measured(familiar.patient, { encounter: reference(`Encounter?_id=${w.encounter}`) }))],
    "a plain reference by search": (w) => [entry("POST", "Observation", measured(familiar.patient, { performer: [reference(`Patient?_id=${w.patient}`)] }))],
    "a conditional reference by name": (w) => [entry("POST", "Observation", measured(familiar.patient, { performer: [reference(`Patient?family=${w.family}`)] }))],
  };
  const changes = new Set(["an update", "an update with If-Match", "an update that others refer to", "a delete", "a delete of the deleted", "a conditional delete", "a conditional update", "a patch", "a patch that refers by a search",
    "an update that others refer to by its search", "a delete and a create where none is"]);
  for (const type of ["transaction", "batch"])
    for (const [name, make] of Object.entries(entries))
      add(`${type}: ${name}`, (w, base) => ({ method: "POST", path: "", body: { resourceType: "Bundle", type, entry: make(w, base) } }),
        { own: changes.has(name) ? undefined : 200, as: name === "a read" ? ["dr.adams", "desk.diaz", "nurse.cole", "patient.one"] : ["dr.adams"] });
}

// ---- comparing ----

/** What the server makes anew each time (access.md), and the times and ids of what was just created. */
const fresh = new Set(["date", "x-request-id", "ratelimit", "ratelimit-policy", "x-ward-receipt", "last-modified"]);

function masked(text, words) {
  for (const [what, value] of Object.entries(words)) text = text.replaceAll(value, `«${what}»`);
  text = text.replaceAll(words.family.slice(2, 9), "«part of the family name»");
  return text
    .replace(/_page=([\w-]+)/g, (_, sealed) => `_page=«${sealed.length} sealed»`)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "«time»")
    .replace(/(?<=\/|"id":")[A-Za-z0-9.-]{20,22}(?=["/])/g, (id) => `«made, ${id.length}»`);
}

/** An answer as text that must be the same for a stranger and for nobody. */
export function comparable(answer, words) {
  const lines = Object.entries(answer.headers).filter(([name]) => !fresh.has(name)).map(([name, value]) => `${name}: ${masked(String(value), words)}`);
  return [`status ${answer.status}`, ...lines.sort(), "", masked(answer.text, words)].join("\n");
}
