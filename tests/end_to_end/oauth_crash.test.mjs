// Acceptance 5 of identity: a server killed in the middle of flows keeps what it said. No code works twice, no refresh token has two
// successors, no confirmed factor and no revocation is lost, and each answer that somebody got has its record.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, long, sleep } from "./ward.mjs";
import { kinds, watched } from "./oauth_flows.mjs";

const rounds = long ? 50 : 3;  // each kills eight flows, which may have been through several times before
const extra = "[limits]\nsubject = \"100000/s\"\nclient = \"100000/s\"\naddress = \"100000/s\"\nroute = \"100000/s\"\n[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n[audit]\nsegment = \"512 KiB\"\n";
let ward, data, port, flows;
before(async () => {
  data = mkdtempSync(join(tmpdir(), "ward-oauth-crash-"));
  ward = await Ward.start({ data, extra });
  port = ward.port;  // it is part of the issuer: tokens of another one would be worth nothing
  flows = kinds.map((Kind) => new Kind(ward));
  for (const flow of flows) await flow.prepare();
});
after(async () => { await ward?.stop(); ward?.remove(); });

/** Until the server is gone, whatever it was in the middle of. */
async function goRound(flow, state) {
  try {
    for (; !state.killed; ++flow.count) await flow.once();
  } catch (error) {
    if (!state.killed) throw error;
  }
}

async function recorded(answers) {
  const events = new Map();
  for (const one of await auditQuery(ward)) events.set(one.request, (events.get(one.request) ?? new Set()).add(one.event));
  for (const { id, event, what } of answers) {
    assert.ok(events.has(id), `${what} has no record`);
    if (event) assert.ok(events.get(id).has(event), `${what} is recorded as ${[...events.get(id)]}, and not as ${event}`);
  }
}

for (let round = 1; round <= rounds; ++round)
  test(`kill -9 within ${kinds.length} flows, round ${round}`, async (t) => {
    const answers = [], state = { killed: false }, counts = flows.map((flow) => flow.count);
    for (const flow of flows) { flow.ward = ward; await flow.begin(watched(ward, answers)); }
    const running = flows.map((flow) => goRound(flow, state));
    const failed = Promise.all(running);
    await Promise.race([failed, sleep(randomInt(150, long ? 1500 : 900))]);
    state.killed = true;
    await ward.stop("SIGKILL");
    await failed;
    ward = await Ward.start({ data, extra, port });
    for (const flow of flows) { flow.ward = ward; await flow.check(watched(ward, answers)); }
    const verified = await ward.command("audit", "verify");
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    await recorded(answers);
    t.diagnostic(JSON.stringify({ answers: answers.length, ...Object.fromEntries(flows.map((flow, i) => [kinds[i].name, flow.count - counts[i]])) }));
  });
