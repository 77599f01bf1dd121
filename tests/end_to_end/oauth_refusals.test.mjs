// What the authorization server must refuse apps. Each case names the section that it proves and stands beside its positive twin:
// the same request, right, which succeeds. A case is [section, what is wrong, ...]; the runner of its table makes both requests.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import https from "node:https";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, dirname } from "node:path";
import { Ward } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";
import { App, Key, at, bearer, callback, cases, granted, jwt, now, pkce, queryOf, random, refused, sha256, signedIn } from "./grants.mjs";

let ward, staff, browser, publicApp, basic, post, keyed, fapi, backend, backendKey, ehr, chart;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n[limits]\nsubject = \"2000/s\"\nclient = \"2000/s\"\n" });
  [publicApp, basic, post, keyed, fapi, backend, backendKey, ehr] = ["app-public", "app-basic", "app-post", "app-key", "app-fapi", "backend-secret", "backend-key", "ehr"].map((id) => new App(ward, id));
  fapi.redirect = "https://app.example/callback";
  staff = await personLike(ward, "dr.adams");
  browser = await signedIn(ward, staff);
  chart = "Patient/" + ward.demo.patients[0];
  await backend.token({ grant_type: "client_credentials" }, { dpop: new Key() });  // brings the nonce
});
after(async () => { await ward?.stop(); ward?.remove(); });
const reads = async (token) => (await ward.request(chart, bearer(token))).status;

// ---- the authorization endpoint

/** `shown`: on a page, never sent to anybody. An error: sent to the proven address, with state and iss (RFC 9207). */
async function authorizeCase(change, expected, app = () => publicApp) {
  const twin = await app().authorize(browser);
  assert.ok(twin.code, "the twin: " + browser.steps.slice(-3));
  const bad = await app().authorize(browser, at(change), { consent: false });
  assert.equal(bad.code, undefined, "a code was given");
  if (expected === "shown") {
    assert.equal(bad.back, undefined, "sent to " + bad.back);
    assert.equal(bad.status, 400);
    assert.match(browser.answer.headers["content-security-policy"], /form-action 'self';/);
    return;
  }
  assert.ok(bad.back, `no answer to the app: ${bad.status} ${browser.url?.pathname}`);
  assert.equal(bad.back.origin + bad.back.pathname, callback);
  assert.equal(bad.error, expected);
  assert.equal(bad.back.searchParams.get("iss"), ward.base, "RFC 9207 section 2");
  if (bad.state.length < 100 && !("state" in at(change))) assert.equal(bad.back.searchParams.get("state"), bad.state);
}

cases("redirect addresses", [
  "http://127.0.0.1:8765/callback/", "http://127.0.0.1:8765/callback/more", "http://127.0.0.1:8765/callback/../evil", "http://127.0.0.1:8765/callback?more=1",
  "http://127.0.0.1:8765/callback#part", "http://127.0.0.1:8765/Callback", "http://127.0.0.1:8765/callback%2f..%2fevil", "http://127.0.0.1:8765//callback",
  "http://127.0.0.1:8765/callback%00", "http://127.0.0.1:8765/callback\n", "http://127.0.0.1:8765/callback ", " http://127.0.0.1:8765/callback",
  "http://127.0.0.1.evil.example/callback", "http://127.0.0.1@evil.example/callback", "http://127.0.0.1:80@evil.example/callback", "http://127.0.0.1:8765\\@evil.example/callback",
  "http://evil.example/callback", "http://localhost:8765/callback", "http://[::1]:8765/callback", "http://127.1:8765/callback", "http://2130706433/callback",
  "https://127.0.0.1:8765/callback", "HTTP://127.0.0.1:8765/callback", "http://127.0.0.1:/callback", "http://127.0.0.1:87x5/callback", "http://127.0.0.1:123456/callback",
  "//evil.example/callback", "/callback", "javascript:alert(1)//127.0.0.1/callback", "data:text/html,callback", "urn:ietf:wg:oauth:2.0:oob",
].map((uri) => ["RFC 9700 section 4.1.3", "redirect_uri " + JSON.stringify(uri), { redirect_uri: uri }, "shown"]), authorizeCase);

test("RFC 8252 section 7.3: another loopback port is the same address (the twin of all the tricks)", async () => {
  const flow = await publicApp.authorize(browser, { redirect_uri: "http://127.0.0.1:51234/callback" });
  assert.ok(flow.code);
  assert.equal(flow.back.port, "51234");
});

cases("the authorization request", [
  ["RFC 6749 section 4.1.2.1", "redirect_uri is missing", { redirect_uri: undefined }, "shown"],
  ["RFC 6749 section 3.1", "redirect_uri twice", { redirect_uri: [callback, callback] }, "shown"],
  ["RFC 6749 section 3.1", "redirect_uri twice, the second an attacker's", { redirect_uri: [callback, "https://evil.example/"] }, "shown"],
  ["RFC 6749 section 3.1", "scope twice", { scope: ["openid", "openid user/Patient.rs"] }, "shown"],
  ["RFC 6749 section 3.1", "client_id twice", { client_id: ["app-public", "app-basic"] }, "shown"],
  ["RFC 6749 section 4.1.2.1", "client_id is missing", { client_id: undefined }, "shown"],
  ["RFC 6749 section 4.1.2.1", "client_id is unknown", { client_id: "nobody" }, "shown"],
  ["RFC 6749 section 4.1.2.1", "client_id in other letters", { client_id: "APP-PUBLIC" }, "shown"],
  ["RFC 6749 section 4.1.2.1", "client_id with a blank behind it", { client_id: "app-public " }, "shown"],
  ["RFC 6749 section 4.1.2.1", "client_id is markup", { client_id: "<script>alert(1)</script>" }, "shown"],
  ["RFC 6749 section 2.3.1", "a client that is registered for client_credentials alone", { client_id: "backend-secret" }, "shown"],
  ["RFC 9126 section 6", "a client that must push, without", { client_id: "app-fapi", redirect_uri: "https://app.example/callback" }, "shown"],
  ["RFC 9101 section 10.4.1", "request_uri at an address of somebody else", { request_uri: "https://evil.example/request" }, "shown"],
  ["RFC 9101 section 10.4.1", "request_uri at an address inside", { request_uri: "http://127.0.0.1:1/request" }, "shown"],
  ["RFC 9126 section 2.2", "request_uri that nobody pushed", { request_uri: "urn:ietf:params:oauth:request_uri:" + random(24) }, "shown"],
  ["RFC 9101 section 6", "a request object without a signature", () => ({ request: jwt({ alg: "none" }, { redirect_uri: "https://evil.example/" }) }), "request_not_supported"],
  ["OpenID Connect Core section 7.2.1", "registration", { registration: "{}" }, "registration_not_supported"],
  ["RFC 6749 section 4.1.2.1", "response_type is missing", { response_type: undefined }, "invalid_request"],
  ["RFC 9700 section 2.1.2", "response_type token", { response_type: "token" }, "unsupported_response_type"],
  ["RFC 9700 section 2.1.2", "response_type id_token", { response_type: "id_token" }, "unsupported_response_type"],
  ["RFC 9700 section 2.1.2", "response_type code token", { response_type: "code token" }, "unsupported_response_type"],
  ["RFC 9700 section 2.1.2", "response_type code id_token", { response_type: "code id_token" }, "unsupported_response_type"],
  ["RFC 6749 section 3.1.1", "response_type none", { response_type: "none" }, "unsupported_response_type"],
  ["OAuth 2.0 Multiple Response Types section 2.1", "response_mode fragment", { response_mode: "fragment" }, "invalid_request"],
  ["OAuth 2.0 Multiple Response Types section 2.1", "response_mode web_message", { response_mode: "web_message" }, "invalid_request"],
  ["RFC 7636 section 4.4.1", "code_challenge is missing", { code_challenge: undefined }, "invalid_request"],
  ["RFC 7636 section 4.4.1", "code_challenge is empty", { code_challenge: "" }, "invalid_request"],
  ["RFC 7636 section 4.4.1", "neither challenge nor method", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
  ["RFC 9700 section 2.1.1", "code_challenge_method plain", { code_challenge_method: "plain" }, "invalid_request"],
  ["RFC 7636 section 4.3", "no method, which means plain", { code_challenge_method: undefined }, "invalid_request"],
  ["RFC 7636 section 4.3", "method s256", { code_challenge_method: "s256" }, "invalid_request"],
  ["RFC 7636 section 4.2", "a challenge that is no hash", { code_challenge: "short" }, "invalid_request"],
  ["RFC 7636 section 4.2", "a challenge with padding", { code_challenge: pkce().challenge + "=" }, "invalid_request"],
  ["RFC 7636 section 4.2", "a challenge in base64", { code_challenge: "+/" + pkce().challenge.slice(2) }, "invalid_request"],
  ["SMART 2.2 section 2.0.9", "aud is another server", { aud: "https://evil.example/fhir" }, "invalid_request"],
  ["SMART 2.2 section 2.0.9", "aud begins as ours", () => ({ aud: ward.fhir + ".evil.example" }), "invalid_request"],
  ["SMART 2.2 section 2.0.9", "aud by http", () => ({ aud: ward.fhir.replace("https", "http") }), "invalid_request"],
  ["SMART 2.2 section 2.0.9", "aud is missing, with launch", { aud: undefined, scope: "openid launch/patient patient/Patient.r" }, "invalid_request"],
  ["RFC 8707 section 2", "resource is another server", { resource: "https://evil.example/fhir" }, "invalid_target"],
  ["RFC 8707 section 2", "resource beside a right aud", () => ({ aud: ward.fhir, resource: "https://evil.example/" }), "invalid_target"],
  ["RFC 6749 section 3.3", "scope is missing", { scope: undefined }, "invalid_scope"],
  ["RFC 6749 section 3.3", "a scope that is not registered", { scope: "ward/introspect" }, "invalid_scope"],
  ["SMART 2.2 section 3.0.1", "a system scope", { scope: "system/Patient.rs" }, "invalid_scope"],
  ["RFC 6749 section 3.3", "only writing, for an app that may read", { scope: "user/Patient.cud" }, "invalid_scope"],
  ["RFC 6749 section 3.3", "a character that no scope has", { scope: "openid \"user\"" }, "invalid_scope"],
  ["OpenID Connect Core section 3.1.2.1", "prompt none with login", { prompt: "none login" }, "invalid_request"],
  ["OpenID Connect Core section 3.1.2.1", "prompt of no meaning", { prompt: "maybe" }, "invalid_request"],
  ["OpenID Connect Core section 3.1.2.1", "max_age that is no number", { max_age: "soon" }, "invalid_request"],
  ["OpenID Connect Core section 3.1.2.1", "max_age below zero", { max_age: "-1" }, "invalid_request"],
  ["OpenID Connect Core section 3.1.2.6", "prompt none where consent would be asked", { prompt: "none", scope: "openid user/Immunization.rs" }, "consent_required"],
  ["SMART 2.2 section 2.0.8", "launch is missing, with the scope launch", { scope: "openid launch patient/Patient.r" }, "invalid_request"],
  ["SMART 2.2 section 2.0.8", "launch that no EHR began", { scope: "openid launch patient/Patient.r", launch: random() }, "invalid_request"],
  ["RFC 9449 section 10", "dpop_jkt that is no thumbprint", { dpop_jkt: "x".repeat(80) }, "invalid_request"],
  ["RFC 6749 section 10.12", "state of more than 2 KiB", { state: "s".repeat(2049) }, "invalid_request"],
], authorizeCase);

describe("the authorization request, in its browser", () => {
  test("OpenID Connect Core section 3.1.2.6: prompt none, nobody is signed in", async () => {
    const twin = await publicApp.authorize(browser, { prompt: "none" });
    assert.ok(twin.code);
    const bad = await publicApp.authorize(new Browser(ward), { prompt: "none" });
    assert.equal(bad.error, "login_required");
  });
  test("OpenID Connect Core section 3.1.2.1: max_age 0 asks again, also where somebody is signed in", async () => {
    const twin = await publicApp.authorize(browser, { max_age: "3600" });
    assert.ok(twin.code);
    // The server counts in whole seconds.
    await new Promise((done) => setTimeout(done, 1100));
    const bad = await publicApp.authorize(browser, { max_age: "0" });
    assert.equal(bad.code, undefined);
    assert.equal(browser.url.pathname, "/login");
  });
  test("RFC 6749 section 3.3: what is asked for beyond the registration is not granted", async () => {
    const set = await publicApp.tokens(browser, { scope: "openid user/Patient.cruds user/Observation.rs system/Patient.rs ward/introspect".replace(" system/Patient.rs", "") });
    assert.deepEqual(set.scope.split(" ").sort(), ["openid", "user/Observation.rs", "user/Patient.rs"]);
    assert.equal((await ward.request(chart, { method: "DELETE", ...bearer(set.access_token) })).status, 403);
    assert.equal(await reads(set.access_token), 200);
  });
  test("RFC 9700 section 4.4.2: both kinds of answer say who gives them", async () => {
    const good = await publicApp.authorize(browser), bad = await publicApp.authorize(browser, { scope: "ward/introspect" });
    assert.equal(good.back.searchParams.get("iss"), ward.base);
    assert.equal(bad.back.searchParams.get("iss"), ward.base);
  });
  test("RFC 6749 section 10.12: state comes back as it was, and nothing grows out of it", async () => {
    const state = "a&code=evil#\r\nx: y<\"'";
    const flow = await publicApp.authorize(browser, { state });
    assert.equal(flow.back.searchParams.get("state"), state);
    assert.equal(flow.back.searchParams.getAll("code").length, 1);
    assert.equal(flow.back.hash, "");
  });
  test("OAuth 2.0 Form Post Response Mode section 4: markup in state stays text", async () => {
    await publicApp.authorize(browser, { response_mode: "form_post", state: "\"'><b>" });
    assert.equal(browser.url.pathname, "/oauth/authorize");
    assert.ok(!browser.html.includes("<b>"), browser.html);
    assert.equal(browser.forms[0].action, callback);
  });
  test("RFC 6749 section 3.1: other methods than GET and POST", async () => {
    for (const method of ["PUT", "DELETE"]) {
      const answer = await ward.request("/oauth/authorize?" + queryOf(publicApp.parameters().parameters), { method });
      assert.ok([405, 501].includes(answer.status), method + " " + answer.status);
    }
    assert.ok((await publicApp.authorize(browser)).code);
  });
});

describe("a launch", () => {
  const begin = async (body = {}) => {
    const answer = await ward.request("/api/v1/launches", { method: "POST", ...bearer(await ward.token("ehr"), { "content-type": "application/json" }), body: JSON.stringify({ client_id: "app-public", patient: ward.demo.patients[0], ...body }) });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.launch;
  };
  const use = (launch, app = publicApp) => app.authorize(browser, { scope: "openid launch patient/Patient.r", launch });
  test("SMART 2.2 section 2.0.8: used twice", async () => {
    const launch = await begin();
    assert.ok((await use(launch)).code);
    assert.equal((await use(launch)).error, "invalid_request");
  });
  test("SMART 2.2 section 2.0.8: of another app", async () => {
    const launch = await begin();
    assert.equal((await use(launch, basic)).error, "invalid_request");
    assert.ok((await use(launch)).code);
  });
  test("SMART 2.2 section 2.0.8: begun by who may not", async () => {
    for (const token of [(await basic.tokens(browser)).access_token, granted(await backend.token({ grant_type: "client_credentials", scope: "system/Patient.rs" })).access_token, "nothing"]) {
      const answer = await ward.request("/api/v1/launches", { method: "POST", ...bearer(token, { "content-type": "application/json" }), body: JSON.stringify({ client_id: "app-public", patient: ward.demo.patients[0] }) });
      assert.ok([401, 403].includes(answer.status), answer.status + answer.text);
    }
    assert.ok((await use(await begin())).code);
  });
});

// ---- pushed requests

const pushing = async (app, change = {}, options) => {
  const { parameters, verifier } = app.parameters();
  const answer = await app.post("par", { ...parameters, ...change }, options);
  return { answer, verifier, redirect_uri: app.redirect };
};
cases("a pushed request", [
  ["RFC 9126 section 2.1", "with a request_uri in it", { request_uri: "urn:ietf:params:oauth:request_uri:x" }, "invalid_request"],
  ["RFC 9126 section 2.1", "for another redirect_uri", { redirect_uri: "https://evil.example/callback" }, "invalid_request"],
  ["RFC 9126 section 2.1", "of another client", { client_id: "app-public" }, "invalid_request"],
  ["RFC 9126 section 2.1", "without PKCE", { code_challenge: undefined }, "invalid_request"],
  ["RFC 9126 section 2.1", "with PKCE plain", { code_challenge_method: "plain" }, "invalid_request"],
  ["RFC 9126 section 2.1", "with response_type token", { response_type: "token" }, "unsupported_response_type"],
  ["RFC 9126 section 2.1", "with scopes that are not registered", { scope: "ward/introspect" }, "invalid_scope"],
  ["RFC 9126 section 2.1", "with a wrong aud", { aud: "https://evil.example" }, "invalid_request"],
  ["RFC 9126 section 2.1", "with a request object", () => ({ request: jwt({ alg: "none" }, {}) }), "request_not_supported"],
  ["RFC 9126 section 2", "without client authentication", {}, "invalid_client", { proven: false }],
  ["RFC 9126 section 2", "with a wrong secret", {}, "invalid_client", { proven: { headers: { authorization: "Basic " + Buffer.from("app-basic:wrong").toString("base64") } } }],
], async (change, error, options) => {
  assert.equal((await pushing(basic)).answer.status, 201);
  refused((await pushing(basic, at(change), options)).answer, error);
});
describe("a pushed request, used", () => {
  const use = async (request_uri, change = {}, client_id = "app-basic") => {
    await browser.go("/oauth/authorize?" + queryOf({ client_id, request_uri, ...change }));
    if (!browser.left && browser.url.pathname === "/oauth/consent") await browser.submit("/oauth/consent", { decision: "allow" });
    return browser.left?.searchParams.get("code");
  };
  test("RFC 9126 section 7.3: twice", async () => {
    const { answer } = await pushing(basic);
    assert.ok(await use(answer.json.request_uri));
    assert.equal(await use(answer.json.request_uri), undefined);
    assert.equal(browser.answer.status, 400);
  });
  test("RFC 9126 section 4: by another client", async () => {
    const { answer } = await pushing(basic), twin = await pushing(basic);
    assert.equal(await use(answer.json.request_uri, {}, "app-public"), undefined);
    assert.equal(browser.answer.status, 400);
    assert.ok(await use(twin.answer.json.request_uri));
  });
  test("RFC 9101 section 6.3: parameters beside it change nothing", async () => {
    const { answer, verifier } = await pushing(basic);
    const code = await use(answer.json.request_uri, { scope: "openid user/*.rs", redirect_uri: "https://evil.example/", state: "evil", code_challenge: pkce().challenge });
    assert.ok(code);
    assert.equal(browser.left.origin + browser.left.pathname, callback);
    assert.notEqual(browser.left.searchParams.get("state"), "evil");
    const set = granted(await basic.exchange({ code, verifier, redirect_uri: callback }));
    assert.equal(set.scope, "openid user/Patient.rs");
  });
  test("RFC 9126 section 2.3: by GET", async () => {
    assert.equal((await ward.request("/oauth/par")).status, 405);
    assert.equal((await pushing(basic)).answer.status, 201);
  });
});

// ---- the token endpoint: codes

const exchanging = (change, options) => async (flow) => basic.exchange(flow, at(change), at(options));
cases("a code, shown wrongly, is not used up by it: the right request follows", [
  ["RFC 7636 section 4.6", "another verifier", { code_verifier: pkce().verifier }, "invalid_grant"],
  ["RFC 7636 section 4.6", "the challenge as the verifier", (flow) => ({ code_verifier: sha256(flow.verifier) }), "invalid_grant"],
  ["RFC 7636 section 4.6", "no verifier", { code_verifier: undefined }, "invalid_request"],
  ["RFC 7636 section 4.6", "an empty verifier", { code_verifier: "" }, "invalid_request"],
  ["RFC 7636 section 4.1", "a verifier of 42 characters", (flow) => ({ code_verifier: flow.verifier.slice(1) }), "invalid_request"],
  ["RFC 7636 section 4.1", "a verifier of 129 characters", { code_verifier: "v".repeat(129) }, "invalid_request"],
  ["RFC 7636 section 4.1", "a verifier with a blank behind it", (flow) => ({ code_verifier: flow.verifier + " " }), "invalid_request"],
  ["RFC 6749 section 4.1.3", "another redirect_uri", { redirect_uri: "http://127.0.0.1:9999/callback" }, "invalid_grant"],
  ["RFC 6749 section 4.1.3", "no redirect_uri", { redirect_uri: undefined }, "invalid_request"],
  ["RFC 6749 section 4.1.3", "by another client", {}, "invalid_grant", () => ({ proven: post.proven() })],
  ["RFC 6749 section 4.1.3", "by a public client", {}, "invalid_grant", () => ({ proven: publicApp.proven() })],
  ["RFC 6749 section 4.1.3", "by its client, without its secret", { client_id: "app-basic" }, "invalid_client", () => ({ proven: false })],
  ["RFC 6749 section 5.2", "a letter more", (flow) => ({ code: flow.code + "x" }), "invalid_grant"],
  ["RFC 6749 section 5.2", "a letter less", (flow) => ({ code: flow.code.slice(1) }), "invalid_grant"],
  ["RFC 6749 section 5.2", "no code", { code: undefined }, "invalid_request"],
  ["RFC 6749 section 5.2", "as a refresh token", (flow) => ({ grant_type: "refresh_token", refresh_token: flow.code }), "invalid_grant"],
  ["RFC 6749 section 5.2", "no grant_type", { grant_type: undefined }, "invalid_request"],
  ["RFC 9700 section 2.4", "grant_type password", () => ({ grant_type: "password", username: staff.username, password: staff.password }), "unsupported_grant_type"],
  ["RFC 6749 section 5.2", "grant_type implicit", { grant_type: "implicit" }, "unsupported_grant_type"],
  ["RFC 6749 section 5.2", "a grant the client is not registered for", { grant_type: "client_credentials" }, "unauthorized_client"],
  ["RFC 8707 section 2.2", "resource is another server", { resource: "https://evil.example" }, "invalid_target"],
  ["RFC 6749 section 4.1.3", "in JSON", {}, "invalid_request", () => ({ headers: { "content-type": "application/json" } })],
], async (change, error, options) => {
  const flow = await basic.authorize(browser);
  assert.ok(flow.code, browser.steps.join(", "));
  refused(await basic.exchange(flow, typeof change === "function" ? change(flow) : change, options?.()), error);
  granted(await basic.exchange(flow));
});
describe("a code", () => {
  test("RFC 6749 section 4.1.2: used twice, all that it gave is revoked", async () => {
    const set = await basic.tokens(browser, { scope: "openid offline_access user/Patient.rs" });
    assert.equal(await reads(set.access_token), 200);
    const next = granted(await basic.refresh(set.refresh_token));
    refused(await basic.exchange(set.flow), "invalid_grant");
    assert.equal(await reads(set.access_token), 401);
    assert.equal(await reads(next.access_token), 401);
    refused(await basic.refresh(next.refresh_token), "invalid_grant");
    assert.equal((await basic.post("introspect", { token: next.access_token })).json.active, false);
  });
  test("RFC 6749 section 4.1.2: another client's use of a used code ends nothing", async () => {
    const set = await basic.tokens(browser);
    refused(await post.exchange(set.flow), "invalid_grant");
    assert.equal(await reads(set.access_token), 200);
  });
  test("RFC 6749 section 3.2: parameters in the URI", async () => {
    const flow = await basic.authorize(browser);
    const query = queryOf({ grant_type: "authorization_code", code: flow.code, redirect_uri: callback, code_verifier: flow.verifier });
    const bad = await ward.request("/oauth/token?" + query, { method: "POST", body: "", headers: { "content-type": "application/x-www-form-urlencoded", ...basic.proven().headers } });
    assert.equal(bad.status, 400, bad.text);
    granted(await basic.exchange(flow));
  });
  test("RFC 6749 section 3.2: GET", async () => {
    const flow = await basic.authorize(browser);
    assert.equal((await ward.request("/oauth/token?" + queryOf({ grant_type: "authorization_code", code: flow.code }), { headers: basic.proven().headers })).status, 405);
    granted(await basic.exchange(flow));
  });
  test("RFC 6749 section 3.2: a parameter twice", async () => {
    const flow = await basic.authorize(browser);
    const body = queryOf({ grant_type: "authorization_code", code: [flow.code, flow.code], redirect_uri: callback, code_verifier: flow.verifier });
    refused(await basic.token(body), "invalid_request");
    granted(await basic.exchange(flow));
  });
  test("RFC 9449 section 10: another DPoP key than the request's dpop_jkt", async () => {
    const key = new Key(), flow = await basic.authorize(browser, { dpop_jkt: key.thumbprint });
    refused(await basic.exchange(flow), "invalid_grant");
    refused(await basic.exchange(flow, {}, { dpop: new Key() }), "invalid_grant");
    assert.equal(granted(await basic.exchange(flow, {}, { dpop: key })).token_type, "DPoP");
  });
  test("RFC 6749 section 5.1: answers with tokens are not to be stored", async () => {
    const flow = await basic.authorize(browser), answer = await basic.exchange(flow);
    granted(answer);
    assert.match(answer.headers["cache-control"], /no-store/);
    assert.match((await basic.exchange(flow)).headers["cache-control"], /no-store/);
  });
});

// ---- refresh tokens

describe("a refresh token", () => {
  const scope = "openid offline_access user/Patient.rs user/Observation.rs";
  test("RFC 9700 section 4.14.2: used again, its family is revoked", async () => {
    const set = await basic.tokens(browser, { scope });
    const next = granted(await basic.refresh(set.refresh_token));
    assert.equal(await reads(next.access_token), 200);
    refused(await basic.refresh(set.refresh_token), "invalid_grant");
    refused(await basic.refresh(next.refresh_token), "invalid_grant");
    assert.equal(await reads(next.access_token), 401);
    assert.equal(await reads(set.access_token), 401);
  });
  test("RFC 9700 section 4.14.2: a public client's, used again", async () => {
    const set = await publicApp.tokens(browser, { scope });
    const next = granted(await publicApp.refresh(set.refresh_token));
    refused(await publicApp.refresh(set.refresh_token), "invalid_grant");
    refused(await publicApp.refresh(next.refresh_token), "invalid_grant");
  });
  test("RFC 9700 section 4.14.2: with the key proven, the last but one is a copy and no retry", async () => {
    const set = await keyed.tokens(browser, { scope });
    const second = granted(await keyed.refresh(set.refresh_token)), again = granted(await keyed.refresh(set.refresh_token));
    assert.equal(again.refresh_token, second.refresh_token, "a retry gets the same successor");
    const third = granted(await keyed.refresh(second.refresh_token));
    refused(await keyed.refresh(set.refresh_token), "invalid_grant");
    refused(await keyed.refresh(third.refresh_token), "invalid_grant");
  });
  cases("shown wrongly, is not used up by it", [
    ["RFC 6749 section 6", "a wider scope", () => basic, { scope: "openid offline_access user/Patient.rs user/Observation.rs user/Condition.rs" }, "invalid_scope"],
    ["RFC 6749 section 6", "a scope of more letters", () => basic, { scope: "user/Patient.cruds" }, "invalid_scope"],
    ["RFC 6749 section 6", "all kinds for the few", () => basic, { scope: "user/*.rs" }, "invalid_scope"],
    ["RFC 6749 section 6", "by another client", () => post, {}, "invalid_grant"],
    ["RFC 6749 section 6", "by a public client", () => publicApp, {}, "invalid_grant"],
    ["RFC 6749 section 6", "by its client, without its secret", () => basic, { client_id: "app-basic" }, "invalid_client", { proven: false }],
    ["RFC 6749 section 6", "no token", () => basic, { refresh_token: undefined }, "invalid_request"],
    ["RFC 8707 section 2.2", "resource is another server", () => basic, { resource: "https://evil.example" }, "invalid_target"],
  ], async (who, change, error, options) => {
    const set = await basic.tokens(browser, { scope });
    refused(await who().token({ grant_type: "refresh_token", refresh_token: set.refresh_token, ...change }, options), error);
    const less = granted(await basic.refresh(set.refresh_token, { scope: "user/Patient.rs" }));
    assert.equal(less.scope, "user/Patient.rs");
  });
  test("RFC 6749 section 6: a letter changed, an access token, a stranger's", async () => {
    const set = await basic.tokens(browser, { scope });
    const swapped = (set.refresh_token[5] === "A" ? "B" : "A");
    refused(await basic.refresh(set.refresh_token.slice(0, 5) + swapped + set.refresh_token.slice(6)), "invalid_grant");
    refused(await basic.refresh(set.access_token), "invalid_grant");
    refused(await basic.refresh(random(60)), "invalid_grant");
    granted(await basic.refresh(set.refresh_token));
  });
  test("RFC 9449 section 5: a public client's is bound to its key", async () => {
    const key = new Key(), set = await publicApp.tokens(browser, { scope }, { dpop: key });
    refused(await publicApp.refresh(set.refresh_token), "invalid_grant");
    refused(await publicApp.refresh(set.refresh_token, {}, { dpop: new Key() }), "invalid_grant");
    assert.equal(granted(await publicApp.refresh(set.refresh_token, {}, { dpop: key })).token_type, "DPoP");
  });
  test("RFC 6749 section 6: none without offline_access or online_access", async () => {
    assert.equal((await basic.tokens(browser)).refresh_token, undefined);
    assert.ok((await basic.tokens(browser, { scope })).refresh_token);
  });
  test("RFC 6750 section 3.1: is no access token", async () => {
    const set = await basic.tokens(browser, { scope });
    assert.equal(await reads(set.refresh_token), 401);
    assert.equal(await reads(set.access_token), 200);
  });
});

// ---- client authentication

const credentials = { grant_type: "client_credentials", scope: "system/Patient.rs" };
const basicHeader = (id, secret) => ({ authorization: "Basic " + Buffer.from(id + ":" + secret).toString("base64") });
cases("a client's secret", [
  ["RFC 6749 section 5.2", "is wrong", () => basicHeader("backend-secret", "wrong")],
  ["RFC 6749 section 5.2", "is empty", () => basicHeader("backend-secret", "")],
  ["RFC 6749 section 5.2", "is its beginning", () => basicHeader("backend-secret", backend.registered.client_secret.slice(0, -1))],
  ["RFC 6749 section 5.2", "is longer", () => basicHeader("backend-secret", backend.registered.client_secret + "x")],
  ["RFC 6749 section 5.2", "is another client's", () => basicHeader("backend-secret", basic.registered.client_secret)],
  ["RFC 6749 section 5.2", "is the hash that is stored", () => basicHeader("backend-secret", Buffer.from(sha256(backend.registered.client_secret), "base64url").toString("hex"))],
  ["RFC 6749 section 5.2", "is an unknown client's", () => basicHeader("nobody", backend.registered.client_secret)],
  ["RFC 6749 section 2.3.1", "without a colon", () => ({ authorization: "Basic " + Buffer.from("backend-secret").toString("base64") })],
  ["RFC 6749 section 2.3.1", "not in base64", () => ({ authorization: "Basic backend-secret:secret" })],
  ["RFC 6749 section 2.3.1", "by Bearer", () => ({ authorization: "Bearer " + backend.registered.client_secret })],
  ["RFC 6749 section 2.3", "in the form, for a client of Basic", () => ({}), () => ({ client_id: "backend-secret", client_secret: backend.registered.client_secret })],
  ["RFC 6749 section 2.3", "in both places", () => backend.proven().headers, () => ({ client_id: "backend-secret", client_secret: backend.registered.client_secret }), "invalid_request"],
  ["RFC 6749 section 2.3", "beside an assertion", () => backend.proven().headers, () => backendKey.proven().form, "invalid_request"],
  ["RFC 6749 section 2.3.1", "beside another client_id", () => backend.proven().headers, { client_id: "backend-key" }, "invalid_request"],
  ["RFC 6749 section 2.3", "is left out", () => ({}), { client_id: "backend-secret" }],
  ["RFC 6749 section 2.3", "nobody says who asks", () => ({}), {}],
  ["RFC 8705 section 2", "is a certificate's client's name", () => ({}), { client_id: "backend-mtls" }],
], async (headers, form = {}, error = "invalid_client") => {
  granted(await backend.token(credentials));
  const bad = await backend.token({ ...credentials, ...at(form) }, { proven: { headers: at(headers), form: {} } });
  refused(bad, error);
  if (bad.status === 401) assert.match(bad.headers["www-authenticate"] ?? "", /^Basic /, "RFC 6749 section 5.2");
});
test("RFC 6749 section 5.2: a secret that is wrong and a client that is unknown are one answer", async () => {
  const wrong = await backend.token(credentials, { proven: { headers: basicHeader("backend-secret", "wrong") } });
  const unknown = await backend.token(credentials, { proven: { headers: basicHeader("nobody", "wrong") } });
  assert.deepEqual([wrong.status, wrong.text], [unknown.status, unknown.text]);
  granted(await backend.token(credentials));
});

const stranger = new Key("P-384"), small = new Key("P-256");
const pem = () => backendKey.key.publicKey.export({ type: "spki", format: "pem" });
cases("a client's assertion", [
  ["RFC 7523 section 3 (3)", "aud is another server", { claims: { aud: "https://evil.example/oauth/token" } }],
  ["RFC 7523 section 3 (3)", "aud is the FHIR base", () => ({ claims: { aud: ward.fhir } })],
  ["RFC 7523 section 3 (3)", "aud begins as ours", () => ({ claims: { aud: ward.base + ".evil.example" } })],
  ["RFC 7523 section 3 (3)", "aud is missing", { claims: { aud: undefined } }],
  ["RFC 7523 section 3 (3)", "aud is no text", { claims: { aud: 1 } }],
  ["RFC 7523 section 3 (3)", "aud is a list of strangers", { claims: { aud: ["https://a.example", "https://b.example"] } }],
  ["RFC 7523 section 3 (1)", "iss is another", { claims: { iss: "ehr" } }],
  ["RFC 7523 section 3 (1)", "iss is missing", { claims: { iss: undefined } }],
  ["RFC 7523 section 3 (2)", "sub is another client", { claims: { sub: "ehr" } }],
  ["RFC 7523 section 3 (2)", "iss and sub are another client", { claims: { iss: "ehr", sub: "ehr" } }],
  ["RFC 7523 section 3 (2)", "sub is missing", { claims: { sub: undefined } }],
  ["RFC 7523 section 3 (2)", "sub is unknown", { claims: { iss: "nobody", sub: "nobody" } }],
  ["RFC 7523 section 3 (4)", "exp is over", { claims: { exp: now() - 600, iat: now() - 900 } }],
  ["RFC 7523 section 3 (4)", "exp is missing", { claims: { exp: undefined } }],
  ["RFC 7523 section 3 (4)", "exp is text", { claims: { exp: String(now() + 100) } }],
  ["SMART 2.2 section 4.1.5.1.3", "exp is an hour away", { claims: { exp: now() + 3600 } }],
  ["RFC 7523 section 3 (5)", "nbf is ahead", { claims: { nbf: now() + 300 } }],
  ["RFC 7523 section 3 (7)", "jti is missing", { claims: { jti: undefined } }],
  ["RFC 7523 section 3 (7)", "jti is empty", { claims: { jti: "" } }],
  ["RFC 8725 section 3.1", "alg none, without a signature", { header: { alg: "none" } }],
  ["RFC 8725 section 3.1", "alg None", { header: { alg: "None" }, signer: "none" }],
  ["RFC 8725 section 3.1", "the right alg, without a signature", { signer: "none" }],
  ["RFC 8725 section 2.1", "HS256 by the public key in PEM", () => ({ header: { alg: "HS256" }, by: pem() })],
  ["RFC 8725 section 2.1", "HS256 by the public key in JSON", () => ({ header: { alg: "HS256" }, by: JSON.stringify(backendKey.key.jwk) })],
  ["RFC 8725 section 2.1", "HS384 by nothing", { header: { alg: "HS384" }, by: "" }],
  ["RFC 8725 section 3.1", "another alg for the same key", { header: { alg: "ES256" }, signer: "ES384" }],
  ["RFC 8725 section 3.1", "ES256 by a key of its own", { header: { alg: "ES256" }, by: small.privateKey }],
  ["RFC 7523 section 3 (9)", "by a key that nobody registered", { by: stranger.privateKey }],
  ["RFC 7523 section 3 (9)", "by another client's key, with this one's kid", () => ({ by: ehr.key.privateKey })],
  ["RFC 7523 section 3 (9)", "by another client's key, with its kid", () => ({ by: ehr.key.privateKey, header: { kid: ehr.key.kid } })],
  ["RFC 7515 section 4.1.4", "by its own key, with another client's kid", () => ({ header: { kid: ehr.key.kid } })],
  ["RFC 7515 section 4.1.4", "a kid that is a path", { header: { kid: "../../../dev/null" }, by: stranger.privateKey }],
  ["RFC 7515 section 4.1.4", "a kid that is a query", { header: { kid: "' OR '1'='1" }, by: stranger.privateKey }],
  ["RFC 7515 section 4.1.4", "a kid that is no text", { header: { kid: 1 } }],
  ["RFC 8725 section 3.10", "jku", () => ({ header: { jku: "https://evil.example/jwks" } })],
  ["RFC 8725 section 3.10", "jku, by the key found there", () => ({ header: { jku: "https://evil.example/jwks" }, by: stranger.privateKey })],
  ["RFC 8725 section 3.10", "x5u", { header: { x5u: "https://evil.example/chain.pem" } }],
  ["RFC 7515 section 4.1.3", "jwk, by the key in it", { header: { jwk: stranger.jwk, kid: undefined }, by: stranger.privateKey }],
  ["RFC 7515 section 4.1.3", "jwk beside the right kid", { header: { jwk: stranger.jwk }, by: stranger.privateKey }],
  ["RFC 7515 section 4.1.6", "x5c", { header: { x5c: ["AAAA"] }, by: stranger.privateKey }],
  ["RFC 7515 section 4.1.11", "crit of no meaning", { header: { crit: ["evil"], evil: true } }],
  ["RFC 7515 section 4.1.11", "crit is empty", { header: { crit: [] } }],
  ["RFC 7797 section 6", "b64 false", { header: { crit: ["b64"], b64: false } }],
], async (change) => {
  granted(await backendKey.token(credentials));
  const form = { ...backendKey.proven().form, client_assertion: backendKey.assertion(at(change)) };
  refused(await backendKey.token(credentials, { proven: { headers: {}, form } }), "invalid_client");
});
cases("a client's assertion, as a text", [
  ["RFC 7515 section 5.2", "a letter of the claims changed", (text) => { const [h, c, s] = text.split("."); return [h, Buffer.from(Buffer.from(c, "base64url").toString().replace("backend-key", "backend-kez")).toString("base64url"), s].join("."); }],
  ["RFC 7515 section 5.2", "the signature's end left off", (text) => text.slice(0, -4)],
  ["RFC 7518 section 3.4", "a signature of zeros", (text) => text.split(".").slice(0, 2).join(".") + "." + Buffer.alloc(96).toString("base64url")],
  ["RFC 7515 section 5.2", "padding behind it", (text) => text + "="],
  ["RFC 7515 section 7.1", "four parts", (text) => text + ".AAAA"],
  ["RFC 7516 section 3.1", "five parts", (text) => text + ".AAAA.AAAA"],
  ["RFC 7515 section 7.1", "two parts", (text) => text.split(".").slice(0, 2).join(".")],
  ["RFC 7515 section 7.1", "no JWT at all", () => "assertion"],
  ["RFC 7515 section 5.2", "blanks around it", (text) => " " + text + " "],
], async (change) => {
  granted(await backendKey.token(credentials));
  const form = backendKey.proven().form;
  refused(await backendKey.token(credentials, { proven: { headers: {}, form: { ...form, client_assertion: change(form.client_assertion) } } }), "invalid_client");
});
describe("a client's assertion, used", () => {
  test("RFC 7523 section 3 (7): twice", async () => {
    const proven = backendKey.proven();
    granted(await backendKey.token(credentials, { proven }));
    refused(await backendKey.token(credentials, { proven }), "invalid_client");
    granted(await backendKey.token(credentials));
  });
  test("RFC 7523 section 3 (7): one jti in two assertions", async () => {
    const claims = { jti: random() }, form = backendKey.proven().form;
    granted(await backendKey.token(credentials, { proven: { headers: {}, form: { ...form, client_assertion: backendKey.assertion({ claims }) } } }));
    refused(await backendKey.token(credentials, { proven: { headers: {}, form: { ...form, client_assertion: backendKey.assertion({ claims: { ...claims, exp: now() + 200 } }) } } }), "invalid_client");
  });
  test("RFC 7523 section 3 (7): at another endpoint", async () => {
    const proven = keyed.proven();
    assert.equal((await keyed.post("introspect", { token: "x" }, { proven })).status, 200);
    refused(await keyed.post("revoke", { token: "x" }, { proven }), "invalid_client");
    assert.equal((await keyed.post("revoke", { token: "x" })).status, 200);
  });
  test("RFC 7521 section 4.2: of another type", async () => {
    const proven = backendKey.proven();
    refused(await backendKey.token(credentials, { proven: { headers: {}, form: { ...proven.form, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" } } }), "invalid_request");
    refused(await backendKey.token(credentials, { proven: { headers: {}, form: { ...proven.form, client_assertion_type: undefined } } }), "invalid_request");
    granted(await backendKey.token(credentials, { proven }));
  });
  test("RFC 7521 section 4.2: beside another client_id", async () => {
    refused(await backendKey.token({ ...credentials, client_id: "ehr" }), "invalid_request");
    granted(await backendKey.token({ ...credentials, client_id: "backend-key" }));
  });
  test("FAPI 2.0 section 5.3.2.1: a FAPI client names the issuer and nothing else", async () => {
    const dpop = new Key(), { parameters } = fapi.parameters();
    for (const aud of [ward.base + "/oauth/token", ward.base + "/oauth/par", [ward.base + "/oauth/token"], ward.base + "/"])
      refused(await fapi.post("par", parameters, { dpop, proven: { headers: {}, form: { ...fapi.proven().form, client_assertion: fapi.assertion({ claims: { aud } }) } } }), "invalid_client");
    assert.equal((await fapi.post("par", parameters, { dpop })).status, 201);
  });
});

// ---- DPoP

cases("a DPoP proof at the token endpoint", [
  ["RFC 9449 section 4.3 (9)", "htu of another server", { claims: { htu: "https://evil.example/oauth/token" } }],
  ["RFC 9449 section 4.3 (9)", "htu of another path", () => ({ claims: { htu: ward.base + "/oauth/par" } })],
  ["RFC 9449 section 4.3 (9)", "htu by http", () => ({ claims: { htu: ward.base.replace("https", "http") + "/oauth/token" } })],
  ["RFC 9449 section 4.3 (9)", "htu of the port of certificates", () => ({ claims: { htu: ward.demo.mtls_base + "/oauth/token" } })],
  ["RFC 9449 section 4.3 (9)", "htu that begins as ours", () => ({ claims: { htu: ward.base + "/oauth/token/more" } })],
  ["RFC 9449 section 4.3 (3)", "htu is missing", { claims: { htu: undefined } }],
  ["RFC 9449 section 4.3 (8)", "htm GET", { claims: { htm: "GET" } }],
  ["RFC 9449 section 4.3 (8)", "htm in small letters", { claims: { htm: "post" } }],
  ["RFC 9449 section 4.3 (3)", "htm is missing", { claims: { htm: undefined } }],
  ["RFC 9449 section 4.3 (11)", "iat is five minutes old", { claims: { iat: now() - 300 } }],
  ["RFC 9449 section 4.3 (11)", "iat is five minutes ahead", { claims: { iat: now() + 300 } }],
  ["RFC 9449 section 4.3 (3)", "iat is missing", { claims: { iat: undefined } }],
  ["RFC 9449 section 4.3 (3)", "iat is text", { claims: { iat: "now" } }],
  ["RFC 9449 section 4.3 (3)", "jti is missing", { claims: { jti: undefined } }],
  ["RFC 9449 section 4.3 (3)", "jti of a thousand characters", { claims: { jti: "j".repeat(1000) } }],
  ["RFC 9449 section 8", "a nonce that is not ours", { claims: { nonce: random() } }, "use_dpop_nonce"],
  ["RFC 9449 section 8", "no nonce", { claims: { nonce: undefined } }, "use_dpop_nonce"],
  ["RFC 9449 section 4.3 (4)", "typ JWT", { header: { typ: "JWT" } }],
  ["RFC 9449 section 4.3 (4)", "typ is missing", { header: { typ: undefined } }],
  ["RFC 9449 section 4.3 (4)", "typ at+jwt", { header: { typ: "at+jwt" } }],
  ["RFC 9449 section 4.3 (5)", "alg none", { header: { alg: "none" } }],
  ["RFC 9449 section 4.3 (5)", "alg HS256, by the public key", () => ({ header: { alg: "HS256" }, by: JSON.stringify(small.jwk) })],
  ["RFC 9449 section 4.3 (5)", "a symmetric key", { header: { alg: "HS256", jwk: { kty: "oct", k: "c2VjcmV0" } }, by: "secret" }],
  ["RFC 9449 section 4.3 (7)", "a private key in the header", () => ({ header: { jwk: small.secret }, by: small.privateKey })],
  ["RFC 9449 section 4.3 (6)", "signed by another key", { by: small.privateKey }],
  ["RFC 9449 section 4.3 (6)", "the key of somebody else", { header: { jwk: small.jwk } }],
  ["RFC 9449 section 4.3 (6)", "no signature", { signer: "none" }],
  ["RFC 9449 section 4.2", "no jwk", { header: { jwk: undefined } }],
  ["RFC 7515 section 4.1.4", "a kid for the jwk", { header: { jwk: undefined, kid: "x" } }],
  ["RFC 7515 section 4.1.11", "crit of no meaning", { header: { crit: ["evil"], evil: 1 } }],
  ["RFC 8725 section 3.10", "jku", { header: { jku: "https://evil.example/" } }],
  ["RFC 7518 section 6.2.1", "a point off the curve", { header: { jwk: { ...small.jwk, y: small.jwk.x } } }],
], async (change, error = "invalid_dpop_proof") => {
  const key = new Key(), url = ward.base + "/oauth/token";
  assert.equal(granted(await backend.token(credentials, { headers: { dpop: key.proof("POST", url) } })).token_type, "DPoP");
  refused(await backend.token(credentials, { headers: { dpop: key.proof("POST", url, at(change)) } }), error);
});
describe("DPoP", () => {
  const url = () => ward.base + "/oauth/token";
  test("RFC 9449 section 11.1: a proof twice", async () => {
    const dpop = new Key().proof("POST", url());
    granted(await backend.token(credentials, { headers: { dpop } }));
    refused(await backend.token(credentials, { headers: { dpop } }), "invalid_dpop_proof");
  });
  test("RFC 9449 section 4.3 (1): two proofs in one request", async () => {
    const key = new Key(), two = [key.proof("POST", url()), key.proof("POST", url())];
    assert.equal((await backend.token(credentials, { headers: { dpop: two } })).status, 400);
    assert.equal((await backend.token(credentials, { headers: { dpop: two.join(", ") } })).status, 400);
    granted(await backend.token(credentials, { headers: { dpop: key.proof("POST", url()) } }));
  });
  test("RFC 9449 section 5: a client that must, without", async () => {
    const { parameters, verifier } = fapi.parameters({ scope: "openid user/Patient.rs" }), dpop = new Key();
    const pushed = await fapi.post("par", parameters, { dpop });
    await browser.go("/oauth/authorize?" + queryOf({ client_id: "app-fapi", request_uri: pushed.json.request_uri }));
    if (!browser.left) await browser.submit("/oauth/consent", { decision: "allow" });
    const flow = { code: browser.left.searchParams.get("code"), verifier, redirect_uri: fapi.redirect };
    refused(await fapi.exchange(flow), "invalid_dpop_proof");
    refused(await fapi.exchange(flow, {}, { dpop: new Key() }), "invalid_grant");
    assert.equal(granted(await fapi.exchange(flow, {}, { dpop })).token_type, "DPoP");
  });
  test("RFC 9449 section 10.1: dpop_jkt is another key than the pushed proof's", async () => {
    const { parameters } = fapi.parameters(), dpop = new Key();
    refused(await fapi.post("par", { ...parameters, dpop_jkt: new Key().thumbprint }, { dpop }), "invalid_dpop_proof");
    assert.equal((await fapi.post("par", { ...parameters, dpop_jkt: dpop.thumbprint }, { dpop })).status, 201);
  });
  test("RFC 9449 section 8: the server's nonce is taken, and a made one answered with a good one", async () => {
    const key = new Key(), bad = await backend.token(credentials, { headers: { dpop: key.proof("POST", url(), { claims: { nonce: "made" } }) } });
    refused(bad, "use_dpop_nonce");
    granted(await backend.token(credentials, { headers: { dpop: key.proof("POST", url(), { claims: { nonce: bad.headers["dpop-nonce"] } }) } }));
  });
  cases("at the FHIR door", [
    ["RFC 9449 section 7.1", "as Bearer", (key, token, where) => ({ authorization: "Bearer " + token, dpop: key.proof("GET", where, { token }) })],
    ["RFC 9449 section 7.1", "as Bearer, without a proof", (_, token) => ({ authorization: "Bearer " + token })],
    ["RFC 9449 section 7.1", "without a proof", (_, token) => ({ authorization: "DPoP " + token })],
    ["RFC 9449 section 7.1", "by another key", (_, token, where) => ({ authorization: "DPoP " + token, dpop: new Key().proof("GET", where, { token }) })],
    ["RFC 9449 section 4.3 (12)", "ath is missing", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where) })],
    ["RFC 9449 section 4.3 (12)", "ath of another token", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where, { token: "other" }) })],
    ["RFC 9449 section 4.3 (8)", "htm of another method", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("POST", where, { token }) })],
    ["RFC 9449 section 4.3 (9)", "htu of another resource", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where + "x", { token }) })],
    ["RFC 9449 section 4.3 (9)", "htu of another host", (key, token, where) => ({ authorization: "DPoP " + token, host: "localhost", dpop: key.proof("GET", where.replace("localhost", "evil.example"), { token }) })],
    ["RFC 9449 section 4.3 (11)", "iat is old", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where, { token, claims: { iat: now() - 300 } }) })],
    ["RFC 9449 section 9", "a nonce that is not ours", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where, { token, claims: { nonce: "made" } }) })],
    ["RFC 9449 section 4.3 (5)", "alg none", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where, { token, header: { alg: "none" } }) })],
    ["RFC 9449 section 4.3 (4)", "typ JWT", (key, token, where) => ({ authorization: "DPoP " + token, dpop: key.proof("GET", where, { token, header: { typ: "JWT" } }) })],
  ], async (headers) => {
    const key = new Key(), token = granted(await backend.token(credentials, { dpop: key })).access_token, where = ward.fhir + "/" + chart;
    assert.equal((await ward.request(chart, { headers: { authorization: "DPoP " + token, dpop: key.proof("GET", where, { token }) } })).status, 200);
    const { host, ...rest } = headers(key, token, where);
    const bad = await ward.request(chart, { headers: rest });
    assert.equal(bad.status, 401, bad.text);
    assert.ok(bad.headers["www-authenticate"]);
  });
  test("RFC 9449 section 11.1: a proof twice, at the FHIR door", async () => {
    const key = new Key(), token = granted(await backend.token(credentials, { dpop: key })).access_token;
    const headers = { authorization: "DPoP " + token, dpop: key.proof("GET", ward.fhir + "/" + chart, { token }) };
    assert.equal((await ward.request(chart, { headers })).status, 200);
    assert.equal((await ward.request(chart, { headers })).status, 401);
  });
  test("RFC 9449 section 7.2: a token that is not bound, by DPoP", async () => {
    const key = new Key(), token = granted(await backend.token(credentials)).access_token;
    assert.equal((await ward.request(chart, { headers: { authorization: "DPoP " + token, dpop: key.proof("GET", ward.fhir + "/" + chart, { token }) } })).status, 401);
    assert.equal(await reads(token), 200);
  });
});

// ---- certificates

describe("certificates", () => {
  let own, other, token;
  before(async () => {
    const directory = dirname(ward.demo.ca_file), file = (name) => join(ward.directory, name);
    own = new https.Agent({ ca: ward.ca, cert: readFileSync(join(directory, "client.pem")), key: readFileSync(join(directory, "client.key")) });
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=backend-mtls", "-days", "2", "-keyout", file("other.key"), "-out", file("other.pem")], { stdio: "ignore" });
    other = new https.Agent({ ca: ward.ca, cert: readFileSync(file("other.pem")), key: readFileSync(file("other.key")) });
    token = granted(await mtls(own)).access_token;
  });
  after(() => { own?.destroy(); other?.destroy(); });
  const mtls = (agent, more = {}) => backend.token({ ...credentials, client_id: "backend-mtls", ...more }, { proven: false, agent, base: ward.demo.mtls_base });
  const read = async (base, options) => { try { return (await ward.request(base + "/fhir/Patient?_count=1", options)).status; } catch { return "no connection"; } };

  test("RFC 8705 section 2.1: a certificate of the same name by nobody", async () => {
    const bad = await mtls(other).catch(() => undefined);  // no connection is a refusal too
    if (bad) refused(bad, "invalid_client");
    granted(await mtls(own));
  });
  test("RFC 8705 section 2: no certificate, on the listener that asks for one", async () => {
    const bad = await mtls(new https.Agent({ ca: ward.ca })).catch(() => undefined);
    if (bad) refused(bad, "invalid_client");
    granted(await mtls(own));
  });
  test("RFC 8705 section 3: the token with another certificate", async () => {
    assert.equal(await read(ward.demo.mtls_base, { ...bearer(token), agent: own }), 200);
    assert.ok([401, "no connection"].includes(await read(ward.demo.mtls_base, { ...bearer(token), agent: other })));
  });
  test("RFC 8705 section 3: the token on the listener without certificates", async () => {
    assert.equal(await read(ward.base, bearer(token)), 401);
    assert.equal(await read(ward.demo.mtls_base, { ...bearer(token), agent: own }), 200);
  });
  for (const name of ["client-cert", "x-client-cert", "x-forwarded-client-cert", "x-ssl-client-cert", "ssl-client-cert"])
    test(`RFC 9440 section 2.4: a certificate in a header of the client's (${name})`, async () => {
      const value = readFileSync(join(dirname(ward.demo.ca_file), "client.pem"), "utf8").replace(/-----[A-Z ]+-----|\n/g, "");
      assert.equal(await read(ward.base, bearer(token, { [name]: name === "client-cert" ? `:${value}:` : value })), 401);
      assert.equal(await read(ward.demo.mtls_base, { ...bearer(token), agent: own }), 200);
    });
  test("RFC 8705 section 2: the certificate for another client", async () => {
    refused(await mtls(own, { client_id: "backend-secret" }), "invalid_client");
    refused(await mtls(own, { client_id: "backend-key" }), "invalid_client");
    granted(await mtls(own));
  });
});

// ---- introspection, revocation, userinfo

describe("introspection and revocation", () => {
  const scope = "openid offline_access user/Patient.rs";
  test("RFC 7662 section 2.2: another client's token is as one that is not there", async () => {
    const set = await basic.tokens(browser, { scope });
    for (const token of [set.access_token, set.refresh_token]) {
      const other = await post.post("introspect", { token }), nothing = await post.post("introspect", { token: "nothing" });
      assert.deepEqual([other.status, other.json], [200, { active: false }]);
      assert.equal(other.text, nothing.text);
      assert.equal((await basic.post("introspect", { token })).json.active, true);
    }
    assert.equal((await ehr.post("introspect", { token: set.access_token })).json.active, true, "a resource server may ask");
  });
  cases("RFC 7662 section 2.1: who asks", [
    ["RFC 7662 section 2.1", "nobody", { proven: false }, 401],
    ["RFC 7662 section 2.1", "a public client", () => ({ proven: publicApp.proven() }), 401],
    ["RFC 7662 section 2.1", "with a wrong secret", () => ({ proven: { headers: basicHeader("app-basic", "wrong") } }), 401],
    ["RFC 7662 section 2.1", "with an access token", () => ({ proven: { headers: { authorization: "Bearer x" } } }), 401],
  ], async (options, status) => {
    const set = await basic.tokens(browser);
    const bad = await basic.post("introspect", { token: set.access_token }, at(options));
    assert.equal(bad.status, status, bad.text);
    assert.equal(bad.json.active, undefined);
    assert.equal((await basic.post("introspect", { token: set.access_token })).json.active, true);
  });
  test("RFC 7662 section 2.1: by GET, and without a token", async () => {
    assert.equal((await ward.request("/oauth/introspect?token=x", { headers: basic.proven().headers })).status, 405);
    refused(await basic.post("introspect", {}), "invalid_request");
    assert.equal((await basic.post("introspect", { token: "x" })).status, 200);
  });
  test("RFC 7009 section 2.1: another client's token is not revoked", async () => {
    const set = await basic.tokens(browser, { scope });
    assert.equal((await post.post("revoke", { token: set.access_token })).status, 400);
    assert.equal((await post.post("revoke", { token: set.refresh_token })).status, 400);
    assert.equal((await publicApp.post("revoke", { token: set.refresh_token })).status, 400);
    assert.equal(await reads(set.access_token), 200);
    assert.equal((await basic.post("revoke", { token: set.refresh_token })).status, 200);
    assert.equal(await reads(set.access_token), 401);
    assert.equal((await basic.post("introspect", { token: set.access_token })).json.active, false);
  });
  test("RFC 7009 section 2.1: without client authentication", async () => {
    const set = await basic.tokens(browser, { scope });
    for (const form of [{}, { client_id: "app-basic" }]) assert.equal((await basic.post("revoke", { token: set.refresh_token, ...form }, { proven: false })).status, 401);
    assert.equal(await reads(set.access_token), 200);
    assert.equal((await basic.post("revoke", { token: set.access_token })).status, 200);
    assert.equal(await reads(set.access_token), 401);
  });
  test("RFC 7009 section 2.2: a token that is not there is answered as one that was", async () => {
    const set = await basic.tokens(browser, { scope });
    assert.equal((await basic.post("revoke", { token: "nothing" })).status, 200);
    assert.equal((await basic.post("revoke", { token: set.refresh_token, token_type_hint: "access_token" })).status, 200, "a wrong hint");
    refused(await basic.refresh(set.refresh_token), "invalid_grant");
  });
});
describe("userinfo", () => {
  const userinfo = (options, query = "") => ward.request("/oauth/userinfo" + query, options);
  test("OpenID Connect Core section 5.3: without openid", async () => {
    const bad = await basic.tokens(browser, { scope: "user/Patient.rs" }), good = await basic.tokens(browser);
    const answer = await userinfo(bearer(bad.access_token));
    assert.equal(answer.status, 403);
    assert.match(answer.headers["www-authenticate"], /insufficient_scope/);
    assert.equal((await userinfo(bearer(good.access_token))).json.sub, staff.username);
  });
  test("RFC 6750 section 2.3: the token in the URI", async () => {
    const set = await basic.tokens(browser);
    assert.equal((await userinfo({}, "?access_token=" + set.access_token)).status, 401);
    assert.equal((await userinfo(bearer(set.access_token))).status, 200);
  });
  test("RFC 9068 section 4: an ID token is no access token", async () => {
    const set = await basic.tokens(browser);
    assert.equal((await userinfo(bearer(set.id_token))).status, 401);
    assert.equal(await reads(set.id_token), 401);
    assert.equal((await userinfo(bearer(set.access_token))).status, 200);
  });
  test("OpenID Connect Core section 5.3.1: no token, and a client's own", async () => {
    const own = granted(await backend.token(credentials)).access_token, set = await basic.tokens(browser);
    assert.equal((await userinfo({})).status, 401);
    assert.equal((await userinfo(bearer(own))).status, 403);
    assert.equal((await userinfo(bearer(set.access_token))).status, 200);
  });
  test("OpenID Connect Core section 5.4: no more than was granted", async () => {
    const less = await basic.tokens(browser), more = await basic.tokens(browser, { scope: "openid fhirUser profile" });
    assert.deepEqual(Object.keys((await userinfo(bearer(less.access_token))).json), ["sub"]);
    assert.equal((await userinfo(bearer(more.access_token))).json.fhirUser, ward.fhir + "/" + staff.fhir_user);
  });
});
cases("an access token that was changed", [
  ["RFC 9068 section 4", "alg none", (h, c) => jwt({ ...h, alg: "none" }, c)],
  ["RFC 9068 section 4", "HS256 by the public key", (h, c, jwks) => jwt({ ...h, alg: "HS256" }, c, JSON.stringify(jwks.keys.find((one) => one.kid === h.kid)))],
  ["RFC 9068 section 4", "by another key", (h, c) => jwt(h, c, small.privateKey, "ES256")],
  ["RFC 9068 section 4", "by the key in its header", (h, c) => jwt({ ...h, jwk: small.jwk }, c, small.privateKey, "ES256")],
  ["RFC 9068 section 4", "by the key at its jku", (h, c) => jwt({ ...h, jku: "https://evil.example/jwks" }, c, small.privateKey, "ES256")],
  ["RFC 9068 section 4", "more scope, the old signature", (h, c, _, signature) => jwt(h, { ...c, scope: "user/*.cruds" }, "", "none") + signature],
  ["RFC 9068 section 4", "another person, the old signature", (h, c, _, signature) => jwt(h, { ...c, sub: "admin.gray" }, "", "none") + signature],
], async (change) => {
  const set = await basic.tokens(browser), [h, c, signature] = set.access_token.split(".");
  assert.equal(await reads(set.access_token), 200);
  const jwks = (await ward.request("/oauth/jwks")).json;
  assert.equal(await reads(change(JSON.parse(Buffer.from(h, "base64url")), JSON.parse(Buffer.from(c, "base64url")), jwks, signature)), 401);
});
