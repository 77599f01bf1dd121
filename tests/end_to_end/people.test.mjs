// People in a real browser (Chromium through Playwright): first sign-in with enrolment, passkeys by a virtual
// authenticator, recovery codes, and the pages by keyboard.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { Ward } from "./ward.mjs";
import { code } from "./browser.mjs";
import { authenticator, enterPassword, newPerson, openChromium, skip, usePasskey, visit } from "./chromium.mjs";

describe("people in a browser", { skip }, () => {
  let ward, chromium;
  before(async () => { ward = await Ward.start(); chromium = await openChromium(); });
  after(async () => { await chromium?.close(); await ward?.stop(); ward?.remove(); });

  const password = async (page, person) => { await page.goto(ward.base + "/login"); await enterPassword(page, person); };

  test("a first sign-in must enrol: an authenticator app, then recovery codes, then the account; next time it is asked for", async () => {
    const person = await newPerson(ward);
    const { page, close } = await visit(chromium, { javaScriptEnabled: false });
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
    await close();

    const again = await visit(chromium);
    await password(again.page, person);
    assert.equal(new URL(again.page.url()).pathname, "/login/second-factor");
    await again.page.fill("#code", code(secret, step));
    await again.page.click("form button[type=submit]");
    assert.match(await again.page.textContent("[role=alert]"), /not right/, "the same step a second time");
    await again.page.click("details summary");
    await again.page.fill("#recovery-code", codes[3]);
    await again.page.click("details button[type=submit]");
    assert.equal(new URL(again.page.url()).pathname, "/account");
    await again.close();
  });

  test("a passkey is enrolled at the first sign-in, and is then the only thing needed", async () => {
    const person = await newPerson(ward);
    const { page, close } = await visit(chromium);
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
    await usePasskey(page);
    assert.equal(new URL(page.url()).pathname, "/account");
    assert.match(await page.textContent("body"), new RegExp(person.username));
    await close();
  });

  test("the sign-in page works by keyboard alone, and in Spanish", async () => {
    const person = await newPerson(ward);
    const { page, close } = await visit(chromium, { locale: "es-ES" });
    await page.goto(ward.base + "/login");
    assert.equal(await page.getAttribute("html", "lang"), "es");
    await page.keyboard.type(person.username);
    await page.keyboard.press("Tab");
    await page.keyboard.type(person.password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/login/enrol*");
    await close();
  });
});
