// A parent acts for a child: picks the record in the picker, is named in the token, is shown to nobody else's, and stops on the day the child is of age.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { Ward } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { App, addClient, bearer, signedIn } from "./grants.mjs";

let ward, parent, child, browser, app;
const years_ago = (years, days = 0) => {
  const day = new Date(Date.now() + days * 86_400_000);
  return `${day.getUTCFullYear() - years}-${String(day.getUTCMonth() + 1).padStart(2, "0")}-${String(Math.min(day.getUTCDate(), 28)).padStart(2, "0")}`;
};
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
  await addClient(ward, { client_id: "writer", client_name: "Writer", token_endpoint_auth_method: "client_secret_basic", grant_types: ["client_credentials"], scope: "system/*.cruds", roles: ["backend"], purpose: "TREAT" });
  const reference = ward.user("parent.one").fhir_user;
  child = (await ward.request(reference, { as: "writer" })).json.patient.reference;
  parent = await personLike(ward, "parent.one");
  app = new App(ward, "app-basic");
  browser = await signedIn(ward, parent);
});
after(async () => { await ward?.stop(); ward?.remove(); });

const scope = "openid launch/patient patient/Patient.rs patient/Observation.rs";
async function born(date, relationship) {
  const now = (await ward.request(child, { as: "writer" })).json;
  const put = await ward.request(child, { method: "PUT", as: "writer", body: { ...now, birthDate: date } });
  assert.equal(put.status, 200, put.text);
  if (relationship === undefined) return;
  const related = (await ward.request(parent.fhir_user, { as: "writer" })).json;
  related.relationship = typeof relationship === "string" ? [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", code: relationship }] }] : relationship;
  if (!related.relationship) delete related.relationship;
  assert.equal((await ward.request(parent.fhir_user, { method: "PUT", as: "writer", body: related })).status, 200);
}
async function choose() {
  const { parameters, verifier } = app.parameters({ scope });
  await browser.go("/oauth/authorize?" + new URLSearchParams(parameters));
  assert.equal(browser.url.pathname, "/oauth/patient", browser.steps.slice(-3).join(", "));
  const ids = [...browser.html.matchAll(/name="patient" value="([^"]*)"/g)].map(([, id]) => "Patient/" + id);
  return { ids, verifier, redirect_uri: parameters.redirect_uri };
}

test("the picker shows their people alone; the token names who acts for whom; the rest does not exist", async () => {
  await born(years_ago(9));
  const { ids, verifier, redirect_uri } = await choose();
  assert.deepEqual(ids, [child]);
  await browser.submit("/oauth/patient", { patient: child.slice(8) }, { extra: true });
  if (!browser.left) await browser.submit("/oauth/consent", { decision: "allow" });
  const set = await app.exchange({ code: browser.left.searchParams.get("code"), verifier, redirect_uri });
  assert.equal(set.status, 200, set.text);
  assert.equal(set.json.patient, child.slice(8));
  const claims = decodeJwt(set.json.access_token);
  assert.deepEqual(claims.act, { sub: parent.username, fhirUser: ward.fhir + "/" + parent.fhir_user });
  assert.equal(claims.patient, child.slice(8));
  const told = await app.post("introspect", { token: set.json.access_token });
  assert.equal(told.json.act.sub, parent.username);
  assert.equal((await ward.request(child, bearer(set.json.access_token))).status, 200);
  const other = "Patient/" + ward.demo.patients.find((id) => "Patient/" + id !== child);
  assert.equal((await ward.request(other, bearer(set.json.access_token))).status, 404);
});

test("45 CFR 164.502(g)(3): a parent acts until the child is of age, a guardian beyond", async () => {
  for (const [what, date, relationship, status] of [
    ["a day before", years_ago(18, 2), "MTH", 200],
    ["of age", years_ago(18, -2), "MTH", 404],
    ["long of age", years_ago(40), "PRN", 404],
    ["a guardian of somebody of age", years_ago(40), "GUARD", 200],
    ["a child of their parent", years_ago(70), "DAU", 200],
    ["a guardian by text only", years_ago(40), [{ text: "guardian" }], 404],
    ["by text only, of a child", years_ago(9), [{ text: "mother" }], 200],
    ["a code that nobody knows", years_ago(40), "GUARDIAN", 404],
    ["a coding without a system", years_ago(40), [{ coding: [{ code: "GUARD" }] }], 404],
    ["no relationship at all", years_ago(40), null, 404],
    ["no relationship at all, of a child", years_ago(9), null, 200],
    ["a mother-in-law", years_ago(40), "MTHINLAW", 404],
    ["a child again", years_ago(3), "PRN", 200],
    ["of whom only the year is known", String(new Date().getUTCFullYear() - 18), "PRN", 404],
  ]) {
    await born(date, relationship);
    const token = (await ward.command("token", "--user", "parent.one")).stdout.trim();
    assert.equal((await ward.request(child, bearer(token))).status, status, what);
  }
});

test("the account tells a delegate for whom they act, and a patient who acts for them", async () => {
  await born(years_ago(9), "PRN");
  await browser.go("/account");
  assert.match(browser.html, /People you act for[\s\S]*<bdi>/);
  const own = await personLike(ward, "patient.one");
  const file = own.username;
  const patient = await ward.command("user", "add", file + ".child", "--role", "patient", "--fhir-user", child, "--password-file", ward.directory + "/password-" + file, "--totp-secret", own.totp_secret, "--json");
  assert.equal(patient.code, 0, patient.stderr);
  const theirs = await signedIn(ward, { ...own, username: file + ".child", recovery_codes: JSON.parse(patient.stdout).recovery_codes });
  assert.match(theirs.html, /People who may act for you<\/h2>\s*<ul[\s\S]*<bdi>/);
  const log = await ward.command("audit", "query", "--event", "request", "--json");
  assert.equal(log.code, 0, log.stderr);
  await born(years_ago(30));
  await theirs.go("/account");
  assert.match(theirs.html, /Nobody else may act for you/);
});

test("who acts for a patient is found behind many who do not any more", async () => {
  const demo = await personLike(ward, "patient.two");
  const create = (resource) => ward.request(resource.resourceType, { method: "POST", as: "writer", body: resource });
  const patient = await create({ resourceType: "Patient", name: [{ text: "Kim Many" }], birthDate: years_ago(9) });
  assert.equal(patient.status, 201, patient.text);
  const reference = "Patient/" + patient.json.id;
  const person = (name, active) => ({ resourceType: "RelatedPerson", active, patient: { reference }, name: [{ text: name }], relationship: [{ text: "aunt" }] });
  for (let i = 0; i < 45; ++i) assert.equal((await create(person("Former " + i, false))).status, 201);
  const last = await create(person("Robin Last", true));
  assert.equal(last.status, 201, last.text);
  const add = async (username, role, fhir_user) => {
    const added = await ward.command("user", "add", username, "--role", role, "--fhir-user", fhir_user, "--password-file", ward.directory + "/password-" + demo.username, "--totp-secret", demo.totp_secret, "--json");
    assert.equal(added.code, 0, added.stderr);
    return { ...demo, username, recovery_codes: JSON.parse(added.stdout).recovery_codes };
  };
  await add("many.last", "delegate", "RelatedPerson/" + last.json.id);
  const theirs = await signedIn(ward, await add("many.patient", "patient", reference));
  assert.match(theirs.html, /People who may act for you<\/h2>\s*<ul[\s\S]*Robin Last/);
});
