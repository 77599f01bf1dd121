// Acceptance 2: what is imported reads back as it was, digit for digit; again, interrupted, in any order, and with what is wrong named.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Ward, auditQuery, binary, long, shared, sleep } from "./ward.mjs";

const synthea = join(shared, "fhir/synthea-dev-25.bundles.ndjson.gz");
const absent = existsSync(synthea) ? false : `${synthea} is absent (see WARD_SHARED_DATA)`;
const limits = '[limits]\nsubject = "100000/s"\nclient = "100000/s"\naddress = "100000/s"\n';

const files = mkdtempSync(join(tmpdir(), "ward-import-"));
let ward;
before(async () => {
  ward = await Ward.start({ extra: limits });
  await addReader(ward);
});
after(async () => {
  await ward?.stop();
  ward?.remove();
  rmSync(files, { recursive: true, force: true });
});

async function addReader(where) {
  const file = join(files, "client.json");
  writeFileSync(file, JSON.stringify({ client_id: "reader", client_name: "Import test", token_endpoint_auth_method: "client_secret_basic", scope: "system/*.r", roles: ["backend"], purpose: "TREAT" }));
  const added = await where.command("client", "add", "--file", file);
  assert.equal(added.code, 0, added.stderr);
}

const read = (path) => ward.request(path, { as: "reader" });

/** JSON with each number as its text, so that 1.50 and 1.5 differ. */
const parse = (text) => JSON.parse(text, (_, value, { source }) => (typeof value === "number" ? { number: source } : value));

/** With members in order of their names; without what the store sets itself. */
function plain(value, place = "") {
  if (Array.isArray(value)) return value.map((one) => plain(one));
  if (value === null || typeof value !== "object") return value;
  const members = Object.keys(value).filter((name) => place !== "meta" || (name !== "versionId" && name !== "lastUpdated")).sort().map((name) => [name, plain(value[name], place === "root" ? name : "")]);
  return Object.fromEntries(members.filter(([name, one]) => !(place === "root" && name === "meta" && Object.keys(one).length === 0)));
}
const text = (resource) => JSON.stringify(plain(resource, "root"));

/** What each entry of some bundles should read back as: Type/id to its contents in order, each once in a row. */
function expected(bundles) {
  const targets = new Map(), contents = new Map();
  const each = (visit) => bundles.forEach((bundle) => bundle.entry.forEach((entry) => visit(entry.resource, entry.fullUrl ?? "")));
  const name = (resource, url) => `${resource.resourceType}/${resource.id ?? url.slice("urn:uuid:".length)}`;
  each((resource, url) => {
    targets.set(url, name(resource, url));
    for (const one of resource.identifier ?? []) targets.set(`${resource.resourceType}?identifier=${one.system ?? ""}|${one.value}`, name(resource, url));
  });
  const mapped = (value) => {
    if (Array.isArray(value)) return value.map(mapped);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === "reference" && targets.has(one) ? targets.get(one) : mapped(one)]));
  };
  each((resource, url) => {
    const key = name(resource, url), [, id] = key.split("/");
    const all = contents.get(key) ?? [], now = text(mapped({ ...resource, id }));
    if (all.at(-1) !== now) all.push(now);
    contents.set(key, all);
  });
  return contents;
}

async function differences(contents, from = 1) {
  const paths = [...contents].flatMap(([name, versions]) => versions.map((content, i) => ({ path: `${name}/_history/${i + from}`, content })));
  const found = [];
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (next < paths.length) {
      const { path, content } = paths[next++];
      const { status, text: body } = await read(path);
      if (status !== 200) found.push(`${path}: ${status}`);
      else if (text(parse(body)) !== content) found.push(`${path}\n  was ${content}\n  is  ${text(parse(body))}`);
    }
  }));
  return { compared: paths.length, found };
}

async function run(where, ...paths) {
  const began = Date.now(), done = await where.command("import", "--json", ...paths);
  assert.ok(done.stdout.startsWith("{"), done.stdout + done.stderr);
  return { code: done.code, seconds: (Date.now() - began) / 1000, report: JSON.parse(done.stdout) };
}

function ndjson(name, ...documents) {
  const file = join(files, name);
  writeFileSync(file, documents.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n") + "\n");
  return file;
}

test("25 patients import into a running clinic, none refused, within a minute", { skip: absent }, async (t) => {
  const { code, seconds, report } = await run(ward, synthea);
  assert.deepEqual([code, report.refused, report.refusals], [0, 0, []]);
  assert.ok(seconds <= 60, `${seconds} s`);
  assert.deepEqual(report.dangling, []);
  t.diagnostic(`${report.created} created, ${report.updated} new versions in ${seconds.toFixed(1)} s`);

  const bundles = gunzipSync(readFileSync(synthea)).toString().trim().split("\n").map(parse);
  const contents = expected(bundles);
  assert.equal(report.created, contents.size);
  assert.equal(report.created + report.updated + report.unchanged, bundles.reduce((sum, bundle) => sum + bundle.entry.length, 0));
  const { compared, found } = await differences(contents);
  assert.deepEqual(found.slice(0, 3), [], `${found.length} of ${compared} differ`);
  t.diagnostic(`${compared} versions read back equal`);
});

test("importing it again changes nothing, although some ids came with several contents", { skip: absent }, async (t) => {
  const { code, seconds, report } = await run(ward, synthea);
  assert.deepEqual([code, report.created, report.updated, report.refused, report.new_versions], [0, 0, 0, 0, []]);
  assert.ok(report.unchanged > 5000);
  assert.ok(seconds < 30, `${seconds} s`);
  t.diagnostic(`${report.unchanged} passed over in ${seconds.toFixed(1)} s`);
});

test("each batch has its INTENT and OUTCOME, and the log verifies", async () => {
  const file = ndjson("one.ndjson", { resourceType: "Patient", id: "logged-1", gender: "female" });
  assert.equal((await run(ward, file)).report.created, 1);
  const about = await auditQuery(ward, "--patient", "Patient/logged-1");
  const of = (one) => Object.fromEntries(one.detail ?? []).of ?? one.detail?.of;
  assert.ok(about.some((one) => one.event === "intent"), JSON.stringify(about));
  assert.ok(about.filter((one) => one.event === "intent").every((one) => JSON.stringify(one.detail).includes("phi.import") || of(one) === "phi.import"));
  const verified = await ward.command("audit", "verify", "--json");
  assert.equal(verified.code, 0, verified.stdout);
});

const patient = (id, more = {}) => ({ resourceType: "Patient", id, name: [{ family: "Import", given: ["Test"] }], ...more });

test("files may come in any order: references point forwards and backwards, by urn, id and identifier", async () => {
  const patients = ndjson("a-patients.ndjson",
    patient("order-1", { generalPractitioner: [{ reference: "Practitioner?identifier=urn:npi|0001" }, { reference: "urn:uuid:0b6f6a0e-9d0c-4a8e-8d3c-6a8c55d7a001" }], managingOrganization: { reference: "Organization?identifier=urn%3Aorg%7Cmain" } }));
  const staff = ndjson("b-staff.ndjson", { resourceType: "Bundle", type: "transaction", entry: [
    { fullUrl: "urn:uuid:0b6f6a0e-9d0c-4a8e-8d3c-6a8c55d7a001", resource: { resourceType: "Practitioner", name: [{ family: "Without id" }] }, request: { method: "POST", url: "Practitioner" } },
    { fullUrl: "urn:uuid:0b6f6a0e-9d0c-4a8e-8d3c-6a8c55d7a002", resource: { resourceType: "Practitioner", id: "order-npi", identifier: [{ system: "urn:npi", value: "0001" }] }, request: { method: "POST", url: "Practitioner" } },
    { resource: { resourceType: "Organization", id: "order-org", identifier: [{ system: "urn:org", value: "main" }] }, request: { method: "POST", url: "Organization" } } ] });
  const { code, report } = await run(ward, patients, staff);
  assert.deepEqual([code, report.created, report.refusals, report.dangling], [0, 4, [], []]);
  const { json } = await read("Patient/order-1");
  assert.deepEqual(json.generalPractitioner.map((one) => one.reference), ["Practitioner/order-npi", "Practitioner/0b6f6a0e-9d0c-4a8e-8d3c-6a8c55d7a001"]);
  assert.equal(json.managingOrganization.reference, "Organization/order-org");

  const later = ndjson("later.ndjson", patient("order-2", { generalPractitioner: [{ reference: "Practitioner?identifier=urn:npi|0001" }] }));
  assert.deepEqual((await run(ward, later)).report.dangling, []);
  assert.equal((await read("Patient/order-2")).json.generalPractitioner[0].reference, "Practitioner/order-npi", "found in the store, from an earlier import");
});

test("what is wrong is named by file, line and expression, and the rest is taken", async () => {
  const file = ndjson("mixed.ndjson", patient("mixed-1"), patient("mixed-2", { gender: "unclear", birthDate: "1990-02-30" }), '{"resourceType":"Patient",', { resourceType: "Teapot", id: "x" },
    { resourceType: "Patient", gender: "male" }, { resourceType: "Bundle", type: "collection", entry: [{ resource: patient("mixed-3") }, { resource: { resourceType: "Observation", id: "mixed-4", status: "final" } }] },
    patient("mixed-5", { text: { status: "generated", div: "no markup" } }));
  const { code, report } = await run(ward, file);
  assert.equal(code, 1);
  assert.deepEqual([report.created, report.refused], [2, 6]);
  for (const [line, words] of [[2, "Patient.gender"], [2, "Patient.birthDate"], [3, "column"], [4, "no R4 resource type"], [5, "id"], [6, "entry 1 Observation/mixed-4: Observation: code is required"], [7, "text.div"]])
    assert.ok(report.refusals.some((one) => one.startsWith(`mixed.ndjson:${line}`) && one.includes(words)), `line ${line}: ${words} in\n${report.refusals.join("\n")}`);
  assert.equal((await read("Patient/mixed-3")).status, 200);
  assert.equal((await read("Patient/mixed-2")).status, 404);

  const pretty = join(files, "pretty.json");
  writeFileSync(pretty, JSON.stringify({ resourceType: "Bundle", type: "collection", entry: [{ resource: patient("p") }, { resource: patient("mixed-6", { gender: "?" }) }] }, null, 2));
  const refusal = (await run(ward, pretty)).report.refusals[0];
  const line = readFileSync(pretty, "utf8").split("\n").findIndex((one, i, all) => all.slice(i).join("").startsWith('      "resource": {') && all.slice(0, i).join("").includes('"p"')) + 1;
  assert.ok(refusal.startsWith(`pretty.json:${line} `), `${refusal} at line ${line}`);
  assert.ok((await ward.command("import", join(files, "nowhere.json"))).stderr.includes("nowhere.json is not there"));
});

test("an id met again with other content is a new version, and listed; numbers are compared by their digits", async () => {
  const value = (digits) => `{"resourceType":"Observation","id":"again-1","status":"final","code":{"text":"weight"},"subject":{"reference":"Patient/mixed-1"},"valueQuantity":{"value":${digits},"unit":"kg"}}`;
  assert.equal((await run(ward, ndjson("v1.ndjson", value("80.0")))).report.created, 1);
  assert.equal((await run(ward, ndjson("v1.ndjson", value("80.0")))).report.unchanged, 1);
  const { report } = await run(ward, ndjson("v2.ndjson", value("80.00")));
  assert.deepEqual([report.updated, report.new_versions], [1, ["Observation/again-1"]]);
  assert.match((await read("Observation/again-1/_history/1")).text, /"value":80\.0,/);
  assert.match((await read("Observation/again-1")).text, /"value":80\.00,/);
  assert.deepEqual((await run(ward, ndjson("v1.ndjson", value("80.0")))).report.new_versions, ["Observation/again-1"], "an older content alone is a change back");
  assert.equal((await read("Observation/again-1")).json.meta.versionId, "3");
});

test("dangling references are taken and listed", async () => {
  const { code, report } = await run(ward, ndjson("dangling.ndjson", patient("dangling-1", { managingOrganization: { reference: "Organization/never-there" }, generalPractitioner: [{ reference: "Practitioner?identifier=urn:npi|none" }] })));
  assert.deepEqual([code, report.created], [0, 1]);
  assert.ok(report.dangling.some((one) => one.startsWith("Organization/never-there")), report.dangling.join("\n"));
  assert.ok(report.dangling.some((one) => one.startsWith("Practitioner?identifier=urn:npi|none")), report.dangling.join("\n"));
});

test("a narrative that does not pass is cleaned and listed, any other stays byte for byte", async () => {
  const good = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Weight &lt; 80&#160;kg</p></div>';
  const { report } = await run(ward, ndjson("narrative.ndjson", patient("text-1", { text: { status: "generated", div: good } }), patient("text-2", { text: { status: "generated", div: good.replace("<p>", '<p onclick="go()">') } })));
  assert.equal(report.narratives_cleaned, 1);
  assert.match(report.cleaned[0], /^Patient\/text-2: .*onclick/);
  assert.equal((await read("Patient/text-1")).json.text.div, good);
  assert.ok(!(await read("Patient/text-2")).json.text.div.includes("onclick"));
});

test("a stopped clinic takes an import too, and shows it after its start", async () => {
  await ward.stop();
  const { code, report } = await run(ward, ndjson("stopped.ndjson", patient("stopped-1")), ...(absent ? [] : [synthea]));
  assert.deepEqual([code, report.created, report.updated], [0, 1, 0]);
  ward = await Ward.start({ data: ward.directory, extra: limits });
  assert.equal((await read("Patient/stopped-1")).status, 200);
  assert.equal((await ward.command("audit", "verify")).code, 0);
});

/** Runs `ward import` and kills `victim` (the import itself, or a server) once `bytes` of the store are written. Gives the exit code, null if killed. */
function interrupted(directory, victim, bytes) {
  const child = spawn(binary, ["import", "--json", "--data", directory, synthea], { stdio: "ignore" });
  const size = () => readdirSync(directory).filter((name) => name.startsWith("store.")).reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  const until = size() + bytes;
  const watch = setInterval(() => size() > until && (victim ?? child).kill("SIGKILL"), 5);
  return new Promise((done) => child.once("exit", (code) => (clearInterval(watch), done(code))));
}

test("an import that is killed goes on where it was", { skip: absent }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "ward-import-"));
  try {
    const where = { command: (...args) => new Promise((done) => execFile(binary, [...args, "--data", directory], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => done({ code: error?.code ?? 0, stdout, stderr }))) };
    const made = await where.command("init");
    assert.equal(made.code, 0, made.stderr);
    cpSync(join(ward.directory, "tls"), join(directory, "tls"), { recursive: true });
    let kills = 0;
    for (let i = 0; i < (long ? 7 : 2); ++i) kills += (await interrupted(directory, null, 1_500_000)) === null ? 1 : 0;
    assert.ok(kills > 0, "none was killed in the midst");
    const { code, report } = await run(where, synthea);
    assert.deepEqual([code, report.refused], [0, 0]);
    assert.ok(report.unchanged > 0 && report.created > 0, `${report.unchanged} were there and ${report.created} came`);
    const again = (await run(where, synthea)).report;
    assert.deepEqual([again.created, again.updated], [0, 0]);
    assert.equal((await where.command("audit", "verify")).code, 0);
    t.diagnostic(`${kills} kills; then ${report.unchanged} were there and ${report.created} came`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a server that is killed under an import takes the rest after its start", { skip: absent || (long ? false : "only in the long version") }, async () => {
  let own = await Ward.start({ extra: limits });
  try {
    assert.equal(await interrupted(own.directory, own.child, 4_000_000), 1);
    await sleep(100);
    own = await Ward.start({ data: own.directory, extra: limits });
    assert.equal((await run(own, synthea)).code, 0);
    const again = (await run(own, synthea)).report;
    assert.deepEqual([again.created, again.updated], [0, 0]);
    assert.equal((await own.command("audit", "verify")).code, 0);
  } finally {
    await own.stop();
    own.remove();
  }
});
