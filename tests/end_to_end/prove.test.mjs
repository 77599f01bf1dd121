// `ward access prove` over the demo's policy: each role, with the records here and in front of another server.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward } from "./ward.mjs";

const long = process.env.WARD_LONG === "yes";
const roles = "physician,nurse,front-desk,billing,patient,backend", proxied_roles = "nurse,front-desk";
let ward;
before(async () => { ward = await Ward.start(); });
after(async () => { await ward?.stop(); ward?.remove(); });

async function prove(...args) {
  const ran = await ward.command("access", "prove", "--json", "--config", ward.directory + "/ward.toml", ...args);
  assert.ok(ran.stdout, ran.stderr);
  return { code: ran.code, proofs: JSON.parse(ran.stdout).proofs };
}

function nothing_differs({ code, proofs }, t, least) {
  for (const one of proofs) {
    t.diagnostic(`${one.role}: ${one.requests} requests, ${one.found} answered with records`);
    assert.deepEqual(one.differences, [], one.role + ": " + JSON.stringify(one.differences[0], null, 1));
    assert.ok(one.nothing_hidden || one.requests >= least, `${one.role}: ${one.requests}`);
  }
  assert.equal(code, 0);
}

test("no role of the demo learns anything of what it may not see", async (t) => {
  const result = await prove(...(long ? ["--requests", "100000"] : ["--role", roles, "--seconds", "3"]));
  assert.ok(result.proofs.length >= 6 && result.proofs.some((one) => one.nothing_hidden), "the backend sees everything");
  assert.ok(result.proofs.filter((one) => one.removed > 0 && one.changed > 0).length >= 5);
  nothing_differs(result, t, 200);
});

test("nor in front of another server", async (t) => {
  nothing_differs(await prove("--proxied", ...(long ? ["--requests", "10000"] : ["--role", proxied_roles, "--seconds", "3"])), t, 100);
});

test("a role that the policy does not have is named", async () => {
  const ran = await ward.command("access", "prove", "--role", "nobody");
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /nobody/);
});
