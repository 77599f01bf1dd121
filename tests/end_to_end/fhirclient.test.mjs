// npm's fhirclient as the library of an app on a server: both launches, by a public client, one with a secret, one with a
// key. What it does in a browser is in smart_app.test.mjs.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import tls from "node:tls";
import smart from "fhirclient";
import { Ward } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";
import { App } from "./grants.mjs";

const redirectUri = "http://127.0.0.1:8765/callback";
let ward, patientName, physician;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ward.ca.toString()]);
  patientName = ward.demo.users.find((one) => one.role === "patient").username;
  physician = await personLike(ward, "dr.adams");
});
after(async () => { await ward?.stop(); ward?.remove(); });

const proof = {
  "app-public": () => ({}),
  "app-basic": () => ({ clientSecret: ward.client("app-basic").client_secret }),
  "app-key": () => ({ clientPrivateJwk: { ...ward.client("app-key").jwk, alg: "ES384", key_ops: ["sign"] } }),
};

/** One visit of a person to an app: fhirclient sees requests and a session, the person a browser. */
function opened(clientId) {
  const kept = new Map(), storage = { get: async (key) => kept.get(key), set: async (key, value) => (kept.set(key, value), value), unset: async (key) => kept.delete(key) };
  const api = (url, response = {}) => smart({ url, headers: { host: "127.0.0.1:8765" }, socket: {} }, response, storage);
  return {
    async launch(scope, query) {
      let location;
      await api("/launch?" + query, { writeHead: (_, headers) => (location = headers.location), end() {} }).authorize({ clientId, scope, redirectUri, ...proof[clientId]() });
      return new URL(location);
    },
    ready: (back) => api(back.pathname + back.search).ready({ ...proof[clientId]() }),
  };
}
async function connected(clientId, scope, person, query = {}) {
  const app = opened(clientId), browser = new Browser(ward);
  const to = await app.launch(scope, new URLSearchParams({ iss: ward.fhir, ...query }));
  assert.equal(to.searchParams.get("code_challenge_method"), "S256");
  await browser.go(to.pathname + to.search);
  await browser.signIn(person);
  if (!browser.left && browser.url.pathname === "/oauth/patient") await browser.submit("/oauth/patient", { patient: ward.demo.patients[0] }, { extra: true });
  await browser.submit("/oauth/consent", { decision: "allow" });
  assert.ok(browser.left, browser.steps.join(", "));
  return app.ready(browser.left);
}
async function exactlyGranted(client, patient) {
  assert.equal(client.patient.id, patient);
  assert.equal((await client.patient.read()).id, patient);
  assert.ok((await client.request("Observation?_count=3")).entry.length > 0);
  await assert.rejects(client.request("Condition?_count=1"), { status: 403 });
  await assert.rejects(client.request("Patient/" + ward.demo.patients.find((one) => one !== patient)), { status: 404 });
}

for (const id of ["app-public", "app-basic", "app-key"]) {
  test(`${id}: a standalone launch by a patient, and a refresh`, async () => {
    const person = await personLike(ward, patientName), patient = person.fhir_user.split("/")[1];
    const client = await connected(id, "openid fhirUser launch/patient offline_access patient/Patient.r patient/Observation.rs", person);
    assert.equal(client.user.fhirUser.split("/").slice(-2).join("/"), person.fhir_user);
    await exactlyGranted(client, patient);
    if (id === "app-key") return; // fhirclient makes no assertion for a refresh
    const old = client.state.tokenResponse.access_token;
    await client.refresh();
    assert.notEqual(client.state.tokenResponse.access_token, old);
    await exactlyGranted(client, patient);
  });

  test(`${id}: a launch from the EHR`, async () => {
    const patient = ward.demo.patients[0];
    const begun = await ward.request("/api/v1/launches", { method: "POST", body: JSON.stringify({ client_id: id, patient }),
      headers: { authorization: "Bearer " + await ward.token("ehr"), "content-type": "application/json" } });
    assert.equal(begun.status, 201, begun.text);
    const client = await connected(id, "openid launch patient/Patient.r patient/Observation.rs", await personLike(ward, "dr.adams"), { launch: begun.json.launch });
    await exactlyGranted(client, patient);
  });
}

test("staff choose a patient", async () => {
  const client = await connected("app-public", "openid launch/patient patient/Patient.r patient/Observation.rs", physician);
  await exactlyGranted(client, ward.demo.patients[0]);
});

test("RFC 6749 section 6: only a public app may leave out its name at a refresh", async () => {
  for (const [id, expected] of [["app-public", 200], ["app-basic", 401], ["app-key", 401]]) {
    const person = await personLike(ward, patientName), browser = new Browser(ward), app = new App(ward, id);
    await browser.go("/login");
    await browser.signIn(person);
    const { refresh_token } = await app.tokens(browser, { scope: "openid offline_access patient/Patient.r" });
    const nameless = await app.refresh(refresh_token, {}, { proven: false });
    assert.equal(nameless.status, expected, id + " " + nameless.text);
    if (expected === 200) assert.equal((await app.refresh(refresh_token, {}, { proven: false })).json.error, "invalid_grant", "used twice");
    else assert.equal((await app.refresh(refresh_token)).status, 200, "with its proof");
  }
});
