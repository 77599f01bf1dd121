// The patch interaction (R4 http.html#patch): a patch sees what its caller sees, and becomes true as an update does.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Ward, auditQuery } from "./ward.mjs";
import { comparable, familiar, measured, nobody, record, stranger } from "./strangers.mjs";

const extra = `
[limits]
subject = "5000/s"
client = "5000/s"
address = "5000/s"
[limits.abuse]
slow_at = 1000000
report_at = 1000000
`;
const jsonPatch = "application/json-patch+json";

let ward, behind;

async function fill(clinic) {
  const file = join(clinic.directory, "records.ndjson");
  const all = [
    ...record(stranger, { practitioner: "dr-baker", department: "dept-cardiology", secret: { ssn: "999-77-7001", street: "Canary Lane", value: 777.1234, text: "canary in words" } }),
    ...record(familiar, { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret: { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "words" } }),
    { resourceType: "Appointment", id: "both", status: "booked", start: "2027-01-02T09:00:00Z", end: "2027-01-02T09:30:00Z",
      participant: [familiar, stranger].map((one) => ({ actor: { reference: "Patient/" + one.patient }, status: "accepted" })) },
    measured(familiar.patient, { id: "refers", derivedFrom: [{ reference: "Observation/" + stranger.observation }] }),
  ];
  writeFileSync(file, all.map((one) => JSON.stringify(one)).join("\n") + "\n");
  const imported = await clinic.command("import", file);
  assert.equal(imported.code, 0, imported.stdout + imported.stderr);
}

before(async () => {
  behind = await Ward.start({ extra });
  const client = join(behind.directory, "front.json");
  writeFileSync(client, JSON.stringify({ client_id: "front", scope: "system/*.cruds", roles: ["backend"], purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  assert.equal((await behind.command("client", "add", "--file", client)).code, 0);
  const bearer = join(behind.directory, "front.token");
  writeFileSync(bearer, (await behind.command("token", "--client", "front")).stdout.trim(), { mode: 0o600 });
  ward = await Ward.start({ extra: extra + `
[route.ehr]
path = "/ehr/fhir"
upstream = "${behind.fhir}"
fhir = true
ca = "${behind.demo.ca_file}"
bearer_file = "${bearer}"
` });
  for (const clinic of [ward, behind]) await fill(clinic);
});
after(async () => {
  for (const clinic of [ward, behind]) {
    await clinic?.stop();
    clinic?.remove();
  }
});

const entry = (url, operations, request = {}) => ({ request: { method: "PATCH", url, ...request },
  resource: { resourceType: "Binary", contentType: jsonPatch, data: Buffer.from(JSON.stringify(operations)).toString("base64") } });

for (const [name, base] of Object.entries({ embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" })) {
  const send = (method, path, body, { as = "dr.adams", headers, scope } = {}) => ward.request(base() + "/" + path, { method, body, as, headers, scope });
  const patch = (path, operations, options = {}) =>
    send("PATCH", path, typeof operations === "string" ? operations : JSON.stringify(operations), { ...options, headers: { "content-type": jsonPatch, ...options.headers } });
  const get = (path, options) => send("GET", path, undefined, options);
  const make = async (more = {}, as = "dr.adams") => {
    const made = await send("POST", "Observation", measured(familiar.patient, more), { as });
    assert.equal(made.status, 201, made.text);
    return { id: made.json.id, path: "Observation/" + made.json.id };
  };
  const whole = (path) => (name === "embedded" ? ward : behind).request(path, { as: "backend-key" });

  test(`${name}: a patch changes what it names and no digit of anything else`, async () => {
    const body = JSON.stringify(measured(familiar.patient)).replace('"value":71', '"value":1.50');
    const made = await send("POST", "Observation", body);
    const path = "Observation/" + made.json.id;
    const { status, headers, text, json } = await patch(path, [
      { op: "test", path: "/status", value: "final" },
      { op: "test", path: "/valueQuantity/value", value: 1.5 },
      { op: "replace", path: "/status", value: "amended" },
      { op: "add", path: "/note", value: [{ text: "first" }] },
      { op: "add", path: "/note/-", value: { text: "second" } },
      { op: "copy", from: "/code", path: "/method" },
      { op: "move", from: "/note/1", path: "/note/0" },
      { op: "remove", path: "/category" }]);
    assert.equal(status, 200, text);
    assert.equal(headers.etag, 'W/"2"');
    assert.ok(text.includes('"value":1.50'), text);
    assert.equal(json.status, "amended");
    assert.deepEqual(json.note.map((one) => one.text), ["second", "first"]);
    assert.deepEqual(json.method, json.code);
    assert.equal(json.category, undefined);
    const now = await get(path);
    assert.equal(now.text, text);
    assert.equal((await get(path + "/_history/1")).json.status, "final");
    const found = await get("Observation?_id=" + json.id + "&status=amended");
    assert.equal(found.json.entry?.length, 1, "it is indexed like an update");
  });

  test(`${name}: If-Match and Prefer count as for an update`, async () => {
    const { path } = await make();
    const change = (value) => [{ op: "replace", path: "/status", value }];
    assert.equal((await patch(path, change("amended"), { headers: { "if-match": 'W/"2"' } })).status, 412);
    const minimal = await patch(path, change("amended"), { headers: { "if-match": 'W/"1"', prefer: "return=minimal" } });
    assert.deepEqual([minimal.status, minimal.text, minimal.headers.etag], [200, "", 'W/"2"']);
    const outcome = await patch(path, change("corrected"), { headers: { prefer: "return=OperationOutcome" } });
    assert.deepEqual([outcome.status, outcome.json.resourceType], [200, "OperationOutcome"]);
    assert.equal((await get(path)).json.status, "corrected");
  });

  test(`${name}: what cannot be applied is 422, what is no patch 400, and nothing changes`, async () => {
    const { path } = await make();
    const ok = { op: "replace", path: "/status", value: "amended" };
    for (const [status, operations, said] of [
      [422, [ok, { op: "test", path: "/status", value: "final" }], /operation 1: the test failed/],
      [422, [ok, { op: "remove", path: "/nothing" }], /operation 1: its path names nothing/],
      [422, [ok, { op: "add", path: "/note/0", value: {} }], /operation 1/],
      [422, [{ op: "remove", path: "" }], /operation 0/],
      [422, [{ op: "replace", path: "/id", value: "other" }], /may not change resourceType or id/],
      [422, [{ op: "remove", path: "/id" }], /may not change/],
      [422, [{ op: "replace", path: "/resourceType", value: "Patient" }], /may not change/],
      [422, [{ op: "replace", path: "", value: [] }], /may not change/],
      [400, [{ op: "replace", path: "status", value: "amended" }], /JSON Pointer/],
      [400, { op: "replace" }, /array of operations/],
      [400, "[", /line 1/],
      [400, '[{"op":"remove","path":"/status","op":"test"}]', /two members/]]) {
      const answer = await patch(path, operations);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.json.issue[0].diagnostics, said);
    }
    const several = await patch(path, [{ op: "add" }, { op: "jump", path: "/a" }]);
    assert.equal(several.json.issue.length, 3, several.text);
    assert.equal((await send("PATCH", path, "[]", { headers: { "content-type": "application/merge-patch+json" } })).status, 415);
    assert.equal((await patch(path, "")).status, 400);
    assert.equal((await get(path)).headers.etag, 'W/"1"');
  });

  test(`${name}: the result is judged like a resource that is sent whole`, async () => {
    const { id, path } = await make();
    const invalid = await patch(path, [{ op: "replace", path: "/status", value: "nonsense" }, { op: "add", path: "/color", value: "red" }, { op: "remove", path: "/code" }]);
    assert.equal(invalid.status, 422);
    assert.ok(invalid.json.issue.length >= 3, "all problems in one answer: " + invalid.text);
    const attack = "1' UNION SELECT username, password FROM users-- <script>alert(1)</script>";
    const put = await send("PUT", path, measured(familiar.patient, { id, identifier: [{ value: attack }] }));
    const patched = await patch(path, [{ op: "add", path: "/identifier", value: [{ value: attack }] }]);
    assert.deepEqual([put.status, patched.status, patched.text], [403, 403, put.text]);
    const narrative = await patch(path, [{ op: "add", path: "/text", value: { status: "generated", div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><script>alert(1)</script></div>' } }]);
    assert.equal(narrative.status, 200, narrative.text);
    assert.match(narrative.json.issue[0].diagnostics, /^cleaned: /);
    assert.match((await get(path)).json.text.div, /<p>a<\/p><\/div>$/);
  });

  test(`${name}: a reference that was there is no claim of who changes something else`, async () => {
    const changed = await patch("Observation/refers", [{ op: "replace", path: "/status", value: "amended" }]);
    assert.equal(changed.status, 200, changed.text);
    const again = await send("PUT", "Observation/refers", { ...changed.json, status: "final" });
    assert.equal(again.status, 200, again.text);
    for (const id of [stranger.encounter, nobody.encounter])
      assert.equal((await patch("Observation/refers", [{ op: "add", path: "/encounter", value: { reference: "Encounter/" + id } }])).status, 422, "a new one is");
  });

  test(`${name}: what the view hides is neither tested, nor copied, nor lost`, async () => {
    const path = "Patient/" + familiar.patient, as = "desk.diaz";
    const stored = (await whole(path)).json;
    const seen = (await get(path, { as })).json;
    assert.ok(stored.gender && !seen.gender && stored.identifier.length > seen.identifier.length);
    const absent = await patch(path, [{ op: "test", path: "/maritalStatus", value: {} }], { as });
    assert.equal(absent.status, 422);
    for (const operation of [{ op: "test", path: "/gender", value: "female" }, { op: "test", path: "/gender", value: "male" }, { op: "test", path: "/identifier/1/value", value: "999-66-6003" },
      { op: "test", path: "/generalPractitioner", value: stored.generalPractitioner }]) {
      const { status, text } = await patch(path, [operation], { as });
      assert.deepEqual([status, text], [absent.status, absent.text], JSON.stringify(operation));
    }
    const nothing = await patch(path, [{ op: "copy", from: "/photo", path: "/name/0/text" }], { as });
    for (const from of ["/gender", "/identifier/1/value", "/managingOrganization/reference"]) assert.equal((await patch(path, [{ op: "copy", from, path: "/name/0/text" }], { as })).text, nothing.text);
    assert.equal((await patch(path, [{ op: "remove", path: "/gender" }], { as })).text, nothing.text);

    const changed = await patch(path, [{ op: "test", path: "/birthDate", value: familiar.born }, { op: "add", path: "/telecom/-", value: { system: "email", value: "ada@example.org" } }], { as });
    assert.equal(changed.status, 200, changed.text);
    assert.equal(changed.json.gender, undefined);
    const after = (await whole(path)).json;
    assert.equal(after.telecom.length, 2);
    for (const hidden of ["gender", "identifier", "generalPractitioner", "managingOrganization", "active"]) assert.deepEqual(after[hidden], stored[hidden], hidden);
    assert.equal(after.meta.security, undefined, "the view's own tags are not stored");
  });

  test(`${name}: a stranger's resource answers as one that does not exist`, async () => {
    const value = measured(familiar.patient).code;
    const forms = {
      plain: (w) => [`Observation/${w.observation}`, [{ op: "replace", path: "/status", value: "amended" }]],
      "a test that would pass": (w) => [`Observation/${w.observation}`, [{ op: "test", path: "/status", value: "final" }]],
      "a test that would fail": (w) => [`Observation/${w.observation}`, [{ op: "test", path: "/code", value }]],
      "to an own patient": (w) => [`Observation/${w.observation}`, [{ op: "replace", path: "/subject/reference", value: "Patient/" + familiar.patient }]],
      "the right If-Match": (w) => [`Observation/${w.observation}`, [], { "if-match": 'W/"1"' }],
      "a wrong If-Match": (w) => [`Observation/${w.observation}`, [], { "if-match": 'W/"9"' }],
      conditional: (w) => [`Observation?identifier=urn:accession|${w.accession}`, [{ op: "replace", path: "/status", value: "amended" }]],
      "conditional by patient": (w) => [`Observation?patient=${w.patient}`, []],
      "an own one to the asked patient": (w) => [`Observation/${familiar.observation}`, [{ op: "replace", path: "/subject/reference", value: "Patient/" + w.patient }]],
      "an own one with a reference": (w) => [`Observation/${familiar.observation}`, [{ op: "add", path: "/derivedFrom", value: [{ reference: "Observation/" + w.observation }] }]],
    };
    for (const [form, ask] of Object.entries(forms)) {
      const answers = [];
      for (const words of [stranger, nobody]) {
        const [path, operations, headers] = ask(words);
        const single = await patch(path, operations, { headers });
        const batch = await send("POST", "", { resourceType: "Bundle", type: "batch", entry: [entry(path, operations, headers ? { ifMatch: headers["if-match"] } : {})] });
        assert.ok(single.status >= 400, `${form}: ${single.status}`);
        answers.push(comparable(single, words) + comparable(batch, words));
      }
      assert.equal(answers[0], answers[1], form);
    }
    assert.equal((await whole(`Observation/${stranger.observation}`)).headers.etag, 'W/"1"');
    assert.equal((await whole(`Observation/${familiar.observation}`)).headers.etag, 'W/"1"');
  });

  test(`${name}: a resource of several patients is not patched by who sees a part of it`, async () => {
    const operations = [{ op: "replace", path: "/status", value: "arrived" }];
    const one = await patch("Appointment/both", operations);
    assert.deepEqual([one.status, one.json.issue[0].code], [403, "forbidden"], one.text);
    assert.equal((await get("Appointment/both")).headers.etag, 'W/"1"');
  });

  test(`${name}: a patch needs the right to update and to read`, async () => {
    const { path } = await make();
    const operations = [{ op: "replace", path: "/status", value: "amended" }];
    for (const scope of ["user/Observation.rs", "user/Observation.u"]) assert.equal((await patch(path, operations, { scope })).status, 403, scope);
    assert.equal((await patch(path, operations, { as: "patient.one" })).status, 403);
    assert.equal((await patch(path, operations, { scope: "user/Observation.ru" })).status, 200);
    assert.equal((await patch(path, operations, { as: "nurse.cole" })).status, 200);
  });

  test(`${name}: a conditional patch changes the one that matches`, async () => {
    const value = name + "-sole";
    const { path } = await make({ identifier: [{ system: "urn:x", value }] });
    const operations = [{ op: "replace", path: "/status", value: "amended" }];
    const done = await patch(`Observation?identifier=urn:x|${value}`, operations);
    assert.equal(done.status, 200, done.text);
    assert.equal((await get(path)).json.status, "amended");
    assert.equal((await patch(`Observation?identifier=urn:x|${name}-none`, operations)).status, 404);
    await make({ identifier: [{ system: "urn:x", value }] });
    assert.equal((await patch(`Observation?identifier=urn:x|${value}`, operations)).status, 412);
    assert.equal((await patch("Observation", operations)).status, 405);
  });

  test(`${name}: a batch takes patches as Binary`, async () => {
    const { path } = await make();
    const change = (value) => [{ op: "replace", path: "/status", value }];
    const { status, json, text } = await send("POST", "", { resourceType: "Bundle", type: "batch", entry: [
      entry(path, change("amended"), { ifMatch: 'W/"1"' }), entry(path, change("corrected"), { ifMatch: 'W/"1"' }), entry(path, [{ op: "test", path: "/status", value: "final" }]),
      { request: { method: "PATCH", url: path }, resource: { resourceType: "Binary", contentType: "text/plain", data: "YQ==" } },
      { request: { method: "PATCH", url: path }, resource: { resourceType: "Binary", contentType: jsonPatch, data: "!" } }] });
    assert.equal(status, 200, text);
    assert.deepEqual(json.entry.map((one) => one.response.status.slice(0, 3)), ["200", "412", "422", "400", "400"]);
    assert.equal(json.entry[0].response.etag, 'W/"2"');
  });

  const operation = (type, path, more = {}) => ({ name: "operation", part: [{ name: "type", valueCode: type }, { name: "path", valueString: path },
    ...Object.entries(more).map(([part, value]) => ({ name: part, ...(typeof value === "number" ? { valueInteger: value } : typeof value === "string" ? { valueString: value } : value) }))] });
  const parameters = (...operations) => ({ resourceType: "Parameters", parameter: operations });

  test(`${name}: a FHIRPath Patch is a Parameters resource, alone or in a bundle`, async () => {
    const { path } = await make();
    const done = await send("PATCH", path, parameters(
      operation("replace", "Observation.status", { value: { valueCode: "amended" } }),
      operation("add", "Observation", { name: "component", value: { part: [{ name: "code", valueCodeableConcept: { text: "c" } }, { name: "value", valueInteger: 3 }] } }),
      operation("add", "Observation.component.where(code.text = 'c')", { name: "interpretation", value: { valueCodeableConcept: { text: "i" } } }),
      operation("insert", "Observation.category", { index: 0, value: { valueCodeableConcept: { text: "first" } } }),
      operation("move", "Observation.category", { source: 0, destination: 1 }),
      operation("delete", "Observation.note"),
      operation("replace", "Observation.value", { value: { valueString: "words" } })), { headers: { "if-match": 'W/"1"' } });
    assert.equal(done.status, 200, done.text);
    assert.equal(done.json.status, "amended");
    assert.deepEqual(done.json.component, [{ code: { text: "c" }, valueInteger: 3, interpretation: [{ text: "i" }] }]);
    assert.equal(done.json.category[1].text, "first");
    assert.deepEqual([done.json.valueString, done.json.valueQuantity], ["words", undefined]);
    const bundle = await send("POST", "", { resourceType: "Bundle", type: "batch", entry: [
      { request: { method: "PATCH", url: path, ifMatch: 'W/"2"' }, resource: parameters(operation("delete", "Observation.value")) },
      { request: { method: "PATCH", url: path }, resource: parameters(operation("delete", "Observation..value")) }] });
    assert.deepEqual(bundle.json.entry.map((one) => one.response.status.slice(0, 3)), ["200", "400"], bundle.text);
    assert.equal((await get(path)).json.valueString, undefined);
    assert.equal((await send("PATCH", path, parameters(operation("replace", "Observation.status", { value: { valueCode: "nonsense" } })))).status, 422);
    assert.equal((await send("PATCH", path, parameters(operation("replace", "Observation.id", { value: { valueId: "other" } })))).status, 422);
    assert.equal((await send("PATCH", path, { resourceType: "Observation" })).status, 400);
  });

  test(`${name}: a FHIRPath cannot ask for what the view hides`, async () => {
    const path = "Patient/" + familiar.patient, as = "desk.diaz";
    const etag = (await get(path, { as })).headers.etag;
    const ask = async (where) => send("PATCH", path, parameters(operation("replace", `Patient.where(${where}).name[0].text`, { value: { valueString: "x" } })), { as });
    const nothing = await ask("maritalStatus.exists()");
    assert.equal(nothing.status, 422);
    for (const where of ["gender = 'female'", "gender.exists()", "identifier.value = '999-66-6003'", "generalPractitioner.exists()", "managingOrganization.reference.startsWith('Organization')", "text.exists()", "descendants().where($this = 'female').exists()"])
      assert.equal((await ask(where)).text, nothing.text, where);
    assert.equal((await get(path, { as })).headers.etag, etag);
  });

  test(`${name}: metadata lists the interaction and its format`, async () => {
    const { json } = await ward.request(base() + "/metadata");
    assert.deepEqual(json.patchFormat, [jsonPatch, "application/fhir+json"]);
    assert.ok(json.rest[0].resource.every((one) => one.interaction.some(({ code }) => code === "patch")));
    const answer = await send("POST", "Patient/x", "{}");
    assert.equal(answer.headers.allow, "GET, PUT, PATCH, DELETE");
  });

  test(`${name}: a patch has its intent, and its record names the change`, async () => {
    const { path } = await make();
    const { headers } = await patch(path, [{ op: "replace", path: "/status", value: "amended" }]);
    const records = await auditQuery(ward, "--request", headers["x-request-id"]);
    assert.deepEqual(records.map((one) => [one.event, one.method, one.detail[0][1]]), [["intent", "PATCH", "phi.update"], ["outcome", "PATCH", "phi.update"]]);
  });
}

test("a transaction patches with all the rest or not at all", async () => {
  const send = (entries) => ward.request(ward.fhir + "/", { method: "POST", as: "dr.adams", body: { resourceType: "Bundle", type: "transaction", entry: entries } });
  const made = await ward.request("Observation", { method: "POST", as: "dr.adams", body: measured(familiar.patient) });
  const path = "Observation/" + made.json.id, uuid = "urn:uuid:00000000-0000-4000-8000-0000000000aa";
  const create = { fullUrl: uuid, request: { method: "POST", url: "Observation" }, resource: measured(familiar.patient) };
  const refers = entry(path, [{ op: "add", path: "/derivedFrom", value: [{ reference: uuid }] }]);
  const failed = await send([create, refers, entry(`Patient/${familiar.patient}`, [{ op: "test", path: "/gender", value: "male" }])]);
  assert.equal(failed.status, 422, failed.text);
  assert.match(failed.json.issue[0].expression[0], /^Bundle\.entry\[2\]/);
  assert.equal((await ward.request(path, { as: "dr.adams" })).headers.etag, 'W/"1"');
  const done = await send([create, refers]);
  assert.equal(done.status, 200, done.text);
  const now = await ward.request(path, { as: "dr.adams" });
  assert.match(now.json.derivedFrom[0].reference, /^Observation\/[A-Za-z0-9.-]+$/);
  assert.equal((await ward.request(now.json.derivedFrom[0].reference, { as: "dr.adams" })).status, 200);
  const twice = await send([refers, entry(path, [])]);
  assert.equal(twice.status, 400, twice.text);
});
