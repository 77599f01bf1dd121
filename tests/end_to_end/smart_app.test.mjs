// The sample app (examples/smart-app, npm's fhirclient) in Chromium: both launches, each way to sign in, and in the end
// always a FHIR read of what was granted and of nothing else.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Ward, root } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { authenticator, axeProblems, enrolApp, enterCode, enterPassword, enterRecoveryCode, newPerson, openChromium, pathOf, skip, usePasskey, visit } from "./chromium.mjs";

const asked = "fhirUser online_access openid patient/Condition.rs patient/Observation.rs patient/Patient.r";
const words = (scope) => scope.split(" ").sort().join(" ");

describe("the sample app", { skip }, () => {
  let ward, chromium, app, served, physician, patientName;
  before(async () => {
    ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
    served = spawn(process.execPath, [join(root, "examples/smart-app/serve.mjs"), "--port", "0", "--fhir", ward.fhir, "--until-input-ends",
      "--library", join(import.meta.dirname, "node_modules/fhirclient/build/fhir-client.pure.min.js")], { stdio: ["pipe", "pipe", "inherit"] });
    app = await new Promise((done) => served.stdout.once("data", (text) => done(/http:\S+/.exec(text)[0])));
    chromium = await openChromium();
    physician = await personLike(ward, "dr.adams");
    patientName = ward.demo.users.find((one) => one.role === "patient").username;
  });
  after(async () => { await chromium?.close(); served?.kill(); await ward?.stop(); ward?.remove(); });

  const launch = (page, query = "") => page.goto(app + "/launch.html" + query).then(() => page.waitForURL(ward.base + "/**"));
  async function beginAtEhr(patient) {
    const answer = await ward.request("/api/v1/launches", { method: "POST", body: JSON.stringify({ client_id: "smart-app", patient }),
      headers: { authorization: "Bearer " + await ward.token("ehr"), "content-type": "application/json" } });
    assert.equal(answer.status, 201, answer.text);
    return `?iss=${encodeURIComponent(ward.fhir)}&launch=${answer.json.launch}`;
  }
  async function pick(page) {
    assert.equal(pathOf(page), "/oauth/patient");
    const choice = page.locator("button[name=patient]").nth(1), patient = await choice.getAttribute("value");
    await choice.click();
    return patient;
  }
  async function agree(page) {
    assert.equal(pathOf(page), "/oauth/consent");
    await page.click("button[value=allow]");
  }
  const shown = (page) => page.waitForSelector("#in[data-state=shown]");
  /** What a request of fhirclient's gives: its status, or the resource. */
  const read = (page, path) => page.evaluate((one) => window.smart.request(one).then((json) => ({ status: 200, json }), (error) => ({ status: error.status, message: error.message })), path);

  async function exactlyGranted({ page }, patient, scope) {
    await shown(page);
    assert.equal(await page.evaluate(() => window.smart.patient.id), patient);
    assert.equal(words(await page.evaluate(() => window.smart.state.tokenResponse.scope)), words(scope));
    const self = await read(page, "Patient/" + patient);
    assert.equal(self.json?.id, patient, self.message);
    assert.equal((await page.textContent("#name")).endsWith(self.json.name[0].family), true);
    const found = await read(page, "Observation?_count=5");
    assert.equal(found.status, 200, found.message);
    assert.ok(found.json.entry.length > 0);
    for (const one of found.json.entry) assert.equal(one.resource.subject.reference, "Patient/" + patient);
    assert.ok(await page.locator("#observations tbody tr").count() > 0);
    assert.equal((await read(page, "MedicationRequest?_count=1")).status, 403, "not asked for");
    assert.equal((await read(page, "Patient/" + ward.demo.patients.find((one) => one !== patient))).status, 404, "somebody else");
  }

  test("standalone, password and authenticator app: staff choose a patient", async () => {
    const visitor = await visit(chromium), { page } = visitor;
    await launch(page);
    await enterPassword(page, physician);
    await enterCode(page, physician);
    const patient = await pick(page);
    await agree(page);
    await exactlyGranted(visitor, patient, asked + " launch/patient");
    assert.deepEqual(await axeProblems(page), []);
    if (process.env.WARD_PICTURES) await page.screenshot({ path: join(process.env.WARD_PICTURES, "sample-app.png"), fullPage: true });
    await visitor.close();
  });

  test("standalone, recovery code: a patient gets their own record, without a choice", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await personLike(ward, patientName);
    await launch(page);
    await enterPassword(page, person);
    await enterRecoveryCode(page, person);
    await agree(page);
    await exactlyGranted(visitor, person.fhir_user.split("/")[1], asked + " launch/patient");
    await visitor.close();
  });

  test("from the EHR, passkey alone: the patient that is open there", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await newPerson(ward);
    await authenticator(page);
    await page.goto(ward.base + "/login");
    await enterPassword(page, person);
    await page.click("[data-passkey-button]");
    await page.waitForURL("**/login/enrol/codes*");
    await page.goto(ward.base + "/account");
    await page.click(".page-head button[type=submit]");
    assert.equal(pathOf(page), "/logout");

    const patient = ward.demo.patients[0];
    await launch(page, await beginAtEhr(patient));
    await usePasskey(page);
    await agree(page);
    await exactlyGranted(visitor, patient, asked + " launch");
    assert.deepEqual(visitor.requests.filter((url) => url.endsWith("/login") && !url.startsWith(ward.base)), []);
    await visitor.close();
  });

  test("standalone, a first sign-in that must enrol: the flow comes back to the app", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await newPerson(ward);
    await launch(page);
    await enterPassword(page, person);
    assert.equal(pathOf(page), "/login/enrol");
    await enrolApp(page, person);
    const patient = await pick(page);
    await agree(page);
    await exactlyGranted(visitor, patient, asked + " launch/patient");
    await visitor.close();
  });

  test("a first sign-in enrols a passkey, and the flow comes back to the app", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await newPerson(ward, patientName);
    await authenticator(page);
    await launch(page);
    await enterPassword(page, person);
    await page.click("[data-passkey-button]");
    await page.waitForURL("**/login/enrol/codes*");
    await page.check("#kept");
    await page.click("form button[type=submit]");
    await agree(page);
    await exactlyGranted(visitor, person.fhir_user.split("/")[1], asked + " launch/patient");
    await visitor.close();
  });

  describe("once it has a record open", () => {
    let visitor, page, person, patient;
    before(async () => {
      visitor = await visit(chromium);
      page = visitor.page;
      person = await personLike(ward, patientName);
      patient = person.fhir_user.split("/")[1];
      await launch(page);
      await enterPassword(page, person);
      await enterCode(page, person);
      await agree(page);
      await shown(page);
    });
    after(() => visitor?.close());
    const token = () => page.evaluate(() => window.smart.state.tokenResponse.access_token);

    test("a refresh gives another token of the same scope", async () => {
      const old = await token();
      await page.click("#refresh");
      await page.waitForSelector("#told:has-text('fresh token')");
      assert.notEqual(await token(), old);
      await exactlyGranted(visitor, patient, asked + " launch/patient");
    });

    test("a refresh as SMART writes it, without the app's name, works for a public app too", async () => {
      const old = await token();
      await page.evaluate(() => { FHIR.oauth2.settings.refreshTokenWithClientId = false; return window.smart.refresh(); });
      assert.notEqual(await token(), old);
    });

    test("a second launch asks for nothing: the person is signed in and has agreed", async () => {
      await page.goto(app + "/launch.html");
      await page.waitForURL(app + "/index.html*");
      await exactlyGranted(visitor, patient, asked + " launch/patient");
    });

    test("signing out ends the app's tokens and the session, and comes back", async () => {
      const { access_token, refresh_token } = await page.evaluate(() => window.smart.state.tokenResponse);
      await page.click("#sign-out");
      await page.waitForSelector("#out:visible");
      assert.equal(page.url(), app + "/index.html");
      assert.equal((await ward.request("Patient/" + patient, { headers: { authorization: "Bearer " + access_token } })).status, 401);
      const again = await ward.request("/oauth/token", { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", refresh_token, client_id: "smart-app" }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" } });
      assert.equal(again.json.error, "invalid_grant");
      await page.goto(ward.base + "/account");
      assert.equal(pathOf(page), "/login");
    });
  });

  test("what was unticked is refused, and the app says so", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await personLike(ward, patientName);
    await launch(page);
    await enterPassword(page, person);
    await enterCode(page, person);
    const parts = page.locator(".part:has(input[type=checkbox])");
    const conditions = parts.filter({ hasText: /condition|problem|diagnos/i }).locator("input");
    assert.equal(await conditions.count(), 1, (await parts.allTextContents()).join(" | "));
    await conditions.uncheck();
    await agree(page);
    await shown(page);
    assert.equal((await page.evaluate(() => window.smart.state.tokenResponse.scope)).includes("Condition"), false);
    assert.equal((await read(page, "Condition?_count=1")).status, 403);
    assert.equal((await read(page, "Observation?_count=1")).status, 200);
    assert.equal(await page.textContent("#conditions"), "Not granted.");
    await visitor.close();
  });

  test("a browser that does not know the demo's authority yet is told what to do", async () => {
    const visitor = await visit(chromium, { ignoreHTTPSErrors: false }), { page } = visitor;
    await page.goto(app + "/launch.html");
    await page.waitForSelector("#help:visible");
    assert.equal(await page.getAttribute("#server", "href"), ward.base + "/login");
    await visitor.close();
  });

  test("a person who says no is told so by the app, which gets nothing", async () => {
    const visitor = await visit(chromium), { page } = visitor, person = await personLike(ward, patientName);
    await launch(page);
    await enterPassword(page, person);
    await enterCode(page, person);
    await page.click("button[value=deny]");
    await page.waitForSelector("#problem:visible");
    assert.equal(await page.evaluate(() => window.smart), undefined);
    await visitor.close();
  });

  test("a launch that was begun is good once, and only at this server", async () => {
    const visitor = await visit(chromium), { page } = visitor;
    await page.goto(app + "/launch.html?iss=https://elsewhere.example/fhir&launch=x");
    await page.waitForSelector("#state:has-text('alone')");
    const query = await beginAtEhr(ward.demo.patients[0]), person = await personLike(ward, "dr.adams");
    await launch(page, query);
    await enterPassword(page, person);
    await enterCode(page, person);
    await agree(page);
    await shown(page);
    await page.goto(app + "/launch.html" + query);
    await page.waitForSelector("#problem:visible");
    await visitor.close();
  });
});
