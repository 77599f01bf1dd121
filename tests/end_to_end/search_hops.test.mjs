// Searches that look at other resources: chains, _has, _list, _include, _revinclude, compartments; embedded and in front of another server.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Ward } from "./ward.mjs";
import { familiar, record, stranger } from "./strangers.mjs";

let ward, behind;
const bases = { embedded: () => ward.fhir, "in front of another server": () => ward.base + "/ehr/fhir" };

async function fill(clinic) {
  const file = join(clinic.directory, "records.ndjson");
  const own = { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret: { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "words" } };
  const list = { resourceType: "List", id: "watched", status: "current", mode: "working", subject: { reference: "Patient/" + familiar.patient },
    entry: [{ item: { reference: "Observation/" + familiar.observation } }, { item: { reference: "Patient/" + familiar.patient } }, { item: { reference: "Patient/" + stranger.patient } }] };
  const all = [...record(familiar, own), ...record(stranger, { ...own, practitioner: "dr-baker", nurse: "", department: "dept-cardiology" }), list];
  writeFileSync(file, all.map((one) => JSON.stringify(one)).join("\n") + "\n");
  const { code, stdout, stderr } = await clinic.command("import", file);
  assert.equal(code, 0, stdout + stderr);
}

before(async () => {
  behind = await Ward.start();
  const client = join(behind.directory, "front.json");
  writeFileSync(client, JSON.stringify({ client_id: "front", scope: "system/*.cruds", roles: ["backend"], purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  assert.equal((await behind.command("client", "add", "--file", client)).code, 0);
  writeFileSync(join(behind.directory, "front.token"), (await behind.command("token", "--client", "front")).stdout.trim(), { mode: 0o600 });
  ward = await Ward.start({ extra: `
[route.ehr]
path = "/ehr/fhir"
upstream = "${behind.fhir}"
fhir = true
ca = "${behind.demo.ca_file}"
bearer_file = "${join(behind.directory, "front.token")}"
` });
  for (const clinic of [ward, behind]) await fill(clinic);
});
after(async () => { for (const one of [ward, behind]) { await one?.stop(); one?.remove(); } });

const names = (bundle, mode = "match") => (bundle.entry ?? []).filter((one) => one.search.mode === mode).map((one) => `${one.resource.resourceType}/${one.resource.id}`).sort();
const outcomes = (bundle) => (bundle.entry ?? []).filter((one) => one.search.mode === "outcome").flatMap((one) => one.resource.issue.map((issue) => issue.diagnostics));

for (const [where, base] of Object.entries(bases))
  describe(where, () => {
    const find = async (path, as = "dr.adams", scope = undefined) => {
      const { status, json, text } = await ward.request(`${base()}/${path}`, { as, scope });
      assert.equal(status, 200, `${path}: ${text}`);
      return json;
    };
    const refused = async (path, status, as = "dr.adams", scope = undefined) => {
      const answer = await ward.request(`${base()}/${path}`, { as, scope });
      assert.equal(answer.status, status, `${path}: ${answer.text}`);
      return answer.json.issue[0].diagnostics;
    };
    const observations = [`Observation/${familiar.deleted}`, `Observation/${familiar.moved}`, `Observation/${familiar.observation}`].sort();

    test("a chain finds what its end says, at any depth", async () => {
      assert.deepEqual(names(await find(`Observation?patient.identifier=${familiar.mrn}`)), observations);
      assert.deepEqual(names(await find(`Observation?subject:Patient.family=${familiar.family.toLowerCase()}&code=29463-7`)), observations);
      assert.deepEqual(names(await find(`Observation?encounter.patient.family=${familiar.family}`)), [`Observation/${familiar.observation}`]);
      assert.deepEqual(names(await find(`DiagnosticReport?result.encounter.patient.birthdate=${familiar.born}`)), [`DiagnosticReport/${familiar.report}`]);
      assert.deepEqual(names(await find(`Observation?patient.family=${familiar.family}&patient.gender=male`)), []);
    });

    test("several conditions on one hop each hold on their own, values are alternatives", async () => {
      assert.deepEqual(names(await find(`Observation?patient.family=nobody-of-this-name,${familiar.family}`)), observations);
      assert.deepEqual(names(await find(`Observation?patient.family=${familiar.family}&patient.identifier=${familiar.mrn}`)), observations);
    });

    test("a reverse chain finds what is referred to", async () => {
      assert.deepEqual(names(await find(`Patient?_has:Observation:patient:identifier=urn:accession|${familiar.accession}`)), [`Patient/${familiar.patient}`]);
      assert.deepEqual(names(await find(`Patient?_has:Observation:patient:_has:DiagnosticReport:result:_id=${familiar.report}`)), [`Patient/${familiar.patient}`]);
      assert.deepEqual(names(await find(`Observation?_has:DiagnosticReport:result:patient.family=${familiar.family}`)), [`Observation/${familiar.observation}`]);
      assert.deepEqual(names(await find(`Practitioner?_has:Encounter:participant:_id=${familiar.encounter}`)), ["Practitioner/dr-adams"]);
      assert.deepEqual(names(await find(`Practitioner?_has:Encounter:participant:_id=${stranger.encounter}`)), []);
    });

    test("a list is searched by its items, of those that may be seen", async () => {
      assert.deepEqual(names(await find("Observation?_list=watched")), [`Observation/${familiar.observation}`]);
      assert.deepEqual(names(await find("Patient?_list=watched")), [`Patient/${familiar.patient}`]);
    });

    test("what comes along is marked, and comes once", async () => {
      const found = await find(`Observation?patient=${familiar.patient}&_include=Observation:subject&_include=Observation:encounter&_include=Observation:patient&_total=accurate`);
      assert.deepEqual(names(found), observations);
      assert.deepEqual(names(found, "include"), [`Encounter/${familiar.encounter}`, `Patient/${familiar.patient}`]);
      if (found.total !== undefined) assert.equal(found.total, 3, "companions do not count");
      for (const entry of found.entry) assert.equal(entry.fullUrl, `${base()}/${entry.resource.resourceType}/${entry.resource.id}`);
    });

    test("iterated includes go on from what came along", async () => {
      const once = await find(`DiagnosticReport?_id=${familiar.report}&_include=DiagnosticReport:result`);
      assert.deepEqual(names(once, "include"), [`Observation/${familiar.observation}`]);
      const on = await find(`DiagnosticReport?_id=${familiar.report}&_include=DiagnosticReport:result&_include:iterate=Observation:encounter&_include:iterate=Encounter:participant`);
      assert.deepEqual(names(on, "include"), [`Encounter/${familiar.encounter}`, `Observation/${familiar.observation}`, "Practitioner/dr-adams"]);
    });

    test("reverse includes bring what refers, of those that may be seen", async () => {
      const found = await find(`Patient?_id=${familiar.patient}&_revinclude=Observation:patient&_revinclude=Condition:patient&_revinclude=Coverage:beneficiary`);
      assert.deepEqual(names(found, "include"), [`Condition/${familiar.condition}`, `Coverage/${familiar.coverage}`, ...observations].sort());
      const doctors = await find("Practitioner?_id=dr-adams,dr-baker&_revinclude=Encounter:participant");
      assert.ok(names(doctors, "include").includes(`Encounter/${familiar.encounter}`));
      assert.ok(!JSON.stringify(doctors).includes(stranger.encounter));
    });

    test("a compartment holds one patient's resources", async () => {
      assert.deepEqual(names(await find(`Patient/${familiar.patient}/Observation`)), observations);
      assert.deepEqual(names(await find(`Patient/${familiar.patient}/Observation?_id=${familiar.observation}`)), [`Observation/${familiar.observation}`]);
      assert.deepEqual(names(await find(`Patient/${stranger.patient}/Observation`)), []);
      const page = await find(`Patient/${familiar.patient}/Observation?_count=2`), next = page.link.find((one) => one.relation === "next").url;
      assert.ok(next.startsWith(`${base()}/Patient/${familiar.patient}/Observation?`), next);
      const rest = await ward.request(next, { as: "dr.adams" });
      assert.deepEqual([...names(page), ...names(rest.json)].sort(), observations);
      const elsewhere = next.replace(familiar.patient, ward.demo.patients[0]);
      assert.equal((await ward.request(elsewhere, { as: "dr.adams" })).status, 400, "a link serves its own search alone");
    });

    test("pages of a chain neither repeat nor lose", async () => {
      const seen = [];
      for (let url = `${base()}/Observation?patient.family=${familiar.family}&_count=1`; url;) {
        const { json } = await ward.request(url, { as: "dr.adams" });
        seen.push(...names(json));
        url = json.link.find((one) => one.relation === "next")?.url;
      }
      assert.deepEqual(seen.sort(), observations);
    });

    test("a hop is decided like the request that it stands for", async () => {
      await refused(`Coverage?beneficiary:Patient.gender=female`, 403, "desk.diaz");
      await refused(`Coverage?beneficiary:Patient.identifier=${familiar.mrn}&_has:Observation:subject:code=1`, 400, "desk.diaz");
      await refused(`Patient?_has:Observation:patient:code=29463-7`, 403, "desk.diaz");
      assert.deepEqual(names(await find(`Coverage?beneficiary:Patient.birthdate=${familiar.born}`, "desk.diaz")), [`Coverage/${familiar.coverage}`]);
      const narrow = "user/Observation.rs openid fhirUser";
      await refused(`Observation?patient.family=${familiar.family}`, 403, "dr.adams", narrow);
      assert.deepEqual(names(await find(`Observation?patient=${familiar.patient}`, "dr.adams", narrow)), observations);
    });

    test("what the token does not cover does not come along, and the answer says so where it was named", async () => {
      const narrow = "user/Observation.rs openid fhirUser";
      const found = await find(`Observation?patient=${familiar.patient}&_include=Observation:subject&_revinclude=DiagnosticReport:result`, "dr.adams", narrow);
      assert.deepEqual(names(found, "include"), []);
      assert.match(outcomes(found).join(), /DiagnosticReport:result/);
    });

    test("each companion leaves under the view of its own type", async () => {
      const found = await find(`Coverage?beneficiary=${familiar.patient}&_include=Coverage:beneficiary`, "desk.diaz");
      const patient = found.entry.find((one) => one.resource.resourceType === "Patient").resource;
      assert.equal(patient.gender, undefined, "the desk does not see it");
      assert.ok(patient.meta.security.some((one) => one.code === "SUBSETTED"));
    });
  });

test("metadata names what comes along", async () => {
  const { json } = await ward.request(ward.fhir + "/metadata");
  const observation = json.rest[0].resource.find((one) => one.type === "Observation");
  assert.ok(observation.searchInclude.includes("Observation:subject"));
  assert.ok(observation.searchRevInclude.includes("DiagnosticReport:result"));
});

test("too many at the other end of a hop is said, and nothing is cut", async () => {
  const crowd = Array.from({ length: 10_001 }, (_, i) => ({ resourceType: "Patient", id: `crowd-${i}`, name: [{ family: "Crowded" }] }));
  const file = join(ward.directory, "crowd.ndjson");
  writeFileSync(file, crowd.map((one) => JSON.stringify(one)).join("\n") + "\n");
  assert.equal((await ward.command("import", file)).code, 0);
  const many = await ward.request("Observation?patient.family=Crowded", { as: "backend-key" });
  assert.equal(many.status, 400);
  assert.equal(many.json.issue[0].code, "too-costly");
  assert.equal((await ward.request("Observation?patient.family=Crowded", { as: "dr.adams" })).status, 200, "who sees none of them is told nothing");
});
