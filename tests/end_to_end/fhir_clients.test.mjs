// The same steps of an ordinary app by three clients that others wrote, on Ward's own store and on Ward in front of Ward.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import tls from "node:tls";
import { Ward } from "./ward.mjs";
import { fill, startBehind, unlimited } from "./clinics.mjs";
import { clients } from "./fhir_clients.mjs";
import { familiar, instances, measured, stranger } from "./strangers.mjs";

const keys = `conditional_delete = "multiple"\n`;
let ward, behind;
const bases = { embedded: () => ward.fhir, "in front of Ward": () => ward.base + "/ehr/fhir" };

before(async () => {
  const back = await startBehind(unlimited + "[fhir]\n" + keys, keys);
  behind = back.behind;
  ward = await Ward.start({ extra: unlimited + "[fhir]\n" + keys + back.route });
  for (const clinic of [ward, behind]) await fill(clinic);
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ward.ca.toString()]);
});
after(async () => {
  for (const clinic of [ward, behind]) { await clinic?.stop(); clinic?.remove(); }
});

const reference = (text) => ({ reference: text });
const ids = (bundle) => (bundle.entry ?? []).map((one) => one.resource.id);
const types = (bundle) => new Set((bundle.entry ?? []).map((one) => one.resource.resourceType));
const statuses = (bundle) => bundle.entry.map((one) => Number(one.response.status.slice(0, 3)));
const etag = (version) => ({ "if-match": `W/"${version}"` });
const entry = (method, url, resource, more = {}, fullUrl = undefined) => ({ fullUrl, resource, request: { method, url, ...more } });
const bundle = (type, ...entries) => ({ resourceType: "Bundle", type, entry: entries });

/** What an app does, in order. `s` keeps what later steps need; `refused` is a call that must end with that status. */
function steps(c, s, refused) {
  const subject = { patient: familiar.patient };
  const mine = (extra = {}) => measured(familiar.patient, { identifier: [s.mark], ...extra });
  const by_mark = { identifier: `${s.mark.system}|${s.mark.value}` };
  return {
    "asks what the server can do": async () => {
      const { fhirVersion, rest: [rest] } = await c.capabilities();
      assert.equal(fhirVersion, "4.0.1");
      assert.ok(rest.security.extension[0].extension.some((one) => one.url === "authorize") && rest.interaction.some((one) => one.code === "transaction"));
    },
    // reading
    ...Object.fromEntries(Object.entries(instances(familiar)).map(([type, id]) => [`reads ${type}`, async () => assert.equal((await c.read(type, id)).id, id)])),
    "reads a version": async () => assert.equal((await c.vread("Observation", familiar.observation, "1")).meta.versionId, "1"),
    "reads a history": async () => assert.equal((await c.history("Observation", familiar.observation)).type, "history"),
    "reads the history of what moved": async () => assert.equal((await c.history("Observation", familiar.moved)).entry.length, 2),
    "reads the history of a type": async () => assert.ok((await c.type_history("Condition")).entry.length > 0),
    "follows a reference": async () => assert.equal((await c.resolve("Patient/" + familiar.patient)).id, familiar.patient),
    "reads some elements": async () => assert.equal((await c.raw("GET", `Patient/${familiar.patient}?_elements=name`)).birthDate, undefined),
    "reads a summary": async () => assert.ok((await c.raw("GET", `Patient/${familiar.patient}?_summary=true`)).meta.tag.length > 0),
    "does not find what is not there": () => refused(404, () => c.read("Patient", "no-such-patient")),
    "does not find what is somebody else's": () => refused(404, () => c.read("Patient", stranger.patient)),
    "does not find a version that is not there": () => refused(404, () => c.vread("Observation", familiar.observation, "99")),
    "is told of a type that R4 does not have": () => refused(404, () => c.raw("GET", "Nonsense/1")),
    // searching
    "searches by patient": async () => assert.ok(ids(await c.search("Observation", subject)).includes(familiar.observation)),
    "searches by POST": async () => assert.ok(ids(await c.search_post("Observation", subject)).includes(familiar.observation)),
    "searches by token": async () => assert.ok(ids(await c.search("Observation", { ...subject, code: "http://loinc.org|29463-7" })).includes(familiar.observation)),
    "searches by date": async () => assert.ok(ids(await c.search("Observation", { ...subject, date: ["ge2024-05-01", "le2024-05-31"] })).includes(familiar.observation)),
    "searches by quantity": async () => assert.ok(ids(await c.search("Observation", { ...subject, "value-quantity": "gt70" })).length > 0),
    "searches by name": async () => assert.deepEqual(ids(await c.search("Patient", { family: familiar.family })), [familiar.patient]),
    "searches by identifier": async () => assert.deepEqual(ids(await c.search("Patient", { identifier: "urn:mrn|" + familiar.mrn })), [familiar.patient]),
    "searches by ids": async () => assert.equal(ids(await c.search("Observation", { _id: `${familiar.observation},${familiar.moved}` })).length, 2),
    "searches through a reference": async () => assert.ok(ids(await c.search("Observation", { "patient.identifier": "urn:mrn|" + familiar.mrn })).length > 0),
    "searches through a reverse reference": async () => assert.deepEqual(ids(await c.search("Patient", { "_has:Observation:patient:identifier": "urn:accession|" + familiar.accession })), [familiar.patient]),
    "includes what is referred to": async () => assert.ok(types(await c.search("Observation", { _id: familiar.observation, _include: "Observation:patient" })).has("Patient")),
    "includes what refers to it": async () => assert.ok(types(await c.search("Patient", { _id: familiar.patient, _revinclude: "Observation:patient" })).has("Observation")),
    "sorts": async () => {
      const times = (await c.search("Observation", { ...subject, _sort: "-_lastUpdated" })).entry.map((one) => one.resource.meta.lastUpdated);
      assert.deepEqual(times, [...times].sort().reverse());
    },
    "counts": async () => assert.ok((await c.search("Observation", { ...subject, _total: "accurate" })).entry.length > 0),
    "searches in a compartment": async () => assert.ok(ids(await c.compartment(familiar.patient, "Observation", { _count: "5" })).length > 0),
    "turns pages": async () => {
      const first = await c.search("Observation", { ...subject, _count: "1", _sort: "_id" });
      const second = await c.next(first);
      assert.notDeepEqual(ids(second), ids(first));
      assert.equal(second.entry.length, 1);
    },
    "finds nothing of somebody else's": async () => assert.deepEqual(ids(await c.search("Observation", { patient: stranger.patient })), []),
    "is told of a parameter that does not exist": () => refused(400, () => c.search("Patient", { colour: "red" })),
    // changing
    "creates": async () => {
      const made = await c.create(mine());
      assert.deepEqual([made.resourceType, made.meta.versionId], ["Observation", "1"]);
      s.id = made.id;
    },
    "finds what it created": async () => assert.deepEqual(ids(await c.search("Observation", by_mark)), [s.id]),
    "creates nothing where one is": async () => assert.equal((await c.create_if_none(mine(), `identifier=${s.mark.system}|${s.mark.value}`)).id, s.id),
    "creates where none is": async () => assert.notEqual((s.second = (await c.create_if_none(mine({ identifier: [{ ...s.mark, value: s.mark.value + "-2" }] }), `identifier=${s.mark.system}|${s.mark.value}-2`)).id), s.id),
    "updates": async () => assert.equal((await c.update(mine({ id: s.id, status: "amended" }))).meta.versionId, "2"),
    "updates the version that it read": async () => assert.equal((await c.update(mine({ id: s.id, status: "corrected" }), etag(2))).meta.versionId, "3"),
    "may not update a version that is past": () => refused(412, () => c.update(mine({ id: s.id }), etag(2))),
    "updates what a search matches": async () => {
      const { id, meta } = await c.upsert(mine({ status: "final" }), by_mark);
      assert.deepEqual([id, meta.versionId], [s.id, "4"]);
    },
    "creates what a search does not match": async () => assert.notEqual((s.third = (await c.upsert(mine({ identifier: [{ ...s.mark, value: s.mark.value + "-3" }] }), { identifier: `${s.mark.system}|${s.mark.value}-3` })).id), s.id),
    "patches": async () => assert.equal((await c.patch("Observation", s.id, [{ op: "replace", path: "/status", value: "amended" }])).status, "amended"),
    "may not patch what its test denies": () => refused(422, () => c.patch("Observation", s.id, [{ op: "test", path: "/status", value: "final" }])),
    "sees each version in the history": async () => assert.deepEqual((await c.history("Observation", s.id)).entry.map((one) => one.resource.meta.versionId), ["5", "4", "3", "2", "1"]),
    "reads an old version as it was": async () => assert.equal((await c.vread("Observation", s.id, "2")).status, "amended"),
    "is told what is wrong with a resource": () => refused(422, () => c.create({ resourceType: "Observation", status: "nonsense" })),
    "may not refer to what is not there": () => refused(422, () => c.create(mine({ encounter: reference("Encounter/no-such-encounter") }))),
    "may not write into somebody else's record": () => refused(422, () => c.create(measured(stranger.patient))),
    "may not update what is somebody else's": () => refused(404, () => c.update(measured(familiar.patient, { id: stranger.observation }))),
    "may not update what is not there": () => refused(404, () => c.update(measured(familiar.patient, { id: "no-such-observation" }))),
    "validates": async () => assert.equal((await c.validate(mine())).resourceType, "OperationOutcome"),
    // several at once
    "sends a batch": async () => assert.deepEqual(statuses(await c.bundle(bundle("batch", entry("GET", "Observation/" + s.id), entry("GET", "Patient/no-such-patient"), entry("POST", "Observation", mine()), entry("DELETE", "Observation/" + s.third)))), [200, 404, 201, 204]),
    "sends a transaction": async () => {
      const urn = "urn:uuid:00000000-0000-4000-8000-00000000000a";
      const done = await c.bundle(bundle("transaction", entry("POST", "Observation", mine({ derivedFrom: [reference(urn)] })), entry("POST", "Observation", mine(), {}, urn), entry("PUT", "Observation/" + s.id, mine({ id: s.id })), entry("GET", "Observation/" + s.id)));
      assert.deepEqual(statuses(done), [201, 201, 200, 200]);
      assert.equal(done.entry[3].resource.meta.versionId, "6");
      const of = (i) => done.entry[i].response.location.match(/\/([^/]+)\/_history/)[1];
      assert.equal((await c.read("Observation", of(0))).derivedFrom[0].reference, "Observation/" + of(1));
    },
    "may not send a transaction that cannot be done": () => refused(412, () => c.bundle(bundle("transaction", entry("POST", "Observation", mine()), entry("PUT", "Observation/" + s.id, mine({ id: s.id }), { ifMatch: 'W/"1"' })))),
    "has nothing left of that transaction": async () => assert.equal((await c.search("Observation", by_mark)).entry.length, 4),
    // operations
    "asks for a whole record": async () => assert.ok(types(await c.everything(familiar.patient)).size > 6),
    "asks for the newest values": async () => assert.ok((await c.operation("Observation", "", "$lastn", subject)).entry.length > 0),
    "asks for the tags of a resource": async () => assert.equal((await c.operation("Observation", s.id, "$meta")).resourceType, "Parameters"),
    "is told of an operation that is not served": () => refused(404, () => c.operation("Patient", familiar.patient, "$graph")),
    // ending
    "deletes": async () => { await c.remove("Observation", s.id); },
    "does not find what it deleted": () => refused([404, 410], () => c.read("Observation", s.id)),
    "finds it by no search": async () => assert.ok(!ids(await c.search("Observation", by_mark)).includes(s.id)),
    "deletes what a search matches": async () => {
      await c.raw("DELETE", `Observation?identifier=${s.mark.system}|${s.mark.value}`);
      assert.deepEqual(ids(await c.search("Observation", by_mark)), []);
    },
    "may not delete what is somebody else's": () => refused(404, () => c.remove("Observation", stranger.observation)),
    "deletes once more": async () => { await c.remove("Observation", s.second); },
  };
}

for (const [where, base] of Object.entries(bases)) {
  for (const [name, make] of Object.entries(clients)) {
    test(`${name}, ${where}`, async (t) => {
      const client = make(base(), await ward.token("dr.adams"));
      const refused = async (status, call) => {
        const error = await Promise.resolve().then(call).then(() => undefined, (failure) => failure);
        assert.ok(error, "it was not refused");
        assert.ok([status].flat().includes(client.status(error)), `${client.status(error)} instead of ${status}: ${error.message}`);
      };
      const all = Object.entries(steps(client, { mark: { system: "urn:client", value: `${name.replace(/\W/g, "")}-${where.replace(/\W/g, "")}` } }, refused));
      assert.ok(all.length >= 60, String(all.length));
      const failures = [];
      for (const [step, run] of all) await run().catch((error) => failures.push(`${step}: ${error.message}\n${JSON.stringify(error.response?.data ?? error.outcome ?? "")}`));
      assert.equal(failures.length, 0, `${failures.length} of ${all.length} steps\n` + failures.join("\n"));
      t.diagnostic(`${all.length} steps`);
    });
  }
}
