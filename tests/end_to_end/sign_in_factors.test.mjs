// What must not sign anybody in: passkeys that are wrong in one place, TOTP codes of another time, recovery codes that were used, old codes.
// Each case names the section that it proves, and stands beside its positive twin.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Ward, auditQuery, long, sleep } from "./ward.mjs";
import { Browser, code, newcomer, personLike } from "./browser.mjs";
import { App, at, cases, granted, refused, signedIn } from "./grants.mjs";
import { Authenticator, ceremony, flag } from "./authenticator.mjs";

let ward, passkeyOwner, passkey, other, otherPasskey;
before(async () => {
  ward = await Ward.start({ extra: "[limits]\naddress = \"10000/s\"\nroute = \"10000/s\"\n[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n" });
  [passkeyOwner, passkey] = await enrolled();
  [other, otherPasskey] = await enrolled();
});
after(async () => { await ward?.stop(); ward?.remove(); });

async function atEnrolment(person) {
  const browser = new Browser(ward);
  await browser.go("/login");
  await browser.submit("/login", { username: person.username, password: person.password });
  assert.equal(browser.url.pathname, "/login/enrol", browser.steps.join(", "));
  return browser;
}
/** A newcomer with a passkey. */
async function enrolled() {
  const person = await newcomer(ward), authenticator = new Authenticator(ward.base);
  const told = await ceremony(await atEnrolment(person), "/login/enrol/passkey", (options) => authenticator.create(options));
  assert.match(told.location ?? JSON.stringify(told), /^\/login\/enrol\/codes/);
  return [person, authenticator];
}
async function atLogin() {
  const browser = new Browser(ward);
  return browser.go("/login");
}
const opens = async (browser) => (await browser.go("/account")).url.pathname === "/account";
const last = async () => (await auditQuery(ward, "--event", "login.failed")).at(-1)?.cause;

async function signsIn(wrong = {}, authenticator = passkey) {
  const browser = await atLogin();
  const told = await ceremony(browser, "/login/passkey", (options) => authenticator.get(options, at(wrong)));
  return { told, browser };
}
async function twin() {
  const { told, browser } = await signsIn();
  assert.equal(told.location, "/account", JSON.stringify(told));
  assert.ok(await opens(browser));
}
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const site = () => new URL(ward.base);

cases("a passkey's assertion", [
  ["WebAuthn section 7.2 step 11", "of a registration", { client: { type: "webauthn.create" } }, "passkey_type"],
  ["WebAuthn section 7.2 step 12", "another challenge", { client: { challenge: randomBytes(32).toString("base64url") } }, "passkey_challenge"],
  ["WebAuthn section 7.2 step 12", "no challenge", { client: { challenge: undefined } }, "passkey_challenge"],
  ["WebAuthn section 7.2 step 12", "an empty challenge", { client: { challenge: "" } }, "passkey_challenge"],
  ["WebAuthn section 7.2 step 13", "another site", { client: { origin: "https://evil.example" } }, "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "this host by http", () => ({ client: { origin: "http://" + site().host } }), "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "another port of this host", () => ({ client: { origin: `https://${site().hostname}:${Number(site().port) + 1}` } }), "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "a host below this one", () => ({ client: { origin: `https://evil.${site().host}` } }), "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "an origin that begins with ours", () => ({ client: { origin: ward.base + ".evil.example" } }), "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "ours with a slash", () => ({ client: { origin: ward.base + "/" } }), "passkey_origin"],
  ["WebAuthn section 7.2 step 13", "no origin", { client: { origin: "null" } }, "passkey_origin"],
  ["WebAuthn section 7.2 step 14", "in a frame of another site", { client: { crossOrigin: true } }, "passkey_cross_origin"],
  ["WebAuthn section 7.2 step 14", "with a top origin", () => ({ client: { topOrigin: "https://evil.example" } }), "passkey_top_origin"],
  ["WebAuthn section 7.2 step 15", "for another domain", { rp_id: "evil.example" }, "passkey_rp_id"],
  ["WebAuthn section 7.2 step 15", "for a domain above ours", { rp_id: "host" }, "passkey_rp_id"],
  ["WebAuthn section 7.2 step 16", "nobody was there", { flags: flag.verified }, "passkey_user_present"],
  ["WebAuthn section 7.2 step 17", "nobody was verified", { flags: flag.present }, "passkey_user_verified"],
  ["WebAuthn section 7.2 step 18", "backed up, though it cannot be", { flags: flag.present | flag.verified | flag.backed_up }, "passkey_backup_state"],
  ["WebAuthn section 7.2 step 19", "may be backed up of a sudden", { flags: flag.present | flag.verified | flag.eligible }, "passkey_backup_eligibility"],
  ["WebAuthn section 7.2 step 21", "signed by another key", { by: stranger }, "passkey_signature"],
  ["WebAuthn section 7.2 step 21", "signed over something else", { signed: Buffer.from("anything") }, "passkey_signature"],
  ["WebAuthn section 7.2 step 22", "a counter that did not grow", () => ({ counter: passkey.counter }), "passkey_counter"],
  ["WebAuthn section 7.2 step 22", "a counter that went back", () => ({ counter: passkey.counter - 1 }), "passkey_counter"],
  ["WebAuthn section 7.2 step 22", "a counter of 0 where it counted before", { counter: 0 }, "passkey_counter"],
  ["WebAuthn section 7.2 step 6", "another person's user handle", () => ({ user: otherPasskey.user }), "passkey_user_handle"],
  ["WebAuthn section 7.2 step 6", "no user handle, where nobody said who they are", { user: null }, "passkey_user_handle"],
  ["WebAuthn section 7.2 step 5", "another person's credential", () => ({ id: otherPasskey.id }), "passkey_user_handle"],
  ["WebAuthn section 7.2 step 5", "another person's credential and handle", () => ({ id: otherPasskey.id, user: otherPasskey.user }), "passkey_signature"],
  ["WebAuthn section 7.2 step 5", "a credential that nobody has", { id: randomBytes(32) }, "passkey_unknown"],
  ["WebAuthn section 5.1", "an id that is not the raw id", () => ({ raw_id: otherPasskey.id }), "passkey_response"],
  ["WebAuthn section 5.1", "another type", { type: "password" }, "passkey_response"],
], async (wrong, reason) => {
  const { told, browser } = await signsIn(wrong);
  assert.equal(told.location, undefined, JSON.stringify(told));
  assert.equal(told.status, 400);
  assert.equal(await last(), reason);
  assert.ok(!(await opens(browser)));
  await twin();
});

describe("a passkey's challenge", () => {
  test("WebAuthn section 13.4.3: counts once", async () => {
    const browser = await atLogin();
    let first;
    const told = await ceremony(browser, "/login/passkey", (options) => (first = options, passkey.get(options)));
    assert.equal(told.location, "/account");
    const again = await atLogin();
    again.cookies = new Map([...browser.cookies].filter(([name]) => !/session/.test(name)));
    await again.go("/login");
    const replayed = await ceremony(again, "/login/passkey", () => passkey.get(first), { state: told.asked.state });
    assert.deepEqual([replayed.status, replayed.location], [400, undefined]);
    await twin();
  });
  test("WebAuthn section 13.4.3: is of one browser", async () => {
    const mine = await atLogin();
    let options, state;
    await ceremony(mine, "/login/passkey", (given) => (options = given, passkey.get({ ...given, challenge: "x".repeat(43) })));
    const asked = await ceremony(mine, "/login/passkey", (given) => (options = given, passkey.get(given, { by: stranger })));
    state = asked.asked.state;
    const victim = await atLogin();
    const told = await ceremony(victim, "/login/passkey", () => passkey.get(options), { state });
    assert.deepEqual([told.status, told.location], [400, undefined]);
    await twin();
  });
  test("WebAuthn section 7.2 step 12: is of one ceremony", async () => {
    const browser = await atEnrolment(await newcomer(ward)), authenticator = new Authenticator(ward.base);
    const told = await ceremony(browser, "/login/enrol/passkey", (options) => passkey.get(options), { path: "/login/passkey" });
    assert.deepEqual([told.status, told.location], [400, undefined]);
    assert.ok((await ceremony(browser, "/login/enrol/passkey", (options) => authenticator.create(options))).location);
  });
  test("WebAuthn section 13.4.3: a state that was changed", async () => {
    const browser = await atLogin(), asked = await ceremony(browser, "/login/passkey", (options) => passkey.get(options, { by: stranger }));
    const told = await ceremony(browser, "/login/passkey", (options) => passkey.get(options), { state: asked.asked.state.slice(0, -3) + "AAA" });
    assert.deepEqual([told.status, told.location], [400, undefined]);
    await twin();
  });
});

test("a disabled person's passkey opens nothing", async () => {
  const [person, authenticator] = await enrolled();
  assert.equal((await signsIn({}, authenticator)).told.location, "/account");
  assert.equal((await ward.command("user", "disable", person.username)).code, 0);
  assert.deepEqual((({ status, location }) => [status, location])((await signsIn({}, authenticator)).told), [400, undefined]);
  assert.equal((await ward.command("user", "enable", person.username)).code, 0);
  assert.equal((await signsIn({}, authenticator)).told.location, "/account");
});
test("WebAuthn section 7.2 step 5: as a second factor, another person's passkey is none", async () => {
  const half = async () => { const browser = await atLogin(); return browser.submit("/login", { username: passkeyOwner.username, password: passkeyOwner.password }); };
  const browser = await half();
  assert.equal(browser.url.pathname, "/login/second-factor");
  const told = await ceremony(browser, "/login/second-factor/passkey", (options) => otherPasskey.get(options));
  assert.deepEqual([told.status, told.location], [400, undefined]);
  assert.ok(!(await opens(browser)));
  assert.equal((await ceremony(await half(), "/login/second-factor/passkey", (options) => passkey.get(options))).location, "/account");
});

const secp256k1 = () => { const { x, y } = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({ format: "jwk" }); return new Map([[1, 2], [3, -47], [-1, 8], [-2, Buffer.from(x, "base64url")], [-3, Buffer.from(y, "base64url")]]); };
const changed = (change) => (authenticator) => ({ key: new Map([...authenticator.cose, ...change]) });
cases("a passkey's registration", [
  ["WebAuthn section 7.1 step 7", "of a sign-in", { client: { type: "webauthn.get" } }],
  ["WebAuthn section 7.1 step 8", "another challenge", { client: { challenge: randomBytes(32).toString("base64url") } }],
  ["WebAuthn section 7.1 step 9", "another site", { client: { origin: "https://evil.example" } }],
  ["WebAuthn section 7.1 step 9", "this host by http", () => ({ client: { origin: "http://" + site().host } })],
  ["WebAuthn section 7.1 step 10", "in a frame of another site", { client: { crossOrigin: true } }],
  ["WebAuthn section 7.1 step 13", "for another domain", { rp_id: "evil.example" }],
  ["WebAuthn section 7.1 step 14", "nobody was there", { flags: flag.verified }],
  ["WebAuthn section 7.1 step 15", "nobody was verified", { flags: flag.present }],
  ["WebAuthn section 7.1 step 16", "backed up, though it cannot be", { flags: flag.present | flag.verified | flag.backed_up }],
  ["WebAuthn section 7.1 step 20", "an algorithm that was not offered", () => ({ key: secp256k1() })],
  ["WebAuthn section 7.1 step 20", "SHA-1 signatures", changed([[3, -65535]])],
  ["WebAuthn section 7.1 step 20", "RSA's name on an elliptic curve's key", changed([[3, -257]])],
  ["RFC 9053 section 7.1.1", "a point that is not on the curve", changed([[-3, randomBytes(32)]])],
  ["RFC 9053 section 7.1.1", "a private key", changed([[-4, randomBytes(32)]])],
  ["WebAuthn section 7.1 step 21", "an attestation that nobody reads", { format: "android-safetynet" }],
  ["WebAuthn section 8.7", "none, with a statement", { statement: { sig: randomBytes(8) } }],
  ["WebAuthn section 7.1 step 25", "a credential id of 1,024 bytes", { id: randomBytes(1024) }],
  ["WebAuthn section 6.5.1", "no credential in it", { attested: false }],
  ["WebAuthn section 5.1", "an id that is not the raw id", { raw_id: randomBytes(32) }],
  ["WebAuthn section 7.1 step 26", "a credential that another person has", () => ({ id: passkey.id, key: passkey.cose })],
], async (wrong) => {
  const person = await newcomer(ward), browser = await atEnrolment(person), authenticator = new Authenticator(ward.base);
  const given = typeof wrong === "function" ? wrong(authenticator) : wrong;
  const told = await ceremony(browser, "/login/enrol/passkey", (options) => authenticator.create(options, given));
  assert.equal(told.location, undefined, JSON.stringify(told));
  assert.ok([400, 409].includes(told.status), String(told.status));
  assert.ok(!(await opens(browser)));
  const twin = new Authenticator(ward.base), fresh = await atEnrolment(person);
  assert.match((await ceremony(fresh, "/login/enrol/passkey", (options) => twin.create(options))).location, /^\/login\/enrol\/codes/);
});
test("WebAuthn section 7.1 step 26: who had the credential before still has it", twin);

// ---- TOTP (RFC 6238)

const step = () => Math.floor(Date.now() / 30000);
/** Not at the end of a step, where the server's may be another one. */
async function inMidStep() { const left = 30000 - (Date.now() % 30000); if (left < 4000) await sleep(left + 50); return step(); }
async function half(person) {
  const browser = await atLogin();
  await browser.submit("/login", { username: person.username, password: person.password });
  assert.equal(browser.url.pathname, "/login/second-factor", browser.steps.join(", "));
  return browser;
}
const byTotp = async (person, which) => (await half(person)).submit("/login/second-factor", { method: "totp", code: which });
const letIn = (browser) => browser.url.pathname === "/account" && browser.answer.status === 200;

cases("a TOTP code", [
  ["RFC 6238 section 5.2", "of two steps ago", (person, now) => code(person.totp_secret, now - 2)],
  ["RFC 6238 section 5.2", "of two steps ahead", (person, now) => code(person.totp_secret, now + 2)],
  ["RFC 6238 section 5.2", "of an hour ago", (person, now) => code(person.totp_secret, now - 120)],
  ["RFC 6238 section 5.2", "of the next day", (person, now) => code(person.totp_secret, now + 2880)],
  ["RFC 4226 section 5.3", "with a digit less", (person, now) => code(person.totp_secret, now).slice(0, 5)],
  ["RFC 4226 section 5.3", "with a digit more", (person, now) => code(person.totp_secret, now) + "0"],
  ["RFC 4226 section 5.3", "of another person", (person, now) => code("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", now)],
], async (wrong) => {
  const person = await personLike(ward, "dr.adams"), now = await inMidStep();
  assert.ok(!letIn(await byTotp(person, wrong(person, now))));
  assert.ok(letIn(await byTotp(person, code(person.totp_secret, now))));
});
cases("a TOTP code of a clock that is a little off", [["RFC 6238 section 6", "one step behind", -1], ["RFC 6238 section 6", "one step ahead", 1]], async (off) => {
  const person = await personLike(ward, "dr.adams"), now = await inMidStep();
  assert.ok(letIn(await byTotp(person, code(person.totp_secret, now + off))));
  assert.ok(!letIn(await byTotp(person, code(person.totp_secret, now + off))), "a second time");
});
test("RFC 6238 section 5.2: an earlier step than the one that was used", async () => {
  const person = await personLike(ward, "dr.adams"), now = await inMidStep();
  assert.ok(letIn(await byTotp(person, code(person.totp_secret, now))));
  assert.ok(!letIn(await byTotp(person, code(person.totp_secret, now - 1))), "it may have been looked at over a shoulder");
  assert.ok(letIn(await byTotp(person, code(person.totp_secret, now + 1))));
});

// ---- recovery codes, codes

const byRecovery = async (person, which) => (await half(person)).submit("/login/second-factor", { method: "recovery", code: which });
test("NIST SP 800-63B-4 section 3.1.2: a recovery code is used once, also from another browser and written otherwise", async () => {
  const person = await personLike(ward, "dr.adams"), [first, second] = person.recovery_codes;
  assert.ok(letIn(await byRecovery(person, first)));
  for (const spelling of [first, first.toUpperCase(), first.replaceAll("-", ""), ` ${first} `]) assert.ok(!letIn(await byRecovery(person, spelling)), spelling);
  assert.ok(letIn(await byRecovery(person, second)));
});
test("NIST SP 800-63B-4 section 3.1.2: another person's recovery code, and one that was replaced", async () => {
  const [person, stranger] = [await personLike(ward, "dr.adams"), await personLike(ward, "dr.adams")];
  assert.ok(!letIn(await byRecovery(person, stranger.recovery_codes[0])));
  const browser = await byRecovery(person, person.recovery_codes[0]);
  assert.ok(letIn(browser));
  await browser.submit("/account/recovery-codes");
  const fresh = [...browser.html.matchAll(/<code[^>]*>([^<]{8,})<\/code>/g)].map(([, one]) => one);
  assert.equal(fresh.length, 10);
  assert.ok(!letIn(await byRecovery(person, person.recovery_codes[1])));
  assert.ok(letIn(await byRecovery(person, fresh[0])));
});
test("RFC 6749 section 4.1.2: a code that is older than a minute", { skip: !long && "takes a minute" }, async () => {
  const browser = await signedIn(ward, await personLike(ward, "dr.adams")), app = new App(ward, "app-basic");
  const [late, early] = [await app.authorize(browser), await app.authorize(browser)];
  await sleep(40_000);
  granted(await app.exchange(early));
  await sleep(21_000);
  refused(await app.exchange(late), "invalid_grant");
});
