// Ward in front of other servers: a second Ward as a FHIR server, and a plain API that records what reaches it.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, sleep } from "./ward.mjs";

let back, front, api, folder, patient, seen = [];

function answer(request, response) {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const url = new URL(request.url, "http://api");
    if (url.pathname !== "/v1/health") seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() });
    const send = (status, headers, body) => { response.writeHead(status, headers); response.end(body); };
    if (url.pathname.startsWith("/plain/")) return bare(request.method, url.pathname.slice(7), pieces, send);
    if (url.pathname === "/v1/moved") return send(302, { location: "http://169.254.169.254/" }, "");
    if (url.pathname === "/v1/broken") return send(500, { "content-type": "text/plain" }, "stack trace with SECRET");
    if (url.pathname === "/v1/page") return send(200, { "content-type": "text/html" }, "<p>SECRET</p>");
    if (url.pathname === "/v1/cut") { response.writeHead(200, { "content-type": "application/json", "content-length": "100" }); response.write("{}"); return response.destroy(); }
    send(request.method === "POST" ? 201 : 200, { "content-type": "application/json", "set-cookie": "a=b", server: "x", location: `http://127.0.0.1:${api.address().port}/v1/things/7` },
      JSON.stringify({ id: 7, name: "shown", ssn: "SECRET", inside: { name: "shown", ssn: "SECRET" } }));
  });
}

/** A FHIR server that keeps no meta, and names its own resources by its address. */
const kept = new Map();
function bare(method, path, pieces, send) {
  if (method === "PUT") kept.set(path, JSON.parse(Buffer.concat(pieces).toString()));
  const found = kept.get(path.replace(/\/_history\/.*/, ""));
  const body = path === "metadata" ? { resourceType: "CapabilityStatement" } : found ?? { resourceType: "OperationOutcome" };
  send(path === "metadata" || found ? 200 : 404, { "content-type": "application/fhir+json" }, JSON.stringify(body));
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ward-proxy-"));
  api = http.createServer(answer);
  await new Promise((done) => api.listen(0, "127.0.0.1", done));
  back = await Ward.start();
  const token = join(folder, "bearer");
  writeFileSync(token, await back.token("backend-key", "system/Patient.rs system/Observation.cruds"), { mode: 0o600 });
  front = await Ward.start({ extra: `
[route.ehr]
path = "/ehr/fhir"
fhir = true
upstream = "${back.fhir}"
ca = "${back.demo.ca_file}"
bearer_file = "${token}"
references = "unchecked"

[route.plain]
path = "/plain/fhir"
fhir = true
upstream = "http://127.0.0.1:${api.address().port}/plain"
allow_plaintext = "loopback"
references = "unchecked"

[route.api]
path = "/api"
upstream = "http://127.0.0.1:${api.address().port}/v1"
allow_plaintext = "loopback"
health_path = "/health"
methods = ["GET", "POST"]
fields = { show = ["id", "name", "inside.name"] }
` });
  patient = front.demo.patients[0];
});
after(async () => {
  for (const one of [front, back]) if (one) { await one.stop(); one.remove(); }
  api.closeAllConnections();
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

const ehr = (path, options) => front.request("/ehr/fhir/" + path, options);

test("a resource of another server is seen as the role's view shows it", async () => {
  const whole = await ehr("Patient/" + patient, { as: "dr.adams" });
  assert.equal(whole.status, 200, whole.text);
  assert.equal(whole.json.id, patient);
  assert.ok(whole.json.birthDate && whole.json.name);
  const nurse = await ehr("Patient/" + patient, { as: "nurse.cole" });
  assert.equal(nurse.status, 200);
  assert.ok(!nurse.json.identifier.some((one) => one.system.includes("ssn")));
});

test("a stranger's record answers as one that does not exist", async () => {
  const stranger = await ehr("Patient/" + patient, { as: "patient.two" });
  const absent = await ehr("Patient/does-not-exist", { as: "patient.two" });
  assert.equal(stranger.status, 404);
  assert.equal(stranger.text.replaceAll(patient, "ID"), absent.text.replaceAll("does-not-exist", "ID"));
});

test("a version and the history are read like the resource", async () => {
  const now = await ehr("Patient/" + patient, { as: "dr.adams" });
  const version = now.json.meta.versionId;
  const old = await ehr(`Patient/${patient}/_history/${version}`, { as: "dr.adams" });
  assert.equal(old.status, 200, old.text);
  assert.deepEqual(old.json, now.json);
  const history = await ehr(`Patient/${patient}/_history`, { as: "dr.adams" });
  assert.equal(history.status, 200, history.text);
  assert.ok(history.json.entry.length >= 1);
  assert.equal((await ehr(`Patient/${patient}/_history/${version}`, { as: "patient.two" })).status, 404);
});

test("a search finds what the grant shows, and pages by sealed links", async () => {
  const own = await ehr("Observation?_count=3", { as: "patient.one" });
  assert.equal(own.status, 200, own.text);
  const direct = await front.request("Observation?_count=3", { as: "patient.one" });
  assert.equal(own.json.entry?.length, direct.json.entry?.length);
  for (const entry of own.json.entry ?? []) assert.equal(entry.resource.subject.reference, "Patient/" + front.user("patient.one").fhir_user.split("/")[1]);
  const next = own.json.link.find((one) => one.relation === "next");
  assert.ok(next && !next.url.includes(back.base), "the upstream's own link is not shown");
  const second = await front.request(next.url, { as: "patient.one" });
  assert.equal(second.status, 200, second.text);
  assert.notDeepEqual(second.json.entry.map((one) => one.resource.id), own.json.entry.map((one) => one.resource.id));
  assert.equal((await front.request(next.url, { as: "patient.two" })).status, 400, "bound to the caller");
});

test("a change is intended, made under the upstream's id, and settled", async () => {
  const body = { resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] }, subject: { reference: "Patient/" + patient } };
  const made = await ehr("Observation", { as: "dr.adams", method: "POST", body });
  assert.equal(made.status, 201, made.text);
  const [, id] = made.headers.location.match(/\/ehr\/fhir\/Observation\/([^/]+)\/_history\/1$/);
  assert.equal((await back.request("Observation/" + id, { as: "backend-key" })).status, 200);
  const changed = await ehr("Observation/" + id, { as: "dr.adams", method: "PUT", body: { ...body, id, status: "amended" }, headers: { "if-match": 'W/"1"' } });
  assert.equal(changed.status, 200, changed.text);
  const late = await ehr("Observation/" + id, { as: "dr.adams", method: "PUT", body: { ...body, id, status: "final" }, headers: { "if-match": 'W/"1"' } });
  assert.equal(late.status, 412);
  const gone = await ehr("Observation/" + id, { as: "dr.adams", method: "DELETE" });
  assert.equal(gone.status, 204, gone.text);
  assert.notEqual((await ehr("Observation/" + id, { as: "dr.adams" })).status, 200);
});

test("meta is added to a resource that has none", async () => {
  const at = "/plain/fhir/Observation/bare", tag = { system: "urn:tags", code: "seen" };
  const resource = { resourceType: "Observation", id: "bare", status: "final", code: { text: "pulse" }, subject: { reference: "Patient/" + patient } };
  kept.set("Observation/bare", resource);
  const change = (operation) => front.request(`${at}/${operation}`, { as: "dr.adams", method: "POST", body: { resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: { tag: [tag] } }] } });
  const nothing = await change("$meta-delete");
  assert.equal(nothing.status, 200, nothing.text);
  assert.deepEqual(kept.get("Observation/bare"), resource);
  const added = await change("$meta-add");
  assert.equal(added.status, 200, added.text);
  assert.deepEqual(kept.get("Observation/bare"), { ...resource, meta: { tag: [tag] } });
});

test("what an upstream names by its own address is masked like what it names in short", async () => {
  const own = front.user("patient.one").fhir_user.split("/")[1], base = `http://127.0.0.1:${api.address().port}/plain/`;
  kept.set("Appointment/group", { resourceType: "Appointment", id: "group", status: "booked",
    participant: [own, "somebody-else"].map((one) => ({ actor: { reference: base + "Patient/" + one }, status: "accepted" })) });
  const { status, json, text } = await front.request("/plain/fhir/Appointment/group", { as: "patient.one" });
  assert.equal(status, 200, text);
  assert.equal(json.participant[0].actor.reference, "Patient/" + own);
  assert.ok(!text.includes("somebody-else"), text);
});

test("an API's answer leaves by its fields, and its request is built anew", async () => {
  seen = [];
  const { status, json, headers, text } = await front.request("/api/things/a%20b?x=1%262", { as: "dr.adams", headers: { cookie: "c=d", "x-forwarded-for": "1.2.3.4", "accept-language": "de" } });
  assert.equal(status, 200, text);
  assert.deepEqual(json, { id: 7, name: "shown", inside: { name: "shown" } });
  assert.equal(headers["set-cookie"], undefined);
  assert.equal(headers.location, front.base + "/api/things/7");
  assert.equal(seen.length, 1);
  assert.equal(seen[0].url, "/v1/things/a%20b?x=1%262");
  assert.equal(seen[0].headers["accept-language"], "de");
  for (const name of ["authorization", "cookie", "x-forwarded-for"]) assert.equal(seen[0].headers[name], undefined, name);
  assert.ok(seen[0].headers["x-request-id"]);
});

test("what an upstream says about its errors stays here", async () => {
  for (const [path, status] of [["moved", 502], ["broken", 502], ["page", 502], ["cut", 502]]) {
    const { status: got, text } = await front.request("/api/" + path, { as: "dr.adams" });
    assert.equal(got, status, path);
    assert.ok(!text.includes("SECRET") && !text.includes("169.254"), path);
  }
});

test("a change of an API has its intent and outcome; a method not listed reaches nothing", async () => {
  seen = [];
  const made = await front.request("/api/things", { as: "dr.adams", method: "POST", body: '{"a":1}', headers: { "content-type": "application/json" } });
  assert.equal(made.status, 201, made.text);
  assert.equal(seen[0].body, '{"a":1}');
  const refused = await front.request("/api/things", { as: "dr.adams", method: "DELETE" });
  assert.equal(refused.status, 405);
  assert.equal(seen.length, 1);
  const records = await auditQuery(front);
  const intent = records.find((one) => JSON.stringify(one).includes('"intent"') && JSON.stringify(one).includes('"api"'));
  assert.ok(intent, "an intent that names the upstream");
});

test("an attack is blocked before it reaches the API", async () => {
  seen = [];
  const { status } = await front.request("/api/things?q=" + encodeURIComponent("1' UNION SELECT password FROM users--"), { as: "dr.adams" });
  assert.equal(status, 403);
  assert.equal(seen.length, 0);
});

test("an upstream that is gone is 502 or 503, and soon", async () => {
  const port = api.address().port;
  api.closeAllConnections();
  await new Promise((done) => api.close(done));
  const { status } = await front.request("/api/things", { as: "dr.adams" });
  assert.ok(status === 502 || status === 503, String(status));
  api = http.createServer(answer);
  await new Promise((done) => api.listen(port, "127.0.0.1", done));
  let last;
  for (let i = 0; i < 40; ++i) {
    last = (await front.request("/api/things", { as: "dr.adams" })).status;
    if (last === 200) return;
    await sleep(500);
  }
  assert.equal(last, 200, "it is found again");
});
