// Acceptance 5, second half: the same when what was not synced is lost, all of it or here and there a sector.
import { test, after } from "node:test";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, binary, long, root, sleep } from "./ward.mjs";
import { generous, loadUntil, check, allVersions, everyAcknowledgedChangeIsThere } from "./mixed_load.mjs";

const rounds = long ? 50 : 4, clients = 6;
const preload = join(root, "build/preload/drop_unsynced.so");
const skip = existsSync(preload) ? false : "build/preload/drop_unsynced.so is not built; ./dev test does it";
let ward, data;
const changes = new Map();

const load = (mode, seed) => loadUntil(ward, clients, () => cut(mode, seed));

/** The place for what is removed and not synced, and the pipe that tells the server to lose it. */
function fresh() {
  rmSync(data + ".stash", { recursive: true, force: true });
  mkdirSync(data + ".stash");
  rmSync(data + ".cut", { force: true });
  execFileSync("mkfifo", [data + ".cut"]);
}

/** A server whose unsynced writes can be lost. */
async function start(env = {}) {
  fresh();
  ward = await Ward.start({ data, extra: generous, preload, env: { WARD_TEST_DIR: data, ...env } });
}

/** A server that is cut off after a while of setting it up. */
async function beginAndCut(after, seed) {
  fresh();
  const args = ["demo", "--data", data, "--port", "0", "--http-port", "0", "--admin-port", "0"];
  const child = spawn(binary, args, { env: { ...process.env, LD_PRELOAD: preload, WARD_TEST_DIR: data }, stdio: "ignore" });
  const ended = new Promise((done) => child.once("exit", (code, signal) => done(signal ?? code)));
  await sleep(after);
  writeFileSync(data + ".cut", `torn ${seed}\n`);
  assert.equal(await ended, "SIGKILL");
}

async function cut(mode, seed) {
  const ended = new Promise((done) => ward.child.once("close", (code, signal) => done(signal ?? code)));
  writeFileSync(data + ".cut", `${mode} ${seed}\n`);
  assert.equal(await ended, "SIGKILL", ward.output());
  ward.agent.destroy();
}

function remove() {
  for (const path of [data, data + ".stash", data + ".cut"]) rmSync(path, { recursive: true, force: true });
}

after(async () => {
  await ward?.stop();
  if (data) remove();
});

// The last of them is the clinic of the rounds below.
for (let round = 1; round <= (long ? 20 : 2); ++round) {
  const after = Math.floor(20 + Math.random() * 1200), seed = Math.floor(Math.random() * 1e9);
  test(`a first start that is cut off after ${after} ms is taken up by the next one (seed ${seed})`, { skip }, async () => {
    await ward?.stop();
    if (data) remove();
    data = mkdtempSync(join(tmpdir(), "ward-power-"));
    await beginAndCut(after, seed);
    await start();
    assert.equal((await ward.request("Patient/" + ward.demo.patients[0], { as: "dr.adams" })).status, 200);
    const verified = await ward.command("audit", "verify", "--json");
    assert.equal(verified.code, 0, verified.stdout);
  });
}

for (let round = 1; round <= rounds; ++round) {
  const mode = round % 2 === 1 ? "all" : "torn";
  const seed = 1 + Math.floor(Math.random() * 1e9);
  test(`power cut under mixed load, round ${round}, ${mode} ${seed}`, { skip }, async (t) => {
    const memory = await load(mode, seed);
    const lost = ward.output().match(/drop_unsynced: (.*)/)?.[1];
    assert.ok(lost, ward.output());
    await start();
    t.diagnostic(`${lost}; ${JSON.stringify(await check(ward, memory))}`);
    for (const [id, all] of memory.changes) changes.set(id, [...(changes.get(id) ?? []), ...all]);
  });
}

test("what any round acknowledged is there after all of them", { skip }, async () => {
  everyAcknowledgedChangeIsThere(changes, await allVersions(ward, changes.keys()));
});

test("a disk that lies about its syncs is found out by these checks", { skip }, async () => {
  await ward.stop();
  await start({ WARD_TEST_LIE: "yes" });
  const memory = await load("all", 1);
  await start();
  await assert.rejects(check(ward, memory), /without its record/);
});
