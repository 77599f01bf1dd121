// Clients that others wrote: fhir-kit-client, openid-client, jose and curl, as their users would use them; and a stop
// under load that loses nothing.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import https from "node:https";
import tls from "node:tls";
import { Client } from "fhir-kit-client";
import * as oidc from "openid-client";
import * as jose from "jose";
import { Ward, auditQuery, long, sleep } from "./ward.mjs";

const run = promisify(execFile);
let ward, issuer;
before(async () => {
  ward = await Ward.start();
  // fetch() of the libraries trusts the demo's CA as an operator's machine would.
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ward.ca.toString()]);
  issuer = new URL(ward.base);
});
after(async () => { await ward?.stop(); ward?.remove(); });

// ---- fhir-kit-client

const kit = async (who) => new Client({ baseUrl: ward.fhir, bearerToken: await ward.token(who) });
const observation = (patient, value) => ({
  resourceType: "Observation", status: "final", subject: { reference: "Patient/" + patient },
  code: { coding: [{ system: "http://loinc.org", code: "8867-4", display: "Heart rate" }] },
  effectiveDateTime: "2026-03-04T09:30:00Z", valueQuantity: { value, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
});

test("fhir-kit-client reads, searches and pages", async () => {
  const client = await kit("dr.adams"), id = ward.demo.patients[0];
  const patient = await client.read({ resourceType: "Patient", id });
  assert.equal(patient.id, id);
  const version = await client.vread({ resourceType: "Patient", id, version: patient.meta.versionId });
  assert.deepEqual(version, patient);
  let page = await client.search({ resourceType: "Observation", searchParams: { patient: id, _count: 5 } });
  assert.equal(page.type, "searchset");
  const seen = new Set();
  for (let pages = 0; page && pages < 4; ++pages) {
    for (const { resource } of page.entry ?? []) {
      assert.equal(resource.subject.reference, "Patient/" + id);
      assert.ok(!seen.has(resource.id), "an entry twice");
      seen.add(resource.id);
    }
    page = await client.nextPage({ bundle: page });
  }
  assert.ok(seen.size > 5, String(seen.size));
  const history = await client.history({ resourceType: "Patient", id });
  assert.equal(history.type, "history");
});

test("fhir-kit-client creates, updates and deletes, and sees what it did", async () => {
  const client = await kit("dr.adams"), patient = ward.demo.patients[0];
  const made = await client.create({ resourceType: "Observation", body: observation(patient, 71) });
  assert.equal(made.meta.versionId, "1");
  const changed = await client.update({ resourceType: "Observation", id: made.id, body: { ...made, valueQuantity: { ...made.valueQuantity, value: 72 } } });
  assert.equal(changed.meta.versionId, "2");
  assert.equal((await client.read({ resourceType: "Observation", id: made.id })).valueQuantity.value, 72);
  await client.delete({ resourceType: "Observation", id: made.id });
  await assert.rejects(client.read({ resourceType: "Observation", id: made.id }), (error) => [404, 410].includes(error.response.status));
  const old = await client.vread({ resourceType: "Observation", id: made.id, version: "1" });
  assert.equal(old.valueQuantity.value, 71);
});

test("fhir-kit-client's transaction is all or nothing", async () => {
  const client = await kit("dr.adams"), patient = ward.demo.patients[0];
  const entry = (value, uuid) => ({ fullUrl: "urn:uuid:" + uuid, resource: observation(patient, value), request: { method: "POST", url: "Observation" } });
  const done = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry: [entry(81, "11111111-1111-4111-8111-111111111111"), entry(82, "22222222-2222-4222-8222-222222222222")] } });
  assert.equal(done.type, "transaction-response");
  assert.deepEqual(done.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201"]);
  const broken = [entry(83, "33333333-3333-4333-8333-333333333333"), { resource: { resourceType: "Observation", status: "no-such-status" }, request: { method: "POST", url: "Observation" } }];
  const count = async () => (await client.search({ resourceType: "Observation", searchParams: { patient, code: "http://loinc.org|8867-4", _summary: "count" } })).total;
  const before = await count();
  await assert.rejects(client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry: broken } }), (error) => error.response.status >= 400);
  assert.equal(await count(), before);
});

test("fhir-kit-client finds the capability statement and the SMART configuration", async () => {
  const client = new Client({ baseUrl: ward.fhir });
  const statement = await client.capabilityStatement();
  assert.equal(statement.fhirVersion, "4.0.1");
  assert.ok(statement.rest[0].resource.length > 140);
  const smart = await client.smartAuthMetadata();
  assert.equal(String(smart.tokenUrl), ward.base + "/oauth/token");
});

// ---- openid-client

const keyClient = () => ward.client("backend-key");
const secretClient = () => ward.client("backend-secret");
const discoverAs = (client, authentication, algorithm = "oidc") => oidc.discovery(issuer, client.client_id, undefined, authentication, { algorithm });

test("the keys are there before the first token is asked for", async () => {
  const { json } = await ward.request("/oauth/jwks");
  assert.ok(json.keys.length > 0);
  for (const key of json.keys) assert.equal(key.d, undefined);
});

test("openid-client discovers by OIDC and RFC 8414 and gets a token with a secret", async () => {
  for (const algorithm of ["oidc", "oauth2"]) {
    const config = await discoverAs(secretClient(), oidc.ClientSecretBasic(secretClient().client_secret), algorithm);
    assert.equal(config.serverMetadata().token_endpoint, ward.base + "/oauth/token");
    const tokens = await oidc.clientCredentialsGrant(config, { scope: "system/Patient.rs" });
    assert.equal(tokens.token_type, "bearer");
    assert.ok(tokens.expires_in <= 300);
    assert.equal(tokens.scope, "system/Patient.rs");
    const { status } = await ward.request("Patient/" + ward.demo.patients[0], { headers: { authorization: "Bearer " + tokens.access_token } });
    assert.equal(status, 200);
    assert.equal((await ward.request("Condition?_count=1", { headers: { authorization: "Bearer " + tokens.access_token } })).status, 403);
  }
});

test("openid-client gets a token with private_key_jwt, and revokes it", async () => {
  const key = await jose.importJWK(keyClient().jwk, keyClient().jwk.alg);
  const config = await discoverAs(keyClient(), oidc.PrivateKeyJwt({ key, kid: keyClient().jwk.kid }));
  const { access_token } = await oidc.clientCredentialsGrant(config, { scope: "system/Observation.rs" });
  const read = () => ward.request("Observation?_count=1", { headers: { authorization: "Bearer " + access_token } });
  assert.equal((await read()).status, 200);
  await oidc.tokenRevocation(config, access_token);
  assert.equal((await read()).status, 401);
});

test("a wrong secret, a wrong key and a scope that was not given are refused as OAuth says", async () => {
  const refused = (config, scope, error) => assert.rejects(oidc.clientCredentialsGrant(config, { scope }), (thrown) => thrown.error === error || (error === "invalid_client" && thrown.code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE" && thrown.status === 401));
  await refused(await discoverAs(secretClient(), oidc.ClientSecretBasic("wrong")), "system/Patient.rs", "invalid_client");
  const { privateKey } = await jose.generateKeyPair("ES384");
  await refused(await discoverAs(keyClient(), oidc.PrivateKeyJwt({ key: privateKey, kid: keyClient().jwk.kid })), "system/Observation.rs", "invalid_client");
  await refused(await discoverAs(secretClient(), oidc.ClientSecretBasic(secretClient().client_secret)), "system/MedicationRequest.rs", "invalid_scope");
});

/** POST /oauth/token with an assertion made by hand. */
async function withAssertion(claims, header = {}, key) {
  const { jwk, client_id } = keyClient();
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new jose.SignJWT({ iss: client_id, sub: client_id, aud: ward.base + "/oauth/token", jti: crypto.randomUUID(), iat: now, exp: now + 240, ...claims })
    .setProtectedHeader({ alg: "ES384", kid: jwk.kid, ...header }).sign(key ?? (await jose.importJWK(jwk, jwk.alg)));
  const body = new URLSearchParams({ grant_type: "client_credentials", scope: "system/Observation.rs", client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: assertion });
  return ward.request("/oauth/token", { method: "POST", body: body.toString(), headers: { "content-type": "application/x-www-form-urlencoded" } });
}

test("an assertion counts once, for this server, for five minutes at most, and by its client's key", async () => {
  const now = Math.floor(Date.now() / 1000), jti = "once-" + now;
  assert.equal((await withAssertion({})).status, 200, "as SMART's backend services write it");
  assert.equal((await withAssertion({ jti })).status, 200);
  const wrong = {
    "a jti again": () => withAssertion({ jti }),
    "another audience": () => withAssertion({ aud: "https://elsewhere.example/token" }),
    "expired": () => withAssertion({ iat: now - 600, exp: now - 300 }),
    "too long a life": () => withAssertion({ exp: now + 4000 }),
    "another subject": () => withAssertion({ sub: "backend-secret" }),
    "another issuer": () => withAssertion({ iss: "backend-secret", sub: "backend-secret" }),
    "no jti": () => withAssertion({ jti: undefined }),
    "another key": async () => withAssertion({}, {}, (await jose.generateKeyPair("ES384")).privateKey),
    "an unknown kid": () => withAssertion({}, { kid: "nobody" }),
    "a shared secret": () => withAssertion({}, { alg: "HS256" }, new TextEncoder().encode(JSON.stringify(keyClient().jwk).padEnd(64, "x"))),
  };
  for (const [name, ask] of Object.entries(wrong)) {
    const { status, json } = await ask();
    assert.ok([400, 401].includes(status), `${name}: ${status}`);
    assert.ok(["invalid_client", "invalid_request", "invalid_grant"].includes(json.error), `${name}: ${json.error}`);
    assert.equal(json.access_token, undefined);
  }
});

// ---- jose

test("jose verifies an access token against the published keys (RFC 9068)", async () => {
  const token = await ward.token("backend-key");
  const keys = jose.createRemoteJWKSet(new URL(ward.base + "/oauth/jwks"));
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, { issuer: ward.base, audience: ward.fhir, typ: "at+jwt", algorithms: ["ES256"], requiredClaims: ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] });
  assert.ok(protectedHeader.kid);
  assert.ok(payload.exp - payload.iat <= 300);
  assert.equal(payload.client_id, "backend-key");
});

test("forged tokens are refused with 401, whatever is forged", async () => {
  const token = await ward.token("dr.adams");
  const claims = jose.decodeJwt(token), header = jose.decodeProtectedHeader(token);
  const [head, body, signature] = token.split(".");
  const { json: jwks } = await ward.request("/oauth/jwks");
  const { privateKey, publicKey } = await jose.generateKeyPair("ES256", { extractable: true });
  const mine = await jose.exportJWK(publicKey);
  const sign = (payload, protectedHeader, key = privateKey) => new jose.SignJWT(payload).setProtectedHeader(protectedHeader).sign(key);
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const flip = (text, at) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  const publicText = new TextEncoder().encode(JSON.stringify(jwks.keys[0]).padEnd(64, " "));
  const publicPem = new TextEncoder().encode(await jose.exportSPKI(await jose.importJWK(jwks.keys[0], "ES256", { extractable: true })));
  const forged = {
    "alg none": encode({ ...header, alg: "none" }) + "." + body + ".",
    "alg None": encode({ ...header, alg: "None" }) + "." + body + ".",
    "no signature": head + "." + body + ".",
    "two parts": head + "." + body,
    "four parts": token + "." + signature,
    "HS256 with the public JWK as secret": await sign(claims, { ...header, alg: "HS256" }, publicText),
    "HS256 with the public PEM as secret": await sign(claims, { ...header, alg: "HS256" }, publicPem),
    "another key under the same kid": await sign(claims, header),
    "another key, unknown kid": await sign(claims, { ...header, kid: "mine" }),
    "another key, brought as jwk": await sign(claims, { ...header, jwk: mine }),
    "another key, brought as jku": await sign(claims, { ...header, jku: ward.base + "/oauth/jwks" }),
    "another key, brought as x5u": await sign(claims, { ...header, x5u: "https://elsewhere.example/x" }),
    "a kid that is a path": await sign(claims, { ...header, kid: "../../../dev/null" }),
    "a crit that nobody knows": encode({ ...header, crit: ["x"], x: 1 }) + "." + body + "." + signature,
    "a changed claim": head + "." + encode({ ...claims, sub: "admin.gray" }) + "." + signature,
    "a longer life": head + "." + encode({ ...claims, exp: claims.exp + 86400 }) + "." + signature,
    "a flipped bit of the signature": head + "." + body + "." + flip(signature, 20),
    "a signature of zeros": head + "." + body + "." + Buffer.alloc(64).toString("base64url"),
    "a signature in DER": head + "." + body + "." + Buffer.from("3006020101020101", "hex").toString("base64url"),
    "a signature with other trailing bits": head + "." + body + "." + signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1),
    "padding": token + "=",
    "white space inside": head + "." + body + ". " + signature,
    "a typ of an ID token": encode({ ...header, typ: "JWT" }) + "." + body + "." + signature,
    "JSON serialisation": JSON.stringify({ protected: head, payload: body, signature }),
  };
  assert.equal((await ward.request("Patient/" + ward.demo.patients[0], { headers: { authorization: "Bearer " + token } })).status, 200);
  for (const [name, text] of Object.entries(forged)) {
    const { status, headers } = await ward.request("Patient/" + ward.demo.patients[0], { headers: { authorization: "Bearer " + text } });
    assert.ok(status === 401 || status === 400, `${name}: ${status}`);
    if (status === 401) assert.match(headers["www-authenticate"], /error="invalid_token"/, name);
  }
  // in the URL or a body it is no token at all
  assert.equal((await ward.request(`Patient/${ward.demo.patients[0]}?access_token=${token}`)).status, 401);
});

// ---- curl

test("curl reads over HTTP/1.1 and HTTP/2", { skip: spawnSync("curl", ["--version"]).status === 0 ? false : "curl is not installed" }, async () => {
  const token = await ward.token("dr.adams"), url = `${ward.fhir}/Patient/${ward.demo.patients[0]}`;
  const bodies = [];
  for (const version of ["--http1.1", "--http2"]) {
    const { stdout } = await run("curl", ["-sS", "--fail", "--cacert", ward.demo.ca_file, version, "-H", "Authorization: Bearer " + token, url]);
    bodies.push(stdout);
  }
  assert.equal(JSON.parse(bodies[0]).id, ward.demo.patients[0]);
  assert.equal(bodies[0], bodies[1]);
  const compressed = await run("curl", ["-sS", "--fail", "--compressed", "--cacert", ward.demo.ca_file, "-H", "Authorization: Bearer " + token, url]);
  assert.equal(compressed.stdout, bodies[0]);
  const posted = await run("curl", ["-sS", "-w", "\n%{http_code}", "--cacert", ward.demo.ca_file, "-H", "Authorization: Bearer " + token, "-H", "Content-Type: application/fhir+json", "-H", "Expect: 100-continue",
    "--data-binary", JSON.stringify(observation(ward.demo.patients[0], 64)), `${ward.fhir}/Observation`]);
  assert.ok(posted.stdout.endsWith("\n201"), posted.stdout);
});

// ---- the last test: it stops the server

test("SIGTERM under load: every request that was sent is answered, and each 2xx has its record", { timeout: 60_000 }, async () => {
  const token = await ward.token("dr.adams"), ids = [];
  const agent = new https.Agent({ ca: ward.ca, keepAlive: true, maxSockets: long ? 64 : 24 });
  let going = true, answered = 0;
  const refusedToConnect = [], dropped = [];
  const one = () => new Promise((done) => {
    let connected = false;
    const request = https.request(`${ward.fhir}/Observation?patient=${ward.demo.patients[0]}&_count=20`, { agent, headers: { authorization: "Bearer " + token } }, (response) => {
      let bytes = 0;
      response.on("data", (piece) => (bytes += piece.length));
      response.on("error", (error) => { dropped.push("answer: " + error.code); done(); });
      response.on("end", () => {
        if (!response.complete) dropped.push("answer broke off");
        if (response.headers["content-length"] && bytes !== Number(response.headers["content-length"])) dropped.push("answer is short");
        ++answered;
        if (response.statusCode === 200) ids.push(response.headers["x-request-id"]);
        done();
      });
    });
    // A request on a kept connection that the server closes while it is on its way is nobody's fault: a client repeats it (RFC 9112 section 9.3.1).
    request.on("socket", (socket) => { connected = !socket.connecting; });
    request.on("error", (error) => { if (error.code === "ECONNREFUSED" || (request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code)) || (!connected && error.code === "ECONNRESET")) refusedToConnect.push(error.code); else dropped.push(error.code + " " + error.message); done(); });
    request.end();
  });
  const workers = Array.from({ length: long ? 64 : 24 }, async () => { while (going) { await one(); if (refusedToConnect.length > 200) break; } });
  await sleep(1500);
  assert.ok(answered > 20, String(answered));
  const ended = new Promise((done) => ward.child.once("exit", (code, signal) => done({ code, signal })));
  const stopping = Date.now();
  ward.child.kill("SIGTERM");
  const { code, signal } = await ended;
  going = false;
  await Promise.all(workers);
  agent.destroy();
  assert.equal(code, 0, String(signal));
  assert.ok(Date.now() - stopping < 15_000);
  assert.deepEqual(dropped, []);
  const recorded = new Set((await auditQuery(ward)).map((entry) => entry.request));
  assert.equal(ids.filter((id) => !recorded.has(id)).length, 0, `of ${ids.length}`);
  assert.equal((await ward.command("audit", "verify")).code, 0);
  assert.equal((await auditQuery(ward, "--event", "stop")).length, 1);
});
