// Every page of the running server, as a person meets it: by mouse, by keyboard alone, without scripts; in English and
// Spanish; at 200 % and on a narrow phone. axe-core judges each, and nothing may come from elsewhere or break the policy.
// WARD_PICTURES=folder keeps a picture of each, to look at.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { authenticator, axeProblems, enterCode, enterPassword, newPerson, openChromium, pathOf, skip, visit } from "./chromium.mjs";
import { code, personLike } from "./browser.mjs";
import { pkce, queryOf } from "./grants.mjs";
import { Mouse, Keyboard } from "./hands.mjs";

const zoomed = { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }; // 1280 at 200 %

/** WCAG 2.2, 1.3.5, and what password managers look for: HTML's autofill words of every field that has one. */
const autocomplete = { username: "username webauthn", password: "current-password", code: "one-time-code", "recovery-code": "off", q: "off" };
const autocompleteOfNewPassword = { current: "current-password", password: "new-password", password2: "new-password" };

describe("pages", { skip }, () => {
  let ward, chromium, callback, app;
  before(async () => {
    ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
    chromium = await openChromium();
    app = http.createServer((request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><html lang=en><title>The app</title><link rel=icon href=data:,><p>back")).listen(0, "127.0.0.1");
    await new Promise((done) => app.once("listening", done));
    callback = `http://127.0.0.1:${app.address().port}/callback`;
  });
  after(async () => { await chromium?.close(); app?.close(); await ward?.stop(); ward?.remove(); });

  /** Looks at the page that is open, and adds what is wrong with it to `problems`. */
  async function look(visitor, name) {
    const { page, problems } = visitor, where = `${visitor.title}, ${name} (${pathOf(page)})`;
    visitor.seen.add(name);
    assert.equal(await page.getAttribute("html", "lang"), visitor.language, where);
    for (const fold of await page.locator("details:not([open])").all()) await fold.evaluate((one) => (one.open = true));
    if (visitor.scripts) problems.push(...(await axeProblems(page)).map((one) => `${where}: ${one}`)); // axe is a script itself
    for (const width of [640, 320]) {
      await page.setViewportSize({ width, height: 450 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) problems.push(`${where}: ${over} px wider than a window of ${width}`);
    }
    await page.setViewportSize(zoomed.viewport);
    if (process.env.WARD_PICTURES) await page.screenshot({ path: join(process.env.WARD_PICTURES, `${visitor.title} ${name}`.replaceAll(/\W+/g, "-") + ".png"), fullPage: true });
    const words = name.startsWith("new-password") ? autocompleteOfNewPassword : autocomplete;
    for (const field of await page.locator("input:not([type=hidden]):not([type=checkbox]):visible").all()) {
      const id = await field.getAttribute("id"), is = await field.getAttribute("autocomplete");
      if (is !== words[id]) problems.push(`${where}: autocomplete of ${id} is ${is}`);
    }
  }

  function authorization(more = {}) {
    const { verifier, challenge } = pkce();
    const query = queryOf({ response_type: "code", client_id: "app-public", redirect_uri: callback, scope: "openid fhirUser offline_access launch/patient patient/Patient.r patient/Observation.rs",
      state: "s-1", code_challenge: challenge, code_challenge_method: "S256", aud: ward.fhir, ...more });
    return { url: ward.base + "/oauth/authorize?" + query, verifier };
  }
  async function back(page, verifier) {
    assert.equal(page.url().split("?")[0], callback);
    if (!verifier) return;
    const form = { grant_type: "authorization_code", client_id: "app-public", redirect_uri: callback, code: new URL(page.url()).searchParams.get("code"), code_verifier: verifier };
    const answer = await ward.request("/oauth/token", { method: "POST", body: new URLSearchParams(form).toString(), headers: { "content-type": "application/x-www-form-urlencoded" } });
    assert.equal(answer.status, 200, answer.text);
  }

  async function firstSignIn(visitor, person) {
    const { page, hands } = visitor, { url, verifier } = authorization();
    await page.goto(url);
    await look(visitor, "login");
    await hands.type("#username", person.username);
    await hands.type("#password", "not this one");
    await hands.enter("#password");
    await look(visitor, "login, wrong");
    await hands.type("#password", person.password);
    await hands.press('form[action="/login"] button[type=submit]');
    await look(visitor, "enrol");
    await hands.press('a[href^="/login/enrol/totp"]');
    await look(visitor, "enrol-totp");
    const secret = (await page.textContent(".secret code")).replaceAll(" ", "").toUpperCase();
    await hands.type("#code", "000000");
    await hands.enter("#code");
    await look(visitor, "enrol-totp, wrong");
    await hands.type("#code", code(secret, Math.floor(Date.now() / 30000)));
    await hands.press('form[action="/login/enrol/totp"] button[type=submit]');
    await look(visitor, "recovery-codes");
    const codes = await page.locator(".codes code").allTextContents();
    await hands.check("#kept");
    await hands.press("form button[type=submit]");
    await look(visitor, "patient-picker");
    await hands.type("#q", "zzzz");
    await hands.enter("#q");
    await look(visitor, "patient-picker, nobody");
    await hands.type("#q", "");
    await hands.press(".search button[type=submit]");
    await hands.press("button[name=patient]");
    await look(visitor, "consent");
    await hands.check(".part input[type=checkbox]", false);
    await hands.check(".part input[type=checkbox]", true);
    await hands.press("button[value=allow]");
    await back(page, verifier);
    return { secret, codes };
  }

  /** From the page of choices: a passkey beside the authenticator app, and gone again. */
  async function anotherWay(visitor) {
    const { page, hands } = visitor, passkeys = await authenticator(page);
    await hands.press("[data-passkey-button]");
    await passkeys.send("WebAuthn.disable"); // or it would sign in by itself later
    assert.equal(pathOf(page), "/account");
    await look(visitor, "account, two ways");
    await page.goto(ward.base + "/login/second-factor?step_up=yes");
    await look(visitor, "second-factor, passkey or code");
    await page.goto(ward.base + "/account");
    await hands.press('li:nth-child(2) form[action="/account/factors/remove"] button');
    await look(visitor, "account, factor removed");
  }

  async function account(visitor, person) {
    const { page, hands } = visitor;
    const to = () => page.goto(ward.base + "/account");
    await to();
    await look(visitor, "account");
    for (const part of ["profile", "factors", "sessions", "apps", "history"]) assert.equal(await page.locator("#" + part).count(), 1, part);
    await hands.press('a[href="/login/enrol"]');
    await look(visitor, "enrol, another");
    if (visitor.scripts) await anotherWay(visitor);
    await page.goto(ward.base + "/login/second-factor?step_up=yes");
    await look(visitor, "second-factor, step-up");
    await to();
    await hands.press('form[action="/account/recovery-codes"] button');
    await look(visitor, "recovery-codes, new");
    await hands.check("#kept");
    await hands.press("form button[type=submit]");
    assert.equal(pathOf(page), "/account");
    await hands.press('form[action="/account/sessions/end-all"] button');
    await look(visitor, "account, sessions ended");
    await hands.press('form[action="/account/apps/withdraw"] button');
    await look(visitor, "account, app withdrawn");
    await hands.press('form[action="/account/password"] button');
    await look(visitor, "new-password");
    await hands.type("#current", person.password);
    await hands.type("#password", "password");
    await hands.type("#password2", "password");
    await hands.enter("#password2");
    await look(visitor, "new-password, common");
    const changed = "grey lantern by the harbour";
    await hands.type("#current", person.password);
    await hands.type("#password", changed);
    await hands.type("#password2", changed);
    await hands.press('form[action="/account/password"] button[type=submit]');
    await look(visitor, "account, password changed");
    person.password = changed;
  }

  async function signOut(visitor) {
    const { page, hands } = visitor;
    await page.goto(ward.base + "/logout?client_id=app-public");
    await look(visitor, "logout-confirm");
    await hands.press("button[value=stay]");
    assert.equal(pathOf(page), "/account");
    await hands.press('.page-head form[action="/logout"] button');
    await look(visitor, "signed-out");
  }

  async function secondFactor(visitor, person, { codes }) {
    const { page, hands } = visitor;
    await page.goto(ward.base + "/login");
    await hands.type("#username", person.username);
    await hands.type("#password", person.password);
    await hands.enter("#password");
    await look(visitor, "second-factor");
    await hands.type("#code", "000000");
    await hands.press('form:has(#code) button[type=submit]');
    await look(visitor, "second-factor, wrong");
    await hands.open("details");
    await hands.type("#recovery-code", codes[0]);
    await hands.enter("#recovery-code");
    assert.equal(pathOf(page), "/login/second-factor", "the codes were replaced");
    await look(visitor, "second-factor, wrong recovery code");
  }

  async function tour(title, Hands, options) {
    const visitor = Object.assign(await visit(chromium, { ...zoomed, ...options }), { title, scripts: options.javaScriptEnabled !== false, language: (options.locale ?? "en-GB").slice(0, 2), problems: [], seen: new Set() });
    visitor.hands = new Hands(visitor.page, visitor.problems);
    const person = await newPerson(ward);
    const enrolled = await firstSignIn(visitor, person);
    if (!visitor.scripts) { // with them this page sends itself
      await visitor.page.goto(authorization({ response_mode: "form_post" }).url);
      await visitor.hands.press("button[name=patient]");
      await look(visitor, "form-post");
      await visitor.hands.press("form button[type=submit]");
      await back(visitor.page);
    }
    await account(visitor, person);
    await visitor.page.goto(authorization({ redirect_uri: "https://elsewhere.example/" }).url);
    await look(visitor, "error");
    await signOut(visitor);
    await secondFactor(visitor, person, enrolled);
    await visitor.context.close();
    const foreign = visitor.requests.filter((url) => ![ward.base, new URL(callback).origin].includes(new URL(url).origin));
    assert.deepEqual({ problems: visitor.problems, complaints: visitor.complaints, foreign }, { problems: [], complaints: [], foreign: [] });
    assert.ok(visitor.seen.size >= 23, [...visitor.seen].join(", "));
  }

  for (const locale of ["en-GB", "es-ES"])
    test(`a patient's account, ${locale}`, async () => {
      const visitor = Object.assign(await visit(chromium, { ...zoomed, locale }), { title: "patient, " + locale, scripts: true, language: locale.slice(0, 2), problems: [], seen: new Set() });
      const person = await personLike(ward, ward.demo.users.find((one) => one.role === "patient").username);
      await visitor.page.goto(ward.base + "/login");
      await enterPassword(visitor.page, person);
      await enterCode(visitor.page, person);
      assert.equal(pathOf(visitor.page), "/account");
      assert.equal(await visitor.page.locator("#delegates").count(), 1);
      await look(visitor, "account");
      assert.deepEqual(visitor.problems, []);
      await visitor.close();
    });

  test("by mouse, in English", () => tour("mouse, en", Mouse, { locale: "en-GB" }));
  test("by mouse, in Spanish, in the dark", () => tour("mouse, es", Mouse, { locale: "es-ES", colorScheme: "dark" }));
  test("by keyboard alone, in English", () => tour("keyboard, en", Keyboard, { locale: "en-GB" }));
  test("by keyboard alone, without scripts, in Spanish", () => tour("keyboard, no scripts, es", Keyboard, { locale: "es-ES", javaScriptEnabled: false }));
});
