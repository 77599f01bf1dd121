// Clients that publish their keys by URL: what is fetched, when, and from where never. Each case names the section that it proves; a
// case that must be refused stands beside its positive twin, a client whose keys come from the same server.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { Ward, auditQuery, long, sleep } from "./ward.mjs";
import { App, Key, addClient, at, cases, granted, jwt, random, refused, without } from "./grants.mjs";
import { KeyServer } from "./key_server.mjs";

let keys, ward, shut, clients = 0;
before(async () => {
  keys = await KeyServer.start();
  const extra = (loopback) => `[identity]\n${loopback ? "jwks_uri_loopback = true\n" : ""}jwks_uri_ca = "${keys.ca_file}"\n[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n[limits]\nclient = "2000/s"\n`;
  [ward, shut] = await Promise.all([Ward.start({ extra: extra(true) }), Ward.start({ extra: extra(false) })]);
});
after(async () => {
  await Promise.all([ward?.stop(), shut?.stop()]);
  ward?.remove();
  shut?.remove();
  await keys?.stop();
});

const registration = (jwks_uri, more = {}) => without({ client_id: `by-url-${++clients}`, token_endpoint_auth_method: "private_key_jwt", grant_types: ["client_credentials"], scope: "system/Patient.rs",
  roles: ["system"], jwks_uri, ...more });
async function client(jwks_uri, { server = ward, key = named(), ...more } = {}) {
  const registered = await addClient(server, registration(jwks_uri, more));
  return new App(server, registered.client_id, { registered, key });
}
const named = (key = new Key()) => Object.assign(key, { kid: random(6) });
const setOf = (...all) => ({ keys: all.map((key) => ({ ...key.jwk, kid: key.kid, use: "sig" })) });
const ask = (app, change) => app.token({ grant_type: "client_credentials" }, change && { proven: { headers: {}, form: { ...app.proven().form, client_assertion: app.assertion(change) } } });
/** A client whose key set is at a path of its own: its key, or what `answer` is or makes of that key. */
async function published(answer, more = {}) {
  const path = "/" + random(6), key = more.key ?? named();
  keys.answers.set(path, answer === undefined ? setOf(key) : at(answer, key));
  return Object.assign(await client(keys.url(path), { ...more, key }), { path });
}
const reason = async (app, from = ward) => (await auditQuery(from, "--event", "token.refused")).filter((one) => one.client === app.id).at(-1)?.cause;

// ---- what works

test("RFC 7591 section 2: keys at jwks_uri prove a client, and are fetched once", async () => {
  const app = await published();
  for (let i = 0; i < 5; ++i) granted(await ask(app));
  assert.equal(keys.hitsOf(app.path), 1);
});
test("RFC 7591 section 2: many at once share one fetch", async () => {
  const path = "/" + random(6), key = named();
  keys.answers.set(path, (request, response) => setTimeout(() => response.end(JSON.stringify(setOf(key))), 200));
  const app = await client(keys.url(path), { key });
  for (const answer of await Promise.all(Array.from({ length: 24 }, () => ask(app)))) granted(answer);
  assert.equal(keys.hitsOf(path), 1);
});
test("RFC 7517 section 4.5: of several keys the one with the token's kid, each by its own algorithm", async () => {
  const [first, second] = [named(), named(new Key("P-384"))];
  const app = await published(() => (request, response) => response.end(JSON.stringify(setOf(first, second))), { key: first });
  granted(await ask(app));
  granted(await ask(Object.assign(app, { key: second })));
});
test("RFC 7517 section 5: keys of a kind that nobody knows are passed over", async () => {
  granted(await ask(await published((key) => ({ keys: [{ kty: "XYZ", kid: "new" }, ...setOf(key).keys] }))));
});
test("RFC 7009 section 2: at revocation and introspection too, and PAR (RFC 9126 section 2)", async () => {
  const app = await published(undefined, { grant_types: ["client_credentials", "authorization_code"], redirect_uris: ["https://app.example/back"], scope: "openid system/Patient.rs user/Patient.rs" });
  const { access_token } = granted(await ask(app));
  assert.equal((await app.post("introspect", { token: access_token })).json.active, true);
  const { parameters } = Object.assign(app, { redirect: "https://app.example/back" }).parameters({ scope: "openid user/Patient.rs" });
  assert.equal((await app.post("par", parameters)).status, 201);
  assert.equal((await app.post("revoke", { token: access_token })).status, 200);
  assert.equal((await app.post("introspect", { token: access_token })).json.active, false);
});
test("RFC 8705 section 2.2.2: the key of a self-signed certificate, by jwks_uri", async () => {
  const { default: https } = await import("node:https");
  const { execFileSync } = await import("node:child_process");
  const { readFileSync } = await import("node:fs");
  const file = (name) => `${keys.directory}/${name}`, pems = {};
  for (const name of ["own", "other"]) {
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=app", "-days", "2", "-keyout", file(name + ".key"), "-out", file(name + ".pem")], { stdio: "ignore" });
    pems[name] = { ca: ward.ca, cert: readFileSync(file(name + ".pem")), key: readFileSync(file(name + ".key")) };
  }
  const path = "/" + random(6);
  keys.answers.set(path, { keys: [{ ...createPublicKey(pems.own.cert).export({ format: "jwk" }), kid: "certificate" }] });
  const app = await client(keys.url(path), { token_endpoint_auth_method: "self_signed_tls_client_auth", tls_client_certificate_bound_access_tokens: true });
  const by = async (name) => {
    const agent = new https.Agent(pems[name]);
    try { return await app.token({ grant_type: "client_credentials", client_id: app.id }, { proven: false, agent, base: ward.demo.mtls_base }); } finally { agent.destroy(); }
  };
  granted(await by("own"));
  refused(await by("other"), "invalid_client");
});

// ---- rotation (OpenID Connect Core section 10.1.1)

test("OpenID Connect Core section 10.1.1: a new kid is asked for, but not each time", async () => {
  const app = await published();
  granted(await ask(app));
  const old = app.key;
  app.key = named();
  keys.answers.set(app.path, setOf(app.key));
  for (let i = 0; i < 4; ++i) refused(await ask(app), "invalid_client");
  assert.equal(keys.hitsOf(app.path), 1, "whoever sends odd kids must not make us fetch");
  granted(await ask(Object.assign(app, { key: old })));
});
test("OpenID Connect Core section 10.1.1: after a minute the new key proves, and the old one no more", { skip: !long && "takes a minute" }, async () => {
  const app = await published(), old = app.key;
  granted(await ask(app));
  app.key = named();
  keys.answers.set(app.path, setOf(app.key));
  await sleep(61_000);
  granted(await ask(app));
  assert.equal(keys.hitsOf(app.path), 2);
  refused(await ask(Object.assign(app, { key: old })), "invalid_client");
});

// ---- registration

const refusedAtRegistration = async (change, words) => {
  const done = await addClient(ward, registration(keys.url("/any"), change)).then(() => undefined, (error) => error.message);
  assert.ok(done, "it was taken");
  assert.match(done, words);
  await addClient(ward, registration(keys.url("/any")));
};
cases("registration", [
  ["RFC 7591 section 2", "jwks beside jwks_uri", { jwks: setOf(named()) }, /jwks and jwks_uri exclude each other/],
  ["RFC 7591 section 2", "http", { jwks_uri: "http://localhost/keys" }, /https/],
  ["RFC 7591 section 5", "a file", { jwks_uri: "file:///etc/passwd" }, /https/],
  ["RFC 7591 section 5", "data", { jwks_uri: "data:application/json,{}" }, /https/],
  ["RFC 3986 section 3.2.1", "user information", { jwks_uri: "https://user:word@localhost/keys" }, /user information/],
  ["RFC 3986 section 3.2.1", "a host that only looks like one", { jwks_uri: "https://localhost@10.0.0.1/keys" }, /user information/],
  ["RFC 3986 section 3.5", "a fragment", { jwks_uri: "https://localhost/keys#one" }, /fragment/],
  ["RFC 3986 section 3.2.2", "no host", { jwks_uri: "https:///keys" }, /host/],
  ["RFC 3986 section 2", "white space", { jwks_uri: "https://localhost/ke ys" }, /https|ASCII/],
  ["RFC 3986 section 2", "a line end", { jwks_uri: "https://localhost/keys\r\nhost: evil" }, /https|ASCII/],
  ["RFC 3986 section 2", "a backslash", { jwks_uri: "https://localhost\\@10.0.0.1/" }, /https|ASCII/],
  ["RFC 7591 section 5", "a very long one", { jwks_uri: "https://localhost/" + "a".repeat(2000) }, /at most/],
  ["RFC 7591 section 2", "for a client that proves itself by a secret", { token_endpoint_auth_method: "client_secret_basic" }, /exclude each other/],
  ["RFC 7591 section 2", "for a public client", { token_endpoint_auth_method: "none", grant_types: ["authorization_code"], redirect_uris: ["https://app.example/back"] }, /exclude each other/],
], refusedAtRegistration);

// ---- where Ward does not go (RFC 7591 section 5, OWASP SSRF)

/** Refused, and nothing was connected to. */
async function neverAsked(uri, expected = /^jwks_address$/) {
  const before = keys.connections, app = await client(at(uri), { server: shut });
  const began = Date.now(), answer = await ask(app);
  refused(answer, "invalid_client");
  assert.equal(answer.json.error_description, "client authentication failed", "nothing is told of the inside");
  assert.ok(Date.now() - began < 6_000);
  assert.equal(keys.connections, before, "it was connected to");
  assert.match(await reason(app, shut), expected);
}
cases("addresses of the inside", [
  ["RFC 6890 section 2.2.2", "a name that is loopback", () => keys.url("/keys")],
  ["RFC 6890 section 2.2.2", "loopback", () => keys.url("/keys", "127.0.0.1")],
  ["RFC 6890 section 2.2.2", "another loopback", () => keys.url("/keys", "127.9.9.9")],
  ["RFC 6890 section 2.2.3", "loopback in IPv6", () => keys.url("/keys", "[::1]")],
  ["RFC 4291 section 2.5.5.2", "loopback mapped into IPv6", () => keys.url("/keys", "[::ffff:127.0.0.1]")],
  ["RFC 6052 section 3.1", "loopback behind NAT64", () => keys.url("/keys", "[64:ff9b::7f00:1]")],
  ["RFC 6890 section 2.2.2", "this host", () => keys.url("/keys", "0.0.0.0")],
  ["RFC 1918 section 3", "a private address (10/8)", "https://10.0.0.1/keys"],
  ["RFC 1918 section 3", "a private address (172.16/12)", "https://172.16.9.1/keys"],
  ["RFC 1918 section 3", "a private address (192.168/16)", "https://192.168.1.1/keys"],
  ["RFC 3927 section 2.1", "where clouds tell their secrets", "https://169.254.169.254/latest/meta-data/"],
  ["RFC 4193 section 3", "a unique local address", "https://[fd00:ec2::254]/keys"],
  ["RFC 6598 section 7", "a shared address", "https://100.100.100.200/keys"],
  ["RFC 5771 section 3", "multicast", "https://224.0.0.1/keys"],
], (uri) => neverAsked(uri));
cases("other spellings of loopback", [
  ["RFC 3986 section 7.4", "as one number", () => keys.url("/keys", "2130706433")],
  ["RFC 3986 section 7.4", "in hexadecimal", () => keys.url("/keys", "0x7f000001")],
  ["RFC 3986 section 7.4", "in octal", () => keys.url("/keys", "0177.0.0.1")],
  ["RFC 3986 section 7.4", "short", () => keys.url("/keys", "127.1")],
  ["RFC 6761 section 6.3", "below localhost", () => keys.url("/keys", "keys.localhost")],
  ["RFC 1034 section 3.1", "with a dot at its end", () => keys.url("/keys", "localhost.")],
  ["RFC 4343 section 2", "in capitals", () => keys.url("/keys", "LOCALHOST")],
], (uri) => neverAsked(uri, /^jwks_(address|unreachable|uri)$/));
test("RFC 6890 section 2.2.2: only loopback is opened by jwks_uri_loopback", async () => {
  for (const uri of ["https://10.0.0.1/keys", "https://169.254.169.254/keys", "https://192.168.0.1/keys"]) {
    const app = await client(uri);
    refused(await ask(app), "invalid_client");
    assert.equal(await reason(app), "jwks_address");
  }
  granted(await ask(await published()));
});

// ---- answers that are none

const sends = (status, headers, body) => () => (request, response) => { response.writeHead(status, headers); response.end(typeof body === "function" ? body() : body); };
async function noAnswer(answer, expected) {
  const app = await published(answer), began = Date.now();
  const bad = await ask(app);
  refused(bad, "invalid_client");
  assert.equal(bad.json.error_description, "client authentication failed");
  assert.ok(Date.now() - began < 6_000, `${Date.now() - began} ms`);
  assert.match(await reason(app), expected);
  refused(await ask(app), "invalid_client");
  assert.equal(keys.hitsOf(app.path), 1, "what failed is asked for again within a minute");
  granted(await ask(await published()));
}
const good = (key) => JSON.stringify(setOf(key));
const withKey = (make) => (key) => (request, response) => response.end(make(key));
cases("answers", [
  ["RFC 9110 section 15.4", "a redirect to another path", (key) => { keys.answers.set("/moved", setOf(key)); return (request, response) => { response.writeHead(302, { location: keys.url("/moved") }); response.end(); }; }, /^jwks_answer$/],
  ["RFC 9110 section 15.4", "a redirect to the inside", sends(307, { location: "https://169.254.169.254/latest/meta-data/" }, ""), /^jwks_answer$/],
  ["RFC 9110 section 15.4", "a redirect to http", sends(308, { location: "http://localhost/" }, ""), /^jwks_answer$/],
  ["RFC 9110 section 15.5", "not found, with keys", (key) => (request, response) => { response.writeHead(404); response.end(good(key)); }, /^jwks_answer$/],
  ["RFC 9110 section 15.3", "201, with keys", (key) => (request, response) => { response.writeHead(201); response.end(good(key)); }, /^jwks_answer$/],
  ["RFC 9110 section 15.6", "an error", sends(500, {}, "oops"), /^jwks_answer$/],
  ["RFC 7517 section 5", "more than 64 KiB", withKey((key) => good(key) + " ".repeat(70_000)), /^jwks_/],
  ["RFC 7517 section 5", "without an end", () => (request, response) => { const more = () => { if (response.write("x".repeat(16384))) setImmediate(more); else response.once("drain", more); }; response.on("error", () => {}); more(); }, /^jwks_/],
  ["RFC 7517 section 5", "compressed", (key) => (request, response) => { response.writeHead(200, { "content-encoding": "gzip" }); import("node:zlib").then((zlib) => response.end(zlib.gzipSync(good(key)))); }, /^jwks_/],
  ["RFC 7517 section 5", "silence", () => () => {}, /^jwks_unreachable$/],
  ["RFC 7517 section 5", "a byte at a time", withKeySlowly, /^jwks_unreachable$/],
  ["RFC 7517 section 5", "broken off", (key) => (request, response) => { response.writeHead(200, { "content-length": 4000 }); response.write(good(key)); setTimeout(() => response.destroy(), 50); }, /^jwks_unreachable$/],
  ["RFC 8259 section 2", "no JSON", sends(200, {}, "<html>keys</html>"), /^jwks_answer$/],
  ["RFC 8259 section 2", "something behind it", withKey((key) => good(key) + "{}"), /^jwks_answer$/],
  ["RFC 8259 section 4", "a member twice", withKey((key) => good(key).replace('"keys"', '"keys":[],"keys"')), /^jwks_answer$/],
  ["RFC 7517 section 5", "no keys member", sends(200, {}, "{}"), /^jwks_answer$/],
  ["RFC 7517 section 5", "an array", withKey((key) => JSON.stringify(setOf(key).keys)), /^jwks_answer$/],
  ["RFC 7517 section 5", "more keys than anyone needs", withKey((key) => JSON.stringify(setOf(...Array.from({ length: 40 }, () => named()), key))), /^jwks_answer$/],
  ["RFC 7517 section 4.5", "two keys of one kid", withKey((key) => JSON.stringify(setOf(key, Object.assign(new Key(), { kid: key.kid })))), /^jwks_answer$/],
  ["RFC 8725 section 3.2", "a symmetric key beside it", withKey((key) => JSON.stringify({ keys: [...setOf(key).keys, { kty: "oct", k: "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", kid: "s", alg: "HS256" }] })), /^jwks_answer$/],
  ["RFC 7517 section 9.2", "its private part too", withKey((key) => JSON.stringify({ keys: [{ ...key.secret, kid: key.kid }] })), /^jwks_answer$/],
  ["RFC 7518 section 6.2.1", "a point that is not on the curve", withKey((key) => JSON.stringify({ keys: [{ ...key.jwk, y: key.jwk.x, kid: key.kid }] })), /^jwks_answer$/],
], noAnswer);
function withKeySlowly(key) {
  return (request, response) => {
    const text = good(key);
    let sent = 0;
    const timer = setInterval(() => { if (sent >= text.length) response.end(); else response.write(text[sent++]); }, 150);
    response.on("close", () => clearInterval(timer)).on("error", () => {});
  };
}

test("RFC 6125 section 6: a server that cannot prove its name", async () => {
  const app = await client(keys.url("/any", "127.0.0.1"));
  refused(await ask(app), "invalid_client");
  assert.equal(await reason(app), "jwks_unreachable");
  assert.equal(keys.hitsOf("/any"), 0);
});
test("RFC 8446 section 4.4.2: a server whose authority is not the one configured", async () => {
  const other = await KeyServer.start();
  try {
    const key = named(), app = await client(other.url("/keys"), { key });
    other.answers.set("/keys", setOf(key));
    refused(await ask(app), "invalid_client");
    assert.equal(await reason(app), "jwks_unreachable");
    assert.equal(other.hitsOf("/keys"), 0);
  } finally { await other.stop(); }
});

// ---- keys that prove nothing

cases("assertions", [
  ["RFC 8725 section 3.1", "none", { header: { alg: "none" } }],
  ["RFC 8725 section 3.1", "HMAC with the published key as secret", (app) => ({ header: { alg: "HS256" }, by: Buffer.from(JSON.stringify(app.key.jwk)) })],
  ["RFC 7515 section 4.1.2", "another set, by jku", (app) => ({ header: { jku: keys.url("/mine") }, by: mine(app) })],
  ["RFC 7515 section 4.1.3", "another key, by jwk", (app) => ({ header: { jwk: mine(app, true) }, by: mine(app) })],
  ["RFC 7515 section 4.1.5", "another certificate, by x5u", (app) => ({ header: { x5u: keys.url("/mine") }, by: mine(app) })],
  ["RFC 7515 section 4.1.11", "a crit that nobody knows", { header: { crit: ["x"], x: 1 } }],
  ["RFC 7517 section 4.5", "a kid that is a URL", (app) => ({ header: { kid: keys.url("/mine") }, by: mine(app) })],
  ["RFC 7517 section 4.5", "another key of the same kid", (app) => ({ by: mine(app) })],
  ["RFC 7517 section 4.4", "another algorithm than the key's", { header: { alg: "RS256" }, by: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey }],
], async (change) => {
  const app = await published(), hits = keys.hitsOf("/mine");
  refused(await ask(app, at(change, app)), "invalid_client");
  assert.equal(keys.hitsOf("/mine"), hits);
  granted(await ask(app));
});
const thief = new Key();
function mine(app, publicPart) {
  keys.answers.set("/mine", { keys: [{ ...thief.jwk, kid: app.key.kid }] });
  return publicPart ? thief.jwk : thief.privateKey;
}
test("RFC 7517 section 4.2: a key for encryption", async () => {
  refused(await ask(await published((key) => ({ keys: [{ ...key.jwk, kid: key.kid, use: "enc" }] }))), "invalid_client");
  granted(await ask(await published()));
});
test("FAPI 2.0 Security Profile section 5.4.1: a FAPI client's P-384 key", async () => {
  const fapi = { fapi: true, dpop_bound_access_tokens: true };
  const [bad, twin] = await Promise.all([published(undefined, { ...fapi, key: named(new Key("P-384")) }), published(undefined, fapi)]);
  const tokens = (app) => app.token({ grant_type: "client_credentials" }, { dpop: new Key() });
  for (const app of [bad, twin]) app.audience = ward.base;
  refused(await tokens(bad), "invalid_client");
  granted(await tokens(twin));
});
test("RFC 7523 section 3: another client's key set", async () => {
  const [one, other] = [await published(), await published()];
  refused(await ask(Object.assign(one, { key: other.key })), "invalid_client");
  granted(await ask(other));
});
test("RFC 7521 section 4.2: an unknown client makes nobody fetch", async () => {
  const app = new App(ward, "nobody", { registered: { auth: "private_key_jwt" }, key: named() }), before = keys.connections;
  refused(await ask(app), "invalid_client");
  assert.equal(keys.connections, before);
});
