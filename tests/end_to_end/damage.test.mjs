// A log that was changed is not believed: verify names the entry, the server does not serve PHI from it, and a new epoch
// lets it go on with the old log kept as evidence. The bytes are those of docs/formats/log.md.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, binary, long } from "./ward.mjs";
import { generous } from "./mixed_load.mjs";

const headerBytes = 128, frameHeadBytes = 48;
let whole, ward, patient;

before(async () => {
  whole = mkdtempSync(join(tmpdir(), "ward-damage-"));
  ward = await Ward.start({ data: whole, extra: generous.replace("512 KiB", "256 KiB") });
  patient = ward.demo.patients[0];
  await ward.token("dr.adams");
  for (let i = 0; i < 25; ++i)
    for (const { status } of await Promise.all(Array.from({ length: 16 }, () => ward.request("Patient/" + patient, { as: "dr.adams" })))) assert.equal(status, 200);
  await ward.stop();
});
after(() => ward.remove());

/** A copy of the stopped server's directory, to be spoilt; what is done with it gets a Ward that does not run. */
async function copied(work) {
  const directory = mkdtempSync(join(tmpdir(), "ward-damage-"));
  try {
    cpSync(whole, directory, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    await work(Object.assign(Object.create(Ward.prototype), { directory }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const segments = (directory) => readdirSync(join(directory, "audit")).filter((name) => name.endsWith(".seg")).sort().map((name) => join(directory, "audit", name));

/** { file, offset, bytes, index } of every frame, in order. */
function frames(directory) {
  const all = [];
  for (const file of segments(directory)) {
    const bytes = readFileSync(file);
    for (let offset = headerBytes; offset + frameHeadBytes <= bytes.length;) {
      const length = bytes.readUInt16LE(offset);  // behind it: the place in its write
      if (length === 0) break;
      all.push({ file, offset, bytes: frameHeadBytes + length, index: Number(bytes.readBigUInt64LE(offset + 8)) });
      offset += frameHeadBytes + length;
    }
  }
  return all;
}

function change(file, how) {
  const bytes = readFileSync(file);
  writeFileSync(file, how(bytes) ?? bytes);
}

async function verify(one) {
  const { code, stdout, stderr } = await one.command("audit", "verify", "--json");
  assert.ok(stdout, stderr);
  return { code, ...JSON.parse(stdout) };
}

/** Starts a server that must refuse; gives what it said. */
async function refusal(directory) {
  const child = spawn(binary, ["demo", "--data", directory, "--port", "0", "--http-port", "0", "--admin-port", "0"]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += piece));
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const code = await new Promise((done) => child.once("exit", (code, signal) => done(code ?? signal)));
  clearTimeout(late);
  assert.ok(code !== 0 && typeof code === "number", `${code}: ${text}`);
  return text;
}

test("an untouched log verifies, over several segments", async () => {
  const report = await verify(ward);
  assert.equal(report.ok, true);
  assert.equal(report.checkpoint, report.count);
  assert.equal(report.torn_tail, null);
  const all = frames(whole);
  assert.deepEqual(all.map((one) => one.index), all.map((_, at) => at));
  assert.equal(report.entries, all.length);
  assert.ok(new Set(all.map((one) => one.file)).size > 1, "one segment only");
});

const parts = [["length and place", 0, 4], ["checksum", 4, 8], ["index", 8, 16], ["chain", 16, 48], ["record", 48]];
test("any flipped bit is named by its entry", () => copied(async (one) => {
  const all = frames(one.directory);
  const picked = [0, all.length >> 1, all.length - 2, all.length - 1].concat(long ? [...all.keys()].filter((i) => i % 9 === 0) : []);
  for (const at of picked)
    for (const [part, from, to] of parts) {
      const { file, offset, bytes, index } = all[at];
      const place = offset + from + Math.floor(Math.random() * ((to ?? bytes) - from)), bit = 1 << Math.floor(Math.random() * 8);
      const flip = (content) => { content[place] ^= bit; };
      change(file, flip);
      const report = await verify(one);
      change(file, flip);
      const told = `${part} of entry ${index}, byte ${place}, bit ${bit}: ${JSON.stringify(report)}`;
      assert.equal(report.code, 1, told);
      assert.ok(report.findings.some((finding) => finding.index === index), told);
      assert.ok(report.findings.every((finding) => Math.abs(finding.index - index) <= 1), told);
    }
  assert.equal((await verify(one)).ok, true);
}));

test("a flipped bit in a segment's header is found", () => copied(async (one) => {
  for (const file of segments(one.directory).slice(0, 2)) {
    const flip = (content) => { content[20] ^= 4; };
    change(file, flip);
    const report = await verify(one);
    change(file, flip);
    assert.equal(report.code, 1);
    assert.match(JSON.stringify(report.findings), /header/);
  }
}));

test("a missing entry is named, in the middle and at the end", () => copied(async (one) => {
  const all = frames(one.directory);
  for (const at of [3, all.length - 1]) {
    const { file, offset, bytes, index } = all[at];
    const before = readFileSync(file);
    change(file, (content) => Buffer.concat([content.subarray(0, offset), content.subarray(offset + bytes), Buffer.alloc(bytes)]));
    const report = await verify(one);
    writeFileSync(file, before);
    assert.equal(report.code, 1);
    assert.ok(report.findings.some((finding) => JSON.stringify(finding).includes(`entry ${index} is missing`)), JSON.stringify(report));
  }
}));

test("a log that lost a whole segment is found out", () => copied(async (one) => {
  const used = [...new Set(frames(one.directory).map((frame) => frame.file))];
  for (const file of [used[0], used.at(-1)]) {
    const before = readFileSync(file);
    rmSync(file);
    const report = await verify(one);
    writeFileSync(file, before);
    assert.equal(report.code, 1, JSON.stringify(report));
    assert.match(JSON.stringify(report.findings), /missing/);
  }
}));

test("a rewritten log with a checkpoint of another key is not believed", () => copied(async (one) => {
  change(join(one.directory, "audit", "checkpoint"), (content) => {
    const text = content.toString();
    return text.replace(/(— \S+ )(\S+)/, (_, name, signature) => name + Buffer.from(Buffer.from(signature, "base64").map((byte, at) => (at === 10 ? byte ^ 1 : byte))).toString("base64"));
  });
  const report = await verify(one);
  assert.equal(report.code, 1);
  assert.match(JSON.stringify(report.findings), /cannot be believed/);
}));

test("a bad last frame above the checkpoint is a torn tail: it verifies, and the server starts and says so", () => copied(async (one) => {
  const last = frames(one.directory).at(-1);
  change(last.file, (content) => {
    const half = Math.floor(last.bytes / 2);
    content.copy(content, last.offset + last.bytes, last.offset, last.offset + half);
    content.writeBigUInt64LE(BigInt(last.index + 1), last.offset + last.bytes + 8);
  });
  const report = await verify(one);
  assert.equal(report.code, 0, JSON.stringify(report));
  assert.equal(report.torn_tail.index, last.index + 1);
  const again = await Ward.start({ data: one.directory, extra: generous });
  try {
    const [opened] = await auditQuery(again, "--event", "log.opened", "--newest-first");
    assert.ok(opened.detail.some(([name]) => name === "torn_tail"), JSON.stringify(opened));
    assert.equal(opened.index, last.index + 1);
  } finally {
    await again.stop();
  }
  assert.equal((await verify(one)).ok, true);
}));

test("no PHI is served from a damaged log until a new epoch is begun; the old one stays as evidence", () => copied(async (one) => {
  const all = frames(one.directory), hot = all.at(-3);
  change(hot.file, (content) => { content[hot.offset + 60] ^= 1; });
  const said = await refusal(one.directory);
  assert.ok(said.includes(hot.file), said);
  assert.match(said, new RegExp(`offset ${hot.offset}: entry ${hot.index}:`));
  assert.match(said, /ward audit epoch --reason/);
  assert.equal((await one.command("audit", "epoch")).code !== 0, true, "an epoch without a reason");
  const begun = await one.command("audit", "epoch", "--reason", "bit rot on sda, ticket 7");
  assert.equal(begun.code, 0, begun.stderr);
  const again = await Ward.start({ data: one.directory, extra: generous });
  try {
    assert.equal((await again.request("Patient/" + patient, { as: "dr.adams" })).status, 200);
    const [first] = await auditQuery(again);
    assert.equal(first.event, "log.epoch");
    assert.equal(first.index, all.length, "indexes go on");
    const detail = Object.fromEntries(first.detail);
    assert.equal(detail.reason, "bit rot on sda, ticket 7");
    assert.ok(existsSync(join(one.directory, "audit", detail.sealed)));
    assert.equal((await again.command("audit", "epoch", "--reason", "while it runs")).code !== 0, true, "an epoch under a running server");
  } finally {
    await again.stop();
  }
  assert.equal((await verify(one)).ok, true);
}));
