// People in a real browser (Chromium through Playwright): first sign-in with enrolment, passkeys by a virtual
// authenticator, recovery codes, and the pages by keyboard.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { code } from "./browser.mjs";

const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const playwright = await import("playwright-core").catch(() => undefined);
const skip = !chromiumPath ? "chromium is not installed" : !playwright ? "playwright-core is not installed" : false;

describe("people in a browser", { skip }, () => {
  let ward, chromium, people = 0;
  before(async () => {
    ward = await Ward.start();
    chromium = await playwright.chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  after(async () => { await chromium?.close(); await ward?.stop(); ward?.remove(); });

  /** A person who has a password and nothing else yet. */
  async function newPerson() {
    const like = ward.user("dr.adams"), username = `new.person.${++people}`, password = "quiet harbour lantern";
    const file = join(ward.directory, "password-" + username);
    writeFileSync(file, password, { mode: 0o600 });
    const done = await ward.command("user", "add", username, "--role", like.role, "--fhir-user", like.fhir_user, "--password-file", file);
    assert.equal(done.code, 0, done.stderr);
    return { username, password };
  }
  async function visit(options = {}) {
    const context = await chromium.newContext({ ignoreHTTPSErrors: true, ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => assert.fail("a script failed: " + error));
    return { context, page };
  }
  async function authenticator(page) {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    return session;
  }
  async function password(page, { username, password }) {
    await page.goto(ward.base + "/login");
    await page.fill("#username", username);
    await page.fill("#password", password);
    await page.click("form button[type=submit]");
  }

  test("a first sign-in must enrol: an authenticator app, then recovery codes, then the account; next time it is asked for", async () => {
    const person = await newPerson();
    const { context, page } = await visit({ javaScriptEnabled: false });
    await password(page, person);
    assert.equal(new URL(page.url()).pathname, "/login/enrol");
    await page.goto(ward.base + "/account");
    assert.equal(new URL(page.url()).pathname, "/login", "a password alone opens nothing");
    await password(page, person);
    await page.click('a[href^="/login/enrol/totp"]');
    await page.click("details summary");
    const secret = (await page.textContent(".secret code")).replaceAll(" ", "").toUpperCase();
    const step = Math.floor(Date.now() / 30000);
    await page.fill("#code", code(secret, step));
    await page.click("form button[type=submit]");
    const codes = await page.locator(".codes code").allTextContents();
    assert.equal(codes.length, 10);
    await page.check("#kept");
    await page.click("form button[type=submit]");
    assert.equal(new URL(page.url()).pathname, "/account");
    await context.close();

    const again = await visit();
    await password(again.page, person);
    assert.equal(new URL(again.page.url()).pathname, "/login/second-factor");
    await again.page.fill("#code", code(secret, step));
    await again.page.click("form button[type=submit]");
    assert.match(await again.page.textContent("[role=alert]"), /not right/, "the same step a second time");
    await again.page.click("details summary");
    await again.page.fill("#recovery-code", codes[3]);
    await again.page.click("details button[type=submit]");
    assert.equal(new URL(again.page.url()).pathname, "/account");
    await again.context.close();
  });

  test("a passkey is enrolled at the first sign-in, and is then the only thing needed", async () => {
    const person = await newPerson();
    const { context, page } = await visit();
    await authenticator(page);
    await password(page, person);
    await page.click("[data-passkey-button]");
    await page.waitForURL("**/login/enrol/codes*");
    assert.equal((await page.locator(".codes code").allTextContents()).length, 10);
    await page.check("#kept");
    await page.click("form button[type=submit]");
    await page.waitForURL("**/account");
    await page.click(".page-head button[type=submit]");
    await page.goto(ward.base + "/login");
    if (new URL(page.url()).pathname === "/login") await page.click("[data-passkey-button]").catch(() => {});
    await page.waitForURL("**/account");
    assert.match(await page.textContent("body"), new RegExp(person.username));
    await context.close();
  });

  test("the sign-in page works by keyboard alone, and in Spanish", async () => {
    const person = await newPerson();
    const { context, page } = await visit({ locale: "es-ES" });
    await page.goto(ward.base + "/login");
    assert.equal(await page.getAttribute("html", "lang"), "es");
    await page.keyboard.type(person.username);
    await page.keyboard.press("Tab");
    await page.keyboard.type(person.password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/login/enrol*");
    await context.close();
  });
});
