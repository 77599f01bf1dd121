// Acceptance 4, second half: an answer about what may not be seen is byte for byte the answer about what does not exist.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Ward, auditQuery, long } from "./ward.mjs";
import { fill, startBehind, unlimited } from "./clinics.mjs";
import { canaries, comparable, familiar, instances, measured, nobody, rows, stranger } from "./strangers.mjs";

let ward, behind;
const embedded = () => ward.fhir, proxied = () => ward.base + "/ehr/fhir";
const request = (options, as, scope, base = ward.fhir) => ward.request(base + (options.path.match(/^\w/) ? "/" : "") + options.path, { ...options, as, scope });
const scoped = (method, path, as, more = {}) => request({ method, path, ...more }, as, more.scope, more.base);

before(async () => {
  const back = await startBehind();
  behind = back.behind;
  ward = await Ward.start({ extra: unlimited + back.route });
  // Who treats whom is known from the records in front; what is read comes from behind.
  for (const clinic of [ward, behind]) await fill(clinic);
});
after(async () => {
  for (const clinic of [ward, behind]) {
    await clinic?.stop();
    clinic?.remove();
  }
});

/** Asks each row about the stranger and about nobody. */
async function compare(base) {
  const failures = [];
  let compared = 0;
  for (const row of rows()) {
    for (const as of row.as) {
      const answers = [];
      for (const words of [stranger, nobody]) answers.push(await request(row.ask(words, base), as, undefined, base));
      const [seen, unseen] = [comparable(answers[0], stranger), comparable(answers[1], nobody)];
      ++compared;
      if (seen !== unseen) failures.push(`${as}: ${row.name}\n--- a stranger\n${seen}\n--- nobody\n${unseen}\n`);
      if (answers[0].status >= 500 && answers[0].status !== 501) failures.push(`${as}: ${row.name}: ${answers[0].status} ${answers[0].text}`);
      for (const canary of canaries) if (answers[0].text.includes(canary)) failures.push(`${as}: ${row.name}: holds ${canary}`);
    }
  }
  return { failures, compared };
}

for (const [name, base] of Object.entries({ embedded, proxied })) {
  test(`${name}: the stranger is real: the own physician reads every resource of the record`, async () => {
    for (const [type, id] of Object.entries(instances(stranger))) assert.equal((await scoped("GET", `${type}/${id}`, "dr.baker", { base: base() })).status, 200, type);
    const { text } = await scoped("GET", "Patient/" + stranger.patient, "dr.baker", { base: base() });
    assert.ok(text.includes(canaries[0]) && text.includes(canaries[1]));
  });

  test(`${name}: a request about a stranger is answered like one about nobody`, async (t) => {
    const { failures, compared } = await compare(base());
    t.diagnostic(`${compared} requests compared`);
    assert.ok(compared >= 200);
    assert.equal(failures.length, 0, `${failures.length} differ\n` + failures.join("\n"));
  });

  test(`${name}: the same requests about an own patient find it`, async () => {
    const failures = [];
    for (const row of rows()) {
      const asked = row.ask(familiar, base());
      if (row.own === undefined || (base === proxied && row.embedded)) continue;
      const { status, json, text } = await request(asked, "dr.adams", undefined, base());
      if (status !== (row.own || 200)) failures.push(`${row.name}: ${status} instead of ${row.own || 200}: ${text}`);
      else if (row.own === 200 && asked.method === "GET" && json?.type === "searchset" && !(json.entry?.length > 0 || json.total > 0)) failures.push(`${row.name}: nothing found`);
    }
    assert.equal(failures.length, 0, failures.join("\n"));
  });
}

test("the stranger's record is as it was", async () => {
  assert.equal((await scoped("GET", "Observation/" + stranger.deleted, "dr.baker")).status, 410);
  for (const [type, id] of Object.entries(instances(stranger))) {
    const { status, headers } = await scoped("GET", `${type}/${id}`, "dr.baker");
    assert.equal(status, 200, type);
    assert.equal(headers.etag, 'W/"1"', type);
  }
});

// ---- what is shared, linked, moved or gone ----

test("a resource that moved between patients shows only the versions that are the caller's", async () => {
  const of = async (who, path) => (await scoped("GET", `Observation/${familiar.moved}${path}`, who));
  const { json } = await of("dr.adams", "/_history");
  assert.deepEqual(json.entry.map((one) => one.response.etag), ['W/"3"', 'W/"1"']);
  assert.equal(json.total, 2);
  assert.ok(!JSON.stringify(json).includes(stranger.patient));
  assert.equal((await of("dr.adams", "/_history/1")).status, 200);
  assert.equal((await of("dr.adams", "/_history/2")).text, (await of("dr.adams", "/_history/77")).text);
  assert.equal((await of("dr.adams", "/_history/2")).status, 404);
  assert.equal((await of("dr.baker", "")).status, 404);  // the current version is not his
});

test("a page's link serves its own caller and search alone, and both of its pages show own records", async () => {
  const path = `Observation?patient=${familiar.patient},${stranger.patient}&_count=1`;
  let { json } = await scoped("GET", path, "dr.adams");
  const next = json.link.find((one) => one.relation === "next").url;
  assert.equal((await ward.request(next, { as: "dr.baker" })).status, 400);
  assert.equal((await ward.request(next, { as: "nurse.cole" })).status, 400);
  assert.equal((await ward.request(next.replace(stranger.patient, nobody.patient), { as: "dr.adams" })).status, 400);
  for (let pages = 0; json; ++pages) {
    assert.ok(pages < 100);
    for (const { resource } of json.entry ?? []) assert.ok(resource.subject.reference.includes("Patient/" + familiar.patient));
    const link = json.link.find((one) => one.relation === "next")?.url;
    json = link && (await ward.request(link, { as: "dr.adams" })).json;
  }
});

test("a link between patients widens nothing", async () => {
  const linked = { resourceType: "Patient", id: "linked-patient", link: [{ other: { reference: "Patient/" + familiar.patient }, type: "seealso" }], name: [{ family: "Faraway" }] };
  writeFileSync(join(ward.directory, "linked.ndjson"), JSON.stringify(linked) + "\n");
  assert.equal((await ward.command("import", join(ward.directory, "linked.ndjson"))).code, 0);
  assert.equal((await scoped("GET", "Patient/linked-patient", "dr.adams")).status, 404);
  assert.equal((await scoped("GET", "Patient?family=Faraway&_total=accurate", "dr.adams")).json.total, 0);
  assert.equal((await scoped("POST", "Patient", "dr.adams", { body: { resourceType: "Patient", link: linked.link } })).status, 422);
});

test("a resource of several patients shows each caller the own part, and is not found by the others' names", async () => {
  const actor = (patient, display) => ({ actor: { reference: "Patient/" + patient, display }, status: "accepted" });
  const shared = { resourceType: "Appointment", id: "shared-appointment", status: "booked", start: "2027-02-03T09:00:00Z", end: "2027-02-03T10:00:00Z",
    text: { status: "generated", div: '<div xmlns="http://www.w3.org/1999/xhtml">Larkspurling and Quillfeather</div>' },
    participant: [actor(familiar.patient, "Larkspurling"), actor(stranger.patient, "Quillfeather")] };
  for (const clinic of [ward, behind]) {
    writeFileSync(join(clinic.directory, "shared.ndjson"), JSON.stringify(shared) + "\n");
    assert.equal((await clinic.command("import", join(clinic.directory, "shared.ndjson"))).code, 0);
  }
  for (const base of [embedded(), proxied()]) {
    const get = (path, as) => scoped("GET", path, as, { base });
    for (const as of ["dr.adams", "desk.diaz"]) {
      for (const path of ["Appointment/shared-appointment", "Appointment/shared-appointment/_history/1", "Appointment/shared-appointment/_history", "Appointment?_id=shared-appointment", "Appointment?patient=" + familiar.patient]) {
        const { status, text } = await get(path, as);
        assert.equal(status, 200, path);
        assert.ok(text.includes(familiar.patient) && text.includes("Larkspurling"), path);
        assert.ok(!text.includes("stranger") && !text.includes("Quillfeather"), `${as}: ${path}: ${text}`);
      }
      for (const query of ["actor=Patient/", "patient=", "actor="]) {
        const found = (await get(`Appointment?${query}${stranger.patient}&_total=accurate`, as)).json;
        assert.equal(found.entry, undefined, query);
        assert.equal(found.total, 0, query);
      }
    }
    const theirs = (await get("Appointment/shared-appointment", "dr.baker")).text;
    assert.ok(theirs.includes("Quillfeather") && !theirs.includes("familiar"));
    const { json } = await get("Appointment/shared-appointment", "desk.diaz");
    for (const method of ["PUT", "DELETE"]) assert.equal((await scoped(method, "Appointment/shared-appointment", "desk.diaz", { base, body: method === "PUT" ? json : undefined })).status, 403, method);
  }
});

test("a deleted resource is gone for those who saw it", async () => {
  const made = await scoped("POST", "Observation", "dr.adams", { body: measured(familiar.patient) });
  const { id } = made.json;
  assert.equal((await scoped("DELETE", "Observation/" + id, "dr.adams")).status, 204);
  const gone = await scoped("GET", "Observation/" + id, "dr.adams");
  assert.equal(gone.status, 410);
  assert.equal((await scoped("GET", `Observation/${id}/_history/1`, "dr.adams")).status, 200);
  assert.equal((await scoped("GET", `Observation/${id}/_history/2`, "dr.adams")).status, 410);
  assert.equal((await scoped("GET", `Observation/${id}/_history`, "dr.adams")).json.total, 2);
  assert.equal((await scoped("GET", `Observation?_id=${id}&_total=accurate`, "dr.adams")).json.total, 0);
  assert.equal((await scoped("DELETE", "Observation/" + id, "dr.adams")).status, 204);
  assert.equal((await scoped("GET", "Observation/" + id, "dr.baker")).status, 404);
});

// ---- writes within what one may see ----

test("versions: ETag, If-Match, If-None-Match", async () => {
  const made = await scoped("POST", "Observation", "nurse.cole", { body: measured(familiar.patient) });
  assert.equal(made.status, 201);
  assert.equal(made.headers.etag, 'W/"1"');
  const { id } = made.json, path = "Observation/" + id, body = measured(familiar.patient, { id });
  assert.equal(made.headers.location, `${ward.fhir}/${path}/_history/1`);
  const put = (match) => scoped("PUT", path, "nurse.cole", { body, headers: match ? { "if-match": match } : {} });
  assert.equal((await put('W/"1"')).headers.etag, 'W/"2"');
  assert.equal((await put('W/"1"')).status, 412);
  assert.equal((await put("nonsense")).status, 412);
  assert.equal((await put("*")).headers.etag, 'W/"3"');
  assert.equal((await put()).headers.etag, 'W/"4"');
  const unchanged = await scoped("GET", path, "nurse.cole", { headers: { "if-none-match": 'W/"4"' } });
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.text, "");
  assert.equal((await scoped("GET", path, "nurse.cole", { headers: { "if-none-match": 'W/"3"' } })).status, 200);
  assert.equal((await scoped("DELETE", path, "nurse.cole", { headers: { "if-match": 'W/"3"' } })).status, 412);
  assert.equal((await scoped("DELETE", path, "nurse.cole", { headers: { "if-match": 'W/"4"' } })).status, 204);
});

test("what the front desk writes through its view leaves what it cannot see as it was", async () => {
  const path = "Patient/" + familiar.patient;
  const before = (await scoped("GET", path, "dr.adams")).json;
  const shown = (await scoped("GET", path, "desk.diaz")).json;
  shown.telecom = [{ system: "phone", value: "555-0199", use: "home" }];
  const written = await scoped("PUT", path, "desk.diaz", { body: shown });
  assert.equal(written.status, 200, written.text);
  assert.equal(written.json.gender, undefined);
  const now = (await scoped("GET", path, "dr.adams")).json;
  const without = ({ meta, telecom, ...rest }) => rest;
  assert.deepEqual(without(now), without(before));
  assert.deepEqual(now.telecom, shown.telecom);
  assert.equal(now.identifier.length, 2);
  assert.equal(now.meta.security, undefined);
});

test("the front desk cannot write what it cannot see", async () => {
  const path = "Patient/" + familiar.patient;
  const shown = (await scoped("GET", path, "desk.diaz")).json;
  await scoped("PUT", path, "desk.diaz", { body: { ...shown, gender: "male", deceasedBoolean: true, generalPractitioner: [{ reference: "Practitioner/dr-baker" }] } });
  const now = (await scoped("GET", path, "dr.adams")).json;
  assert.equal(now.gender, "female");
  assert.equal(now.deceasedBoolean, undefined);
  assert.deepEqual(now.generalPractitioner, [{ reference: "Practitioner/dr-adams" }]);
});

test("a nurse records observations, and changes no patient", async () => {
  const shown = (await scoped("GET", "Patient/" + familiar.patient, "nurse.cole")).json;
  assert.equal((await scoped("PUT", "Patient/" + familiar.patient, "nurse.cole", { body: shown })).status, 403);
  assert.equal((await scoped("DELETE", "Patient/" + familiar.patient, "nurse.cole")).status, 403);
  assert.equal((await scoped("POST", "Condition", "nurse.cole", { body: { resourceType: "Condition", subject: { reference: "Patient/" + familiar.patient } } })).status, 403);
});

test("a scope with a search constraint holds on every path", async () => {
  const laboratory = { ...measured(familiar.patient), category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }] };
  const vital = measured(familiar.patient);
  const made = {};
  for (const [name, body] of Object.entries({ vital, laboratory })) made[name] = (await scoped("POST", "Observation", "dr.adams", { body })).json.id;
  const scope = "user/Observation.cruds?category=vital-signs user/Patient.rs";
  const as = (method, path, more = {}) => scoped(method, path, "nurse.cole", { scope, ...more });
  assert.equal((await as("GET", "Observation/" + made.vital)).status, 200);
  const unseen = await as("GET", "Observation/" + made.laboratory), absent = await as("GET", "Observation/" + "x".repeat(made.laboratory.length));
  assert.equal(unseen.status, 404);
  assert.equal(unseen.text.replaceAll(made.laboratory, "ID"), absent.text.replaceAll("x".repeat(made.laboratory.length), "ID"));
  for (const path of ["/_history", "/_history/1"]) assert.equal((await as("GET", `Observation/${made.laboratory}${path}`)).status, 404, path);
  const found = (await as("GET", `Observation?patient=${familiar.patient}&_count=200&_total=accurate`)).json;
  assert.ok(found.entry.some(({ resource }) => resource.id === made.vital));
  for (const { resource } of found.entry) assert.equal(resource.category[0].coding[0].code, "vital-signs");
  assert.equal(found.total, found.entry.length);
  assert.equal((await as("GET", `Observation?_id=${made.laboratory}&_total=accurate`)).json.total, 0);
  assert.equal((await as("POST", "Observation", { body: vital })).status, 201);
  assert.equal((await as("POST", "Observation", { body: laboratory })).status, 422);
  assert.equal((await as("PUT", "Observation/" + made.vital, { body: { ...laboratory, id: made.vital } })).status, 422);
  assert.equal((await as("PUT", "Observation/" + made.laboratory, { body: { ...vital, id: made.laboratory } })).status, 404);
  assert.equal((await as("DELETE", "Observation/" + made.laboratory)).status, 404);
  assert.equal((await as("DELETE", `Observation?_id=${made.laboratory}`)).status, 404);
  assert.equal((await as("GET", "Condition?patient=" + familiar.patient)).status, 403);
  const batch = await as("POST", "", { body: { resourceType: "Bundle", type: "batch", entry: [{ request: { method: "GET", url: "Observation/" + made.laboratory } }, { request: { method: "GET", url: "Observation/" + made.vital } }] } });
  assert.deepEqual(batch.json.entry.map((one) => one.response.status.slice(0, 3)), ["404", "200"]);
});

test("an entry of a batch is reduced as its own URL says", async () => {
  const entry = [{ request: { method: "GET", url: `Patient/${familiar.patient}?_elements=gender` } }];
  const { json } = await scoped("POST", "?_elements=name", "dr.adams", { body: { resourceType: "Bundle", type: "batch", entry } });
  const { resource } = json.entry[0];
  assert.equal(resource.gender, "female");
  assert.equal(resource.name, undefined);
});

test("an attack in a conditional request is blocked wherever the condition stands", async () => {
  const attack = "identifier=" + encodeURIComponent("x' OR 1=1 UNION SELECT password FROM users --");
  assert.equal((await scoped("POST", "Observation", "dr.adams", { body: measured(familiar.patient), headers: { "if-none-exist": attack } })).status, 403);
  for (const request of [{ method: "POST", url: "Observation", ifNoneExist: attack }, { method: "PUT", url: "Observation?" + attack }]) {
    const body = { resourceType: "Bundle", type: "transaction", entry: [{ resource: measured(familiar.patient), request }] };
    const { status, text } = await scoped("POST", "", "dr.adams", { body });
    assert.equal(status, 403, text);
    assert.match(text, /firewall rules/);
  }
});

test("who probes for strangers is held back no sooner than who probes for nobody", { skip: !long && "starts a clinic of its own; WARD_LONG=yes runs it" }, async () => {
  const clinic = await Ward.start({ extra: "[limits.abuse]\npatients_max = 1\nslow_at = 50\nreport_at = 50\n" });
  try {
    const strangers = clinic.demo.patients.filter((_, i) => i % 3 === 2).slice(0, 20);
    const entry = strangers.map((id) => ({ request: { method: "GET", url: "Patient/" + id } }));
    for (const id of strangers) assert.equal((await clinic.request("Patient/" + id, { as: "dr.adams" })).status, 404);
    for (const one of entry) await clinic.request(clinic.fhir, { method: "POST", as: "dr.adams", body: { resourceType: "Bundle", type: "batch", entry: [one] } });
    assert.deepEqual((await auditQuery(clinic)).filter((one) => JSON.stringify(one).includes("many_patients")), []);
  } finally {
    await clinic.stop();
    clinic.remove();
  }
});
