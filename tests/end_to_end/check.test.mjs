// Acceptance 8: what is wrong with a configuration is named by line, with what to do; a reload drops nothing.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import https from "node:https";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Ward, auditQuery, long, sleep } from "./ward.mjs";

const folder = mkdtempSync(join(tmpdir(), "ward-check-"));
let ward, good;
before(async () => {
  ward = await Ward.start({ extra: '[limits]\nclient = "100000/s"\naddress = "100000/s"\n' });
  good = readFileSync(join(ward.directory, "ward.toml"), "utf8");
});
after(async () => {
  await ward?.stop();
  ward?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const write = (text) => writeFileSync(join(ward.directory, "ward.toml"), text);

/** A name; what to put for what (or only what to add); what stands at the line of the problem; words of its remedy. */
const broken = [
  ["a misspelt key", 'host = "localhost"\n', 'hosst = "localhost"\n', "hosst", /unknown key; did you mean "hosts?"/],
  ["a misspelt table", "[firewall]", "[firewal]", "[firewal]", /unknown key; did you mean "firewall"/],
  ["a value without quotes", 'mode = "block"', "mode = block", "mode = block", /./],
  ["a key that comes twice", "nist = true", "nist = true\nnist = false", "nist = false", /nist/],
  ["a text where a flag belongs", "nist = true", 'nist = "yes"', "nist =", /needs true or false, without quotes/],
  ["a number out of its range", 'host = "localhost"', 'host = "localhost"\ncores = 1000', "cores", /256/],
  ["a name where an address belongs", '[listen]\nhttps = "localhost:8443"', "https =", /must be an IP address/],
  ["an address without a port", '[listen]\nhttps = "127.0.0.1"', "https =", /needs ADDRESS:PORT, as in "127.0.0.1:8443"/],
  ["an admin listener for the world", '[listen]\nadmin = "0.0.0.0:9443"', "admin =", /must stay on a loopback address/],
  ["a public address without TLS", 'host = "localhost"', 'host = "localhost"\npublic_url = "http://door.example"', "public_url", /must start with https/],
  ["a certificate that is not there", 'chain = "tls/server.pem"', 'chain = "tls/absent.pem"', "chain =", /absent\.pem is not there/],
  ["a certificate without its key", 'key = "tls/server.key"', "", "[[tls.certificate]]", /name the PEM file of the private key/],
  ["no certificate at all", '[[tls.certificate]]\nchain = "tls/server.pem"\nkey = "tls/server.key"', "", "[tls]", /at least one \[\[tls\.certificate\]\]/],
  ["an authority of key servers that is not there", '[identity]\njwks_uri_ca = "tls/nobody.pem"', "jwks_uri_ca", /nobody\.pem is not there/],
  ["an authority of key servers that is none", '[identity]\njwks_uri_ca = "master.key"', "jwks_uri_ca", /has no certificate in PEM/],
  ["inside addresses as a text", '[identity]\njwks_uri_loopback = "on"', "jwks_uri_loopback", /needs true or false/],
  ["two sources of the master key", 'master_file = "master.key"', 'master_file = "master.key"\nmaster_command = "/bin/print"', "master_command", /not both/],
  ["a size without a unit", '[protocol]\nbody_max = "8"', "body_max", /needs a number and a unit \(B, KiB, MiB, GiB\)/],
  ["a time in a unit that is not known", '[protocol]\nidle_timeout = "1 fortnight"', "idle_timeout", /needs a number and a unit \(ms, s, min/],
  ["a rate that is none", 'subject = "200/s"', 'subject = "fast"', "subject =", /\/s/],
  ["a firewall mode that is not known", 'mode = "block"', 'mode = "on"', "mode =", /off.*detect.*block/],
  ["a log segment that is too small", '[audit]\nsegment = "4 KiB"', "segment", /at least 256 KiB/],
  ["a route that leads nowhere", '[route.ehr]\npath = "/ehr/fhir"\nfhir = true', "[route.ehr]", /needs an upstream, as in/],
  ["a route in clear text", '[route.ehr]\npath = "/ehr/fhir"\nfhir = true\nupstream = "http://ehr.example/fhir"', "upstream =", /not encrypted.*use https/],
  ["a route without a contract", '[route.lab]\npath = "/lab"\nupstream = "https://lab.example/api"', "[route.lab]", /state what leaves: fields/],
  ["a whole route without a reason", '[route.lab]\npath = "/lab"\nupstream = "https://lab.example/api"\nwhole = true', "whole =", /needs reason/],
  ["two routes on one path", '[route.lab]\npath = "/fhir"\nfhir = true\nupstream = "https://lab.example/fhir"', "path =", /is taken already by the embedded store/],
  ["a scope with a letter that is none", 'may = ["user/*.rs", "user/Observation.cruds"]', 'may = ["user/*.rs", "user/Observation.crx"]', "crx", /scope|cruds/],
  ["a scope for a type that is none", 'may = ["user/*.rs", "user/Observation.cruds"]', 'may = ["user/*.rs", "user/Observatoin.cruds"]', "Observatoin", /Observation/],
  ["a relationship that is not known", 'patients = "department"', 'patients = "everybody"', "everybody", /self|all/],
  ["all types without a reason", 'reason = "patients may read their own record"\n', "", 'may = ["patient/*.rs"', /say why: reason/],
  ["a view of an element that is none", 'view.Patient = { hide = [', 'view.Patient = { hide = ["nmae", ', "nmae", /name/],
  ["a view of a type that is none", "view.Encounter", "view.Encountr", "view.Encountr", /Encounter/],
];

function breakIt([name, ...rest]) {
  const [from, to, marker, words] = rest.length === 3 ? [null, ...rest] : rest;
  if (from !== null) assert.ok(good.includes(from), `${name}: the demo's file has no ${from}`);
  const text = from === null ? `${good}\n${to}\n` : good.replace(from, to);
  const from_marker = from === null ? text.indexOf(marker, good.length) : text.indexOf(marker, Math.max(0, good.indexOf(from) - 200));
  return { name, text, words, line: text.slice(0, from_marker).split("\n").length };
}

test("thirty broken configurations: each is named by line, with its remedy", async (t) => {
  assert.ok(broken.length >= 20);
  const missed = [];
  for (const one of broken.map(breakIt)) {
    const file = join(folder, "broken.toml");
    writeFileSync(file, one.text);
    const { code, stdout, stderr } = await ward.command("check", "--config", file, "--json");
    const { good: is_good, problems } = stdout ? JSON.parse(stdout) : {};
    const shown = `\n  ${one.name}: wanted line ${one.line} and ${one.words}\n    ${(problems ?? [{ message: stdout + stderr }]).map((p) => `${p.line}: ${p.message}`).join("\n    ")}`;
    if (code !== 1 || is_good !== false || !problems.some((p) => p.file === "broken.toml" && p.line === one.line && one.words.test(p.message))) missed.push(shown);
    else if (problems.length > 3) missed.push(shown + "\n    too many");
  }
  assert.equal(missed.length, 0, missed.join(""));
  t.diagnostic(`${broken.length} configurations`);
});

test("several problems are all named in one run, for people too", async () => {
  const file = join(folder, "several.toml");
  writeFileSync(file, good.replace("nist = true", 'nist = "yes"').replace('mode = "block"', 'mode = "on"').replace("embedded", "embeded"));
  const { code, stdout } = await ward.command("check", "--config", file);
  assert.equal(code, 1);
  for (const words of [/^several\.toml:\d+: tls\.nist: needs true or false/m, /^several\.toml:\d+: firewall\.mode: /m, /^several\.toml:\d+: fhir\.embeded: unknown key; did you mean "embedded"/m, /3 problems; nothing would start/]) assert.match(stdout, words);
});

test("the demo's own configuration and the commented one are good", async () => {
  const { code, stdout } = await ward.command("check", "--json");
  assert.equal(code, 0, stdout);
  assert.ok(JSON.parse(stdout).token_shapes.length > 3);
  const said = await ward.command("check");
  assert.match(said.stdout, /good\n$/);
  const fresh = join(folder, "fresh");
  const run = new Ward(fresh, null, ward.demo);
  assert.equal((await run.command("init")).code, 0);
  const init = readFileSync(join(fresh, "ward.toml"), "utf8");
  writeFileSync(join(folder, "init.toml"), init);
  assert.equal((await ward.command("check", "--config", join(folder, "init.toml"))).code, 0);
});

/** Clients that ask without a pause over kept connections, until told to stop. */
function load(count, as) {
  const seen = { answers: 0, bad: [], stopped: false };
  const agents = Array.from({ length: count }, () => new https.Agent({ ca: ward.ca, keepAlive: true, maxSockets: 1 }));
  const loops = agents.map(async (agent) => {
    while (!seen.stopped) {
      try {
        const { status } = await ward.request("Patient/" + ward.demo.patients[0], { as, agent });
        ++seen.answers;
        if (status !== 200) seen.bad.push(status);
      } catch (error) {
        seen.bad.push(String(error));
      }
      await sleep(1);
    }
    agent.destroy();
  });
  return { seen, stop: async () => { seen.stopped = true; await Promise.all(loops); } };
}

const reloads = () => auditQuery(ward, "--event", "config.reload");
const detail = (record) => Object.fromEntries(record.detail);
const fields = async () => Object.keys((await ward.request("Patient/" + ward.demo.patients[0], { as: "desk.diaz" })).json);

test("a reload under load drops nothing and takes effect; a bad one changes nothing", async (t) => {
  assert.ok((await fields()).includes("telecom"));
  await ward.token("backend-secret");
  const running = load(8, "backend-secret");
  t.after(() => running.stop());
  await sleep(200);

  write(good.replace('show = ["active", "name", "birthDate", "telecom", "address",', 'show = ["active", "name", "birthDate", "address",'));
  const done = await ward.command("reload", "--json");
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.ok(!(await fields()).includes("telecom"), "the view is the new one");
  const [first] = (await reloads()).slice(-1);
  assert.equal(first.outcome, "success");
  assert.notEqual(detail(first).before, detail(first).after);

  write(good.replace("nist = true", "nist = maybe").replace('"birthDate", "telecom"', '"birthDate"'));
  const bad = await ward.command("reload");
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /ward\.toml:\d+: /);
  assert.ok(!(await fields()).includes("telecom"), "still as before");
  const [refused] = (await reloads()).slice(-1);
  assert.equal(detail(refused).before, detail(first).after);
  assert.equal(detail(refused).after, detail(first).after);
  assert.match(detail(refused).refused, /^[0-9a-f]{16}$/);
  assert.equal(refused.outcome, "refused");

  for (let i = 0; i < (long ? 50 : 5); ++i) {
    write(good.replace('view.Coverage = { hide = ["extension"] }', `view.Coverage = { hide = ["extension"${i % 2 ? ', "network"' : ""}] }`));
    assert.equal((await ward.command("reload")).code, 0);
  }
  write(good);
  const before_signal = (await reloads()).length;
  ward.child.kill("SIGHUP");
  for (let i = 0; i < 100 && (await reloads()).length === before_signal; ++i) await sleep(50);
  assert.equal((await reloads()).length, before_signal + 1, "SIGHUP reloads too");
  assert.ok((await fields()).includes("telecom"), "all is as in the beginning");

  await running.stop();
  assert.deepEqual(running.seen.bad.slice(0, 5), [], `${running.seen.bad.length} of ${running.seen.answers}`);
  assert.ok(running.seen.answers > 100);
  t.diagnostic(`${running.seen.answers} answers, none lost`);
});

test("limits are those of the new configuration", async () => {
  const many = () => Promise.all(Array.from({ length: 30 }, () => ward.request("Patient/" + ward.demo.patients[0], { as: "nurse.cole" }))).then((all) => all.map((one) => one.status));
  assert.ok((await many()).every((status) => status === 200));
  write(good.replace('subject = "200/s"', 'subject = "1/s"\ndelay_max = "1 ms"'));
  assert.equal((await ward.command("reload")).code, 0);
  assert.ok((await many()).includes(429));
  write(good);
  assert.equal((await ward.command("reload")).code, 0);
  assert.ok((await many()).every((status) => status === 200));
});

test("reload without a server, and explain of a policy line after a reload", async () => {
  const { stdout } = await ward.command("explain", "--json", "--user", "desk.diaz", "GET", "/fhir/Patient/" + ward.demo.patients[0]);
  const where = JSON.parse(stdout).steps.filter((step) => step.stage !== "limits").map((step) => step.where).find((one) => /^ward\.toml:\d+$/.test(one));
  assert.match(good.split("\n")[Number(where.split(":")[1]) - 1], /role\.front-desk|user\/Patient|department/);
  const alone = await new Ward(folder, null, ward.demo).command("reload");
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /no server answers/);
});

test("the second start takes the same clinic in two seconds", async (t) => {
  const ids = [...ward.demo.patients], before_stop = (await ward.request("Patient?_summary=count", { as: "backend-secret" })).json.total, port = ward.port;
  await ward.stop();
  const began = Date.now();
  ward = await Ward.start({ data: ward.directory, port });
  const seconds = (Date.now() - began) / 1000;
  assert.deepEqual(ward.demo.patients, ids);
  assert.equal((await ward.request("Patient?_summary=count", { as: "backend-secret" })).json.total, before_stop);
  assert.equal((await ward.command("audit", "verify")).code, 0);
  // Where other work takes the cores, only the processor time of the start says something.
  const ticks = readFileSync(`/proc/${ward.child.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, one) => sum + Number(one), 0);
  const busy = loadavg()[0] > cpus().length;
  assert.ok((busy ? ticks / 100 : seconds) <= 2, `${seconds} s, ${ticks / 100} s of processor time`);
  t.diagnostic(`${seconds} s, ${ticks / 100} s of processor time`);
});
