// FHIR Consents: in force with the answer that acknowledges them, embedded and in front of another server.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { consent } from "./consents.mjs";
import { fill, loinc, machineOf, no_difference, snomed, with_it } from "./sealed.mjs";

const roles = `
[limits.abuse]
slow_at = 100000
report_at = 100000
[limits]
client = "20000/s"
subject = "20000/s"
address = "40000/s"

[labels]
lists = []

[role.writer]
may = ["system/*.cruds"]
reason = "fills the records; no provision here names its purpose"
patients = "all"
purpose = ["HOPERAT"]
clearances = ["*"]
`;
const treat = [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "TREAT" }];
const deny_conditions = { type: "permit", provision: [{ type: "deny", purpose: treat, class: [{ system: "http://hl7.org/fhir/resource-types", code: "Condition" }] }] };

let ward, back, front, folder, put_at;
const ehr = (path, options) => front.request("/ehr/fhir/" + path, options);
const here = (path, options) => ward.request(path, options);

/** Writes a Consent by `ask`; gives its path. */
async function give(ask, provision, more) {
  const made = await ask("Consent", { method: "POST", as: "writer", body: consent(provision, more) });
  assert.equal(made.status, 201, made.text);
  return made.headers.location.match(/Consent\/[^/]+/)[0];
}
async function withdraw(ask, path) {
  const now = await ask(path, { as: "writer" });
  assert.equal(now.status, 200, now.text);
  const done = await ask(path, { method: "PUT", as: "writer", body: { ...now.json, status: "inactive" } });
  assert.equal(done.status, 200, done.text);
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ward-consent-"));
  ward = await Ward.start({ extra: roles });
  back = await Ward.start({ extra: roles });
  await fill(ward);
  await fill(back);
  const token = join(folder, "bearer");
  await machineOf(back, "behind", "writer", { purpose: "HOPERAT" });  // a purpose that no Consent here names
  writeFileSync(token, await back.token("behind", "system/*.cruds"), { mode: 0o600 });
  front = await Ward.start({ extra: `${roles}
[route.ehr]
path = "/ehr/fhir"
fhir = true
upstream = "${back.fhir}"
ca = "${back.demo.ca_file}"
bearer_file = "${token}"
consents = "ask"
` });
  // Relationships are the front's own: who is whose patient is known there.
  await fill(front);
  for (const one of [ward, front]) await machineOf(one, "writer", "writer", { purpose: "HOPERAT" });
});
after(async () => {
  for (const one of [ward, front, back]) if (one) { await one.stop(); one.remove(); }
  rmSync(folder, { recursive: true, force: true });
});

for (const [where, ask, embedded] of [["embedded", here, true], ["in front of another server", ehr, false]]) {
  test(`${where}: what a Consent denies is as if it were not there, from the next request on, until it is withdrawn`, async () => {
    const condition = `Condition/${with_it}-secret`;
    assert.equal((await ask(condition, { as: "dr.adams" })).status, 200);
    const path = await give(ask, deny_conditions);
    assert.equal((await ask(condition, { as: "dr.adams" })).status, 404);
    assert.equal((await ask(`Observation/${with_it}-plain`, { as: "dr.adams" })).status, 200, "the rest is there");
    assert.ok(await no_difference(ask, "dr.adams", { embedded }) >= 25);
    assert.equal((await ask(condition, { as: "writer" })).status, 200, "for another purpose it is there");
    await withdraw(ask, path);
    assert.equal((await ask(condition, { as: "dr.adams" })).status, 200);
    assert.equal((await ask(`Condition?patient=${with_it}`, { as: "dr.adams" })).json.entry.length, 1);
  });

  test(`${where}: by person, by organization, by code, by date and by instance`, async () => {
    const cases = [
      ["this person", { type: "deny", actor: [{ role: { text: "doctor" }, reference: { reference: "Practitioner/dr-adams" } }] }, 404, 404],
      ["another person", { type: "deny", actor: [{ role: { text: "doctor" }, reference: { reference: "Practitioner/dr-baker" } }] }, 200, 200],
      ["this code", { type: "permit", provision: [{ type: "deny", purpose: treat, code: [{ coding: [{ system: snomed, code: "86406008" }] }] }] }, 404, 200],
      ["another code", { type: "permit", provision: [{ type: "deny", purpose: treat, code: [{ coding: [{ system: loinc, code: "29463-7" }] }] }] }, 200, 404],
      ["a period of the data", { type: "permit", provision: [{ type: "deny", purpose: treat, class: [{ code: "Condition" }, { code: "Observation" }], dataPeriod: { start: "2024-05-07", end: "2024-05-31" } }] }, 404, 200],
      ["one instance", { type: "permit", provision: [{ type: "deny", purpose: treat, data: [{ meaning: "instance", reference: { reference: `Observation/${with_it}-plain` } }] }] }, 200, 404],
      ["what is related", { type: "permit", provision: [{ type: "deny", purpose: treat, data: [{ meaning: "related", reference: { reference: `Encounter/${with_it}-encounter` } }] }] }, 404, 404],
      ["a period that is over", { type: "deny", purpose: treat, period: { end: "2020-01-01" } }, 200, 200],
      ["another purpose", { type: "deny", purpose: [{ system: treat[0].system, code: "HRESCH" }] }, 200, 200],
      ["all but one class", { type: "deny", purpose: treat, provision: [{ type: "permit", class: [{ code: "Observation" }] }] }, 404, 200],
    ];
    for (const [name, provision, condition, observation] of cases) {
      const path = await give(ask, provision);
      assert.equal((await ask(`Condition/${with_it}-secret`, { as: "dr.adams" })).status, condition, `${name}: Condition`);
      assert.equal((await ask(`Observation/${with_it}-plain`, { as: "dr.adams" })).status, observation, `${name}: Observation`);
      const found = await ask(`Observation?patient=${with_it}&_total=accurate`, { as: "dr.adams" });
      assert.equal(found.json.total ?? found.json.entry?.length ?? 0, observation === 200 ? 1 : 0, `${name}: ${found.text}`);
      await withdraw(ask, path);
    }
  });
}

test("one that is deleted is over", async () => {
  const path = await give(here, { type: "deny", purpose: treat });
  assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 404);
  assert.equal((await here(path, { method: "DELETE", as: "writer" })).status, 204);
  assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 200);
});

test("a draft, another scope, and another patient's say nothing", async () => {
  for (const more of [{ status: "draft" }, { scope: { coding: [{ code: "research" }] } }, { patient: { reference: "Patient/absentbb" } }]) {
    const path = await give(here, { type: "deny", purpose: treat }, more);
    assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 200, JSON.stringify(more));
    assert.equal((await here(path, { method: "DELETE", as: "writer" })).status, 204);
  }
});

test("one that comes by import or in a transaction counts at once, and after a restart", async () => {
  const file = join(ward.directory, "consent.ndjson");
  writeFileSync(file, JSON.stringify({ ...consent({ type: "deny", purpose: treat }), id: "imported" }) + "\n");
  assert.equal((await ward.command("import", file)).code, 0);
  assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 404);
  await withdraw(here, "Consent/imported");
  const bundle = { resourceType: "Bundle", type: "transaction", entry: [{ resource: consent({ type: "deny", purpose: treat }), request: { method: "POST", url: "Consent" } }] };
  const done = await here("", { method: "POST", as: "writer", body: bundle });
  assert.equal(done.status, 200, done.text);
  put_at = done.json.entry[0].response.location.match(/Consent\/[^/]+/)[0];
  assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 404);
  await ward.stop();
  ward = await Ward.start({ extra: roles, data: ward.directory });
  assert.equal((await here(`Patient/${with_it}`, { as: "dr.adams" })).status, 404);
});

test("the operator is told the cause, the caller is not", async () => {
  const done = await ward.command("explain", "--user", "dr.adams", "GET", `/fhir/Patient/${with_it}`);
  assert.match(done.stdout + done.stderr, new RegExp(put_at));
  const refused = await here(`Patient/${with_it}`, { as: "dr.adams" });
  assert.ok(!/consent/i.test(refused.text));
  await withdraw(here, put_at);
});

test("the patient writes their own", async () => {
  const own = ward.user("patient.one").fhir_user;
  const body = consent({ type: "deny", purpose: treat }, { patient: { reference: own } });
  const made = await here("Consent", { method: "POST", as: "patient.one", body });
  assert.equal(made.status, 201, made.text);
  assert.equal((await here(own, { as: "patient.one" })).status, 200, "their own record is theirs");
  const other = await here("Consent", { method: "POST", as: "patient.one", body: consent({ type: "deny" }) });
  assert.equal(other.status, 422, other.text);
});

test("an upstream that cannot be asked shows nothing", async () => {
  const alone = await Ward.start({ extra: `${roles}
[route.ehr]
path = "/ehr/fhir"
fhir = true
upstream = "${back.fhir}"
ca = "${back.demo.ca_file}"
consents = "ask"
` });
  try {
    const answer = await alone.request("/ehr/fhir/Patient/" + with_it, { as: "dr.adams" });
    assert.ok([502, 503].includes(answer.status), answer.text);
  } finally { await alone.stop(); alone.remove(); }
});
