// Acceptance 3: what the TLS listener agrees to and what it refuses, the headers of every answer, and the http listener.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import net from "node:net";
import tls from "node:tls";
import { Ward, long, plain } from "./ward.mjs";

let ward;
before(async () => { ward = await Ward.start(); });
after(async () => { await ward.stop(); ward.remove(); });

const has = (tool) => spawnSync("which", [tool]).status === 0;
const without = (tool) => (has(tool) ? false : `${tool} is not installed`);

/** Runs a tool; its exit code is part of the answer, and what it says on both outputs. */
function run(tool, args, input = "", timeout = 15_000) {
  return new Promise((done) => {
    const child = execFile(tool, args, { timeout, maxBuffer: 1 << 26 }, (error, stdout, stderr) => done({ code: error ? error.code ?? -1 : 0, text: stdout + stderr, stdout }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
/** A handshake by `openssl s_client`, at security level 0, so that OpenSSL itself refuses nothing on our side. */
const client = (args, input = "Q\n") => run("openssl", ["s_client", "-connect", `127.0.0.1:${ward.port}`, "-servername", "localhost", "-CAfile", ward.demo.ca_file, ...args], input);
const agreed = (answer) => /Cipher is (?!\(NONE\))\S+/.test(answer.text) && !/alert|Cipher is \(NONE\)/.test(answer.text);
const lowest = ":@SECLEVEL=0";

test("TLS 1.2 and 1.3 are agreed to, with a verified chain", { skip: without("openssl") }, async () => {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const answer = await client([version]);
    assert.ok(agreed(answer), version + answer.text);
    assert.match(answer.text, /Verify return code: 0 \(ok\)/, version);
  }
});

test("SSL 3, TLS 1.0 and 1.1 are refused", { skip: without("openssl") }, async () => {
  for (const version of ["-tls1", "-tls1_1"]) {
    const answer = await client([version, "-cipher", "ALL" + lowest]);
    assert.ok(!agreed(answer), version);
    assert.match(answer.text, /alert protocol version|no protocols available|wrong version/, version);
  }
});

test("of every TLS 1.2 suite that OpenSSL knows exactly the four with ECDHE and GCM can be had, as the key allows", { skip: without("openssl") }, async () => {
  const known = (await run("openssl", ["ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL" + lowest])).stdout.trim().split(":").filter((name) => name && !name.startsWith("TLS_"));
  assert.ok(known.length > 30, known.join());
  const key = /ECDSA/.test((await client(["-tls1_2"])).text) ? "ECDSA" : "RSA";
  const taken = [];
  for (const suite of known) if (agreed(await client(["-tls1_2", "-cipher", suite + lowest]))) taken.push(suite);
  assert.deepEqual(taken.sort(), [`ECDHE-${key}-AES128-GCM-SHA256`, `ECDHE-${key}-AES256-GCM-SHA384`]);
});

test("of TLS 1.3 exactly the two AES-GCM suites can be had", { skip: without("openssl") }, async () => {
  const taken = [];
  for (const suite of ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"])
    if (agreed(await client(["-tls1_3", "-ciphersuites", suite]))) taken.push(suite);
  assert.deepEqual(taken, ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"]);
});

test("CBC and RSA key exchange are refused by name", { skip: without("openssl") }, async () => {
  for (const suite of ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "AES256-SHA256", "AES128-SHA", "AES256-GCM-SHA384", "AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384"]) {
    const answer = await client(["-tls1_2", "-cipher", suite + lowest]);
    assert.ok(!agreed(answer), suite);
    assert.match(answer.text, /handshake failure|alert/, suite);
  }
});

test("the groups are NIST's P-256, P-384 and P-521 and no other", { skip: without("openssl") }, async () => {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const taken = [];
    for (const group of ["P-256", "P-384", "P-521", "X25519", "X448", "ffdhe2048", "ffdhe3072", "brainpoolP256r1", "secp224r1", "secp256k1"])
      if (agreed(await client([version, "-groups", group, ...(version === "-tls1_2" ? ["-cipher", "ALL" + lowest] : [])]))) taken.push(group);
    // Before 1.3 the groups of a client also say which certificates it can read, and the demo's key is on P-256.
    assert.deepEqual(taken, version === "-tls1_3" ? ["P-256", "P-384", "P-521"] : ["P-256"], version);
  }
});

test("neither renegotiation nor compression nor early data is to be had; secure renegotiation and extended master secret are answered", { skip: without("openssl") }, async () => {
  const quiet = await client(["-tls1_2", "-cipher", "ALL" + lowest, "-comp"]);
  assert.match(quiet.text, /Secure Renegotiation IS supported/);
  assert.match(quiet.text, /Compression: NONE/);
  assert.match(quiet.text, /Extended master secret: yes/);
  const again = await client(["-tls1_2", "-legacy_renegotiation"], "R\n");
  assert.ok(!/verify return:1[\s\S]*RENEGOTIATING[\s\S]*verify return:1/.test(again.text), again.text);
  const session = await client(["-tls1_3"], "GET / HTTP/1.0\r\n\r\n");
  assert.ok(!/Max Early Data: [1-9]/.test(session.text));
});

test("ALPN offers HTTP/2 and HTTP/1.1, and a client that wants neither is refused", { skip: without("openssl") }, async () => {
  assert.match((await client(["-alpn", "h2,http/1.1"])).text, /ALPN protocol: h2/);
  assert.match((await client(["-alpn", "http/1.1"])).text, /ALPN protocol: http\/1\.1/);
  assert.match((await client([])).text, /No ALPN negotiated/);
  assert.match((await client(["-alpn", "spdy/3"])).text, /no application protocol|No ALPN negotiated/);
});

test("a handshake for a name that is not served leads nowhere", async () => {
  const { text } = await raw("GET /livez HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 421 /);
  assert.match(text, /strict-transport-security: /i);
});

/** Bytes over TLS; gives what came until the end. */
function raw(bytes) {
  return new Promise((done, failed) => {
    let text = "";
    const socket = tls.connect({ host: "127.0.0.1", port: ward.port, servername: "localhost", ca: ward.ca, ALPNProtocols: ["http/1.1"] }, () => socket.write(bytes));
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (piece) => (text += piece.toString("latin1")));
    socket.on("error", failed);
    socket.on("close", () => done({ text }));
  });
}

test("every answer carries HSTS, nosniff and no-store, whatever its status and protocol", async () => {
  const patient = ward.demo.patients[0];
  const answers = [
    await ward.request("Patient/" + patient, { as: "dr.adams" }),
    await ward.request("Patient/" + patient),
    await ward.request("Patient/" + patient, { as: "admin.gray" }),
    await ward.request("Patient/nobody", { as: "dr.adams" }),
    await ward.request("Nonsense/1", { as: "dr.adams" }),
    await ward.request("Patient/" + patient, { as: "dr.adams", method: "POST", body: "{}" }),
    await ward.request("Patient", { as: "dr.adams", method: "POST", body: "{" }),
    await ward.request("Patient?name=a", { as: "dr.adams" }),
    await ward.request("/oauth/token", { method: "POST", body: "grant_type=x", headers: { "content-type": "application/x-www-form-urlencoded" } }),
    await ward.request("/"),
    await ward.request("/%00"),
    await ward.request("Patient/" + patient, { as: "dr.adams", method: "HEAD" }),
  ];
  for (const { status, headers } of answers) {
    assert.match(headers["strict-transport-security"], /^max-age=(\d+); includeSubDomains$/, String(status));
    assert.ok(Number(headers["strict-transport-security"].match(/\d+/)[0]) >= 31_536_000);
    assert.equal(headers["x-content-type-options"], "nosniff", String(status));
    assert.equal(headers["cache-control"], "no-store", String(status));
    assert.equal(headers.server, undefined);
  }
  assert.deepEqual([...new Set(answers.map((one) => one.status))].sort(), [200, 400, 401, 403, 404, 405]);
  // What the protocol itself refuses has them too.
  for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"]) {
    const { text } = await raw(bytes);
    assert.match(text, /^HTTP\/1\.1 400 /);
    for (const header of [/\r\nstrict-transport-security: max-age=\d+; includeSubDomains\r\n/i, /\r\nx-content-type-options: nosniff\r\n/i, /\r\ncache-control: no-store\r\n/i]) assert.match(text, header);
  }
});

test("documents made to be cached say so, with HSTS and nosniff all the same", async () => {
  for (const path of ["/.well-known/openid-configuration", "/oauth/jwks", "/fhir/.well-known/smart-configuration"]) {
    const { status, headers } = await ward.request(path);
    assert.equal(status, 200, path);
    assert.match(headers["cache-control"], /max-age=\d+/, path);
    assert.ok(headers["strict-transport-security"] && headers["x-content-type-options"], path);
  }
});

test("curl speaks HTTP/1.1 and HTTP/2 and gets the same", { skip: without("curl") }, async () => {
  const bodies = [];
  for (const [flag, version] of [["--http1.1", "1.1"], ["--http2", "2"]]) {
    const answer = await run("curl", ["-sS", "--cacert", ward.demo.ca_file, flag, "-w", "\n%{http_version} %{http_code}", `${ward.fhir}/metadata`]);
    assert.ok(answer.stdout.endsWith(`\n${version} 200`), answer.text.slice(-200));
    bodies.push(JSON.parse(answer.stdout.slice(0, answer.stdout.lastIndexOf("\n"))));
  }
  assert.equal(bodies[0].resourceType, "CapabilityStatement");
  delete bodies[0].date, delete bodies[1].date;
  assert.deepEqual(bodies[0], bodies[1]);
});

test("nghttp gets many streams of one connection", { skip: without("nghttp") }, async () => {
  const token = await ward.token("dr.adams");
  const answer = await run("nghttp", ["-nsv", "-m", "20", "-H", "authorization: Bearer " + token, `${ward.fhir}/Patient/${ward.demo.patients[0]}`]);
  assert.equal(answer.code, 0, answer.text);
  assert.equal((answer.text.match(/:status: 200/g) ?? []).length, 20);
  assert.match(answer.text, /negotiated protocol: h2/);
});

test("the http listener answers 308 and nothing else, with the same path and query, for hosts that are ours", async () => {
  const start = new Date();
  const port = await httpPort();
  const base = `http://127.0.0.1:${port}`;
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    for (const path of ["/", "/fhir/Patient/1?name=a%20b&c=%2F", "/oauth/token", "/livez", "/metrics", "/no/such/thing", "/a//b/../c?"]) {
      const { status, headers, text } = await plain(base + path, { method, path, headers: { host: `localhost:${port}` } });
      assert.equal(status, 308, method + path);
      assert.equal(headers.location, `https://localhost:${ward.port}${path}`, method);
      assert.equal(text, "");
    }
  for (const host of ["evil.example", "localhost.evil.example", "evil.example:443", "localhost@evil.example", "", "localhost:80:90", "[::2]"]) {
    const text = await rawPlain(port, `GET /fhir/Patient/1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 4\d\d /, host);
    assert.ok(!/location:/i.test(text) && !text.includes("evil"), host);
  }
  assert.match(await rawPlain(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.[01] 4\d\d /);
  assert.match(await rawPlain(port, "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await rawPlain(port, "GET /a\r\nLocation: https://evil.example HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.ok(new Date() - start < 30_000);
});

/** The port is written by the demo into its overlay as asked for (0), so ask the kernel what the process listens on. */
async function httpPort() {
  const taken = new Set([ward.port, ...[ward.demo.admin, ward.demo.mtls_base].map((one) => Number(new URL(one).port))]);
  const inodes = new Set();
  const { readdirSync, readlinkSync } = await import("node:fs");
  for (const fd of readdirSync(`/proc/${ward.child.pid}/fd`)) {
    const link = readlinkSync(`/proc/${ward.child.pid}/fd/${fd}`);
    if (link.startsWith("socket:[")) inodes.add(link.slice(8, -1));
  }
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = parseInt(fields[1]?.split(":")[1] ?? "0", 16);
    if (fields[3] === "0A" && inodes.has(fields[9]) && !taken.has(port)) return port;
  }
  throw new Error("no third listener");
}

function rawPlain(port, bytes) {
  return new Promise((done) => {
    let text = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(1500, () => socket.destroy());
    socket.on("data", (piece) => { text += piece.toString("latin1"); if (text.includes("\r\n\r\n")) socket.end(); });
    socket.on("error", () => {});
    socket.on("close", () => done(text));
  });
}

// Minutes long, so only in the long run. What follows from the demo's own CA is allowed.
const scanner = ["testssl", "testssl.sh"].find(has);
test("testssl.sh reports nothing above LOW", { skip: !long ? "only in the long run" : scanner ? false : "testssl is not installed", timeout: 900_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "ward-testssl-"));
  const scan = async (...checks) => {
    const file = join(directory, "report.json");
    rmSync(file, { force: true });
    await run(scanner, [...checks, "--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "--jsonfile", file, `https://localhost:${ward.port}`], "", 880_000);
    assert.ok(existsSync(file), "no report was written");
    return JSON.parse(readFileSync(file, "utf8"));
  };
  try {
    let findings = await scan();
    assert.ok(findings.length > 100, String(findings.length));
    // Its client leaves right after the handshake, sometimes before a TLS 1.3 ticket has come: with any server.
    const resumption = (one) => one.id === "sessionresumption_ticket";
    for (let round = 0; round < 5 && findings.find(resumption)?.severity === "WARN"; ++round)
      findings = [...findings.filter((one) => !resumption(one)), ...(await scan("--server-defaults")).filter(resumption)];
    assert.equal(findings.find(resumption)?.finding, "supported");
    const allowed = ["cert_chain_of_trust", "cert_revocation", "cert_caIssuers", "overall_grade", "engine_problem"];
    const above = findings.filter((one) => ["MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN"].includes(one.severity) && !allowed.some((id) => one.id === id || one.id.startsWith(id + " ")));
    assert.deepEqual(above, []);
  } finally { rmSync(directory, { recursive: true, force: true }); }
});
