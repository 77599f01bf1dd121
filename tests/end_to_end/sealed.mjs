// What is sealed by a label or a Consent, against what is not there: two records of the same shape, whose names have the
// same lengths; `sealedaa` has what is sealed beside the rest, `absentbb` has the rest alone.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addClient } from "./grants.mjs";

export const with_it = "sealedaa", without_it = "absentbb";
const reference = (text) => ({ reference: text });
const coded = (system, code) => ({ coding: [{ system, code }] });
export const snomed = "http://snomed.info/sct", loinc = "http://loinc.org";
export const act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/** The rest of a record: what both have. */
export const rest = (who, { practitioner = "dr-adams", department = "dept-primary" } = {}) => [
  { resourceType: "Patient", id: who, active: true, name: [{ family: "Family" + who }], gender: "female", birthDate: "1980-02-03", generalPractitioner: [reference("Practitioner/" + practitioner)],
    managingOrganization: reference("Organization/" + department) },
  { resourceType: "Encounter", id: who + "-encounter", status: "finished", class: { system: act_code, code: "AMB" }, subject: reference("Patient/" + who), period: { start: "2024-01-02" },
    participant: [{ individual: reference("Practitioner/" + practitioner) }] },
  { resourceType: "Observation", id: who + "-plain", status: "final", code: coded(loinc, "29463-7"), subject: reference("Patient/" + who), encounter: reference(`Encounter/${who}-encounter`), effectiveDateTime: "2024-05-06", valueQuantity: { value: 70.5 } },
];
/** What is sealed. */
export const secret = (who, code = "86406008") => [
  { resourceType: "Condition", id: who + "-secret", clinicalStatus: coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"), code: coded(snomed, code), subject: reference("Patient/" + who),
    encounter: reference(`Encounter/${who}-encounter`), recordedDate: "2024-05-07", note: [{ text: "CANARY" }] },
];

/** Imports what both have, and what one has. */
export async function fill(ward, code, options) {
  const file = join(ward.directory, "sealed.ndjson");
  writeFileSync(file, [...rest(with_it, options), ...rest(without_it, options), ...secret(with_it, code)].map((one) => JSON.stringify(one)).join("\n") + "\n");
  const done = await ward.command("import", file);
  assert.equal(done.code, 0, done.stderr);
}

export async function machineOf(ward, client_id, role, more = {}) {
  await addClient(ward, { client_id, token_endpoint_auth_method: "client_secret_basic", grant_types: ["client_credentials"], scope: "system/*.cruds", roles: [role], purpose: "TREAT", ...more });
  return client_id;
}

const form = { "content-type": "application/x-www-form-urlencoded" };
/** Requests about one of both. Each: [name, path or { method, path, headers, body }]; `embedded`: not served in front of another server. */
export function rows(who) {
  const id = who + "-secret", get = (path) => ({ method: "GET", path });
  const batch = (entry) => ({ method: "POST", path: "", body: { resourceType: "Bundle", type: "batch", entry: [].concat(entry) } });
  return [
    ["read", get(`Condition/${id}`)], ["HEAD", { method: "HEAD", path: `Condition/${id}` }],
    ["vread", get(`Condition/${id}/_history/1`)], ["history", get(`Condition/${id}/_history`)],
    ["read with _elements", get(`Condition/${id}?_elements=code`)],
    ["a condition on the version", { method: "GET", path: `Condition/${id}`, headers: { "if-none-match": 'W/"1"' } }],
    ["search by id", get(`Condition?_id=${id}&_total=accurate`)], ["search by patient", get(`Condition?patient=${who}&_total=accurate`)],
    ["search by code", get(`Condition?patient=${who}&code=${snomed}|86406008,${snomed}|7200002&_total=accurate`)],
    ["search by date", get(`Condition?patient=${who}&recorded-date=2024-05-07&_total=accurate`)],
    ["search by label", get(`Condition?patient=${who}&_security=HIV,ETH&_total=accurate`)], ["search by no label", get(`Condition?patient=${who}&_security:not=HIV`)],
    ["counted", get(`Condition?patient=${who}&_summary=count`)], ["an estimate", get(`Condition?patient=${who}&_total=estimate`)],
    ["sorted", get(`Condition?patient=${who}&_sort=-recorded-date&_total=accurate`)],
    ["searched by POST", { method: "POST", path: "Condition/_search", headers: form, body: `patient=${who}&_total=accurate` }],
    ["by _lastUpdated", get(`Condition?patient=${who}&_lastUpdated=gt2020`)],
    ["a chain to the encounter", get(`Condition?encounter.status=finished&patient=${who}`)],
    ["_has of the patient", get(`Patient?_id=${who}&_has:Condition:patient:code=86406008,7200002`)],
    ["_has of the encounter", get(`Encounter?patient=${who}&_has:Condition:encounter:_id=${id}`)],
    ["brought along backwards", get(`Encounter?patient=${who}&_revinclude=Condition:encounter`)],
    ["the patient's", get(`Patient?_id=${who}&_revinclude=Condition:patient`)],
    ["a compartment", get(`Patient/${who}/Condition?_total=accurate`)],
    ["$everything", get(`Patient/${who}/$everything`), "embedded"],
    ["$meta", get(`Condition/${id}/$meta`)],
    ["history of the type", get(`Condition/_history?_count=5`), "embedded"],
    ["delete", { method: "DELETE", path: `Condition/${id}` }],
    ["update", { method: "PUT", path: `Condition/${id}`, body: { resourceType: "Condition", id, subject: reference("Patient/" + who), code: { text: "x" } } }],
    ["patch", { method: "PATCH", path: `Condition/${id}`, headers: { "content-type": "application/json-patch+json" }, body: JSON.stringify([{ op: "test", path: "/id", value: id }]) }],
    ["conditional delete", { method: "DELETE", path: `Condition?_id=${id}` }],
    ["what refers to it", { method: "POST", path: "Observation", body: { resourceType: "Observation", status: "final", code: { text: "x" }, subject: reference("Patient/" + who), focus: [reference("Condition/" + id)] } }],
    ["in a batch", batch([{ request: { method: "GET", url: `Condition/${id}` } }, { request: { method: "GET", url: `Condition?patient=${who}&_total=accurate` } }, { request: { method: "DELETE", url: `Condition/${id}` } }])],
  ];
}

/** Words that differ for good reasons made alike: the record's name, times, and what each answer has of its own. */
export function normal(answer, who) {
  const own = new Set(["date", "x-request-id", "x-ward-receipt", "ratelimit", "ratelimit-policy", "content-length", "last-modified", "connection", "keep-alive"]);
  const headers = Object.entries(answer.headers).filter(([name]) => !own.has(name) && !name.startsWith("ratelimit") && !name.startsWith("x-ratelimit")).sort();
  const words = (text) => text.replaceAll(who, "WHO").replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, "TIME").replace(/urn:uuid:[0-9a-f-]+/g, "UUID").replace(/"id":"[A-Za-z0-9.-]{20,24}"/g, "ID").replace(/(_page|page)=[A-Za-z0-9_-]+/g, "PAGE");
  return words(JSON.stringify({ status: answer.status, headers, body: answer.text }));
}

/** Each row about what is sealed and about what is not there: no difference, no canary. Gives how many were asked. */
export async function no_difference(ask, as, { embedded = true } = {}) {
  const [there, away] = [rows(with_it), rows(without_it)], wrong = [];
  let asked = 0;
  for (let i = 0; i < there.length; ++i) {
    const [name, request, only] = there[i];
    if (only === "embedded" && !embedded) continue;
    const [sealed, absent] = [await ask(request.path, { ...request, as }), await ask(away[i][1].path, { ...away[i][1], as })];
    if (sealed.text.includes("CANARY")) wrong.push(`${name}: the canary is in the answer`);
    if (normal(sealed, with_it) !== normal(absent, without_it)) wrong.push(`${name}:\n   sealed ${normal(sealed, with_it).slice(0, 900)}\n   absent ${normal(absent, without_it).slice(0, 900)}`);
    ++asked;
  }
  assert.deepEqual(wrong, [], wrong.join("\n"));
  return asked;
}
