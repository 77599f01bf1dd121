// Acceptance 2 of identity, its last case: nobody learns from the answer, or from how long it takes, who is known here.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward, long } from "./ward.mjs";
import { Browser } from "./browser.mjs";
import { queryOf, random } from "./grants.mjs";

const tries = long ? 500 : 30, tries_of_a_name = 3;  // of known names, and as many of unknown ones; after three, answers are made to wait
let ward, known, browser;
before(async () => {
  ward = await Ward.start({ extra: "[limits]\naddress = \"10000/s\"\nroute = \"10000/s\"\n[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n" });
  const file = join(ward.directory, "password"), like = ward.user("dr.adams");
  writeFileSync(file, random(12), { mode: 0o600 });
  known = Array.from({ length: Math.ceil(tries / tries_of_a_name) + 4 }, (_, i) => `someone.${String(i).padStart(4, "0")}`);
  for (const name of known) {
    const done = await ward.command("user", "add", name, "--role", like.role, "--fhir-user", like.fhir_user, "--password-file", file);
    assert.equal(done.code, 0, done.stderr);
  }
  browser = new Browser(ward);
  await browser.go("/login");
});
after(async () => { await ward?.stop(); ward?.remove(); });

async function attempt(username) {
  const body = queryOf({ csrf: browser.forms[0].fields.csrf, username, password: "not the password" });
  const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", cookie: [...browser.cookies].map((pair) => pair.join("=")).join("; ") };
  const began = performance.now(), answer = await ward.request("/login", { method: "POST", body, headers });
  return { ms: performance.now() - began, status: answer.status, page: answer.text.replaceAll(username, "NAME"), headers: Object.keys(answer.headers).sort().join() };
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

test(`OWASP ASVS 6.3.8, RFC 6819 section 4.6.3: ${tries} interleaved tries of known and unknown names take as long and say the same`, async (t) => {
  const names = {
    known: known.flatMap((name) => Array(tries_of_a_name).fill(name)),
    unknown: known.flatMap((_, i) => Array(tries_of_a_name).fill(`nobody.${String(i).padStart(4, "0")}1`)),
  };
  const seen = { known: [], unknown: [] };
  for (let i = 0; i < 6; ++i) await attempt(names[i % 2 ? "known" : "unknown"].pop());
  for (let i = 0; i < tries; ++i)
    for (const kind of randomInt(2) ? ["known", "unknown"] : ["unknown", "known"]) seen[kind].push(await attempt(names[kind].pop()));
  for (const kind of ["known", "unknown"])
    for (const one of seen[kind]) {
      assert.equal(one.status, 400);
      assert.equal(one.page, seen.known[0].page, "the pages differ");
      assert.equal(one.headers, seen.known[0].headers, "the headers differ");
    }
  const [yes, no] = ["known", "unknown"].map((kind) => median(seen[kind].map((one) => one.ms))), difference = Math.abs(yes - no) / Math.min(yes, no);
  t.diagnostic(`medians: ${yes.toFixed(2)} ms known, ${no.toFixed(2)} ms unknown: ${(difference * 100).toFixed(1)} %`);
  if (long) assert.ok(difference < 0.05, `${yes} ms for known names, ${no} ms for unknown ones`);
});
test("NIST SP 800-63B-4 section 3.2.2: a name that nobody has is made to wait and paused as one that is there", async () => {
  const statuses = async (name) => { const all = []; for (let i = 0; i < 7; ++i) all.push((await attempt(name)).status); return all; };
  const together = (name) => Promise.all(Array.from({ length: 12 }, async () => (await attempt(name)).status));
  const [one, other] = [known[0], "nobody.at.all"];
  const sort = (list) => list.sort().join();
  assert.equal(sort(await together(one)), sort(await together(other)));
  assert.equal(sort(await statuses(one)), sort(await statuses(other)));
});
