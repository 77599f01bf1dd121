// Acceptance 5, last sentence: a disk that fails gives 503 and no PHI, and service returns by itself.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, plain, root, sleep } from "./ward.mjs";
import { generous } from "./mixed_load.mjs";

const preload = join(root, "build/preload/fail_disk.so");
const skip = existsSync(preload) ? false : "build/preload/fail_disk.so is not built; ./dev test does it";
let ward, data, patient, phi;

before(async () => {
  if (skip) return;
  data = mkdtempSync(join(tmpdir(), "ward-disk-"));
  ward = await Ward.start({ data, extra: generous, preload, env: { WARD_TEST_FAULT: data + ".fault" } });
  patient = ward.demo.patients[0];
  const read = await ward.request("Patient/" + patient, { as: "dr.adams" });
  assert.equal(read.status, 200);
  phi = [patient, read.json.name[0].family, read.json.birthDate, read.json.identifier[0].value, read.json.telecom[0].value];
  for (const who of ["backend-key", "desk.diaz", "backend-secret"]) await ward.token(who);  // while they can be recorded
});
after(async () => {
  if (skip) return;
  await ward.stop();
  rmSync(data + ".fault", { force: true });
  ward.remove();
});

function fault(line) {
  writeFileSync(data + ".fault.new", line);
  renameSync(data + ".fault.new", data + ".fault");
}
const mend = () => rmSync(data + ".fault");

const admin = async (path) => (await plain(ward.demo.admin + path)).status;
const observation = () => ({ resourceType: "Observation", status: "final", code: { text: "disk test" }, subject: { reference: "Patient/" + patient }, valueString: "x" });
const create = () => ward.request("Observation", { as: "backend-key", method: "POST", body: observation() });
const transaction = () => ward.request("", { as: "backend-key", method: "POST", body: { resourceType: "Bundle", type: "transaction", entry: [{ resource: observation(), request: { method: "POST", url: "Observation" } }] } });

const reads = [
  ["read", () => ward.request("Patient/" + patient, { as: "dr.adams" })],
  ["read through a view", () => ward.request("Patient/" + patient, { as: "desk.diaz" })],
  ["version", () => ward.request(`Patient/${patient}/_history/1`, { as: "dr.adams" })],
  ["history", () => ward.request(`Patient/${patient}/_history`, { as: "dr.adams" })],
  ["search", () => ward.request("Observation?patient=" + patient, { as: "dr.adams" })],
  ["search by another client", () => ward.request("Condition?_count=50", { as: "backend-secret" })],
  ["batch of reads", () => ward.request("", { as: "dr.adams", method: "POST", body: { resourceType: "Bundle", type: "batch", entry: [{ request: { method: "GET", url: "Patient/" + patient } }] } })],
];
const writes = [["create", create], ["transaction", transaction]];

function refusesWithoutPhi(name, answer) {
  assert.equal(answer.status, 503, `${name}: ${answer.status} ${answer.text}`);
  assert.match(answer.headers["retry-after"] ?? "", /^\d+$/, name);
  const all = JSON.stringify(answer.headers) + answer.text;
  for (const one of phi) assert.ok(!all.includes(one), `${name} told ${one}`);
}

async function until(what, holds) {
  const started = Date.now();
  for (;;) {
    if (await holds()) return Date.now() - started;
    assert.ok(Date.now() - started < 5000, `${what}: not within 5 s; ${ward.output().slice(-2000)}`);
    await sleep(50);
  }
}

const count = async () => {
  const { status, json } = await ward.request("Observation?code:text=disk+test&_summary=count&patient=" + patient, { as: "dr.adams" });
  return status === 200 ? json.total : undefined;
};

describe("a fault below the audit log", { skip }, () => {
  for (const line of ["EIO write /audit/", "ENOSPC write /audit/", "EIO sync /audit/", "ENOSPC sync /audit/", "EIO write,sync /audit/"])
    test(line, async (t) => {
      const began = new Date().toISOString();
      fault(line);
      try {
        for (const [name, ask] of [...writes, ...reads]) refusesWithoutPhi(name, await ask());
        refusesWithoutPhi("a stranger's read", await ward.request("Patient/unknown", { as: "dr.adams" }));
        assert.equal(await admin("/readyz"), 503);
        assert.equal(await admin("/livez"), 200);
        assert.equal(ward.child.exitCode, null);
        await sleep(1200);  // several attempts to open it again, and none that is believed
        refusesWithoutPhi("read after attempts to open", await reads[0][1]());
      } finally {
        mend();
      }
      const took = await until("ready again", async () => (await admin("/readyz")) === 200);
      t.diagnostic(`back after ${took} ms`);
      for (const [name, ask] of [...reads, ...writes]) assert.ok((await ask()).status < 300, name);
      const verified = await ward.command("audit", "verify", "--json");
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
      const entries = await auditQuery(ward, "--from", began);
      assert.equal(entries[0].event, "log.reopened", JSON.stringify(entries[0]));
      const outcomes = new Set(entries.filter((one) => one.event === "outcome").map((one) => one.intent));
      for (const one of entries) if (one.event === "intent") assert.ok(outcomes.has(one.index), JSON.stringify(one));
    });
});

describe("a fault below the store", { skip }, () => {
  for (const line of ["EIO write /store.sqlite", "ENOSPC write /store.sqlite", "EIO sync /store.sqlite", "EIO write,sync /store.sqlite"])
    test(line, async (t) => {
      const began = new Date().toISOString();
      fault(line);
      const refused = [];
      try {
        for (const [name, ask] of writes) {
          const answer = await ask();
          refusesWithoutPhi(name, answer);
          refused.push(answer.headers["x-request-id"]);
        }
        for (const [name, ask] of reads) assert.equal((await ask()).status, 200, name);
        assert.equal(await admin("/readyz"), 503);
        assert.equal(await admin("/livez"), 200);
      } finally {
        mend();
      }
      const took = await until("ready again", async () => (await admin("/readyz")) === 200);
      t.diagnostic(`back after ${took} ms`);
      for (const [name, ask] of [...reads, ...writes]) assert.ok((await ask()).status < 300, name);
      const entries = await auditQuery(ward, "--from", began);
      for (const id of refused) {
        const outcome = entries.find((one) => one.request === id && one.event === "outcome");
        assert.ok(outcome && outcome.status === 503 && outcome.outcome !== "success", JSON.stringify(outcome));
      }
    });
});
