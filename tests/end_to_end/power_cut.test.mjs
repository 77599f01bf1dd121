// Acceptance 5, second half: the same when what was not synced is lost, all of it or here and there a sector.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, long, root, sleep } from "./ward.mjs";
import { generous, loadUntil, check, allVersions, everyAcknowledgedChangeIsThere } from "./mixed_load.mjs";

const rounds = long ? 50 : 4, clients = 6;
const preload = join(root, "build/preload/drop_unsynced.so");
const skip = existsSync(preload) ? false : "build/preload/drop_unsynced.so is not built; ./dev test does it";
let ward, data;
const changes = new Map();

/** A server whose unsynced writes can be lost; the pipe is how it is told to lose them. */
async function start() {
  rmSync(data + ".stash", { recursive: true, force: true });
  mkdirSync(data + ".stash");
  rmSync(data + ".cut", { force: true });
  execFileSync("mkfifo", [data + ".cut"]);
  ward = await Ward.start({ data, extra: generous, preload, env: { WARD_TEST_DIR: data } });
}

async function cut(mode, seed) {
  const ended = new Promise((done) => ward.child.once("exit", (code, signal) => done(signal ?? code)));
  writeFileSync(data + ".cut", `${mode} ${seed}\n`);
  assert.equal(await ended, "SIGKILL", ward.output());
  ward.agent.destroy();
}

before(async () => {
  if (skip) return;
  data = mkdtempSync(join(tmpdir(), "ward-power-"));
  await start();
});
after(async () => {
  if (skip) return;
  await ward.stop();
  for (const path of [data, data + ".stash", data + ".cut"]) rmSync(path, { recursive: true, force: true });
});

for (let round = 1; round <= rounds; ++round) {
  const mode = round % 2 === 1 ? "all" : "torn";
  const seed = 1 + Math.floor(Math.random() * 1e9);
  test(`power cut under mixed load, round ${round}, ${mode} ${seed}`, { skip }, async (t) => {
    const memory = await loadUntil(ward, clients, async (ending) => {
      await sleep(400 + Math.random() * 800);
      ending();
      await cut(mode, seed);
    });
    const lost = ward.output().match(/drop_unsynced: (.*)/)?.[1];
    assert.ok(lost, "nothing was lost");
    await start();
    t.diagnostic(`${lost}; ${JSON.stringify(await check(ward, memory))}`);
    assert.ok(memory.answers.length > 20, "the load was none");
    for (const [id, all] of memory.changes) changes.set(id, [...(changes.get(id) ?? []), ...all]);
  });
}

test("what any round acknowledged is there after all of them", { skip }, async () => {
  everyAcknowledgedChangeIsThere(changes, await allVersions(ward, changes.keys()));
});
