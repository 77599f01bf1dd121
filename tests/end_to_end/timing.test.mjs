// Acceptance 1, the clock: what may not be seen takes as long as what does not exist. Medians of interleaved tries.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, long } from "./ward.mjs";
import { fill, startBehind, unlimited } from "./clinics.mjs";
import { nobody, rows, stranger } from "./strangers.mjs";

const tries = long ? 2_000 : 150;
// With few tries the median itself moves; the long form is held to the promise.
const bound = long ? 0.05 : 0.35, bound_us = long ? 0 : 250;
const probes = ["read Patient", "read Observation", "vread of the first version", "history of Observation", "history with _count=1", "If-Modified-Since that is later", "read with _elements", "Observation by patient",
  "Observation by its identifier", "Observation by _id", "Observation by patient.identifier", "Observation by encounter", "Observation with its patient", "Patient by a reverse chain", "Patient by family name",
  "a compartment", "patch with the right If-Match", "update with the right If-Match", "delete with the right If-Match", "reference: performer", "conditional delete by identifier", "batch: a read"];

let ward, behind;
before(async () => {
  const back = await startBehind();
  behind = back.behind;
  ward = await Ward.start({ extra: unlimited + back.route });
  for (const clinic of [ward, behind]) await fill(clinic);
});
after(async () => {
  for (const clinic of [ward, behind]) { await clinic?.stop(); clinic?.remove(); }
});

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Median times of both, in microseconds; who goes first changes from try to try. */
async function measure(row, base, count) {
  const times = [[], []];
  for (let i = 0; i < count; ++i) {
    for (const which of i % 2 ? [1, 0] : [0, 1]) {
      const asked = row.ask([stranger, nobody][which], base), url = base + (/^\w/.test(asked.path) ? "/" : "") + asked.path;
      const begin = process.hrtime.bigint();
      await ward.request(url, { ...asked, as: "dr.adams" });
      times[which].push(Number(process.hrtime.bigint() - begin) / 1000);
    }
  }
  return times.map(median);
}

for (const [name, base] of Object.entries({ embedded: () => ward.fhir, proxied: () => ward.base + "/ehr/fhir" })) {
  test(`${name}: a request about a stranger takes as long as one about nobody`, async (t) => {
    const table = new Map(rows().map((row) => [row.name, row])), slow = [];
    const missing = probes.filter((one) => !table.has(one));
    assert.deepEqual(missing, []);
    assert.ok(probes.length >= 20);
    for (const probe of probes) {
      await measure(table.get(probe), base(), 20);  // warm
      let worst;
      // A machine that did something else meanwhile is not the server's difference: what is, is there again.
      for (let again = 0; again < 3; ++again) {
        const [hidden, absent] = await measure(table.get(probe), base(), tries);
        worst = { hidden, absent, differs: Math.abs(hidden - absent) / absent };
        if (worst.differs < bound || Math.abs(hidden - absent) < bound_us) break;
        if (again === 2) slow.push(`${probe}: ${hidden.toFixed(0)} us hidden, ${absent.toFixed(0)} us absent`);
      }
      t.diagnostic(`${probe}: ${worst.hidden.toFixed(0)} us, ${worst.absent.toFixed(0)} us, ${(100 * worst.differs).toFixed(1)} %`);
    }
    assert.deepEqual(slow, []);
  });
}
