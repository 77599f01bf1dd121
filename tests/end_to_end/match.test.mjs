// Patient/$match: who could be whom, among those whom the caller may see, by what the view shows.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { canaries, comparable, familiar, nobody, record, stranger } from "./strangers.mjs";

const extra = `
[limits]
subject = "5000/s"
client = "5000/s"
address = "5000/s"
[limits.abuse]
slow_at = 1000000
report_at = 1000000

[role.nameless]
may = ["system/Patient.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
view.Patient = { hide = ["name", "identifier"] }

[role.yearly]
may = ["system/Patient.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
view.Patient = { show = ["name", "birthDate"], year = ["birthDate"] }
`;

let ward, behind;
const bases = { embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" };

async function fill(clinic) {
  const file = join(clinic.directory, "records.ndjson");
  const twin = { resourceType: "Patient", id: "familiar-twin", name: [{ family: familiar.family, given: ["Eve"] }], gender: "female", birthDate: familiar.born, generalPractitioner: [{ reference: "Practitioner/dr-adams" }] };
  const all = [
    ...record(stranger, { practitioner: "dr-baker", department: "dept-cardiology", secret: { ssn: canaries[0], street: canaries[1], value: 777.1234, text: canaries[3] } }),
    ...record(familiar, { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret: { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "words" } }),
    twin,
  ];
  writeFileSync(file, all.map((one) => JSON.stringify(one)).join("\n") + "\n");
  const imported = await clinic.command("import", file);
  assert.equal(imported.code, 0, imported.stdout + imported.stderr);
}

async function addClient(clinic, id, roles, scope) {
  const client = join(clinic.directory, id + ".json");
  writeFileSync(client, JSON.stringify({ client_id: id, scope, roles, purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  const added = await clinic.command("client", "add", "--file", client);
  assert.equal(added.code, 0, added.stdout + added.stderr);
}

before(async () => {
  behind = await Ward.start({ extra });
  await addClient(behind, "front", ["backend"], "system/*.cruds");
  writeFileSync(join(behind.directory, "front.token"), await behind.token("front"), { mode: 0o600 });
  ward = await Ward.start({ extra: extra + `
[route.ehr]
path = "/ehr/fhir"
upstream = "${behind.fhir}"
fhir = true
ca = "${behind.demo.ca_file}"
bearer_file = "${join(behind.directory, "front.token")}"
` });
  for (const clinic of [ward, behind]) await fill(clinic);
  for (const role of ["nameless", "yearly", "backend"]) await addClient(ward, role, [role], "system/*.rs");
});
after(async () => {
  for (const clinic of [ward, behind]) {
    await clinic?.stop();
    clinic?.remove();
  }
});

const parameters = (patient, more = {}) => ({ resourceType: "Parameters", parameter: [
  { name: "resource", resource: { resourceType: "Patient", ...patient } },
  ...(more.certain === undefined ? [] : [{ name: "onlyCertainMatches", valueBoolean: more.certain }]),
  ...(more.count === undefined ? [] : [{ name: "count", valueInteger: more.count }])] });
const ada = (words) => ({ identifier: [{ system: "urn:mrn", value: words.mrn }], name: [{ family: words.family, given: ["Ada"] }], gender: "female", birthDate: words.born });
const grades = (answer) => (answer.json.entry ?? []).map((one) => [one.resource.id, one.search.extension[0].valueCode]);

for (const [name, of] of Object.entries(bases)) {
  const match = (patient, as = "dr.adams", more = {}) => ward.request(of() + "/Patient/$match", { as, method: "POST", body: parameters(patient, more) });

  test(`${name}: the person is found, with a grade and a score, before the one who is alike`, async () => {
    const found = await match(ada(familiar));
    assert.equal(found.status, 200, found.text);
    assert.equal(found.json.type, "searchset");
    assert.deepEqual(grades(found)[0], [familiar.patient, "certain"]);
    const scores = found.json.entry.map((one) => one.search.score);
    assert.ok(scores.every((one) => one > 0 && one <= 1));
    assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
    assert.equal(found.json.total, found.json.entry.length);
    assert.ok(found.json.entry.every((one) => one.search.mode === "match" && one.fullUrl.endsWith("/Patient/" + one.resource.id)));
    const twin = await match({ name: [{ family: familiar.family, given: ["Eve"] }], birthDate: familiar.born, gender: "female" });
    assert.deepEqual(grades(twin)[0], ["familiar-twin", "certain"]);
  });

  test(`${name}: typing errors lower the grade, another person has none`, async () => {
    const typed = await match({ name: [{ family: familiar.family.replace("spurl", "spvrl"), given: ["Ada"] }], birthDate: familiar.born });
    assert.equal(grades(typed)[0]?.[0], familiar.patient, typed.text);
    assert.notEqual(grades(typed)[0][1], "certain");
    assert.deepEqual(grades(await match({ name: [{ family: "Nobodyhere", given: ["Zed"] }], birthDate: "1901-01-01" })), []);
    assert.deepEqual(grades(await match({ gender: "female" })), [], "what says nothing finds nobody");
  });

  test(`${name}: onlyCertainMatches and count`, async () => {
    assert.deepEqual(grades(await match(ada(familiar), "dr.adams", { certain: true })), [[familiar.patient, "certain"]]);
    assert.deepEqual(grades(await match({ name: [{ family: familiar.family }], birthDate: familiar.born.slice(0, 4) }, "dr.adams", { certain: true })), []);
    assert.equal((await match({ name: [{ family: familiar.family }], birthDate: familiar.born }, "dr.adams", { count: 1 })).json.entry.length, 1);
  });

  test(`${name}: what is wrong with the request is said`, async () => {
    const post = (body, as = "dr.adams") => ward.request(of() + "/Patient/$match", { as, method: "POST", body });
    assert.equal((await post({ resourceType: "Patient" })).status, 400);
    assert.equal((await post({ resourceType: "Parameters", parameter: [] })).status, 422);
    assert.equal((await post({ resourceType: "Parameters", parameter: [{ name: "count", valueInteger: 1 }] })).status, 400);
    assert.equal((await post({ resourceType: "Parameters", parameter: [{ name: "resource", resource: { resourceType: "Observation", status: "final", code: { text: "x" } } }] })).status, 400);
    assert.equal((await post(parameters(ada(familiar), { count: 0 }))).status, 400);
    assert.equal((await post(parameters({ birthDate: "never" }))).status, 422);
    assert.equal((await ward.request(of() + "/Patient/$match", { as: "dr.adams" })).status, 405);
    assert.equal((await ward.request(of() + "/Observation/$match", { as: "dr.adams", method: "POST", body: parameters(ada(familiar)) })).status, 404);
  });

  test(`${name}: a stranger's record is matched like nobody's`, async () => {
    for (const as of ["dr.adams", "desk.diaz", "patient.one"])
      for (const make of [ada, (w) => ({ name: [{ family: w.family, given: ["Ada"] }], birthDate: w.born }), (w) => ({ telecom: [{ value: w.phone }], birthDate: w.born })])
        for (const certain of [false, true]) {
          const [theirs, none] = [await match(make(stranger), as, { certain }), await match(make(nobody), as, { certain })];
          assert.equal(theirs.status, 200, theirs.text);
          assert.equal(comparable(theirs, stranger), comparable(none, nobody), `${as} ${theirs.text}`);
          assert.ok(!canaries.some((one) => theirs.text.includes(one)));
        }
  });

  test(`${name}: what the view hides finds nobody and moves no grade`, async () => {
    const hidden = await match(ada(familiar), "nameless");
    assert.deepEqual(grades(hidden).filter(([id]) => id === familiar.patient), grades(await match({ ...ada(familiar), name: [{ family: "Wrong", given: ["Other"] }], identifier: undefined }, "nameless")).filter(([id]) => id === familiar.patient));
    assert.ok(!hidden.text.includes(familiar.family) && !hidden.text.includes(familiar.mrn));
    const score = async (born) => (await match({ name: [{ family: familiar.family, given: ["Ada"] }], birthDate: born }, "yearly")).json.entry?.map((one) => [one.resource.id, one.search.score]);
    assert.deepEqual(await score(familiar.born), await score(familiar.born.slice(0, 8) + "28"), "the day is not in the view");
  });
}

test("$match is listed", async () => {
  const metadata = await ward.request("metadata");
  assert.ok(metadata.json.rest[0].resource.find((one) => one.type === "Patient").operation.some((one) => one.name === "match"));
});
