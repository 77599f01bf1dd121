// Security labels: put on by code lists, sealed without a clearance, on the embedded store and in front of another server.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { act_code, fill, machineOf, no_difference, secret, with_it } from "./sealed.mjs";

const roles = `
[limits.abuse]
slow_at = 100000
report_at = 100000

[labels]
lists = ["*"]

[role.cleared]
may = ["system/*.cruds"]
reason = "sees all"
patients = "all"
purpose = ["TREAT"]
clearances = ["*"]

[role.uncleared]
may = ["system/*.cruds"]
reason = "sees what has no label"
patients = "all"
purpose = ["TREAT"]

[role.genetics]
may = ["system/*.cruds"]
reason = "sees one class of labels, another one than this"
patients = "all"
purpose = ["TREAT"]
clearances = ["GDIS"]
`;
let ward, back, front, folder;
const ehr = (path, options) => front.request("/ehr/fhir/" + path, options);
const here = (path, options) => ward.request(path, options);
const codes = (resource) => (resource.meta?.security ?? []).map((one) => one.code).sort();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ward-labels-"));
  ward = await Ward.start({ extra: roles });
  back = await Ward.start();
  await fill(ward);
  await fill(back);
  const token = join(folder, "bearer");
  await machineOf(back, "behind", "backend");
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
  for (const one of [ward, front]) for (const role of ["cleared", "uncleared", "genetics"]) await machineOf(one, role, role);
});
after(async () => {
  for (const one of [ward, front, back]) if (one) { await one.stop(); one.remove(); }
  rmSync(folder, { recursive: true, force: true });
});

test("import puts labels on, and who is cleared sees them", async () => {
  const seen = await here(`Condition/${with_it}-secret`, { as: "cleared" });
  assert.equal(seen.status, 200, seen.text);
  assert.deepEqual(codes(seen.json), ["HIV", "R"]);
  assert.equal((await here(`Observation/${with_it}-plain`, { as: "uncleared" })).status, 200);
  assert.equal((await here(`Condition?patient=${with_it}&_total=accurate`, { as: "cleared" })).json.total, 1);
  assert.equal((await here(`Condition?_security=${act_code}|HIV&patient=${with_it}`, { as: "cleared" })).json.entry.length, 1);
});

test("without the clearance it is as if it were not there", async () => {
  for (const as of ["uncleared", "genetics"]) assert.ok(await no_difference(here, as) >= 28);
});

test("in front of another server too, which has no labels itself", async () => {
  assert.deepEqual(codes((await back.request(`Condition/${with_it}-secret`, { as: "backend-key" })).json), []);
  const seen = await ehr(`Condition/${with_it}-secret`, { as: "cleared" });
  assert.equal(seen.status, 200, seen.text);
  assert.deepEqual(codes(seen.json), ["HIV", "R"]);
  for (const as of ["uncleared", "genetics"]) assert.ok(await no_difference(ehr, as, { embedded: false }) >= 25);
});

test("a deleted one and its old versions stay sealed", async () => {
  const body = { ...secret(with_it)[0], id: undefined };
  const made = await here("Condition", { method: "POST", as: "cleared", body });
  assert.equal(made.status, 201, made.text);
  const path = made.headers.location.match(/Condition\/[^/]+/)[0];
  const plain = await here(path, { method: "PUT", as: "cleared", body: { ...body, id: path.slice(10), code: { text: "a cough" }, meta: undefined } });
  assert.equal(plain.status, 200, plain.text);
  assert.equal((await here(path, { as: "uncleared" })).status, 200, "the current version has no label");
  assert.equal((await here(path + "/_history/1", { as: "uncleared" })).status, 404, "the old one has");
  const history = await here(path + "/_history", { as: "uncleared" });
  assert.ok(!history.text.includes("86406008"));
  assert.equal((await here(path, { method: "PUT", as: "cleared", body: { ...body, id: path.slice(10) } })).status, 200);
  assert.equal((await here(path, { as: "uncleared" })).status, 404);
  assert.equal((await here(path, { method: "DELETE", as: "cleared" })).status, 204);
  assert.equal((await here(path, { as: "cleared" })).status, 410);
  assert.equal((await here(path, { as: "uncleared" })).status, 404, "nor that it was deleted");
});

test("Part 2 data carries its notice, and no other data does", async () => {
  const body = { ...secret(with_it, "7200002")[0], id: undefined };
  const made = await here("Condition", { method: "POST", as: "cleared", body });
  assert.equal(made.status, 201, made.text);
  const path = made.headers.location.match(/Condition\/[^/]+/)[0];
  const read = await here(path, { as: "cleared" });
  assert.deepEqual(codes(read.json), ["ETH", "NORDSCLCD", "R"]);
  assert.match(read.headers["x-ward-notice"], /42 CFR part 2 prohibits/);
  assert.match((await here(`Condition?patient=${with_it}`, { as: "cleared" })).headers["x-ward-notice"], /42 CFR part 2/);
  assert.equal((await here(`Condition/${with_it}-secret`, { as: "cleared" })).headers["x-ward-notice"], undefined);
  assert.equal((await here(`Condition?patient=${with_it}`, { as: "uncleared" })).headers["x-ward-notice"], undefined);
  assert.equal((await here(path, { as: "uncleared" })).headers["x-ward-notice"], undefined);
});

test("a writer without the clearance cannot write what it could not see, nor take a label off", async () => {
  const denied = await here("Condition", { method: "POST", as: "uncleared", body: { ...secret(with_it)[0], id: undefined } });
  assert.equal(denied.status, 422, denied.text);
  const off = await here(`Condition/${with_it}-secret/$meta-delete`, { method: "POST", as: "cleared",
    body: { resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: { security: [{ system: act_code, code: "HIV" }] } }] } });
  assert.ok(off.status < 500, off.text);
  assert.equal((await here(`Condition/${with_it}-secret`, { as: "uncleared" })).status, 404);
});

test("a patient sees their own record, psychotherapy notes apart", async () => {
  const own = ward.user("patient.one").fhir_user;
  const labelled = (code) => ({ resourceType: "Observation", status: "final", code: { text: "x" }, subject: { reference: own }, meta: { security: [{ system: act_code, code }] } });
  const hiv = await here("Observation", { method: "POST", as: "cleared", body: labelled("HIV") });
  const notes = await here("Observation", { method: "POST", as: "cleared", body: labelled("PSYTHPN") });
  const path = (made) => made.headers.location.match(/Observation\/[^/]+/)[0];
  assert.equal((await here(path(hiv), { as: "patient.one" })).status, 200);
  assert.equal((await here(path(notes), { as: "patient.one" })).status, 404);
  assert.equal((await here(path(notes), { as: "cleared" })).status, 200);
});

test("the operator is told the cause", async () => {
  const done = await ward.command("explain", "--client", "uncleared", "GET", `/fhir/Condition/${with_it}-secret`);
  assert.match(done.stdout + done.stderr, /clearance for .*HIV/);
});
