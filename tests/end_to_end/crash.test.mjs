// Acceptance 5, first half: a server killed under load keeps what it said, and said nothing that is not in its log.
import { test, before, after } from "node:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, long } from "./ward.mjs";
import { generous, loadUntil, check, allVersions, everyAcknowledgedChangeIsThere } from "./mixed_load.mjs";

const rounds = long ? 50 : 4, clients = 6;
let ward, data;
const changes = new Map();

before(async () => {
  data = mkdtempSync(join(tmpdir(), "ward-crash-"));
  ward = await Ward.start({ data, extra: generous });
});
after(async () => { await ward.stop(); ward.remove(); });

for (let round = 1; round <= rounds; ++round)
  test(`kill -9 under mixed load, round ${round}`, async (t) => {
    const memory = await loadUntil(ward, clients, () => ward.stop("SIGKILL"));
    ward = await Ward.start({ data, extra: generous });
    t.diagnostic(JSON.stringify(await check(ward, memory)));
    for (const [id, all] of memory.changes) changes.set(id, [...(changes.get(id) ?? []), ...all]);
  });

test("what any round acknowledged is there after all of them", async () => {
  everyAcknowledgedChangeIsThere(changes, await allVersions(ward, changes.keys()));
});
