// A person at a real browser: Chromium through Playwright, with what its pages asked for and complained about.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { totp } from "./browser.mjs";

const path = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((one) => one && existsSync(one));
const playwright = await import("playwright-core").catch(() => undefined);
/** Why browser tests cannot run here, or false. */
export const skip = !path ? "chromium is not installed" : !playwright ? "playwright-core is not installed" : false;

export const openChromium = () => playwright.chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-gpu"] });

/** A fresh profile that takes the demo's certificate. `requests` are all addresses asked for, `complaints` all that went wrong in pages: `close` fails on any. */
export async function visit(chromium, options = {}) {
  const context = await chromium.newContext({ ignoreHTTPSErrors: true, ...options });
  const visitor = { context, requests: [], complaints: [] };
  context.on("request", (request) => visitor.requests.push(request.url()));
  context.on("weberror", (error) => visitor.complaints.push(String(error.error())));
  context.on("console", (message) => {
    // That an answer was no success is the test's to judge; what a page or its policy says is not.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) visitor.complaints.push(message.text());
  });
  visitor.page = await context.newPage();
  visitor.close = async () => { await context.close(); assert.deepEqual(visitor.complaints, []); };
  return visitor;
}

let axe;
/** What axe-core has against the open page by WCAG 2.2 AA, contrast that it could not tell among it. */
export async function axeProblems(page) {
  axe ??= readFileSync(join(import.meta.dirname, "node_modules/axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe + ";0");
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"] }));
  return [...found.violations, ...found.incomplete.filter((one) => one.id === "color-contrast")]
    .map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target + " " + node.failureSummary).join("; ")}`);
}

/** A platform authenticator that says yes to everything. */
export async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return session;
}

let people = 0;
/** A person like one of the demo's, who has a password and nothing else yet. */
export async function newPerson(ward, name = "dr.adams") {
  const like = ward.user(name), username = `new.person.${++people}`, password = "quiet harbour lantern";
  const file = join(ward.directory, "password-" + username);
  writeFileSync(file, password, { mode: 0o600 });
  const done = await ward.command("user", "add", username, "--role", like.role, "--fhir-user", like.fhir_user, "--full-name", "Test Person", "--password-file", file);
  assert.equal(done.code, 0, done.stderr);
  return { ...like, username, password, totp_secret: undefined };
}

export const pathOf = (page) => new URL(page.url()).pathname;

/** From the sign-in page on. */
export async function enterPassword(page, { username, password }) {
  await page.fill("#username", username);
  await page.fill("#password", password);
  await page.click('form[action="/login"] button[type=submit]');
}
export async function enterCode(page, person) {
  await page.fill("#code", totp(person.totp_secret));
  await page.click("form button[type=submit]");
}
export async function enterRecoveryCode(page, person) {
  await page.click("details summary");
  await page.fill("#recovery-code", person.recovery_codes.pop());
  await page.click("details button[type=submit]");
}
/** The forced enrolment of an authenticator app, to the end of the recovery codes. */
export async function enrolApp(page, person) {
  await page.click('a[href^="/login/enrol/totp"]');
  await page.click("details summary");
  person.totp_secret = (await page.textContent(".secret code")).replaceAll(" ", "").toUpperCase();
  await enterCode(page, person);
  person.recovery_codes = await page.locator(".codes code").allTextContents();
  await page.check("#kept");
  await page.click("form button[type=submit]");
}
/** Signs in with a passkey alone; conditional UI may be quicker than the button. */
export async function usePasskey(page) {
  await page.click("[data-passkey-button]", { timeout: 2000 }).catch(() => {});
  await page.waitForURL((url) => url.pathname !== "/login");
}
