// Acceptance 7 of identity: who is attacked by name is not locked out, and sees it; and a flood of sign-ins does not slow those who read.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import https from "node:https";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, long } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";
import { queryOf, signedIn } from "./grants.mjs";

const form = (browser, fields) => ({ method: "POST", body: queryOf({ csrf: browser.forms[0].fields.csrf, ...fields }),
  headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", cookie: [...browser.cookies].map((pair) => pair.join("=")).join("; ") } });

/** Rows of the account page's history: [what and where, how often]. */
function history(browser) {
  const section = browser.html.slice(browser.html.search(/id="[^"]*history/));
  return [...section.matchAll(/<li[^>]*>([\s\S]*?)<\/li>|<tr[^>]*>([\s\S]*?)<\/tr>/g)].map(([, item, row]) => (item ?? row).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim())
    .map((text) => ({ text, count: Number(/× (\d+)/.exec(text)?.[1] ?? 1) }));
}

/** `attempts` tries for one name by `places` strangers; `from` gives what each has of its own. Gives how often which status came. */
async function flood(ward, username, { attempts, places, from }) {
  const statuses = {};
  await Promise.all(Array.from({ length: places }, async (_, place) => {
    const { agent, headers, close } = from(place), stranger = new Browser(ward);
    stranger.headers = headers;
    const server = Object.create(ward);
    server.request = (path, options) => ward.request(path, { ...options, agent, headers: { ...options?.headers, ...headers } });
    stranger.ward = server;
    await stranger.go("/login");
    for (let i = 0; i < attempts / places; ++i) {
      const { status } = await server.request("/login", form(stranger, { username, password: "not the password " + i }));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    close?.();
  }));
  return statuses;
}

describe("1,000 failed sign-ins for one name from 50 addresses", () => {
  let ward;
  const limits = "[limits]\naddress = \"10000/s\"\nroute = \"10000/s\"\n[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n";
  before(async () => { ward = await Ward.start({ extra: `[server]\ntrusted_proxies = ["127.0.0.1"]\n${limits}` }); });
  after(async () => { await ward?.stop(); ward?.remove(); });

  const ways = {
    "of one network": (place) => {
      const agent = new https.Agent({ ca: ward.ca, keepAlive: true, family: 4, localAddress: `127.0.0.${place + 2}` });
      return { agent, headers: {}, close: () => agent.destroy() };
    },
    "of fifty networks": (place) => ({ headers: { "x-forwarded-for": `198.${place + 30}.7.9`, "user-agent": ["Firefox/130.0", "Chrome/130.0", "curl/8"][place % 3] } }),
  };
  for (const [name, from] of Object.entries(ways))
    test(`${name}: the known device gets in, a stranger does not even with the password, and the owner sees it`, async (t) => {
      const person = await personLike(ward, "dr.adams"), owner = await signedIn(ward, person);
      await owner.submit("/logout");
      const statuses = await flood(ward, person.username, { attempts: 1000, places: 50, from });
      t.diagnostic(JSON.stringify(statuses));
      assert.equal(Object.values(statuses).reduce((sum, count) => sum + count), 1000);
      assert.ok((statuses[400] ?? 0) <= 10, "more than ten passwords were looked at");

      const stranger = new Browser(ward);
      await stranger.go("/login");
      await stranger.submit("/login", { username: person.username, password: person.password });
      assert.equal(stranger.answer.status, 429, "the twin: the name is paused for strangers");

      const began = performance.now();
      await owner.go("/login");
      await owner.submit("/login", { username: person.username, password: person.password });
      assert.equal(owner.url.pathname, "/login/second-factor", "its own device is locked out: " + owner.answer.status);
      await owner.submit("/login/second-factor", { method: "recovery", code: person.recovery_codes.pop() });
      assert.equal(owner.url.pathname, "/account", owner.steps.join(", "));
      assert.ok(performance.now() - began < 5000, "its own device was made to wait");

      const rows = history(owner), failures = rows.filter((row) => /wrong|pause|lock|tries/i.test(row.text));
      assert.ok(rows.length <= 51 && failures.length >= 1, JSON.stringify(rows));
      assert.equal(failures.reduce((sum, row) => sum + row.count, 0), 1001, JSON.stringify(rows));
      assert.equal(rows.length - failures.length, 2, "both of the owner's own sign-ins are still seen: " + JSON.stringify(rows));

      const records = (await auditQuery(ward, "--event", "login.failed")).filter((one) => JSON.stringify(one).includes(person.username));
      assert.equal(records.length, 1001, "each is recorded");
      const paused = (await auditQuery(ward, "--event", "login.paused")).filter((one) => JSON.stringify(one).includes(person.username));
      assert.equal(paused.length, 1);
    });
});

describe("a flood of sign-ins beside FHIR reads", { skip: availableParallelism() < 2 && "needs two cores" }, () => {
  const runs = long ? 5 : 1, seconds = long ? 8 : 3, callers = 8, per_second = 25;
  let ward;
  before(async () => {
    const limits = "subject = \"100000/s\"\nclient = \"100000/s\"\naddress = \"100000/s\"\nroute = \"100000/s\"\n";
    ward = await Ward.start({ cpu: 0, extra: `[server]\ncores = 1\n[limits]\n${limits}[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\npatients_max = 1000\n` });
  });
  after(async () => { await ward?.stop(); ward?.remove(); });

  /** Both loads share a core; the one that floods yields it (SCHED_IDLE), or it would be its own work that the reads wait for. */
  function helper(file, plan, yields = []) {
    const child = spawn("taskset", ["-c", "1", ...yields, process.execPath, join(import.meta.dirname, file)]);
    child.stderr.pipe(process.stderr);
    child.stdin.end(JSON.stringify({ base: ward.base, ca_file: ward.demo.ca_file, ...plan }));
    return new Promise((done, failed) => {
      let text = "";
      child.stdout.on("data", (piece) => (text += piece));
      child.on("close", () => { try { done(JSON.parse(text)); } catch (error) { failed(error); } });
    });
  }
  const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  const median = (values) => at([...values].sort((a, b) => a - b), 0.5);
  /** Milliseconds of the reads, without the first second, in which the flood comes up. */
  async function reads(token) {
    const seen = await helper("load.mjs", { path: "/fhir/Patient/" + ward.demo.patients[0], tokens: Array(callers).fill(token), per_second, seconds });
    const begin = Math.min(...seen.flat().map(([sent]) => sent)) + 1000, counted = seen.flat().filter(([sent]) => sent > begin);
    assert.ok(counted.length > callers * per_second && counted.every(([, , status]) => status === 200), "reads failed");
    return at(counted.map(([sent, answered]) => answered - sent).sort((a, b) => a - b), 0.99);
  }

  test(`p99 of reads, ${runs} alternating runs`, async (t) => {
    const token = await ward.token("dr.adams"), without = [], beside = [], tried = {};
    await reads(token);
    for (let run = 0; run < runs; ++run) {
      without.push(await reads(token));
      const flooding = helper("sign_in_load.mjs", { connections: 24, seconds: seconds + 1 }, ["chrt", "--idle", "0"]);
      beside.push(await reads(token));
      for (const [status, count] of Object.entries(await flooding)) tried[status] = (tried[status] ?? 0) + count;
    }
    const [quiet, loud] = [median(without), median(beside)];
    t.diagnostic(`p99 of reads: ${quiet.toFixed(2)} ms without, ${loud.toFixed(2)} ms beside the flood (${JSON.stringify(tried)}); without [${without.map((one) => one.toFixed(1))}], beside [${beside.map((one) => one.toFixed(1))}]`);
    assert.ok((tried[400] ?? 0) > 5 * runs, "there was no flood");
    if (long) assert.ok(loud <= Math.max(quiet * 1.5, quiet + 2), `${loud} ms beside the flood, ${quiet} ms without`);
  });
});
