// People sign in, apps get what was agreed to: openid-client against the authorization server, by every kind of client.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import tls from "node:tls";
import https from "node:https";
import { readFileSync } from "node:fs";
import { join, dirname } from "node:path";
import * as oidc from "openid-client";
import * as jose from "jose";
import { Ward, auditQuery } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";

const callback = "http://127.0.0.1:8765/callback";
let ward, issuer, patientName, physician;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ward.ca.toString()]);
  issuer = new URL(ward.base);
  patientName = ward.demo.users.find((one) => one.role === "patient").username;
  physician = await personLike(ward, "dr.adams");
});
after(async () => { await ward?.stop(); ward?.remove(); });

async function privateKey(id) {
  const { jwk } = ward.client(id);
  return { key: await jose.importJWK(jwk, jwk.crv === "P-256" ? "ES256" : "ES384"), kid: jwk.kid };
}
const kinds = {
  "app-public": async () => oidc.None(),
  "app-basic": async () => oidc.ClientSecretBasic(ward.client("app-basic").client_secret),
  "app-post": async () => oidc.ClientSecretPost(ward.client("app-post").client_secret),
  "app-key": async () => oidc.PrivateKeyJwt(await privateKey("app-key")),
  "app-fapi": async () => oidc.PrivateKeyJwt(await privateKey("app-fapi"), { [oidc.modifyAssertion]: (_, payload) => { payload.aud = ward.base; } }),
};
const discover = async (id) => oidc.discovery(issuer, id, undefined, await kinds[id]());

/** A flow up to the answer at the callback. */
async function authorize(config, { scope, as, browser = new Browser(ward), redirect = callback, consent = {}, pushed = false, dpop, more = {} }) {
  const verifier = oidc.randomPKCECodeVerifier(), state = oidc.randomState(), nonce = oidc.randomNonce();
  const parameters = { redirect_uri: redirect, scope, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    state, nonce, aud: ward.fhir, ...more };
  const url = pushed ? await oidc.buildAuthorizationUrlWithPAR(config, parameters, dpop && { DPoP: dpop }) : oidc.buildAuthorizationUrl(config, parameters);
  await browser.go(url.pathname + url.search);
  if (browser.url?.pathname === "/login") await browser.signIn(as ?? await personLike(ward, "dr.adams"));
  if (!browser.left && browser.url.pathname === "/oauth/consent") await browser.submit("/oauth/consent", { decision: "allow", ...consent }, { extra: true });
  return { browser, verifier, state, nonce, back: browser.left };
}
async function tokens(config, flow, options) {
  assert.ok(flow.back, flow.browser.steps.join(", ") + "\n" + flow.browser.html);
  return oidc.authorizationCodeGrant(config, flow.back, { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce }, {}, options);
}
const read = (token, path, scheme = "Bearer") => ward.request(path, { headers: { authorization: scheme + " " + token } });

describe("code with PKCE, by each kind of client", () => {
  for (const id of ["app-public", "app-basic", "app-post", "app-key"])
    test(id, async () => {
      const config = await discover(id), patient = await personLike(ward, patientName);
      const flow = await authorize(config, { scope: "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Patient.r", as: patient });
      const set = await tokens(config, flow);
      assert.equal(set.token_type, "bearer");
      assert.equal(set.patient, patient.fhir_user.split("/")[1]);
      const claims = set.claims();
      assert.equal(claims.sub, patient.username);
      assert.equal(claims.fhirUser, ward.fhir + "/" + patient.fhir_user);
      assert.equal(claims.acr, "urn:ward:aal2");
      assert.deepEqual(claims.amr, ["pwd", "otp", "mfa"]);

      // exactly the granted scope
      assert.equal((await read(set.access_token, patient.fhir_user)).status, 200);
      const found = await read(set.access_token, "Observation?_count=3");
      assert.equal(found.status, 200);
      assert.ok(found.json.entry.length > 0);
      assert.equal((await read(set.access_token, "Condition?_count=3")).status, 403);
      assert.equal((await read(set.access_token, "Patient/" + ward.demo.patients.find((one) => one !== set.patient))).status, 404);

      const info = await oidc.fetchUserInfo(config, set.access_token, patient.username);
      assert.equal(info.fhirUser, ward.fhir + "/" + patient.fhir_user);

      const next = await oidc.refreshTokenGrant(config, set.refresh_token);
      assert.notEqual(next.refresh_token, set.refresh_token);
      assert.equal(next.patient, set.patient);
      assert.equal((await read(next.access_token, patient.fhir_user)).status, 200);
      if (id !== "app-public") {
        assert.equal((await oidc.tokenIntrospection(config, next.access_token)).active, true);
        assert.equal((await oidc.tokenIntrospection(config, next.refresh_token)).active, true);
        assert.equal((await oidc.tokenIntrospection(config, "nonsense")).active, false);
      }
      await oidc.tokenRevocation(config, next.refresh_token);
      assert.equal((await read(next.access_token, patient.fhir_user)).status, 401, "a token of a revoked family");
      await assert.rejects(oidc.refreshTokenGrant(config, next.refresh_token), { error: "invalid_grant" });
    });
});

test("a FAPI client pushes its request, proves its key, and keeps its refresh token", async () => {
  const config = await discover("app-fapi");
  const dpop = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const redirect = "https://app.example/callback";
  const flow = await authorize(config, { scope: "openid offline_access user/Patient.rs", as: physician, redirect, pushed: true, dpop });
  const set = await tokens(config, flow, { DPoP: dpop });
  assert.equal(set.token_type, "dpop");
  const bearer = await read(set.access_token, "Patient/" + ward.demo.patients[0]);
  assert.equal(bearer.status, 401, "a bound token as Bearer");
  const answer = await oidc.fetchProtectedResource(config, set.access_token, new URL(ward.fhir + "/Patient/" + ward.demo.patients[0]), "GET", undefined, undefined, { DPoP: dpop });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).resourceType, "Patient");
  const next = await oidc.refreshTokenGrant(config, set.refresh_token, undefined, { DPoP: dpop });
  assert.equal(next.refresh_token ?? set.refresh_token, set.refresh_token);
  const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  await assert.rejects(oidc.refreshTokenGrant(config, set.refresh_token, undefined, { DPoP: other }), { error: "invalid_grant" });
});

test("a client with a certificate gets tokens that are worth nothing without it", async () => {
  const directory = dirname(ward.demo.ca_file);
  const agent = new https.Agent({ ca: ward.ca, cert: readFileSync(join(directory, "client.pem")), key: readFileSync(join(directory, "client.key")) });
  const body = "grant_type=client_credentials&client_id=backend-mtls&scope=system/Patient.rs";
  const form = { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } };
  assert.equal((await ward.request("/oauth/token", form)).status, 401, "on the listener without certificates");
  const given = await ward.request(ward.demo.mtls_base + "/oauth/token", { ...form, agent });
  assert.equal(given.status, 200, given.text);
  const headers = { authorization: "Bearer " + given.json.access_token };
  const path = "/fhir/Patient?_count=1";
  assert.equal((await ward.request(ward.demo.mtls_base + path, { headers, agent })).status, 200);
  assert.equal((await ward.request(path, { headers })).status, 401, "the token without its certificate");
});

test("staff choose a patient; the app reads that one's record and no other", async () => {
  const config = await discover("app-public"), browser = new Browser(ward);
  const flow = await authorize(config, { scope: "openid launch/patient patient/Patient.r", as: physician, browser });
  assert.equal(browser.url.pathname, "/oauth/patient", browser.steps.join(", "));
  const choices = browser.forms.flatMap((one) => one.buttons).filter((one) => one.name === "patient").map((one) => one.value);
  assert.ok(choices.length > 1, browser.html);
  await browser.submit("/oauth/patient", { patient: choices[1] }, { extra: true });
  if (browser.url.pathname === "/oauth/consent" && !browser.left) await browser.submit("/oauth/consent", { decision: "allow" });
  const set = await tokens(config, { ...flow, back: browser.left });
  assert.equal(set.patient, choices[1]);
  assert.equal((await read(set.access_token, "Patient/" + choices[1])).status, 200);
  assert.equal((await read(set.access_token, "Patient/" + choices[0])).status, 404);
});

test("an EHR launches an app with the patient that is open there", async () => {
  const chosen = ward.demo.patients[0];
  const begun = await ward.request("/api/v1/launches", { method: "POST", headers: { authorization: "Bearer " + await ward.token("ehr"), "content-type": "application/json" },
    body: JSON.stringify({ client_id: "app-key", patient: chosen, intent: "reconcile-medications", need_patient_banner: false }) });
  assert.equal(begun.status, 201, begun.text);
  const config = await discover("app-key");
  const flow = await authorize(config, { scope: "openid launch patient/Patient.r", as: physician, more: { launch: begun.json.launch } });
  const set = await tokens(config, flow);
  assert.equal(set.patient, chosen);
  assert.equal(set.intent, "reconcile-medications");
  assert.equal(set.need_patient_banner, false);
  assert.equal((await read(set.access_token, "Patient/" + chosen)).status, 200);
});

test("the consent page leaves out what was unticked, and is not shown again for the same", async () => {
  const config = await discover("app-post"), browser = new Browser(ward);
  await authorize(config, { scope: "openid user/Patient.rs user/Observation.rs", as: physician, browser, more: { prompt: "consent" } })
    .then(async (flow) => {
      const set = await tokens(config, flow);
      assert.match(set.scope, /user\/Observation\.rs/);
    });
  const again = await authorize(config, { scope: "openid user/Patient.rs", as: physician, browser });
  assert.ok(again.back, "asked again for less");
  const wider = new Browser(ward);
  wider.cookies = browser.cookies;
  await authorize(config, { scope: "openid user/Patient.rs", as: physician, browser: wider, more: { prompt: "consent" }, consent: { part1: undefined } })
    .then(async (flow) => {
      const set = await tokens(config, flow);
      assert.equal(set.scope, "openid");
      assert.equal((await read(set.access_token, "Patient/" + ward.demo.patients[0])).status, 403);
    });
});

test("signing out ends the session and what was to last as long as it", async () => {
  const config = await discover("app-basic"), browser = new Browser(ward);
  const flow = await authorize(config, { scope: "openid online_access user/Patient.rs", as: physician, browser });
  const set = await tokens(config, flow);
  assert.equal((await read(set.access_token, "Patient/" + ward.demo.patients[0])).status, 200);
  const url = oidc.buildEndSessionUrl(config, { id_token_hint: set.id_token, post_logout_redirect_uri: "http://127.0.0.1:8765/signed-out", state: "s1" });
  await browser.go(url.pathname + url.search);
  assert.equal(String(browser.left), "http://127.0.0.1:8765/signed-out?state=s1");
  assert.equal((await read(set.access_token, "Patient/" + ward.demo.patients[0])).status, 401);
  await assert.rejects(oidc.refreshTokenGrant(config, set.refresh_token), { error: "invalid_grant" });
  await browser.go("/account");
  assert.equal(browser.url.pathname, "/login");
});

test("a script of a registered app's origin may read answers, another may not, and no page is open to any", async () => {
  const ask = (path, origin, method = "GET", more = {}) => ward.request(path, { method, headers: { origin, ...more } });
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
  for (const origin of ["http://127.0.0.1:5173", "https://app.example"]) {
    const answer = await ask("/oauth/token", origin, "OPTIONS", preflight);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["access-control-allow-origin"], origin);
    assert.match(answer.headers["access-control-allow-headers"], /authorization/);
    assert.equal(answer.headers["access-control-allow-credentials"], undefined);
    assert.equal((await ask("/fhir/Patient", origin, "OPTIONS", preflight)).status, 204);
    assert.equal((await ask("/fhir/Patient/1", origin)).headers["access-control-allow-origin"], origin, "a 401 can be read too");
    assert.equal((await ask("/login", origin)).headers["access-control-allow-origin"], undefined);
  }
  for (const origin of ["https://evil.example", "http://127.0.0.1.evil.example", "https://app.example:444", "null"]) {
    for (const path of ["/oauth/token", "/fhir/Patient"])
      assert.equal((await ask(path, origin, "OPTIONS", preflight)).headers["access-control-allow-origin"], undefined, origin);
    assert.equal((await ask("/fhir/Patient/1", origin)).headers["access-control-allow-origin"], undefined, origin);
  }
});

test("what happened is in the log by name", async () => {
  const seen = new Set((await auditQuery(ward)).map((one) => one.event));
  for (const event of ["login", "code.issued", "token.issued", "token.revoked", "consent.given", "logout", "launch.begun", "request.pushed", "token.introspected"])
    assert.ok(seen.has(event), event + " is missing in " + [...seen]);
});
