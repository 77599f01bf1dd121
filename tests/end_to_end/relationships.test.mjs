// Pushed relationships, the review queue of emergencies, linked records; and acceptance 11: changes under load.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import https from "node:https";
import { Ward, auditQuery, sleep } from "./ward.mjs";
import { consoleApp, done, machine, problem } from "./administration.mjs";
import { personLike } from "./browser.mjs";
import { bearer, signedIn } from "./grants.mjs";
import { consent } from "./consents.mjs";
import { act_code, fill, machineOf, rest, with_it } from "./sealed.mjs";

const extra = `
[limits.abuse]
slow_at = 1000000
report_at = 1000000
[limits]
client = "50000/s"
subject = "50000/s"
address = "90000/s"

[role.writer]
may = ["system/*.cruds"]
reason = "fills the records"
patients = "all"
purpose = ["HOPERAT"]
clearances = ["*"]

[role.linker]
may = ["user/*.rs"]
reason = "sees linked records too"
patients = ["panel", "linked"]
purpose = ["TREAT"]

[role.registry]
may = ["system/Patient.r"]
patients = "all"
purpose = ["HOPERAT"]
administers = ["relationships"]
`;
let ward, api;
const see = (path, as = "dr.baker") => ward.request(path, { as });

before(async () => {
  ward = await Ward.start({ extra });
  await fill(ward, undefined, { practitioner: "dr-nobody", department: "dept-nobody" });
  await machineOf(ward, "writer", "writer", { purpose: "HOPERAT" });
  api = await machine(ward);
});
after(async () => { await ward?.stop(); ward?.remove(); });

test("a pushed relationship holds from its answer on, and is over from the answer that ends it", async () => {
  assert.equal((await see("Patient/" + with_it)).status, 404);
  const body = { person: "Practitioner/dr-baker", patient: with_it, kind: "panel", source: "scheduling" };
  const made = done(await api.post("/relationships", body), 201);
  assert.equal((await see("Patient/" + with_it)).status, 200);
  assert.equal((await see(`Observation?patient=${with_it}&_total=accurate`)).json.total, 1);
  assert.deepEqual(done(await api.post("/relationships", body)), made, "the same again is the same one");
  assert.deepEqual(done(await api.get("/relationships/" + made.id)), made);
  assert.ok(done(await api.get("/relationships")).items.some((one) => one.id === made.id));
  assert.equal((await api.remove("/relationships/" + made.id)).status, 204);
  assert.equal((await see("Patient/" + with_it)).status, 404);
  problem(await api.remove("/relationships/" + made.id), 404, "not_found");
  const records = (await auditQuery(ward)).filter((one) => (one.event ?? one.type ?? "") === "relationship.changed" || JSON.stringify(one).includes("relationship.changed"));
  assert.ok(records.length >= 2, "made and ended are on record");
});

test("only in its time", async () => {
  const body = { person: "Practitioner/dr-baker", patient: with_it, kind: "care-team" };
  done(await api.post("/relationships", { ...body, from: "2001-01-01T00:00:00Z", until: "2002-01-01T00:00:00Z" }), 201);
  assert.equal((await see("Patient/" + with_it)).status, 404);
  const changed = done(await api.post("/relationships", { ...body, until: "2099-01-01T00:00:00Z" }));
  assert.equal((await see("Patient/" + with_it)).status, 200);
  assert.equal((await api.remove("/relationships/" + changed.id)).status, 204);
});

test("by an organization that the person is a member of, also pushed", async () => {
  const member = done(await api.post("/relationships", { person: "Practitioner/dr-baker", patient: "Organization/pushed", kind: "member" }), 201);
  const team = done(await api.post("/relationships", { person: "Organization/pushed", patient: "Patient/" + with_it, kind: "care-team" }), 201);
  assert.equal((await see("Patient/" + with_it)).status, 200);
  await api.remove("/relationships/" + member.id);
  assert.equal((await see("Patient/" + with_it)).status, 404);
  await api.remove("/relationships/" + team.id);
});

test("what is wrong is said, and nothing is kept", async () => {
  for (const body of [{}, { person: "dr-baker", patient: "x", kind: "panel" }, { person: "Practitioner/1", patient: "a b", kind: "panel" }, { person: "Practitioner/1", patient: "x", kind: "friend" },
    { person: "Practitioner/1", patient: "x", kind: "member" }, { person: "Practitioner/1", patient: "x", kind: "panel", from: "2025-01-02T00:00:00Z", until: "2025-01-01T00:00:00Z" }])
    assert.equal((await api.post("/relationships", body)).status, 422, JSON.stringify(body));
  assert.equal((await ward.request("/api/v1/relationships", { as: "dr.adams" })).status, 403);
  assert.equal((await ward.request("/api/v1/relationships")).status, 401);
});

test("a role that the policy lets administer them, and nothing else", async () => {
  await machineOf(ward, "registry", "registry", { scope: "system/Patient.r", purpose: "HOPERAT" });
  assert.equal((await ward.request("/api/v1/relationships", { as: "registry" })).status, 200);
  assert.equal((await ward.request("/api/v1/users", { as: "registry" })).status, 403);
  assert.equal((await ward.request("/api/v1/emergencies", { as: "registry" })).status, 403);
});

test("the description names all of it", async () => {
  const paths = (await ward.request("/api/openapi.json")).json.paths;
  for (const path of ["/relationships", "/relationships/{id}", "/emergencies", "/emergencies/{id}/review", "/emergency-access"]) assert.ok(paths[path], path);
});

test("an emergency waits for review; who opened it may not review it", async () => {
  const app = await consoleApp(ward, { scope: "openid fhirUser user/*.rs ward/admin" });
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person);
  const token = (await app.tokens(browser, { scope: "openid fhirUser user/*.rs" })).access_token;
  const opened = await ward.request("/api/v1/emergency-access", { method: "POST", body: JSON.stringify({ patient: with_it, reason: "Unconscious, allergies not known" }), headers: { authorization: "Bearer " + token, "content-type": "application/json" } });
  assert.equal(opened.status, 201, opened.text);
  assert.equal((await ward.request("Patient/" + with_it, bearer(token, { "x-ward-purpose": "ETREAT" }))).status, 200);
  const open = done(await api.get("/emergencies")).items;
  const mine = open.find((one) => one.patient === with_it);
  assert.equal(mine.state, "open");
  assert.equal((await api.post(`/emergencies/${mine.id}/review`, {})).status, 422);
  const reviewed = done(await api.post(`/emergencies/${mine.id}/review`, { note: "called back, all in order" }));
  assert.equal(reviewed.state, "reviewed");
  assert.ok(!done(await api.get("/emergencies")).items.some((one) => one.id === mine.id));
  problem(await api.post(`/emergencies/${mine.id}/review`, { note: "again" }), 409, "reviewed");
  assert.ok(JSON.stringify(await auditQuery(ward)).includes("emergency.reviewed"));
});

test("linked records are reached by a role that says so, and only if both link each other", async () => {
  const linked = (id, other, type) => ({ ...rest(id, { practitioner: "dr-nobody" })[0], ...(other && { link: [{ other: { reference: "Patient/" + other }, type }] }) });
  const file = join(ward.directory, "linked.ndjson");
  writeFileSync(file, [linked("linked-a", "linked-b", "replaced-by"), linked("linked-b", "linked-a", "replaces"), linked("linked-c", "linked-a", "seealso")].map((one) => JSON.stringify(one)).join("\n") + "\n");
  assert.equal((await ward.command("import", file)).code, 0);
  const a = done(await api.post("/relationships", { person: "Practitioner/dr-baker", patient: "linked-a", kind: "panel" }), 201);
  const c = done(await api.post("/relationships", { person: "Practitioner/dr-baker", patient: "linked-c", kind: "care-team" }), 201);
  assert.equal((await see("Patient/linked-a")).status, 200);
  assert.equal((await see("Patient/linked-b")).status, 404, "never by itself");
  for (const one of [a, c]) await api.remove("/relationships/" + one.id);
});

// ---- acceptance 11 ----

const readers = 32;

/** Reads `path` over 32 connections while `change` runs; no answer to a request that began after it was acknowledged shows the canary. */
async function under_load(as, path, canary, change) {
  const token = await ward.token(as), agent = new https.Agent({ ca: ward.ca, keepAlive: true, maxSockets: readers });
  let stop = false, acknowledged = Infinity, seen_before = 0, after_it = 0;
  const leaks = [];
  const read = async () => {
    while (!stop) {
      const began = performance.now();
      const answer = await ward.request(path, { ...bearer(token), agent });
      const shows = answer.text.includes(canary);
      if (began > acknowledged) { ++after_it; if (shows) leaks.push(answer.status); }
      else if (shows) ++seen_before;
    }
  };
  const all = Array.from({ length: readers }, read);
  await sleep(300);
  await change();
  acknowledged = performance.now();
  await sleep(700);
  stop = true;
  await Promise.all(all);
  agent.destroy();
  assert.ok(seen_before > 0, "it was there before: " + seen_before);
  assert.ok(after_it > 0, "it was asked for afterwards: " + after_it);
  assert.deepEqual(leaks, []);
}

const rounds = 3;
for (const [name, path] of [["a read", `Observation/${with_it}-plain`], ["a search", `Observation?patient=${with_it}`]]) {
  test(`${name}: a relationship that is ended is over at once, under load`, async () => {
    for (let i = 0; i < rounds; ++i) {
      const made = done(await api.post("/relationships", { person: "Practitioner/dr-adams", patient: with_it, kind: "panel" }), 201);
      await under_load("dr.adams", path, "70.5", async () => assert.equal((await api.remove("/relationships/" + made.id)).status, 204));
    }
  });

  test(`${name}: a permit that is withdrawn holds at once, under load`, async () => {
    const made = done(await api.post("/relationships", { person: "Practitioner/dr-adams", patient: with_it, kind: "panel" }), 201);
    for (let i = 0; i < rounds; ++i) {
      let path_of;
      await under_load("dr.adams", path, "70.5", async () => {
        const given = await ward.request("Consent", { method: "POST", as: "writer", body: consent({ type: "deny", purpose: [{ code: "TREAT" }] }) });
        assert.equal(given.status, 201, given.text);
        path_of = given.headers.location.match(/Consent\/[^/]+/)[0];
      });
      assert.equal((await ward.request(path_of, { method: "DELETE", as: "writer" })).status, 204);
    }
    await api.remove("/relationships/" + made.id);
  });

  test(`${name}: a label that is put on seals at once, under load`, async () => {
    const made = done(await api.post("/relationships", { person: "Practitioner/dr-adams", patient: with_it, kind: "panel" }), 201);
    const resource = `Observation/${with_it}-plain`, meta = { resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: { security: [{ system: act_code, code: "SEX" }] } }] };
    for (let i = 0; i < rounds; ++i) {
      await under_load("dr.adams", path, "70.5", async () => {
        const on = await ward.request(resource + "/$meta-add", { method: "POST", as: "writer", body: meta });
        assert.equal(on.status, 200, on.text);
      });
      assert.equal((await ward.request(resource + "/$meta-delete", { method: "POST", as: "writer", body: meta })).status, 200);
    }
    await api.remove("/relationships/" + made.id);
  });

  test(`${name}: a role that is taken away is over at once, under load`, async () => {
    const made = done(await api.post("/relationships", { person: "Practitioner/dr-adams", patient: with_it, kind: "panel" }), 201);
    await under_load("dr.adams", path, "70.5", async () => done(await api.patch("/users/dr.adams", { roles: ["privacy-officer"] })));
    ward.tokens.clear();
    done(await api.patch("/users/dr.adams", { roles: ["physician"] }));
    await api.remove("/relationships/" + made.id);
  });
}
