// What leaves by `ward export`: all of it, recorded before; and de-identified, nothing of anybody.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync, spawnSync } from "node:child_process";
import { Ward, auditQuery } from "./ward.mjs";

const files = mkdtempSync(join(tmpdir(), "ward-export-"));
const zstd = spawnSync("zstd", ["--version"]).status === 0;
let ward, whole;

const note = "Maria%20Quartermaine called from 617-555-0142 on 03/04/2021; BP 120/80 mmHg, metformin 500 mg BID. Dr. Okonkwo agrees.";
const planted = [
  { resourceType: "Patient", id: "export-planted", name: [{ family: "Quartermaine", given: ["Maria", "Ximena"] }], birthDate: "1931-07-09", telecom: [{ system: "email", value: "mquartermaine@mail.example" }],
    identifier: [{ system: "http://hl7.org/fhir/sid/us-ssn", value: "987-65-4329" }], address: [{ line: ["77 Larkspur Hollow"], city: "Tamworthia", state: "NH", postalCode: "03658" }], generalPractitioner: [{ reference: "Practitioner/export-gp", display: "Dr. Okonkwo" }] },
  { resourceType: "Practitioner", id: "export-gp", name: [{ family: "Okonkwo", given: ["Chinedu"] }] },
  { resourceType: "Observation", id: "export-note", status: "final", code: { coding: [{ system: "http://loinc.org", code: "34109-9", display: "Note" }] }, subject: { reference: "Patient/export-planted", display: "Maria Quartermaine" }, effectiveDateTime: "2021-03-04T10:00:00Z", note: [{ text: note }] },
  { resourceType: "Patient", id: "export-other", active: true },
  { resourceType: "Appointment", id: "export-group", status: "booked", start: "2027-01-02T09:00:00Z", end: "2027-01-02T09:30:00Z",
    participant: ["export-planted", "export-other"].map((one) => ({ actor: { reference: "Patient/" + one }, status: "accepted" })) },
];

before(async () => {
  ward = await Ward.start();
  const file = join(files, "planted.ndjson");
  writeFileSync(file, planted.map((one) => JSON.stringify(one)).join("\n") + "\n");
  const imported = await ward.command("import", file);
  assert.equal(imported.code, 0, imported.stdout + imported.stderr);
});
after(async () => {
  await ward?.stop();
  ward?.remove();
  rmSync(files, { recursive: true, force: true });
});

async function run(name, ...args) {
  const directory = join(files, name);
  const done = await ward.command("export", "--json", ...args, directory);
  assert.equal(done.code, 0, done.stdout + done.stderr);
  return { directory, report: JSON.parse(done.stdout), manifest: JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8")) };
}

/** The resources of an export by Type/id; checks counts, sizes, hashes and modes on the way. */
function read({ directory, manifest }) {
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(directory).sort(), [...manifest.output.map((one) => one.file), "manifest.json"].sort());
  const all = new Map();
  for (const { type, file, count, bytes, sha256 } of manifest.output) {
    const path = join(directory, file), content = readFileSync(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(content.length, bytes);
    assert.equal(createHash("sha256").update(content).digest("hex"), sha256);
    const text = file.endsWith(".zst") ? execFileSync("zstd", ["-dcq", path], { maxBuffer: 1 << 28 }).toString() : content.toString();
    const lines = text.split("\n").filter(Boolean);
    assert.equal(lines.length, count);
    for (const line of lines) {
      const resource = JSON.parse(line);
      assert.equal(resource.resourceType, type);
      all.set(`${type}/${resource.id}`, resource);
    }
  }
  return all;
}

function* strings(value, path = []) {
  if (typeof value === "string" || typeof value === "number") yield [String(value), path];
  else if (value && typeof value === "object") for (const [name, one] of Object.entries(value)) yield* strings(one, [...path, name]);
}

/** What the store knows of its people: names by word, numbers, addresses, ids, dates. */
function known(resources) {
  const words = new Set(), values = new Set();
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const resource of resources.values()) {
    if (!["Patient", "RelatedPerson"].includes(resource.resourceType)) continue;
    for (const name of resource.name ?? [])
      for (const part of [name.family, ...(name.given ?? [])].filter(Boolean)) for (const word of fold(part).split(/[^a-z]+/)) if (word.length >= 3) words.add(word);
    for (const one of [...(resource.telecom ?? []), ...(resource.identifier ?? [])]) if (one.value) values.add(one.value);
    for (const place of resource.address ?? []) for (const one of [...(place.line ?? []), place.city, place.postalCode].filter(Boolean)) values.add(one);
    values.add(resource.id);
    if (resource.birthDate) values.add(resource.birthDate);
  }
  return { words, values };
}

/** Codes and systems are vocabulary, not text. */
const isVocabulary = (path) => ["code", "system", "url", "profile", "reference", "id", "resourceType"].includes(path.at(-1)) || path.includes("profile");

function leaks(exported, { words, values }) {
  const found = [], press = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const pressed = [...values].map((one) => [one, press(one)]).filter(([, one]) => one.length >= 5);
  for (const [name, resource] of exported)
    for (const [text, path] of strings(resource)) {
      const small = press(text);
      for (const [value, one] of pressed) if (small.includes(one) && !(isVocabulary(path) && /^\d{5}$/.test(one))) found.push(`${value} at ${path.join(".")} of ${name}`);
      if (isVocabulary(path)) continue;
      for (const word of text.toLowerCase().split(/[^\p{L}]+/u)) if (words.has(word)) found.push(`${word} at ${path.join(".")} of ${name}`);
    }
  return found;
}

const dates = /(19|20)\d\d-\d\d/;

function referencesResolve(exported) {
  let checked = 0;
  for (const [name, resource] of exported)
    for (const [text, path] of strings(resource))
      if (path.at(-1) === "reference" && !text.startsWith("#")) {
        assert.ok(exported.has(text), `${text} of ${name}`);
        ++checked;
      }
  return checked;
}

test("an export has every resource as it is stored, with counts and hashes", async () => {
  const done = await run("whole");
  whole = read(done);
  assert.ok(whole.size > 300, `${whole.size}`);
  assert.equal(done.manifest.form, "identified");
  for (const type of ["Patient", "Observation", "Encounter"]) {
    const { json } = await ward.request(`${type}?_summary=count`, { as: "backend" }).catch(() => ({}));
    if (json?.total !== undefined) assert.equal(json.total, done.manifest.output.find((one) => one.type === type).count);
  }
  assert.equal(whole.get("Observation/export-note").note[0].text, note);
});

test("each page is a record with its resources, written before the page", async () => {
  const records = await auditQuery(ward, "--event", "phi.export");
  const counted = records.reduce((sum, one) => sum + Object.values(one.types ?? {}).reduce((a, b) => a + (typeof b === "number" ? b : 0), 0), 0);
  assert.ok(records.length > 0);
  assert.ok(counted === 0 || counted >= whole.size, `${counted}`);
  const mine = await auditQuery(ward, "--patient", "Patient/export-planted");
  assert.ok(mine.some((one) => one.event === "phi.export" && JSON.stringify(one).includes("Observation/export-note/_history/1")), JSON.stringify(mine).slice(0, 2000));
  assert.equal((await ward.command("audit", "verify")).code, 0);
});

for (const text of ["drop", "scan"])
  test(`de-identified, text ${text}: no known value of anybody, only years, references resolve`, async (t) => {
    const done = await run(`safe-${text}`, "--deidentify", "--text", text);
    const exported = read(done);
    assert.equal(exported.size, whole.size, JSON.stringify(done.manifest.left_out));
    for (const { type, count } of done.manifest.output) assert.equal(count, [...whole.keys()].filter((one) => one.startsWith(type + "/")).length, type);
    const found = leaks(exported, known(whole));
    assert.deepEqual(found.slice(0, 10), [], `${found.length} found`);
    for (const [name, resource] of exported) {
      assert.match(resource.id, /^[b-t]{32}$/);
      assert.ok(resource.meta.security.some((one) => one.code === "ANONYED"), name);
      for (const [value, path] of strings(resource)) assert.ok(!dates.test(value) || isVocabulary(path), `${value} at ${path.join(".")} of ${name}`);
    }
    const references = referencesResolve(exported);
    assert.ok(references > 300, `${references}`);
    const raw = done.manifest.output.map((one) => readFileSync(join(done.directory, one.file), "utf8")).join("");
    for (const one of ["Quartermaine", "quartermaine", "987-65", "Tamworthia", "555-0142", '"1931', "Okonkwo", '"03658']) assert.ok(!raw.includes(one), one);
    assert.ok(raw.includes('"postalCode":"000"'));
    if (text === "scan") assert.match(raw, /\[NAME\] called from \[PHONE\] on \[DATE\]; BP 120\/80 mmHg, metformin 500 mg BID\. Dr\. \[NAME\] agrees\./);
    const removed = done.manifest.removed;
    for (const what of ["name", "geography", "date", "phone", "email", "ssn"]) assert.ok(removed[what] > 0, `${what}: ${JSON.stringify(removed)}`);
    t.diagnostic(`${exported.size} resources, ${references} references, ${done.manifest.seconds.toFixed(2)} s; ${JSON.stringify(removed)}`);
  });

test("two exports cannot be joined by their ids", async () => {
  const [first, second] = [await run("one", "--deidentify", "--type", "Patient"), await run("two", "--deidentify", "--type", "Patient")].map(read);
  for (const name of first.keys()) assert.ok(!second.has(name));
});

test("compressed, it is the same", { skip: zstd ? false : "there is no zstd to read it with" }, async () => {
  assert.deepEqual([...read(await run("squeezed", "--zst")).keys()].sort(), [...whole.keys()].sort());
});

test("one type, one patient, a time", async () => {
  const some = read(await run("some", "--type", "Patient,Observation", "--patient", "export-planted"));
  assert.deepEqual([...some.keys()].sort(), ["Observation/export-note", "Patient/export-planted"]);
  const shared = await run("shared", "--type", "Appointment", "--patient", "export-planted");
  assert.equal(read(shared).size, 0, "what belongs to somebody else, too, is not in the export of one");
  assert.deepEqual(shared.manifest.left_out, { of_other_patients_too: 1 });
  assert.equal(read(await run("future", "--since", "2999-01-01")).size, 0);
  assert.equal(read(await run("past", "--type", "Patient", "--since", "2020-01-01T00:00:00Z")).size, [...whole.keys()].filter((one) => one.startsWith("Patient/")).length);
});

test("a limited data set moves the dates of a patient together", async () => {
  const exported = read(await run("limited", "--limited", "--type", "Encounter,Observation"));
  const day = (text) => Date.parse(text.slice(0, 10)) / 86_400_000;
  const shifts = new Map();
  const order = (all) => [...all.values()].filter((one) => one.resourceType === "Encounter" && one.period?.start?.length > 9);
  assert.equal(order(exported).length, order(whole).length);
  for (const one of order(exported)) {
    const lengths = one.period.end ? day(one.period.end) - day(one.period.start) : 0;
    shifts.set(one.subject.reference, lengths);
  }
  assert.ok(shifts.size > 3);
});

test("a folder with anything in it is refused; an interrupted export begins anew", async () => {
  const again = await ward.command("export", join(files, "whole"));
  assert.equal(again.code, 1);
  assert.match(again.stderr, /not empty/);
  const directory = join(files, "rest");
  await run("rest", "--type", "Patient");
  rmSync(join(directory, "manifest.json"));
  writeFileSync(join(directory, "export.unfinished"), "");
  assert.ok(read(await run("rest", "--type", "Patient")).size > 0);
  assert.ok(!existsSync(join(directory, "export.unfinished")));
  for (const args of [["--type", "Teapot"], ["--since", "yesterday"], ["--text", "scan"]]) assert.notEqual((await ward.command("export", ...args, join(files, "never"))).code, 0);
  assert.ok(!existsSync(join(files, "never")));
});

test("a stopped clinic can be exported too", async () => {
  await ward.stop();
  const exported = read(await run("stopped", "--deidentify"));
  assert.equal(exported.size, whole.size);
  assert.equal((await ward.command("audit", "verify")).code, 0);
  ward = await Ward.start({ data: ward.directory });
});
