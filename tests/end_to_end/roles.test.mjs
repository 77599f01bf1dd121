// Acceptance 4, first half: one patient, every role, the views of the policy; and each answer in a verified log.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, auditQuery } from "./ward.mjs";

let ward, patient;
before(async () => { ward = await Ward.start(); patient = ward.demo.patients[0]; });
after(async () => { await ward.stop(); ward.remove(); });

const read = async (who) => (await ward.request("Patient/" + patient, { as: who }));

test("a physician sees the whole patient", async () => {
  const { status, json } = await read("dr.adams");
  assert.equal(status, 200);
  for (const member of ["identifier", "name", "telecom", "gender", "birthDate", "address", "text", "maritalStatus"]) assert.ok(json[member], member);
  assert.equal(json.identifier.length, 2);
  assert.equal(json.meta.security, undefined);
});

test("a nurse sees everything but the social security number, and no narrative that repeats it", async () => {
  const { json } = await read("nurse.cole");
  assert.ok(!json.identifier.some((one) => one.system.includes("ssn")));
  assert.equal(json.text, undefined);
  assert.ok(json.meta.security.some((one) => one.code === "REDACTED"));
});

test("the front desk sees name, birth date, contact and record number", async () => {
  const { json } = await read("desk.diaz");
  assert.deepEqual(Object.keys(json).sort(), ["active", "address", "birthDate", "id", "identifier", "meta", "name", "resourceType", "telecom"]);
  assert.deepEqual(json.identifier.map((one) => one.system), ["urn:mrn"]);
  assert.ok(json.meta.security.some((one) => one.code === "SUBSETTED"));
});

test("billing sees a birth year and three digits of the postal code", async () => {
  const { json } = await read("billing.evans");
  assert.match(json.birthDate, /^\d{4}$/);
  assert.match(json.address[0].postalCode, /^\d{3}$/);
  assert.equal(json.address[0].line, undefined);
  assert.equal(json.telecom, undefined);
  assert.equal(json.gender, undefined);
});

test("the patient reads the own record, and no other", async () => {
  assert.equal((await read("patient.one")).status, 200);
  assert.equal((await read("patient.two")).status, 404);
});

test("roles without a rule for patients get nothing", async () => {
  for (const who of ["privacy.flores", "admin.gray"]) assert.equal((await read(who)).status, 403, who);
});

test("no token is 401 with a challenge, and a wrong one too", async () => {
  for (const headers of [{}, { authorization: "Bearer nonsense" }]) {
    const { status, headers: answered } = await ward.request("Patient/" + patient, { headers });
    assert.equal(status, 401);
    assert.match(answered["www-authenticate"], /^Bearer /);
  }
});

test("what the view hides can be neither searched nor sorted by", async () => {
  assert.equal((await ward.request("Patient?gender=female", { as: "billing.evans" })).status, 403);
  assert.equal((await ward.request("Patient?birthdate=gt1950", { as: "billing.evans" })).status, 403);
  assert.equal((await ward.request("Patient?_sort=birthdate", { as: "billing.evans" })).status, 403);
  assert.equal((await ward.request("Patient?gender=female", { as: "dr.adams" })).status, 200);
});

test("each answer has its record, found by its request id, and the log verifies", async () => {
  const { headers } = await read("dr.adams");
  const found = await auditQuery(ward, "--request", headers["x-request-id"]);
  assert.equal(found.length, 1);
  assert.equal(found[0].event, "phi.read");
  assert.equal(found[0].status, 200);
  assert.ok(JSON.stringify(found[0].subjects).includes("Patient/" + patient));
  const verified = await ward.command("audit", "verify", "--json");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test("explain names the policy line that decides", async () => {
  const { stdout, code } = await ward.command("explain", "--json", "--user", "desk.diaz", "GET", "/fhir/Patient/" + patient);
  assert.equal(code, 0);
  const steps = JSON.parse(stdout).steps;
  assert.ok(steps.some((step) => /ward\.toml:\d+/.test(step.where)), stdout);
});
