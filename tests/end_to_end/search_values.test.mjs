// What a search may say of values: composites, words, places, types of identifiers, value sets, several types at once, compartments; embedded and in front of another server.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Ward } from "./ward.mjs";
import { familiar, record, stranger } from "./strangers.mjs";

let ward, behind;
const bases = { embedded: () => ward.fhir, "in front of another server": () => ward.base + "/ehr/fhir" };
const loinc = "http://loinc.org", coded = (code, display) => ({ coding: [{ system: loinc, code, display }] });

/** Blood pressures: of the same numbers, but not of the same parts. */
function values(words, doctor) {
  const subject = { reference: "Patient/" + words.patient };
  const pressure = (id, systolic, diastolic) => ({ resourceType: "Observation", id, status: "final", code: coded("85354-9", "Blood pressure panel"), subject, effectiveDateTime: "2024-05-07",
    performer: [{ reference: "Practitioner/" + doctor }], encounter: { reference: "Encounter/" + words.encounter },
    text: { status: "generated", div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>Measured <b>sitting</b> ${id}</p></div>` },
    component: [{ code: coded("8480-6", "Systolic"), valueQuantity: { value: systolic, unit: "mmHg", system: "http://unitsofmeasure.org", code: "mm[Hg]" } },
      { code: coded("8462-4", "Diastolic"), valueQuantity: { value: diastolic, unit: "mmHg", system: "http://unitsofmeasure.org", code: "mm[Hg]" } }] });
  return [pressure(words.patient + "-bp-1", 140, 90), pressure(words.patient + "-bp-2", 90, 140),
    { resourceType: "DocumentReference", id: words.patient + "-old", status: "superseded", subject, content: [{ attachment: { title: "Discharge letter", contentType: "text/plain" } }] },
    { resourceType: "DocumentReference", id: words.patient + "-new", status: "current", subject, content: [{ attachment: { title: "Discharge letter, corrected" } }],
      relatesTo: [{ code: "replaces", target: { reference: `DocumentReference/${words.patient}-old` } }] }];
}

async function fill(clinic) {
  const file = join(clinic.directory, "records.ndjson");
  const own = { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret: { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "Chronic cough" } };
  const typed = { type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }], text: "Record number" }, system: "urn:typed", value: "T-1" };
  const all = [...record(familiar, own), ...record(stranger, { ...own, practitioner: "dr-baker", nurse: "", department: "dept-cardiology" }), ...values(familiar, "dr-adams"), ...values(stranger, "dr-baker"),
    { resourceType: "Appointment", id: "shared", status: "booked", description: "Grouptherapy", participant: [familiar, stranger].map((one) => ({ actor: { reference: "Patient/" + one.patient }, status: "accepted" })) },
    { resourceType: "Location", id: "vienna", name: "Wien", position: { latitude: 48.2082, longitude: 16.3738 } },
    { resourceType: "Location", id: "graz", name: "Graz", position: { latitude: 47.0707, longitude: 15.4395 } }];
  for (const one of all) if (one.resourceType === "Patient") one.identifier.push(typed);
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
const form = { "content-type": "application/x-www-form-urlencoded" };
const [first, second] = [1, 2].map((n) => `Observation/${familiar.patient}-bp-${n}`);
const weights = [familiar.deleted, familiar.moved, familiar.observation].map((id) => "Observation/" + id);

for (const [where, base] of Object.entries(bases))
  describe(where, () => {
    const url = (path) => base() + (path.startsWith("?") ? "" : "/") + path;
    const find = async (path, as = "dr.adams", headers = {}) => {
      const { status, json, text } = await ward.request(url(path), { as, headers });
      assert.equal(status, 200, `${path}: ${text}`);
      return json;
    };
    const refused = async (path, status, as = "dr.adams", scope = undefined) => {
      const answer = await ward.request(url(path), { as, scope });
      assert.equal(answer.status, status, `${path}: ${answer.text}`);
      return answer.json.issue[0];
    };
    const found = async (path, ...expected) => assert.deepEqual(names(await find(path)), expected.flat().sort(), path);

    const mine = `patient=${familiar.patient}&`;
    test("the parts of a composite are of one element", async () => {
      await found(`Observation?${mine}component-code-value-quantity=${loinc}|8480-6$gt120`, first);
      await found(`Observation?${mine}component-code-value-quantity=8480-6$lt120`, second);
      await found(`Observation?${mine}component-code-value-quantity=8480-6$gt120,8462-4$gt120`, first, second);
      await found(`Observation?${mine}combo-code-value-quantity=29463-7$70.5`, weights);
      await found(`Observation?${mine}code-value-quantity=29463-7$gt70`, weights);
      await found(`Observation?${mine}code-value-quantity=85354-9$gt1`);
      await found(`DocumentReference?relationship=replaces$DocumentReference/${familiar.patient}-old`, `DocumentReference/${familiar.patient}-new`);
      await found(`DocumentReference?relationship=signs$DocumentReference/${familiar.patient}-old`);
      if (where === "embedded") await found(`Observation?patient=${familiar.patient}&component-code-value-quantity:missing=false`, first, second);
      assert.equal((await refused("Observation?code-value-quantity=29463-7", 400)).code, "invalid");
    });

    test("a code by what it says, an identifier by its type", async () => {
      await found(`Observation?${mine}component-code:text=systol`, first, second);
      await found(`Observation?${mine}code:text=BLOOD%20pressure`, first, second);
      await found(`Condition?${mine}code:text=chronic`, `Condition/${familiar.condition}`);
      await found("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|T-1", `Patient/${familiar.patient}`);
      await found("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|T-1");
      await found(`Patient?identifier:text=record&_id=${familiar.patient}`, `Patient/${familiar.patient}`);
    });

    test("a code in a value set that is loaded", async () => {
      const genders = "http://hl7.org/fhir/ValueSet/administrative-gender";
      await found(`Patient?_id=${familiar.patient}&gender:in=${genders}`, `Patient/${familiar.patient}`);
      await found(`Patient?_id=${familiar.patient}&gender:not-in=${genders}`);
      await found(`Patient?_id=${familiar.patient}&gender:not-in=http://hl7.org/fhir/ValueSet/observation-status`, `Patient/${familiar.patient}`);
      assert.equal((await refused("Patient?gender:in=http://example.org/none", 400)).code, "not-supported");
      assert.equal((await refused("Observation?code:below=http://loinc.org|1", 400)).code, "not-supported");
    });

    test("places near a point", async () => {
      await found("Location?near=48.2|16.37|5|km", "Location/vienna");
      await found("Location?near=48.2|16.37|150", "Location/graz", "Location/vienna");
      await found("Location?near=48.2|16.37|60|mi", "Location/vienna");
      assert.equal((await refused("Location?near=48.2|16.37|5|furlong", 400)).code, "invalid");
    });

    test("several types at once: pages neither repeat nor lose", async () => {
      const whole = await find(`?_type=Observation,DocumentReference,Patient&_id=${familiar.patient},${[first, second].map((one) => one.split("/")[1])},${familiar.patient}-old,${stranger.patient}&_total=accurate`);
      const expected = [first, second, `DocumentReference/${familiar.patient}-old`, `Patient/${familiar.patient}`].sort();
      assert.deepEqual(names(whole), expected);
      if (where === "embedded") assert.equal(whole.total, 4);
      for (const entry of whole.entry) assert.equal(entry.fullUrl, `${base()}/${entry.resource.resourceType}/${entry.resource.id}`);
      const seen = [];
      for (let next = url(`?_type=Observation,DocumentReference,Patient&_id=${familiar.patient},${[first, second].map((one) => one.split("/")[1])},${familiar.patient}-old&_count=1`), pages = 0; next; ++pages) {
        assert.ok(pages < 9);
        const { status, json, text } = await ward.request(next, { as: "dr.adams" });
        assert.equal(status, 200, text);
        assert.ok((json.entry ?? []).length <= 1);
        seen.push(...names(json));
        next = json.link.find((one) => one.relation === "next")?.url;
        assert.ok(!next || next.startsWith(base() + "?"), next);
      }
      assert.deepEqual(seen.sort(), expected);
      const posted = await ward.request(url("_search"), { method: "POST", as: "dr.adams", headers: form, body: `_type=Patient&_id=${familiar.patient}` });
      assert.deepEqual(names(posted.json), [`Patient/${familiar.patient}`], posted.text);
    });

    test("several types at once: each under its own grant, by parameters of all types", async () => {
      const desk = await find(`?_type=Patient,Coverage&_id=${familiar.patient},${familiar.coverage}`, "desk.diaz");
      assert.deepEqual(names(desk), [`Coverage/${familiar.coverage}`, `Patient/${familiar.patient}`]);
      assert.equal(desk.entry.find((one) => one.resource.resourceType === "Patient").resource.gender, undefined);
      await refused(`?_type=Patient,Observation&_id=${familiar.patient}`, 403, "desk.diaz");
      await refused(`?_type=Patient,Observation&_id=${familiar.patient}`, 403, "dr.adams", "user/Observation.rs openid fhirUser");
      assert.equal((await refused("?_type=Patient&family=x", 400)).code, "not-supported");
      assert.equal((await refused("?_type=Patient,Observation&_sort=_id", 400)).code, "not-supported");
      assert.equal((await refused("?_type=Nothing", 400)).code, "invalid");
      assert.equal((await refused(`?_id=${familiar.patient}`, 400)).code, "required");
      const counted = await find(`?_type=Patient,Coverage&_id=${familiar.patient},${familiar.coverage}&_summary=count`);
      assert.equal(counted.entry, undefined);
      if (where === "embedded") assert.equal(counted.total, 2);
    });

    test("compartments of an encounter, a practitioner", async () => {
      await found(`Encounter/${familiar.encounter}/Observation`, `Observation/${familiar.observation}`, first, second);
      await found(`Encounter/${familiar.encounter}/Observation?component-code=8480-6`, first, second);
      await found(`Practitioner/dr-adams/Observation?${mine}code=85354-9`, first, second);
      await found(`Practitioner/dr-adams/Encounter?_id=${familiar.encounter},${stranger.encounter}`, `Encounter/${familiar.encounter}`);
      await found("Practitioner/dr-baker/Observation?code=85354-9");
      await found(`Encounter/${stranger.encounter}/Observation`);
      await found("Encounter/there-is-none/Observation");
      assert.equal((await refused(`Encounter/${familiar.encounter}/Location`, 404)).code, "not-found");
      const page = await find(`Encounter/${familiar.encounter}/Observation?_count=2`), next = page.link.find((one) => one.relation === "next").url;
      assert.ok(next.startsWith(`${base()}/Encounter/${familiar.encounter}/Observation?`), next);
      const rest = await ward.request(next, { as: "dr.adams" });
      assert.deepEqual([...names(page), ...names(rest.json)].sort(), [`Observation/${familiar.observation}`, first, second].sort());
      assert.equal((await ward.request(next.replace(familiar.encounter, stranger.encounter), { as: "dr.adams" })).status, 400);
    });

    test("what is not supported is refused, or left out and said", async () => {
      for (const query of ["_contained=true", "_containedType=contained", "code:above=1", "subject:text=x"]) {
        assert.equal((await refused(`Observation?patient=${familiar.patient}&${query}`, 400)).code, "not-supported", query);
        const lenient = await find(`Observation?_id=${familiar.observation}&${query}`, "dr.adams", { prefer: "handling=lenient" });
        assert.deepEqual(names(lenient), [`Observation/${familiar.observation}`]);
        assert.equal(outcomes(lenient).length, 1, query);
        assert.ok(!lenient.link[0].url.includes(query), "what was left out is not in the link");
      }
      await found(`Observation?_id=${familiar.observation}&_contained=false`, `Observation/${familiar.observation}`);
    });

    test("each kind of _summary, several of _sort", async () => {
      const one = async (more) => (await find(`Observation?_id=${familiar.patient}-bp-1&${more}`)).entry[0].resource;
      assert.equal((await one("_summary=true")).text, undefined);
      assert.ok((await one("_summary=text")).text && !(await one("_summary=text")).component);
      assert.equal((await one("_summary=data")).text, undefined);
      assert.ok((await one("_summary=data")).component);
      assert.ok((await one("_summary=false")).text);
      const sorted = await find(`Observation?patient=${familiar.patient}&_sort=-date,code,-_id`);
      assert.deepEqual(sorted.entry.slice(0, 2).map((entry) => entry.resource.id), [`${familiar.patient}-bp-2`, `${familiar.patient}-bp-1`]);
    });

    test("what the view hides is looked at by no composite, text or word", async () => {
      await refused("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", 403, "desk.diaz");
      await refused("Patient?identifier:of-type=|MR|T-1", 403, "nurse.cole");
      await refused("Patient?identifier:text=record", 403, "desk.diaz");
      await refused("Coverage?beneficiary:Patient._content=Larkspurling", 403, "desk.diaz");
      for (const who of ["desk.diaz", "nurse.cole", "billing.evans"].filter((name) => ward.user(name))) {
        await refused("Patient?_content=Larkspurling", 403, who);
        await refused("Patient?_text=Larkspurling", 403, who);
      }
    });
  });

test("words of the narrative and of the rest, embedded", async () => {
  const find = async (path, as = "dr.adams") => { const { status, json, text } = await ward.request(path, { as }); assert.equal(status, 200, text); return names(json); };
  assert.deepEqual(await find("Observation?_text=sitting"), [first, second].sort());
  assert.deepEqual(await find(`Observation?_text=sitting+${familiar.patient}-bp-1`), [first]);
  assert.deepEqual(await find("Observation?_text=diastolic"), [], "that is not in the narrative");
  assert.deepEqual(await find("Observation?_content=diastolic+sitting"), [first, second].sort());
  assert.deepEqual(await find("DocumentReference?_content=corrected,nowhere"), [`DocumentReference/${familiar.patient}-new`]);
  assert.deepEqual(await find(`Patient?_content=${familiar.family}&gender=female`), [`Patient/${familiar.patient}`]);
  assert.deepEqual(await find(`Patient?_content=${stranger.family}`), []);
  assert.deepEqual(await find("Observation?patient._content=Larkspurling&code=85354-9"), [first, second].sort(), "behind a chain");
  assert.deepEqual(await find(`?_type=Patient,RelatedPerson&_content=${familiar.family}`), [`Patient/${familiar.patient}`, `RelatedPerson/${familiar.related}`].sort());
  assert.deepEqual(await find("Appointment?_content=Grouptherapy"), [], "it is about somebody else, too");
  assert.deepEqual(await find(`Appointment?patient=${familiar.patient}&_id=shared`), ["Appointment/shared"], "though it is there");
  for (const hostile of ['"', '")+OR+kind:t1', "NEAR(a+b)", "a*", "-a", "^a", "{content}:a"])
    assert.ok([200, 400, 403].includes((await ward.request("Observation?_content=" + encodeURIComponent(hostile), { as: "dr.adams" })).status), hostile);
});

test("words are not passed on to another server", async () => {
  for (const name of ["_text", "_content"]) {
    const { status, json } = await ward.request(`${ward.base}/ehr/fhir/Observation?${name}=sitting`, { as: "dr.adams" });
    assert.equal(status, 400);
    assert.equal(json.issue[0].code, "not-supported");
  }
});

test("a quantity that is open to one side is stored and found", async () => {
  const body = { resourceType: "Observation", status: "final", code: coded("2345-7", "Glucose"), subject: { reference: "Patient/" + familiar.patient }, valueQuantity: { value: 600, comparator: ">", unit: "mg/dL" } };
  const made = await ward.request("Observation", { method: "POST", as: "dr.adams", body });
  assert.equal(made.status, 201, made.text);
  assert.equal(names((await ward.request(`Observation?patient=${familiar.patient}&code-value-quantity=2345-7$gt500`, { as: "dr.adams" })).json).length, 1);
});

test("words follow an update and a deletion", async () => {
  const id = familiar.patient + "-bp-2", find = async (word) => names((await ward.request("Observation?_content=" + word, { as: "dr.adams" })).json);
  const { json } = await ward.request("Observation/" + id, { as: "dr.adams" });
  const put = await ward.request("Observation/" + id, { method: "PUT", as: "dr.adams", body: { ...json, note: [{ text: "repeatedly" }], text: undefined } });
  assert.equal(put.status, 200, put.text);
  assert.deepEqual(await find("repeatedly"), ["Observation/" + id]);
  assert.deepEqual(await find("sitting"), [first]);
  assert.equal((await ward.request("Observation/" + id, { method: "DELETE", as: "dr.adams" })).status, 204);
  assert.deepEqual(await find("repeatedly"), []);
});

test("metadata lists what works, for each of the two", async () => {
  const listed = async (base) => (await ward.request(base + "/metadata")).json.rest[0];
  const [own, other] = [await listed(ward.fhir), await listed(ward.base + "/ehr/fhir")];
  const params = (rest, type) => rest.resource.find((one) => one.type === type).searchParam.map((one) => one.name);
  for (const rest of [own, other]) {
    assert.ok(params(rest, "Observation").includes("combo-code-value-quantity"));
    assert.ok(params(rest, "Location").includes("near"));
    assert.ok(rest.interaction.some((one) => one.code === "search-system"));
  }
  assert.ok(params(own, "Observation").includes("_content") && params(own, "Patient").includes("_text"));
  assert.ok(!params(other, "Observation").includes("_content"));
});
