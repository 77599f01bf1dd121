// Terminology over what is loaded: HL7's code systems and value sets, and value sets that the caller sends.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward } from "./ward.mjs";

let ward;
const as = "reader";
const get = (path, who = as) => ward.request(path, { as: who });
const post = (path, body, who = as) => ward.request(path, { as: who, method: "POST", body });
const value = (answer, name) => {
  const found = answer.json.parameter.find((one) => one.name === name) ?? {};
  return Object.entries(found).find(([key]) => key.startsWith("value"))?.[1];
};
const parameters = (...list) => ({ resourceType: "Parameters", parameter: list });
const genders = "http://hl7.org/fhir/ValueSet/administrative-gender", gender = "http://hl7.org/fhir/administrative-gender";

before(async () => {
  ward = await Ward.start({ extra: `
[role.reader]
may = ["system/ValueSet.rs", "system/CodeSystem.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
` });
  const client = join(ward.directory, "reader.json");
  writeFileSync(client, JSON.stringify({ client_id: as, scope: "system/*.rs", roles: ["reader"], purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  const added = await ward.command("client", "add", "--file", client);
  assert.equal(added.code, 0, added.stdout + added.stderr);
});
after(async () => {
  await ward?.stop();
  ward?.remove();
});

test("$expand gives the codes of a loaded value set, in pages and by a filter", async () => {
  const all = await get(`ValueSet/$expand?url=${genders}`);
  assert.equal(all.status, 200, all.text);
  assert.equal(all.json.resourceType, "ValueSet");
  assert.equal(all.json.url, genders);
  assert.deepEqual(all.json.expansion.contains.map((one) => one.code), ["male", "female", "other", "unknown"]);
  assert.equal(all.json.expansion.total, 4);
  const page = await get(`ValueSet/$expand?url=${genders}&count=2&offset=1`);
  assert.deepEqual(page.json.expansion.contains.map((one) => one.code), ["female", "other"]);
  assert.equal(page.json.expansion.total, 4);
  const filtered = await get(`ValueSet/$expand?url=${genders}&filter=MALE`);
  assert.deepEqual(filtered.json.expansion.contains.map((one) => one.display), ["Male", "Female"]);
  assert.equal((await get(`ValueSet/$expand?url=${genders}&count=0`)).json.expansion.contains, undefined);
  assert.equal((await get(`ValueSet/$expand?url=${genders}|4.0.1`)).status, 200);
  assert.equal((await get(`ValueSet/$expand?url=${genders}&valueSetVersion=3`)).status, 404);
  assert.equal((await get("ValueSet/$expand?url=http://x.example/none")).status, 404);
  assert.equal((await get("ValueSet/$expand")).status, 400);
  assert.equal((await get(`ValueSet/$expand?url=${genders}&count=-1`)).status, 400);
  assert.equal((await get(`ValueSet/$expand?url=${genders}&unknown=1`)).status, 400);
});

test("$expand takes a ValueSet, as the body or in Parameters", async () => {
  const set = { resourceType: "ValueSet", url: "http://x.example/v", status: "draft", compose: { include: [{ system: gender, concept: [{ code: "male" }, { code: "other" }] }] } };
  const plain = await post("ValueSet/$expand", set);
  assert.equal(plain.status, 200, plain.text);
  assert.deepEqual(plain.json.expansion.contains, [{ system: gender, code: "male", display: "Male" }, { system: gender, code: "other", display: "Other" }]);
  assert.equal(plain.json.url, "http://x.example/v");
  const wrapped = await post("ValueSet/$expand", parameters({ name: "valueSet", resource: set }, { name: "filter", valueString: "oth" }));
  assert.deepEqual(wrapped.json.expansion.contains.map((one) => one.code), ["other"]);
  const unknown = await post("ValueSet/$expand", { ...set, compose: { include: [{ system: "http://snomed.info/sct" }] } });
  assert.equal(unknown.status, 404);
  assert.equal((await post("ValueSet/$expand", { resourceType: "ValueSet" })).status, 422);
});

test("ValueSet/$validate-code says yes, no, and why not", async () => {
  const yes = await get(`ValueSet/$validate-code?url=${genders}&system=${gender}&code=female`);
  assert.equal(yes.status, 200, yes.text);
  assert.equal(value(yes, "result"), true);
  assert.equal(value(yes, "display"), "Female");
  const no = await get(`ValueSet/$validate-code?url=${genders}&system=${gender}&code=none`);
  assert.equal(value(no, "result"), false);
  assert.match(value(no, "message"), /not in the value set/);
  const coding = { system: gender, code: "male", display: "Man" };
  const display = await post("ValueSet/$validate-code", parameters({ name: "url", valueUri: genders }, { name: "coding", valueCoding: coding }));
  assert.equal(value(display, "result"), false);
  assert.match(value(display, "message"), /display/);
  const concept = { coding: [{ system: "http://x.example", code: "1" }, { system: gender, code: "male" }] };
  const either = await post("ValueSet/$validate-code", parameters({ name: "url", valueUri: genders }, { name: "codeableConcept", valueCodeableConcept: concept }));
  assert.equal(value(either, "result"), true);
  assert.equal((await get(`ValueSet/$validate-code?url=${genders}`)).status, 400);
  assert.equal((await get("ValueSet/$validate-code?url=http://x.example/none&code=a")).status, 404);
});

test("CodeSystem/$lookup and $validate-code", async () => {
  const found = await get(`CodeSystem/$lookup?system=${gender}&code=female`);
  assert.equal(found.status, 200, found.text);
  assert.equal(value(found, "display"), "Female");
  assert.equal(value(found, "name"), "AdministrativeGender");
  const nested = await get("CodeSystem/$lookup?system=http://terminology.hl7.org/CodeSystem/condition-clinical&code=recurrence");
  const parts = nested.json.parameter.filter((one) => one.name === "property").map((one) => one.part.map((part) => part.valueCode ?? part.valueString));
  assert.ok(parts.some(([code, parent]) => code === "parent" && parent === "active"), nested.text);
  assert.equal((await get(`CodeSystem/$lookup?system=${gender}&code=none`)).status, 404);
  assert.equal((await get("CodeSystem/$lookup?system=http://snomed.info/sct&code=1")).status, 404);
  assert.equal((await get("CodeSystem/$lookup?code=female")).status, 400);
  assert.equal(value(await get(`CodeSystem/$validate-code?url=${gender}&code=female`), "result"), true);
  assert.equal(value(await get(`CodeSystem/$validate-code?url=${gender}&code=f`), "result"), false);
  const posted = await post("CodeSystem/$lookup", parameters({ name: "coding", valueCoding: { system: gender, code: "other" } }));
  assert.equal(value(posted, "display"), "Other");
});

test("they are listed, and are for those who may read the type", async () => {
  const metadata = await ward.request("metadata");
  const operations = (type) => metadata.json.rest[0].resource.find((one) => one.type === type).operation.map((one) => one.name);
  for (const name of ["expand", "validate-code"]) assert.ok(operations("ValueSet").includes(name), name);
  for (const name of ["lookup", "validate-code"]) assert.ok(operations("CodeSystem").includes(name), name);
  assert.ok(operations("Patient").includes("match"));
  assert.equal((await get(`ValueSet/$expand?url=${genders}`, "backend-key")).status, 403);
  assert.equal((await ward.request(`ValueSet/$expand?url=${genders}`)).status, 401);
  assert.equal((await get("ValueSet/$unknown")).status, 404);
});

test("$validate warns of codes outside of weaker bindings and of wrong units, with their places", async () => {
  const observation = { resourceType: "Observation", status: "final", code: { text: "x" }, category: [{ coding: [{ system: "http://x.example", code: "y" }] }],
    valueQuantity: { value: 1, system: "http://unitsofmeasure.org", code: "milligrams" } };
  const judged = await ward.request("Observation/$validate", { as: "backend-key", method: "POST", body: observation });
  assert.equal(judged.status, 200, judged.text);
  const of = (severity) => judged.json.issue.filter((one) => one.severity === severity).map((one) => one.expression[0]);
  assert.deepEqual(of("error"), []);
  assert.deepEqual(of("warning"), ["Observation.category[0]", "Observation.value.code"]);
  assert.ok(judged.json.issue.every((one) => /line \d+, column \d+/.test(one.location[0])));
});

test("$validate knows where HL7's extensions may stand and what they hold", async () => {
  const url = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";
  const judge = async (patient) => (await ward.request("Observation/$validate", { as: "backend-key", method: "POST", body: { resourceType: "Observation", status: "final", code: { text: "x" }, ...patient } })).json.issue;
  const wrong = await judge({ extension: [{ url, valueDateTime: "2020-01-01T10:00:00Z" }] });
  assert.equal(wrong[0].expression[0], "Observation.extension[0]");
  assert.match(wrong[0].diagnostics, /does not belong here; allowed: Patient.birthDate/);
  const held = await judge({ extension: [{ url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", valueString: "x" }] });
  assert.match(held[0].diagnostics, /does not hold a string/);
  assert.equal((await judge({ extension: [{ url: "http://x.example/own", valueString: "x" }] }))[0].severity, "information");
});
