// What FHIR's interactions promise beyond the plain ones (R4 http.html): conditions, several deletes at once, creating by
// PUT, Prefer, histories in pages, and transactions in full; on the embedded store and in front of another server.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward } from "./ward.mjs";
import { addClient, fill, startBehind, unlimited } from "./clinics.mjs";
import { comparable, familiar, measured, nobody, stranger } from "./strangers.mjs";

/** No label keeps a record from who fills the store: else "all" would not be all, and nothing be created by PUT. */
const cleared = `[role.backend]\nclearances = ["*"]\n[labels]\nlists = []\n`;
const keys = `update_create = true\nconditional_delete = "multiple"\n`;
let ward, behind;
const bases = { embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" };

before(async () => {
  const back = await startBehind(unlimited + cleared + "[fhir]\n" + keys, keys);
  behind = back.behind;
  ward = await Ward.start({ extra: unlimited + cleared + "[fhir]\n" + keys + back.route });
  for (const clinic of [ward, behind]) await fill(clinic);
  await addClient(ward, "everything", ["backend"], "system/*.cruds");
});
after(async () => {
  for (const clinic of [ward, behind]) { await clinic?.stop(); clinic?.remove(); }
});

const next = (bundle) => bundle.link.find((one) => one.relation === "next")?.url;
const etags = (bundle) => (bundle.entry ?? []).map((one) => Number(one.response.etag.match(/\d+/)[0]));
const reference = (text) => ({ reference: text });
let serial = 0;
/** An identifier that nothing has yet. */
const fresh = () => ({ system: "urn:made", value: `${Date.now()}-${++serial}` });
const marked = (identifier, extra = {}) => measured(familiar.patient, { identifier: [identifier], ...extra });
const patch = (operations) => ({ resourceType: "Binary", contentType: "application/json-patch+json", data: Buffer.from(JSON.stringify(operations)).toString("base64") });

for (const [name, base] of Object.entries(bases)) {
  const send = (method, path, body, { as = "dr.adams", headers, scope } = {}) => ward.request(base() + (path ? "/" + path : ""), { method, body, as, headers, scope });
  const get = (path, options) => send("GET", path, undefined, options);
  const make = async (body, options) => {
    const made = await send("POST", body.resourceType, body, options);
    assert.equal(made.status, 201, made.text);
    return made.json;
  };
  const bundle = (type, entry, options) => send("POST", "", { resourceType: "Bundle", type, entry }, options);
  const entry = (method, url, resource, more = {}, fullUrl = undefined) => ({ fullUrl, resource, request: { method, url, ...more } });
  const statuses = (answer) => answer.json.entry.map((one) => Number(one.response.status.slice(0, 3)));
  const id_of = (one) => one.response.location.match(/\/([^/]+)\/_history\/\d+$/)[1];
  /** The same request about the stranger and about nobody. */
  const alike = async (ask, as = "dr.adams") => {
    const answers = [];
    for (const words of [stranger, nobody]) answers.push(comparable(await ask(words, as), words));
    assert.equal(answers[0], answers[1]);
    return answers[0];
  };

  test(`${name}: If-Modified-Since answers 304 for what the caller may see, and for nothing else`, async () => {
    const { id } = await make(measured(familiar.patient));
    const whole = await get("Observation/" + id);
    const since = (time, more = {}) => get("Observation/" + id, { headers: { "if-modified-since": time, ...more } });
    const same = await since(whole.headers["last-modified"]);
    assert.equal(same.status, 304);
    assert.equal(same.text, "");
    assert.equal((await since("Fri, 01 Jan 2100 00:00:00 GMT")).status, 304);
    assert.equal((await since("Wed, 01 Jan 2020 00:00:00 GMT")).status, 200);
    for (const odd of ["yesterday", "2100-01-01", "Fri, 01 Jan 2100 00:00:00 CET", "Mon, 01 Jan 2100 00:00:00 GMT"]) assert.equal((await since(odd)).status, 200, odd);
    assert.equal((await since("Fri, 01 Jan 2100 00:00:00 GMT", { "if-none-match": 'W/"9"' })).status, 200, "If-None-Match goes first");
    await alike((words, as) => get("Observation/" + words.observation, { as, headers: { "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT" } }));
    const batch = await bundle("batch", [entry("GET", "Observation/" + id, undefined, { ifModifiedSince: "2100-01-01T00:00:00Z" }), entry("GET", "Observation/" + id, undefined, { ifNoneMatch: 'W/"1"' }),
      entry("GET", "Observation/" + id, undefined, { ifModifiedSince: "2020-01-01T00:00:00Z" })]);
    assert.deepEqual(statuses(batch), [304, 304, 200]);
  });

  test(`${name}: Prefer says what the answer to a change holds`, async () => {
    const prefer = (what) => ({ headers: { prefer: what } });
    const minimal = await send("POST", "Observation", measured(familiar.patient), prefer("return=minimal"));
    assert.deepEqual([minimal.status, minimal.text], [201, ""]);
    const { id } = await make(measured(familiar.patient), prefer("handling=strict, return=representation"));
    const outcome = await send("PUT", "Observation/" + id, measured(familiar.patient, { id }), prefer('Return="OperationOutcome"'));
    assert.deepEqual([outcome.status, outcome.json.resourceType, outcome.headers.etag], [200, "OperationOutcome", 'W/"2"']);
    const transaction = async (what) => (await bundle("transaction", [entry("POST", "Observation", measured(familiar.patient)), entry("PUT", "Observation/" + id, measured(familiar.patient, { id }))], prefer(what))).json.entry;
    assert.ok((await transaction("return=minimal")).every((one) => !one.resource && !one.response.outcome && one.response.location));
    const shown = await transaction("return=representation");
    assert.deepEqual(shown.map((one) => one.resource.resourceType), ["Observation", "Observation"]);
    assert.equal(shown[1].resource.meta.versionId, "4");
    assert.ok((await transaction("return=OperationOutcome")).every((one) => one.response.outcome.resourceType === "OperationOutcome" && !one.resource));
    const desk = await bundle("transaction", [entry("PUT", "Patient/" + familiar.patient, (await get("Patient/" + familiar.patient, { as: "desk.diaz" })).json)], { as: "desk.diaz", ...prefer("return=representation") });
    assert.equal(desk.status, 200, desk.text);
    assert.ok(desk.json.entry[0].resource.name && !desk.text.includes("999-66-6003"), "an entry shows what the role's view shows");
    const gone = await send("DELETE", "Observation/" + id, undefined, prefer("return=OperationOutcome"));
    assert.deepEqual([gone.status, gone.json.resourceType], [200, "OperationOutcome"]);
  });

  test(`${name}: a conditional delete takes all that match and may be seen, at once`, async () => {
    const mark = fresh(), query = `Observation?identifier=${mark.system}|${mark.value}`;
    const made = [];
    for (let i = 0; i < 3; ++i) made.push((await make(marked(mark))).id);
    const before = (await get(`Observation?patient=${familiar.patient}&_total=accurate&_count=1`)).json.total;
    assert.equal((await send("DELETE", query)).status, 204);
    for (const id of made) assert.notEqual((await get("Observation/" + id)).status, 200);
    const after = (await get(`Observation?patient=${familiar.patient}&_total=accurate&_count=1`)).json.total;
    if (before !== undefined) assert.equal(before - after, 3);
    assert.equal((await send("DELETE", query)).status, 404);
    await alike((words, as) => send("DELETE", `Observation?patient=${words.patient}`, undefined, { as }));
    await alike((words, as) => bundle("transaction", [entry("DELETE", `Observation?patient=${words.patient}`)], { as }));
    const own = (await make(marked(mark))).id;
    assert.equal((await send("DELETE", `${query}&patient=${familiar.patient},${stranger.patient}`)).status, 204);
    assert.notEqual((await get("Observation/" + own)).status, 200);
    assert.equal((await ward.request(base() + "/Observation/" + stranger.observation, { as: "dr.baker" })).status, 200, "the stranger's are as they were");
    for (let i = 0; i < 2; ++i) await make(marked(mark));
    assert.deepEqual(statuses(await bundle("transaction", [entry("DELETE", query), entry("POST", "Observation", marked(mark), { ifNoneExist: query.split("?")[1] })])), [204, 201], "what is deleted matches nothing");
    assert.equal((await get(query)).json.entry.length, 1);
  });

  test(`${name}: PUT of an unknown id creates for who sees all of the type, and for nobody else`, async () => {
    await alike((words, as) => send("PUT", "Observation/" + words.observation, measured(familiar.patient, { id: words.observation }), { as }));
    assert.equal((await send("PUT", "Observation/made-up", measured(familiar.patient, { id: "made-up" }))).status, 404);
    const organization = (id, extra = {}) => ({ resourceType: "Organization", id, name: "Made", ...extra });
    assert.equal((await send("PUT", "Organization/no-such-" + name, organization("no-such-" + name))).status, 404, "a physician does not see all");
    const all = { as: "everything" }, id = "upsert-" + name;
    const made = await send("PUT", "Organization/" + id, organization(id), all);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.location, `${base()}/Organization/${id}/_history/1`);
    assert.equal(made.json.id, id);
    assert.equal((await send("PUT", "Organization/" + id, organization(id), { ...all, headers: { "if-none-match": "*" } })).status, 412);
    assert.equal((await send("PUT", "Organization/" + id, organization(id), all)).status, 200);
    assert.equal((await send("PUT", "Organization/other-" + name, organization("other-" + name), { ...all, headers: { "if-match": 'W/"1"' } })).status, 404);
    assert.equal((await send("DELETE", "Organization/" + id, undefined, all)).status, 204);
    const again = await send("PUT", "Organization/" + id, organization(id), all);
    assert.equal(again.status, 201, again.text);
    const mark = fresh(), chosen = "chosen-" + name;
    const conditional = await send("PUT", `Organization?identifier=${mark.system}|${mark.value}`, organization(chosen, { identifier: [mark] }), all);
    assert.deepEqual([conditional.status, conditional.json?.id], [201, chosen], conditional.text);
    const other = await send("PUT", `Organization?identifier=${mark.system}|${mark.value}`, organization("other", { identifier: [mark] }), all);
    assert.equal(other.status, 400, "the match has another id");
    const pair = [entry("POST", "Organization", { resourceType: "Organization", name: "Part", partOf: reference("Organization/whole-" + name) }), entry("PUT", "Organization/whole-" + name, organization("whole-" + name))];
    const both = await bundle("transaction", pair, all);
    assert.equal(both.status, 200, both.text);
    assert.deepEqual(statuses(both), [201, 201]);
  });

  test(`${name}: the history of a resource in pages, by _count, _since and _at`, async () => {
    const { id, meta } = await make(measured(familiar.patient));
    const times = [meta.lastUpdated];
    for (let i = 2; i <= 25; ++i) {
      const done = await send("PUT", "Observation/" + id, measured(familiar.patient, { id, valueQuantity: { value: i } }));
      assert.equal(done.status, 200, done.text);
      times.push(done.json.meta.lastUpdated);
    }
    const history = (query = "", options = {}) => get(`Observation/${id}/_history${query}`, options);
    const whole = await history();
    assert.equal(whole.json.total, 25);
    assert.deepEqual(etags(whole.json), Array.from({ length: 25 }, (_, i) => 25 - i));
    const paged = [];
    let page = (await history("?_count=7")).json, pages = 0;
    for (; page; ++pages) {
      paged.push(...etags(page));
      const url = next(page);
      assert.equal(page.entry.length, url ? 7 : 4);
      page = url && (await ward.request(url, { as: "dr.adams" })).json;
    }
    assert.equal(pages, 4);
    assert.deepEqual(paged, etags(whole.json));
    const link = next((await history("?_count=7")).json);
    assert.equal((await ward.request(link, { as: "nurse.cole" })).status, 400);
    assert.equal((await ward.request(link.replace(id, stranger.observation), { as: "dr.adams" })).status, 400);
    assert.deepEqual(etags((await history("?_since=" + times[20])).json), [25, 24, 23, 22, 21]);
    assert.deepEqual(etags((await history("?_at=" + times[3])).json), [4]);
    assert.deepEqual(etags((await history("?_at=2020")).json), []);
    assert.deepEqual(etags((await history("?_count=2&_since=" + times[20])).json), [25, 24]);
    for (const query of ["?_since=x", "?_count=0", "?_at=2020&_since=2020", "?_page=AAAA", "?name=x"]) assert.equal((await history(query)).status, 400, query);
    for (const query of ["", "?_count=1", "?_since=2020", "?_at=2020", "?_page=AAAA", "?_count=x"]) await alike((words, as) => get(`Observation/${words.observation}/_history${query}`, { as }));
    for (const query of ["?_count=1", "?_since=2020"]) await alike((words, as) => get(`Observation/${words.moved}/_history${query}`, { as }));
    const moved = await get(`Observation/${familiar.moved}/_history?_count=1`);
    assert.deepEqual(etags(moved.json), [3]);
    assert.deepEqual(etags((await ward.request(next(moved.json), { as: "dr.adams" })).json), [1]);
  });

  test(`${name}: a transaction is processed in order, refers in circles, and is written at once or not at all`, async () => {
    const urn = (n) => `urn:uuid:00000000-0000-4000-8000-00000000000${n}`;
    const circle = [
      entry("POST", "Observation", measured(familiar.patient, { derivedFrom: [reference(urn(2))], performer: [reference(`Patient?identifier=urn:mrn|${familiar.mrn}`)] }), {}, urn(1)),
      entry("POST", "Observation", measured(familiar.patient, { hasMember: [reference(urn(1))] }), {}, urn(2)),
      entry("GET", `Observation?patient=${familiar.patient}&_count=1`),
    ];
    const done = await bundle("transaction", circle);
    assert.equal(done.status, 200, done.text);
    assert.deepEqual(statuses(done), [201, 201, 200]);
    const [a, b] = done.json.entry.slice(0, 2).map(id_of);
    const [first, second] = [(await get("Observation/" + a)).json, (await get("Observation/" + b)).json];
    assert.deepEqual([first.derivedFrom[0].reference, second.hasMember[0].reference, first.performer[0].reference], ["Observation/" + b, "Observation/" + a, "Patient/" + familiar.patient]);

    const mark = fresh(), query = `identifier=${mark.system}|${mark.value}`;
    const mixed = await bundle("transaction", [
      entry("GET", "Observation/" + b),
      entry("PATCH", "Observation/" + a, patch([{ op: "add", path: "/encounter", value: reference(`Encounter?_id=${familiar.encounter}`) }, { op: "add", path: "/hasMember", value: [reference(urn(3))] }])),
      entry("PUT", `Observation?${query}`, marked(mark, { derivedFrom: [reference(urn(4))] }), {}, urn(3)),
      entry("POST", "Observation", marked(mark, { identifier: undefined }), { ifNoneExist: `identifier=urn:made|none-${mark.value}` }, urn(4)),
      entry("DELETE", "Observation/" + b),
    ]);
    assert.equal(mixed.status, 422, "what is deleted may not be referred to by what stays: " + mixed.text);
  });

  test(`${name}: conditional entries get their names before references are written`, async () => {
    const urn = (n) => `urn:uuid:00000000-0000-4000-8000-00000000001${n}`;
    const { id } = await make(measured(familiar.patient)), old = (await make(measured(familiar.patient))).id;
    const mark = fresh(), query = `identifier=${mark.system}|${mark.value}`;
    const entries = [
      entry("GET", "Observation/" + old),
      entry("PATCH", "Observation/" + id, patch([{ op: "add", path: "/encounter", value: reference(`Encounter?_id=${familiar.encounter}`) }, { op: "add", path: "/hasMember", value: [reference(urn(3))] }])),
      entry("PUT", `Observation?${query}`, marked(mark, { derivedFrom: [reference(urn(4))] }), {}, urn(3)),
      entry("POST", "Observation", measured(familiar.patient), { ifNoneExist: `identifier=urn:made|none-${mark.value}` }, urn(4)),
      entry("DELETE", "Observation/" + old),
    ];
    const done = await bundle("transaction", entries);
    assert.equal(done.status, 200, done.text);
    const got = statuses(done);
    assert.ok(got[0] === 410 || got[0] === 404, "a read comes last");
    assert.deepEqual(got.slice(1), [200, 201, 201, 204]);
    const [put, post] = [done.json.entry[2], done.json.entry[3]].map(id_of);
    const patched = (await get("Observation/" + id)).json;
    assert.deepEqual([patched.encounter.reference, patched.hasMember[0].reference], ["Encounter/" + familiar.encounter, "Observation/" + put]);
    assert.equal((await get("Observation/" + put)).json.derivedFrom[0].reference, "Observation/" + post);
    await alike((words, as) => bundle("transaction", [entry("PATCH", "Observation/" + id, patch([{ op: "replace", path: "/encounter", value: reference(`Encounter?_id=${words.encounter}`) }]))], { as }));
    await alike((words, as) => bundle("transaction", [entry("PATCH", "Observation/" + id, patch([{ op: "replace", path: "/encounter/reference", value: `Encounter?_id=${words.encounter}` }]))], { as }));
    await alike((words, as) => bundle("transaction", [entry("PUT", `Observation?_id=${words.observation}`, measured(familiar.patient), {}, urn(5)), entry("POST", "Observation", measured(familiar.patient, { derivedFrom: [reference(urn(5))] }))], { as }));
  });

  test(`${name}: a transaction that cannot be done in full leaves nothing`, async () => {
    const mark = fresh(), query = `identifier=${mark.system}|${mark.value}`;
    const count = async () => (await get("Observation?" + query)).json.entry?.length ?? 0;
    const { id } = await make(marked(mark));
    const update = (more = {}) => entry("PUT", "Observation/" + id, marked(mark, { id }), more);
    const post = (more, fullUrl) => entry("POST", "Observation", marked(mark), more, fullUrl);
    const refused = {
      "one resource twice": [400, [update(), update()]],
      "one resource by id and by condition": [400, [update(), entry("DELETE", "Observation?" + query)]],
      "one condition twice": [400, [post({ ifNoneExist: query }), post({ ifNoneExist: query })]],
      "a fullUrl twice": [400, [post({}, "urn:uuid:00000000-0000-4000-8000-000000000001"), post({}, "urn:uuid:00000000-0000-4000-8000-000000000001")]],
      "a fullUrl with a version": [400, [post({}, base() + "/Observation/1/_history/2")]],
      "a fullUrl that is relative": [400, [post({}, "Observation/1")]],
      "a fullUrl of another resource": [400, [{ ...update(), fullUrl: base() + "/Observation/another" }]],
      "a version that is past": [412, [post(), update({ ifMatch: 'W/"9"' })]],
      "a reference to nothing": [422, [post(), entry("POST", "Observation", marked(mark, { derivedFrom: [reference("urn:uuid:00000000-0000-4000-8000-000000000009")] }))]],
      "a conditional reference to nothing": [412, [post(), entry("POST", "Observation", marked(mark, { performer: [reference("Practitioner?identifier=urn:none|1")] }))]],
      "a resource that is wrong": [422, [post(), entry("POST", "Observation", { resourceType: "Observation" })]],
      "a record of somebody else": [404, [post(), entry("DELETE", "Observation/" + stranger.observation)]],
    };
    for (const [what, [status, entries]] of Object.entries(refused)) {
      const answer = await bundle("transaction", entries);
      assert.equal(answer.status, status, what + ": " + answer.text);
      assert.equal(await count(), 1, what);
      assert.equal((await get("Observation/" + id)).headers.etag, 'W/"1"', what);
    }
    const late = await bundle("transaction", [update({ ifMatch: 'W/"1"' }), post()]);
    assert.equal(late.status, 200, late.text);
    assert.deepEqual(late.json.entry.map((one) => one.response.etag), ['W/"2"', 'W/"1"']);
  });
}
