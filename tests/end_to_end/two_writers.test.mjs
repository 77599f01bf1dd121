// Acceptance 10: two writers and one reader on one resource. Versions come without gap or repeat, no update is lost where
// If-Match says what it is based on, and the pages of the history neither repeat nor lose while it grows.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, long } from "./ward.mjs";
import { fill, startBehind, unlimited } from "./clinics.mjs";
import { familiar, measured } from "./strangers.mjs";

const rounds = long ? 100_000 : 2_000;
let ward, behind;
const bases = { embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" };

before(async () => {
  const back = await startBehind();
  behind = back.behind;
  ward = await Ward.start({ extra: unlimited + back.route });
  for (const clinic of [ward, behind]) await fill(clinic);
});
after(async () => {
  for (const clinic of [ward, behind]) { await clinic?.stop(); clinic?.remove(); }
});

const number_of = (answer) => Number(answer.headers.etag.match(/\d+/)[0]);

/** Adds one to the value, again and again; what another was quicker at is read anew. Gives the versions that it made. */
async function write(base, id, share, made) {
  let known;
  for (let done = 0; done < share;) {
    if (known === undefined) {
      const now = await ward.request(`${base}/Observation/${id}`, { as: "dr.adams" });
      assert.equal(now.status, 200, now.text);
      known = { version: number_of(now), value: now.json.valueQuantity.value };
    }
    const value = known.value + 1;
    const answer = await ward.request(`${base}/Observation/${id}`, { method: "PUT", as: "dr.adams", headers: { "if-match": `W/"${known.version}"` }, body: measured(familiar.patient, { id, valueQuantity: { value } }) });
    if (answer.status === 412) { known = undefined; continue; }
    assert.equal(answer.status, 200, answer.text);
    const version = number_of(answer);
    assert.equal(version, known.version + 1, "an update follows the version that it is based on");
    assert.ok(!made.has(version), "two updates made one version");
    made.set(version, value);
    known = { version, value };
    ++done;
  }
}

/** Reads the resource and turns pages of its history, until the writers are done. */
async function read(base, id, is_done) {
  let newest = 0, pages = 0;
  while (!is_done()) {
    const now = await ward.request(`${base}/Observation/${id}`, { as: "dr.adams" });
    assert.equal(now.status, 200, now.text);
    assert.ok(number_of(now) >= newest, "a version was taken back");
    newest = number_of(now);
    assert.equal(now.json.valueQuantity.value, newest, "every version has its own value");
    let url = `${base}/Observation/${id}/_history?_count=50`, next;
    for (let n = 0; url && n < 3; ++n, ++pages) {
      const page = await ward.request(url, { as: "dr.adams" });
      assert.equal(page.status, 200, page.text);
      for (const { resource } of page.json.entry) {
        const version = Number(resource.meta.versionId);
        assert.equal(resource.valueQuantity.value, version);
        if (next !== undefined) assert.equal(version, next, "a page repeats or loses a version");
        next = version - 1;
      }
      url = page.json.link.find((one) => one.relation === "next")?.url;
    }
  }
  return pages;
}

async function all_versions(base, id) {
  const versions = [];
  for (let url = `${base}/Observation/${id}/_history?_count=1000`; url;) {
    const { status, json, text } = await ward.request(url, { as: "dr.adams" });
    assert.equal(status, 200, text);
    versions.push(...json.entry.map((one) => Number(one.resource.meta.versionId)));
    url = json.link.find((one) => one.relation === "next")?.url;
  }
  return versions;
}

for (const [name, base_of] of Object.entries(bases)) {
  test(`${name}: two writers and a reader, ${rounds} rounds`, async (t) => {
    const base = base_of(), made = new Map();
    const created = await ward.request(`${base}/Observation`, { method: "POST", as: "dr.adams", body: measured(familiar.patient, { valueQuantity: { value: 1 } }) });
    assert.equal(created.status, 201, created.text);
    const { id } = created.json;
    let done = false;
    const writers = Promise.all([0, 1].map(() => write(base, id, rounds / 2, made))).finally(() => (done = true));
    const [, pages] = await Promise.all([writers, read(base, id, () => done)]);
    assert.equal(made.size, rounds);
    const expected = Array.from({ length: rounds + 1 }, (_, i) => rounds + 1 - i);
    assert.deepEqual([...made.keys()].sort((a, b) => b - a), expected.slice(0, -1), "versions have a gap");
    for (const [version, value] of made) assert.equal(value, version, "an update was lost");
    assert.deepEqual(await all_versions(base, id), expected, "the history, page by page");
    t.diagnostic(`${pages} pages were read meanwhile`);
  });
}
