// Operations and the histories of types and of the system: what they give, to whom, and that nobody hears more by them.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward } from "./ward.mjs";
import { addClient, fill, startBehind, unlimited } from "./clinics.mjs";
import { canaries, comparable, familiar, instances, measured, nobody, stranger } from "./strangers.mjs";

const extra = unlimited + `
[role.dateless]
may = ["system/*.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
view.Observation = { hide = ["effective"] }
view.Encounter = { hide = ["meta"] }

[role.codeless]
may = ["system/*.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
view.Observation = { hide = ["code", "encounter", "performer"] }

[role.makes]
may = ["system/Observation.c"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]

[role.finds]
may = ["system/Observation.s", "system/Patient.rs"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
view.Observation = { hide = ["value"] }
`;

let ward, behind;
const bases = { embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" };
const ask = (base, path, as, options = {}) => ward.request(`${base}${path.startsWith("/") ? "" : "/"}${path}`, { as, ...options });
const types = (bundle) => [...new Set((bundle.entry ?? []).map((one) => one.resource.resourceType))].sort();
const ids = (bundle, mode) => (bundle.entry ?? []).filter((one) => !mode || one.search.mode === mode).map((one) => `${one.resource.resourceType}/${one.resource.id}`);
const next = (bundle) => bundle.link.find((one) => one.relation === "next")?.url;
const loinc = (code) => ({ coding: [{ system: "http://loinc.org", code }] });

const familiar_more = [
  { resourceType: "Location", id: "ward-seven", status: "active", name: "Seven", managingOrganization: { reference: "Organization/clinic" } },
  { resourceType: "Medication", id: "asa", code: { text: "aspirin" } },
  { resourceType: "Encounter", id: "familiar-visit-2", status: "finished", class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" }, subject: { reference: "Patient/" + familiar.patient },
    period: { start: "2020-01-02", end: "2020-01-02" }, location: [{ location: { reference: "Location/ward-seven" } }] },
  { resourceType: "MedicationRequest", id: "familiar-order-2", status: "active", intent: "order", medicationReference: { reference: "Medication/asa" }, subject: { reference: "Patient/" + familiar.patient }, authoredOn: "2020-01-02",
    encounter: { reference: "Encounter/familiar-visit-2" } },
  ...["2021-01-01", "2021-02-01", "2021-03-01"].map((date, i) => measured(familiar.patient, { id: "familiar-weight-" + i, code: loinc("29463-7"), effectiveDateTime: date })),
  ...["2021-01-01", "2021-03-01"].map((date, i) => measured(familiar.patient, { id: "familiar-pulse-" + i, code: loinc("8867-4"), effectiveDateTime: date, encounter: { reference: "Encounter/familiar-visit-2" } })),
];

before(async () => {
  const back = await startBehind(extra);
  behind = back.behind;
  ward = await Ward.start({ extra: extra + back.route });
  for (const clinic of [ward, behind]) {
    await fill(clinic, familiar_more);
    assert.equal((await clinic.request("Observation/" + familiar.deleted, { method: "DELETE", as: "dr.adams" })).status, 204);
  }
  for (const role of ["dateless", "codeless"]) await addClient(ward, role, [role], "system/*.rs");
  await addClient(ward, "makes-and-finds", ["makes", "finds"], "system/Observation.cs system/Patient.rs");
});
after(async () => {
  for (const clinic of [ward, behind]) {
    await clinic?.stop();
    clinic?.remove();
  }
});

for (const [name, of] of Object.entries(bases)) {
  const get = (path, as = "dr.adams", options = {}) => ask(of(), path, as, options);
  const post = (path, body, as = "dr.adams", options = {}) => ask(of(), path, as, { method: "POST", body, ...options });
  const everything = (query = "", as = "dr.adams", id = familiar.patient) => get(`Patient/${id}/$everything${query}`, as);

  // ---- $validate ----

  test(`${name}: $validate gives all problems at once, with their places, and stores nothing`, async () => {
    const before = (await get("Patient?_total=accurate&_count=1", "backend-key")).json.total;
    const bad = await post("Patient/$validate", `{"resourceType":"Patient",\n "gender":"x",\n "birthDate":"no"}`);
    assert.equal(bad.status, 200, bad.text);
    assert.equal(bad.json.resourceType, "OperationOutcome");
    assert.deepEqual(bad.json.issue.map((one) => one.expression[0]), ["Patient.gender", "Patient.birthDate"]);
    assert.match(bad.json.issue[1].location[0], /line 3/);
    const good = await post("Patient/$validate", { resourceType: "Patient", active: true });
    assert.equal(good.status, 200, good.text);
    assert.deepEqual(good.json.issue.map((one) => one.severity), ["information"]);
    assert.equal((await get("Patient?_total=accurate&_count=1", "backend-key")).json.total, before);
  });

  test(`${name}: $validate takes Parameters, modes, and the id of the path`, async () => {
    const wrapped = (resource, mode) => ({ resourceType: "Parameters", parameter: [...(mode ? [{ name: "mode", valueCode: mode }] : []), ...(resource ? [{ name: "resource", resource }] : [])] });
    const bad = await post("Observation/$validate", wrapped({ resourceType: "Observation" }, "create"));
    assert.equal(bad.status, 200, bad.text);
    assert.ok(bad.json.issue.some((one) => one.expression?.[0]?.startsWith("Observation")), bad.text);
    const other = await post("Observation/$validate", wrapped({ resourceType: "Patient" }));
    assert.equal(other.status, 200);
    assert.equal(other.json.issue[0].severity, "error");
    const at = `Observation/${familiar.observation}/$validate`;
    assert.equal((await post(at, measured(familiar.patient, { id: familiar.observation }))).json.issue[0].severity, "information");
    assert.match((await post(at, wrapped(measured(familiar.patient, { id: "x" }), "update"))).text, /id of the path/);
    assert.equal((await post(at + "?mode=delete", undefined)).json?.issue[0].severity, "information");
    assert.equal((await post("Observation/$validate?mode=delete", undefined)).status, 400);
    assert.equal((await post("Observation/$validate?mode=never", measured(familiar.patient))).status, 400);
    assert.equal((await post("Observation/$validate", undefined)).status, 400);
    assert.equal((await post("Observation/$validate", "{")).status, 400);
    const profiled = await post("Observation/$validate?profile=http://x.example/p", measured(familiar.patient));
    assert.equal(profiled.json.issue[0].code, "not-supported");
  });

  test(`${name}: $validate is for those who may write the type, and goes through the firewall`, async () => {
    assert.equal((await post("Observation/$validate", measured(familiar.patient), "patient.one")).status, 403);
    assert.equal((await post("Condition/$validate", { resourceType: "Condition" }, "nurse.cole")).status, 403);
    assert.equal((await post("Observation/$validate", measured(familiar.patient), "nurse.cole")).status, 200);
    assert.equal((await get("Observation/$validate")).status, 405);
    const attack = await post("Observation/$validate", measured(familiar.patient, { identifier: [{ system: "urn:x", value: "1' UNION SELECT password FROM users--" }] }));
    assert.equal(attack.status, 403, attack.text);
    const wrapped = { resourceType: "Parameters", parameter: [{ name: "resource", resource: measured(familiar.patient, { identifier: [{ system: "urn:x", value: "1' UNION SELECT password FROM users--" }] }) }] };
    assert.equal((await post("Observation/$validate", wrapped)).status, 403);
  });

  // ---- $everything ----

  test(`${name}: $everything is the record, with what its shown part refers to`, async () => {
    const all = await everything();
    assert.equal(all.status, 200, all.text);
    assert.equal(all.json.type, "searchset");
    const found = ids(all.json);
    for (const [type, id] of Object.entries(instances(familiar))) assert.ok(found.includes(`${type}/${id}`), `${type}/${id}`);
    for (const id of ["Practitioner/dr-adams", "Organization/clinic", "Organization/dept-primary", "Location/ward-seven", "Medication/asa"])
      assert.ok(ids(all.json, "include").includes(id), id);
    assert.equal(new Set(found).size, found.length, "nothing twice");
    assert.equal(all.json.total, ids(all.json, "match").length);
    assert.ok(!found.some((one) => one.includes("stranger")) && !canaries.some((one) => all.text.includes(one)));
    assert.ok(!found.includes("Observation/" + familiar.deleted));
    const posted = await post(`Patient/${familiar.patient}/$everything`, { resourceType: "Parameters", parameter: [{ name: "_type", valueString: "Observation" }] });
    assert.deepEqual(types(posted.json), ["Observation"]);
  });

  test(`${name}: $everything takes start, end, _since and _type`, async () => {
    const old = await everything("?end=2020-12-31");
    assert.ok(ids(old.json).includes("Encounter/familiar-visit-2") && !ids(old.json).includes("Encounter/" + familiar.encounter));
    assert.ok(ids(old.json).includes("Patient/" + familiar.patient) && ids(old.json).includes("RelatedPerson/" + familiar.related), "what has no date is part of it");
    const recent = await everything("?start=2021-02-01&_type=Observation");
    assert.ok(ids(recent.json).includes("Observation/familiar-weight-1") && !ids(recent.json).includes("Observation/familiar-weight-0"));
    assert.deepEqual(types(recent.json), ["Observation"]);
    assert.equal(ids((await everything("?_since=2099-01-01T00:00:00Z")).json).length, 0);
    const since = encodeURIComponent("2020-01-01T00:00:00+01:00");
    assert.ok(ids((await everything(`?_since=${since}&_type=Patient,Practitioner`)).json).includes("Practitioner/dr-adams"));
    for (const query of ["?start=x", "?_type=Nothing", "?_count=0", "?_count=-1", "?unknown=1", "?_since=2020&_since=2021", "?_page=AAAA"])
      assert.equal((await everything(query)).status, 400, query);
    assert.equal((await get(`Observation/${familiar.observation}/$everything`)).status, 404);
    assert.equal((await get(`Encounter/${familiar.encounter}/$everything?start=2020`)).status, 400);
  });

  test(`${name}: $everything comes in pages that neither repeat nor lose, by links for this caller alone`, async () => {
    const whole = ids((await everything()).json, "match");
    const paged = [];
    let url = `${of()}/Patient/${familiar.patient}/$everything?_count=3`, second;
    for (let pages = 0; url && pages < 40; ++pages) {
      const page = await ward.request(url, { as: "dr.adams" });
      assert.equal(page.status, 200, page.text);
      assert.ok(ids(page.json, "match").length <= 3);
      paged.push(...ids(page.json, "match"));
      url = next(page.json);
      second ??= url;
    }
    assert.deepEqual(paged.sort(), whole.sort());
    assert.equal((await ward.request(second, { as: "nurse.cole" })).status, 400);
    assert.equal((await ward.request(second.replace("_count=3", "_count=4"), { as: "dr.adams" })).status, 400);
  });

  test(`${name}: each type of $everything is decided on its own`, async () => {
    const desk = await everything("", "desk.diaz");
    assert.equal(desk.status, 200, desk.text);
    const allowed = ["Appointment", "Coverage", "Location", "Organization", "Patient", "Practitioner"];
    assert.ok(types(desk.json).every((one) => allowed.includes(one)), types(desk.json).join());
    assert.ok(types(desk.json).includes("Coverage"));
    assert.ok(!desk.text.includes("999-66-6003"), "the view hides the number");
    const whole = await everything("", "nurse.cole");
    assert.ok(!whole.text.includes("999-66-6003"));
    const narrow = await ask(of(), `Patient/${familiar.patient}/$everything`, "dr.adams", { scope: "user/Patient.rs user/Condition.rs" });
    assert.deepEqual(types(narrow.json), ["Condition", "Patient"]);
    assert.equal((await ask(of(), `Patient/${familiar.patient}/$everything`, "dr.adams", { scope: "user/Condition.rs" })).status, 403);
    const own = await everything("", "patient.one", ward.user("patient.one").fhir_user.slice(8));
    assert.equal(own.status, 200, own.text);
    assert.ok(types(own.json).length > 3);
  });

  test(`${name}: Encounter/$everything is what belongs to the encounter`, async () => {
    const all = await get("Encounter/familiar-visit-2/$everything");
    assert.equal(all.status, 200, all.text);
    assert.deepEqual(ids(all.json, "match").sort(), ["Encounter/familiar-visit-2", "MedicationRequest/familiar-order-2", "Observation/familiar-pulse-0", "Observation/familiar-pulse-1"]);
    for (const id of ["Patient/" + familiar.patient, "Location/ward-seven", "Medication/asa"]) assert.ok(ids(all.json, "include").includes(id), id);
  });

  // ---- $lastn ----

  test(`${name}: $lastn gives the newest of each code`, async () => {
    const lastn = (query, as) => get("Observation/$lastn" + query, as);
    const one = await lastn(`?patient=${familiar.patient}&date=2021`);
    assert.equal(one.status, 200, one.text);
    assert.deepEqual(ids(one.json).sort(), ["Observation/familiar-pulse-1", "Observation/familiar-weight-2"]);
    assert.equal(one.json.total, 2);
    const two = await lastn(`?subject=Patient/${familiar.patient}&date=2021&max=2&category=vital-signs`);
    assert.deepEqual(ids(two.json).sort(), ["Observation/familiar-pulse-0", "Observation/familiar-pulse-1", "Observation/familiar-weight-1", "Observation/familiar-weight-2"]);
    const coded = await lastn(`?patient=${familiar.patient}&code=http://loinc.org|29463-7`);
    assert.deepEqual(ids(coded.json), ["Observation/" + familiar.observation]);
    const posted = await post("Observation/$lastn", { resourceType: "Parameters", parameter: [{ name: "patient", valueString: familiar.patient }, { name: "max", valuePositiveInt: 1 }, { name: "date", valueString: "2021" }] });
    assert.deepEqual(ids(posted.json).sort(), ids(one.json).sort());
    for (const query of ["", "?category=vital-signs", `?patient=${familiar.patient}&max=0`, `?patient=${familiar.patient}&value-quantity=1`, "?patient=", "?patient:missing=true"])
      assert.equal((await lastn(query)).status, 400, query);
    const chained = await lastn(`?subject:Patient.identifier=urn:mrn|${familiar.mrn}&date=2021`);
    assert.deepEqual(ids(chained.json).sort(), ids(one.json).sort(), "a chain is followed");
    for (const words of [stranger, nobody])
      assert.deepEqual(ids((await lastn(`?subject:Patient.identifier=urn:mrn|${words.mrn}`)).json), [], "and finds nobody else");
    assert.equal((await lastn(`?patient=${familiar.patient}`, "desk.diaz")).status, 403);
    assert.equal((await get("Patient/$lastn?patient=1")).status, 404);
  });

  // ---- $meta ----

  test(`${name}: $meta, $meta-add and $meta-delete change tags alone, as a new version`, async () => {
    const at = `Observation/${familiar.observation}`;
    const parameters = (meta) => ({ resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: meta }] });
    const before = await get(at), tag = { system: "urn:tags", code: "seen" };
    const shown = await get(at + "/$meta");
    assert.equal(shown.status, 200, shown.text);
    assert.deepEqual(shown.json.parameter[0], { name: "return", valueMeta: before.json.meta });
    const added = await post(at + "/$meta-add", parameters({ tag: [tag, { ...tag, display: "twice" }] }));
    assert.equal(added.status, 200, added.text);
    assert.deepEqual(added.json.parameter[0].valueMeta.tag, [tag]);
    const after = await get(at);
    assert.deepEqual(after.json.meta, added.json.parameter[0].valueMeta);
    assert.notEqual(after.json.meta.versionId, before.json.meta.versionId);
    assert.deepEqual({ ...after.json, meta: 0 }, { ...before.json, meta: 0 });
    assert.equal((await post(at + "/$meta-add", parameters({ tag: [tag] }), "dr.adams", { headers: { "if-match": 'W/"999"' } })).status, 412);
    const removed = await post(at + "/$meta-delete", parameters({ tag: [tag] }));
    assert.equal(removed.status, 200, removed.text);
    assert.equal(removed.json.parameter[0].valueMeta.tag, undefined);
    assert.equal((await post(at + "/$meta-add", parameters({ versionId: "7" }))).status, 400);
    assert.equal((await post(at + "/$meta-add", { resourceType: "Parameters" })).status, 422);
    assert.equal((await post(at + "/$meta-add", undefined)).status, 400);
    assert.equal((await post(at + "/$meta-add", parameters({ tag: "x" }))).status, 422);
    assert.equal((await get(at + "/$meta-add")).status, 405);
    assert.equal((await post(`Condition/${familiar.condition}/$meta-add`, parameters({ tag: [tag] }), "nurse.cole")).status, 403);
    assert.equal((await post(`Patient/${familiar.patient}/$meta-add`, parameters({ tag: [tag] }), "desk.diaz")).status, 403, "its view does not show meta");
    assert.equal((await ask(of(), at + "/$meta-add", "dr.adams", { method: "POST", body: parameters({ tag: [tag] }), scope: "user/Observation.u" })).status, 403);
    for (const operation of ["$meta-add", "$meta-delete"]) {
      const unread = (id) => ask(of(), `Observation/${id}/${operation}`, "dr.adams", { method: "POST", body: parameters({ tag: [tag] }), scope: "user/Observation.u user/Observation.r?status=amended" });
      const hidden = await unread(familiar.observation), absent = await unread(nobody.observation);
      assert.equal(hidden.status, 404, "what the scope does not read is not told by what changes it");
      assert.equal(hidden.text.replaceAll(familiar.observation, "ID"), absent.text.replaceAll(nobody.observation, "ID"));
    }
  });

  // ---- nobody hears more ----

  test(`${name}: what a view hides is no way to find, to order or to follow`, async () => {
    const refused = async (path, as) => {
      const answer = await get(path, as);
      assert.equal(answer.status, 403, path + answer.text);
      assert.equal(answer.text.replaceAll(familiar.patient, "ID"), (await get(path.replaceAll(familiar.patient, nobody.patient), as)).text.replaceAll(nobody.patient, "ID"));
    };
    await refused(`Observation/$lastn?patient=${familiar.patient}`, "dateless");
    await refused(`Observation/$lastn?patient=${familiar.patient}`, "codeless");
    await refused(`Patient/${familiar.patient}/$everything?start=2021`, "dateless");
    await refused(`Patient/${familiar.patient}/$everything?_since=2021-01-01`, "dateless");
    assert.equal((await everything("?start=2021&_type=Condition", "dateless")).status, 200);
    const all = await everything("", "codeless");
    assert.ok(types(all.json).includes("Observation") && !all.text.includes("29463-7"));
    for (const [path, as, told] of [["Encounter/familiar-visit-2", "dateless", false], ["Encounter/familiar-visit-2", "codeless", true]]) {
      assert.equal(Boolean((await get(path, as)).headers["last-modified"]), told, "a time that the view hides is no header");
      assert.equal(Boolean((await get(path + "/_history", as)).json.entry[0].response.lastModified), told, "nor beside a version");
    }
    const visit = await get("Encounter/familiar-visit-2/$everything", "codeless");
    assert.deepEqual(ids(visit.json, "match").sort(), ["Encounter/familiar-visit-2", "MedicationRequest/familiar-order-2"], "not by an element that is hidden");
  });

  test(`${name}: what a conditional create finds is shown as a search shows it`, async () => {
    const answer = await ask(of(), "Observation", "makes-and-finds", { method: "POST", body: measured(familiar.patient), headers: { "if-none-exist": `_id=familiar-weight-0` } });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.id, "familiar-weight-0");
    assert.equal(answer.json.valueQuantity, undefined, answer.text);
  });

  test(`${name}: operations about a stranger are answered like those about nobody`, async () => {
    const differ = [];
    const rows = [
      (w) => ({ path: `Patient/${w.patient}/$everything` }), (w) => ({ path: `Patient/${w.patient}/$everything?_count=2&_type=Observation` }),
      (w) => ({ path: `Patient/${w.patient}/$everything?start=2020&_since=2020-01-01` }), (w) => ({ path: `Patient/${w.patient}/$everything?wrong=1` }),
      (w) => ({ path: `Patient/${w.patient}/$everything`, method: "POST", body: { resourceType: "Parameters", parameter: [{ name: "_count", valueInteger: 1 }] } }),
      (w) => ({ path: `Encounter/${w.encounter}/$everything` }), (w) => ({ path: `Encounter/${w.encounter}/$everything?_type=Patient` }),
      (w) => ({ path: `Observation/$lastn?patient=${w.patient}` }), (w) => ({ path: `Observation/$lastn?subject=Patient/${w.patient}&max=3` }),
      (w) => ({ path: `Observation/${w.observation}/$meta` }), (w) => ({ path: `Patient/${w.patient}/$meta` }), (w) => ({ path: `Observation/${w.deleted}/$meta` }),
      (w) => ({ path: `Observation/${w.observation}/$meta-add`, method: "POST", body: { resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: { tag: [{ code: "x" }] } }] } }),
      (w) => ({ path: `Observation/${w.observation}/$meta-delete`, method: "POST", headers: { "if-match": 'W/"9"' }, body: { resourceType: "Parameters", parameter: [{ name: "meta", valueMeta: { tag: [{ code: "x" }] } }] } }),
      (w, base) => ({ path: `Observation/$lastn?subject=${encodeURIComponent(base + "/Patient/" + w.patient)}` }),
      (w) => ({ path: `Observation/$lastn?patient=${w.patient},${familiar.patient}` }), (w) => ({ path: `Observation/$lastn?patient:identifier=urn:mrn|${w.mrn}` }),
      (w) => ({ path: `Observation/${w.observation}/$validate`, method: "POST", body: measured(familiar.patient, { id: w.observation }) }),
      (w) => ({ path: `Observation/${w.observation}/$validate?mode=delete`, method: "POST" }), (w) => ({ path: `Observation/${w.deleted}/$validate?mode=delete`, method: "POST" }),
      (w) => ({ path: `Patient/${w.patient}/$validate`, method: "POST", body: { resourceType: "Patient", id: "x" } }),
      (w) => ({ path: "Observation/$validate", method: "POST", body: measured(w.patient) }),
      (w) => ({ path: "", method: "POST", body: { resourceType: "Bundle", type: "batch", entry: [{ request: { method: "GET", url: `Patient/${w.patient}/$everything` } }, { request: { method: "GET", url: `Observation/$lastn?patient=${w.patient}` } }] } }),
    ];
    for (const as of ["dr.adams", "desk.diaz", "nurse.cole", "patient.one"]) {
      for (const row of rows) {
        const answers = [];
        for (const words of [stranger, nobody]) {
          const { path, ...options } = row(words, of());
          answers.push(comparable(await ask(of(), path, as, options), words));
        }
        if (answers[0] !== answers[1]) differ.push(`${as} ${row(stranger, "").path}\n${answers[0]}\n---\n${answers[1]}`);
        for (const canary of canaries) if (answers[0].includes(canary)) differ.push(`${as} ${row(stranger, "").path} holds ${canary}`);
      }
    }
    assert.equal(differ.length, 0, differ.join("\n\n"));
  });
}

// ---- histories of types and of the system ----

const embedded = (path, as = "dr.adams", options = {}) => ask(ward.fhir, path, as, options);
const versions = (bundle) => (bundle.entry ?? []).map((one) => `${one.fullUrl.split("/").slice(-2).join("/")}/${one.response.etag.match(/\d+/)[0]}`);
async function pages(url, as, most = 1000) {
  const all = [];
  for (let n = 0; url && n < most; ++n) {
    const page = await ward.request(url, { as });
    assert.equal(page.status, 200, page.text);
    all.push(...(page.json.entry ?? []));
    url = next(page.json);
  }
  return all;
}

test("the history of a type is newest first, in pages that neither repeat nor lose", async () => {
  const id = (await embedded("Observation", "dr.adams", { method: "POST", body: measured(familiar.patient) })).json.id;
  await embedded("Observation/" + id, "dr.adams", { method: "PUT", body: measured(familiar.patient, { id, status: "amended" }) });
  assert.equal((await embedded("Observation/" + id, "dr.adams", { method: "DELETE" })).status, 204);
  const newest = await embedded("Observation/_history?_count=3");
  assert.equal(newest.status, 200, newest.text);
  assert.equal(newest.json.type, "history");
  assert.deepEqual(versions(newest.json), [3, 2, 1].map((version) => `Observation/${id}/${version}`));
  assert.deepEqual(newest.json.entry.map((one) => one.request.method), ["DELETE", "PUT", "POST"]);
  assert.deepEqual(newest.json.entry.map((one) => one.resource?.status), [undefined, "amended", "final"]);
  const all = versions({ entry: await pages(`${ward.fhir}/Observation/_history?_count=7`, "dr.adams") });
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(all.slice(0, 1000), versions((await embedded("Observation/_history?_count=1000")).json));
  assert.equal((await ward.request(next(newest.json), { as: "nurse.cole" })).status, 400);
});

test("a version is in the history only if it and the current one are the caller's", async () => {
  const own = (await embedded("Observation/_history?_count=1000")).json;
  assert.deepEqual(versions(own).filter((one) => one.includes(familiar.moved)), [`Observation/${familiar.moved}/3`, `Observation/${familiar.moved}/1`]);
  assert.deepEqual(versions(own).filter((one) => one.includes(familiar.deleted)), [`Observation/${familiar.deleted}/2`, `Observation/${familiar.deleted}/1`]);
  assert.ok(!versions(own).some((one) => one.includes("stranger")) && !JSON.stringify(own).includes(stranger.patient));
  const all = versions({ entry: await pages(`${ward.fhir}/Observation/_history?_count=1000`, "backend-key") });
  assert.deepEqual(all.filter((one) => one.includes(familiar.moved)).length, 3);
  assert.ok(all.includes(`Observation/${stranger.moved}/2`));
  const patient = await embedded("Patient/_history", "patient.one");
  assert.deepEqual([...new Set(versions(patient.json).map((one) => one.split("/")[1]))], [ward.user("patient.one").fhir_user.slice(8)]);
});

test("_since and _at choose by time", async () => {
  const id = (await embedded("Observation", "dr.adams", { method: "POST", body: measured(familiar.patient) })).json.id;
  const first = (await embedded("Observation/" + id)).json.meta.lastUpdated;
  const second = (await embedded("Observation/" + id, "dr.adams", { method: "PUT", body: measured(familiar.patient, { id, status: "amended" }) })).json.meta.lastUpdated;
  const of = async (query) => versions((await embedded("Observation/_history?_count=1000&" + query)).json).filter((one) => one.includes(id));
  assert.deepEqual(await of("_since=" + first), [`Observation/${id}/2`, `Observation/${id}/1`]);
  assert.deepEqual(await of("_since=" + second), [`Observation/${id}/2`]);
  assert.deepEqual(await of("_at=" + first), [`Observation/${id}/1`]);
  assert.deepEqual(await of("_at=" + second), [`Observation/${id}/2`]);
  assert.deepEqual(await of("_at=" + first.slice(0, 10)), [`Observation/${id}/2`, `Observation/${id}/1`]);
  assert.deepEqual(await of("_at=2020"), []);
  for (const query of ["_since=x", "_at=x", "_count=0", "_at=2020&_since=2020", "_list=1", "_page=AAAA", "_page="])
    if (query !== "_page=") assert.equal((await embedded("Observation/_history?" + query)).status, 400, query);
});

test("the history of the system has each type that the caller may ask about", async () => {
  const whole = await pages(ward.fhir + "/_history?_count=500", "dr.adams");
  assert.ok(types({ entry: whole.filter((one) => one.resource) }).length > 8);
  const times = whole.map((one) => one.response.lastModified);
  assert.deepEqual(times, [...times].sort().reverse());
  assert.equal(new Set(versions({ entry: whole })).size, whole.length);
  assert.ok(!versions({ entry: whole }).some((one) => one.includes("stranger")));
  const desk = await pages(ward.fhir + "/_history?_count=500", "desk.diaz");
  const allowed = ["Appointment", "Coverage", "Location", "Organization", "Patient", "Practitioner"];
  assert.ok(types({ entry: desk.filter((one) => one.resource) }).every((one) => allowed.includes(one)));
  assert.ok(desk.every((one) => !JSON.stringify(one).includes("999-66-6003")));
  const narrow = await ask(ward.fhir, "_history?_count=1000", "dr.adams", { scope: "user/Condition.s" });
  assert.deepEqual(types(narrow.json), ["Condition"]);
  assert.equal((await ask(ward.fhir, "_history", "dr.adams", { scope: "user/Condition.r" })).status, 403);
  assert.equal((await ask(ward.fhir, "Condition/_history", "dr.adams", { scope: "user/Condition.r" })).status, 403);
  assert.equal((await embedded("Condition/_history", "desk.diaz")).status, 403);
  assert.equal((await ward.request("Observation/_history")).status, 401);
});

test("when something was changed cannot be asked where the view hides it", async () => {
  assert.equal((await embedded("Encounter/_history?_since=2020", "dateless")).status, 403);
  assert.equal((await embedded("Encounter/_history?_at=2020", "dateless")).status, 403);
  assert.equal((await embedded("_history?_since=2020", "dateless")).status, 403);
  assert.equal((await embedded("Encounter/_history", "dateless")).status, 200);
});

test("in front of another server these histories are merged from those of what the caller may see", async () => {
  const there = (path, as = "dr.adams") => ask(bases.proxied(), path, as);
  const own = await there("Observation/_history?_count=1000");
  assert.equal(own.status, 200, own.text);
  assert.deepEqual(versions(own.json).filter((one) => one.includes(familiar.moved)), [`Observation/${familiar.moved}/3`, `Observation/${familiar.moved}/1`]);
  assert.ok(!own.text.includes("stranger") && !canaries.some((one) => own.text.includes(one)));
  const times = own.json.entry.map((one) => one.response.lastModified);
  assert.deepEqual(times, [...times].sort().reverse());
  const first_pages = versions({ entry: await pages(`${bases.proxied()}/Observation/_history?_count=7`, "dr.adams", 10) });
  assert.deepEqual(first_pages, versions(own.json).slice(0, 70));
  const whole = await pages(bases.proxied() + "/_history?_count=500", "dr.adams", 6);
  assert.ok(types({ entry: whole }).length > 8);
  assert.equal(new Set(versions({ entry: whole })).size, whole.length);
  const made = (await ask(bases.proxied(), "Observation", "dr.adams", { method: "POST", body: measured(familiar.patient) })).json, id = made.id;
  const changed = (await ask(bases.proxied(), "Observation/" + id, "dr.adams", { method: "PUT", body: measured(familiar.patient, { id, status: "amended" }) })).json;
  const of = async (query) => versions((await there("Observation/_history?_count=1000&" + query)).json).filter((one) => one.includes(id));
  const [first, second] = [made.meta.lastUpdated, changed.meta.lastUpdated];
  assert.deepEqual(await of("_since=" + first), [`Observation/${id}/2`, `Observation/${id}/1`]);
  assert.deepEqual(await of("_since=" + second), [`Observation/${id}/2`]);
  assert.deepEqual(await of("_at=" + first), [`Observation/${id}/1`]);
  assert.deepEqual(await of("_at=2020"), []);
  assert.equal((await there("Observation/_history", "patient.two")).text.includes(familiar.patient), false);
});

test("metadata lists what is served, and nothing else", async () => {
  const here = (await ward.request("metadata")).json.rest[0], there = (await ward.request(bases.proxied() + "/metadata")).json.rest[0];
  const codes = (list) => list.map((one) => one.code);
  const of = (rest, type) => rest.resource.find((one) => one.type === type);
  assert.ok(codes(of(here, "Patient").interaction).includes("history-type") && codes(here.interaction).includes("history-system"));
  assert.ok(codes(of(there, "Patient").interaction).includes("history-type") && codes(there.interaction).includes("history-system"));
  for (const rest of [here, there]) {
    assert.deepEqual(of(rest, "Patient").operation.map((one) => one.name), ["validate", "everything", "meta", "meta-add", "meta-delete", "match"]);
    assert.deepEqual(of(rest, "Observation").operation.map((one) => one.name), ["validate", "lastn", "meta", "meta-add", "meta-delete"]);
  }
  for (const path of ["Patient/$everything", "Patient/1/$lastn", "$everything", "$export", "Patient/1/$meta-all", "Patient/$"]) assert.equal((await embedded(path)).status, 404, path);
});
