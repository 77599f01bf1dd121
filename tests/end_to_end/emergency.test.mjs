// Break the glass: one patient, half an hour, a reason, a fresh second factor, on record, and told to the patient.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, auditQuery, sleep } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { bearer, signedIn } from "./grants.mjs";
import { consoleApp } from "./administration.mjs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { familiar, record, stranger } from "./strangers.mjs";

const scope = "openid fhirUser user/*.rs", reason = "Unconscious in the emergency room, allergies not known";
let ward, app, doctor, nurse;

/** A person who is signed in, with a token of an app. */
async function comesIn(like) {
  const person = await personLike(ward, like), browser = await signedIn(ward, person);
  return { person, browser, token: (await app.tokens(browser, { scope })).access_token };
}
const open = (who, body, more = {}) => ward.request("/api/v1/emergency-access", { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { authorization: "Bearer " + who.token, "content-type": "application/json", ...more } });
const see = (who, path, purpose) => ward.request(path, bearer(who.token, purpose ? { "x-ward-purpose": purpose } : {}));

before(async () => {
  ward = await Ward.start();
  const file = join(ward.directory, "records.ndjson"), secret = { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "words" };
  const all = [...record(stranger, { practitioner: "dr-baker", nurse: "", department: "dept-cardiology", secret }), ...record(familiar, { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret })];
  writeFileSync(file, all.map((one) => JSON.stringify(one)).join("\n") + "\n");
  assert.equal((await ward.command("import", file)).code, 0);
  app = await consoleApp(ward, { scope: "openid fhirUser user/*.rs ward/admin" });
  doctor = await comesIn("dr.adams");
  nurse = await comesIn("nurse.cole");
});
after(async () => { await ward?.stop(); ward?.remove(); });

test("before it the record is not there, under any purpose", async () => {
  for (const purpose of [undefined, "TREAT", "ETREAT"])
    assert.equal((await see(doctor, "Patient/" + stranger.patient, purpose)).status, 404, purpose);
  const found = await see(doctor, `Observation?patient=${stranger.patient}&_total=accurate`, "ETREAT");
  assert.deepEqual([found.status, found.json.total], [200, 0]);
});

test("who has no role with the purpose is refused by what the token says alone", async () => {
  const answer = await open(nurse, { patient: stranger.patient, reason });
  assert.equal(answer.status, 403);
  assert.match(answer.text, /ETREAT/);
  assert.equal((await see(nurse, "Patient/" + familiar.patient, "ETREAT")).status, 403);
  const machine = await ward.request("/api/v1/emergency-access", { method: "POST", as: "backend-key", body: JSON.stringify({ patient: stranger.patient, reason }) });
  assert.equal(machine.status, 403);
});

test("a reason and one patient are needed, and nothing else is taken", async () => {
  for (const body of ["", "[]", "{", { patient: stranger.patient }, { reason }, { patient: "a b", reason }, { patient: stranger.patient, reason: "short" },
    { patient: stranger.patient, reason: "x".repeat(1001) }, { patient: stranger.patient, reason, until: "2099-01-01" }, { patient: ["a"], reason }]) {
    const answer = await open(doctor, body);
    assert.ok([400, 422].includes(answer.status), `${answer.status} ${JSON.stringify(body)}`);
    assert.ok(!answer.text.includes(stranger.patient));
  }
  assert.equal((await see(doctor, "Patient/" + stranger.patient, "ETREAT")).status, 404);
  assert.equal((await see(doctor, "/api/v1/emergency-access")).status, 405);
});

test("without a token 401; a factor that was shown long ago is asked for again (RFC 9470)", async () => {
  assert.equal((await open({ token: "nonsense" }, { patient: stranger.patient, reason })).status, 401);
  const printed = await ward.request("/api/v1/emergency-access", { method: "POST", as: "dr.adams", body: JSON.stringify({ patient: stranger.patient, reason }) });
  assert.equal(printed.status, 401, "a token for which nobody signed in");
  assert.match(printed.headers["www-authenticate"], /error="insufficient_user_authentication".*acr_values=.*max_age="300"/);
});

test("it opens that patient's record at once, says until when, and opens no other", async () => {
  const before = Date.now(), answer = await open(doctor, { patient: "Patient/" + stranger.patient, reason });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.json.patient, stranger.patient);
  const until = Date.parse(answer.json.until);
  assert.ok(until >= before + 29 * 60_000 && until <= Date.now() + 30 * 60_000 + 1000, answer.json.until);
  const seen = await see(doctor, "Patient/" + stranger.patient, "ETREAT");
  assert.equal(seen.status, 200);
  assert.equal(seen.headers["x-ward-emergency-until"], answer.json.until);
  assert.equal((await see(doctor, `Observation?patient=${stranger.patient}&_total=accurate`, "ETREAT")).json.total, 3);
  assert.equal((await see(doctor, `Observation?patient.family=${stranger.family}&_total=accurate`, "ETREAT")).json.total, 3);
  assert.equal((await see(doctor, "Patient/" + familiar.patient, "ETREAT")).status, 404, "under this purpose, nobody else, not even an own patient");
  assert.equal((await see(doctor, "Patient/" + stranger.patient)).status, 404, "without the purpose nothing has changed");
  assert.equal((await see(doctor, "Patient/" + familiar.patient)).status, 200);
});

test("somebody else gains nothing by it", async () => {
  const other = await comesIn("dr.baker");
  assert.equal((await see(other, "Patient/" + familiar.patient, "ETREAT")).status, 404);
  assert.equal((await see(other, "Patient/" + stranger.patient, "ETREAT")).status, 404, "each declares their own");
});

test("an unknown patient is answered alike", async () => {
  const known = await open(doctor, { patient: stranger.patient, reason }), unknown = await open(doctor, { patient: "absentee-patient", reason });
  assert.deepEqual([known.status, unknown.status], [201, 201]);
  const plain = (answer) => answer.text.replace(/(stranger|absentee)-patient/, "X").replace(/"until":"[^"]*"/, "");
  assert.equal(plain(known), plain(unknown));
  assert.deepEqual(Object.keys(known.headers).sort(), Object.keys(unknown.headers).sort());
  assert.equal((await see(doctor, "Patient/absentee-patient", "ETREAT")).status, 404);
});

test("it is on record with its reason, before the record is open; what is read under it is too", async () => {
  const opened = await auditQuery(ward, "--event", "break_glass");
  assert.ok(opened.length >= 3);
  const first = opened.find((one) => JSON.stringify(one.subjects).includes(stranger.patient));
  assert.ok(JSON.stringify(first).includes(reason), JSON.stringify(first));
  assert.equal(first.purpose, "ETREAT");
  assert.equal(first.actor, "Practitioner/dr-adams");
  const read = (await auditQuery(ward, "--event", "phi.read")).filter((one) => one.purpose === "ETREAT" && one.status === 200);
  assert.ok(read.length >= 1);
});

test("the patient sees it on the account page, in both languages", async () => {
  const person = await personLike(ward, "patient.one"), id = person.fhir_user?.split("/")[1] ?? ward.demo.users.find((one) => one.username === "patient.one").fhir_user.split("/")[1];
  const browser = await signedIn(ward, person);
  await browser.go("/account");
  assert.ok(!browser.html.includes('id="emergencies"'));
  assert.equal((await open(doctor, { patient: id, reason })).status, 201);
  await browser.go("/account");
  assert.match(browser.html, /Opened in an emergency/);
  assert.match(browser.html, /Adams|Test Person/);
  await browser.go("/account?ui_locales=es");
  assert.ok(!browser.html.includes(reason), "the reason stays with the privacy officer");
});

test("it outlives a restart, and is bounded", async () => {
  for (let i = 0; i < 8; ++i) await open(doctor, { patient: "absentee-" + i, reason });
  const over = await open(doctor, { patient: "absentee-9", reason });
  assert.equal(over.status, 429);
  for (let i = 0; i < 3; ++i) assert.equal((await open(doctor, { patient: stranger.patient, reason })).status, 201, "what is open may be opened again");
  const { directory: data, port } = ward;
  await ward.stop();
  ward = await Ward.start({ data, port });
  assert.equal((await see(doctor, "Patient/" + stranger.patient, "ETREAT")).status, 200);
});
