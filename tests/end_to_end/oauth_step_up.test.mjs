// How strongly and how lately somebody signed in: what apps may ask of it, what the account asks again, and answers of introspection that are signed.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { createRemoteJWKSet, jwtVerify, decodeJwt, customFetch } from "jose";
import { Ward, sleep } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { App, addClient, bearer, callback, granted, signedIn } from "./grants.mjs";

const two_factors = "urn:ward:aal2";
let ward, person, browser, basic;
before(async () => {
  ward = await Ward.start({ extra: "[identity]\nfresh_factor = \"2s\"\nstaff_idle = \"20 min\"\npatient_idle = \"40 min\"\nbrand_name = \"Clinic of the Test\"\nbrand_colour = \"#123456\"\n[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n" });
  basic = new App(ward, "app-basic");
  person = await personLike(ward, "dr.adams");
  browser = await signedIn(ward, person);
});
after(async () => { await ward?.stop(); ward?.remove(); });

const json = (value) => ({ claims: JSON.stringify(value) });
const asks = async (change, who = browser) => basic.authorize(who, { prompt: "none", scope: "openid", ...change });

describe("classes of sign-in", () => {
  before(async () => { await basic.tokens(browser, { scope: "openid" }); });
  for (const [section, what, change, error] of [
    ["RFC 9470 section 5", "acr_values that cannot be had", { acr_values: "urn:example:three-factors" }, "unmet_authentication_requirements"],
    ["OpenID Connect Core section 5.5.1.1", "an essential acr that cannot be had", json({ id_token: { acr: { essential: true, value: "urn:example:three-factors" } } }), "unmet_authentication_requirements"],
    ["OpenID Connect Core section 5.5.1.1", "none of several", json({ id_token: { acr: { essential: true, values: ["a", "b"] } } }), "unmet_authentication_requirements"],
    ["OpenID Connect Core section 5.5.1", "sub of another person", json({ id_token: { sub: { value: "dr.adams" } } }), "login_required"],
    ["OpenID Connect Core section 5.5", "two people", json({ id_token: { sub: { value: "one" } }, userinfo: { sub: { value: "two" } } }), "invalid_request"],
    ["OpenID Connect Core section 5.5", "claims that are no JSON", { claims: "{" }, "invalid_request"],
    ["OpenID Connect Core section 5.5", "claims that are no object", { claims: "[]" }, "invalid_request"],
    ["OpenID Connect Core section 5.5", "claims beyond all measure", { claims: JSON.stringify({ id_token: { x: "y".repeat(5000) } }) }, "invalid_request"],
  ])
    test(`${section}: ${what}`, async () => {
      const twin = await asks({ acr_values: "urn:example:other " + two_factors, ...json({ id_token: { sub: { value: person.username }, acr: { essential: true, values: ["a", two_factors] }, auth_time: { essential: true }, name: null } }) });
      assert.ok(twin.code, "the twin: " + twin.error);
      const answer = await asks(change);
      assert.equal(answer.error, error, String(answer.back));
      assert.equal(answer.code, undefined);
      assert.equal(answer.back.searchParams.get("iss"), ward.base);
    });
  test("OpenID Connect Core section 2: the ID token says the class, how, and when", async () => {
    const flow = await asks({ acr_values: two_factors }), claims = decodeJwt(granted(await basic.exchange(flow)).id_token);
    assert.equal(claims.acr, two_factors);
    assert.deepEqual(claims.amr, ["pwd", "otp", "mfa"]);
    assert.ok(Date.now() / 1000 - claims.auth_time < 60);
  });
});

test("OpenID Connect Core section 3.1.2.1: prompt=select_account lets who is signed in go on, or somebody else sign in", async () => {
  const one = await signedIn(ward, await personLike(ward, "dr.adams")), other = await personLike(ward, "nurse.cole");
  const first = (await basic.tokens(one, { scope: "openid" })).id_token;
  const ask = async () => {
    await sleep(1100);  // who signs in within the same second has just chosen
    const asked = basic.parameters({ scope: "openid", prompt: "select_account" });
    await one.go("/oauth/authorize?" + new URLSearchParams(asked.parameters));
    assert.equal(one.url.pathname, "/login");
    assert.match(one.html, /Which account\?/);
    return asked;
  };
  const subject = async ({ verifier, parameters }) => {
    if (!one.left) await one.submit("/oauth/consent", { decision: "allow" });
    return decodeJwt(granted(await basic.exchange({ code: one.left.searchParams.get("code"), verifier, redirect_uri: parameters.redirect_uri })).id_token).sub;
  };
  const continued = await ask();
  await one.submit("/login/select", { choice: "continue" });
  assert.equal(await subject(continued), decodeJwt(first).sub);
  const changed = await ask();
  await one.submit("/login/select", { choice: "other" });
  await one.signIn(other);
  assert.equal(await subject(changed), other.username);
  await ask();
  await one.go("/login/select", { method: "POST", body: "choice=continue", headers: { "content-type": "application/x-www-form-urlencoded" } });
  assert.equal(one.answer.status, 403, "without the page's own token");
});

test("RFC 9701 section 5: an answer of introspection is signed for the one who asked for a JWT", async () => {
  const set = await basic.tokens(browser, { scope: "openid user/Patient.rs" });
  const headers = { accept: "application/token-introspection+jwt" };
  const answer = await basic.post("introspect", { token: set.access_token }, { headers });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["content-type"], "application/token-introspection+jwt");
  const keys = createRemoteJWKSet(new URL(ward.base + "/oauth/jwks"), { [customFetch]: async (url) => { const got = await ward.request(String(url)); return new Response(got.text, { status: got.status }); } });
  const { payload, protectedHeader } = await jwtVerify(answer.text, keys, { issuer: ward.base, audience: "app-basic", typ: "token-introspection+jwt", algorithms: ["ES256"] });
  assert.equal(protectedHeader.typ, "token-introspection+jwt");
  assert.equal(payload.sub, undefined, "section 5: no claims that would make it an access token");
  assert.equal(payload.token_introspection.active, true);
  assert.equal(payload.token_introspection.acr, two_factors);
  const plain = await basic.post("introspect", { token: set.access_token });
  assert.deepEqual(payload.token_introspection, plain.json);
  const others = await new App(ward, "app-post").post("introspect", { token: set.access_token }, { headers });
  assert.deepEqual(decodeJwt(others.text).token_introspection, { active: false });
  assert.equal((await ward.request("Patient/" + ward.demo.patients[0], bearer(answer.text))).status, 401, "section 8.1: it is no access token");
});

describe("RFC 9470, in the account: what people sign in with changes only behind a fresh proof", { concurrency: true }, () => {
  const fresh_s = 2;
  for (const [what, change] of [
    ["recovery codes", (one) => one.submit("/account/recovery-codes")],
    ["a factor is removed", (one) => { // the last factor has no form: one made by hand
      const { csrf } = one.forms.find((each) => each.action === "/account/recovery-codes").fields;
      return one.go("/account/factors/remove", { method: "POST", body: new URLSearchParams({ csrf, id: "totp" }).toString(), headers: { "content-type": "application/x-www-form-urlencoded" } });
    }],
    ["a factor is added", (one) => one.go("/login/enrol")],
    ["a TOTP secret is added", (one) => one.go("/login/enrol/totp")],
  ])
    test(what, async () => {
      const who = await personLike(ward, "dr.adams"), one = await signedIn(ward, who);
      const app = await addClient(ward, { client_id: "step-" + who.username, client_name: "A test", token_endpoint_auth_method: "client_secret_basic", grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [callback], scope: "openid online_access user/Patient.rs" });
      const own = new App(ward, app.client_id, { registered: app }), set = await own.tokens(one, { scope: "openid online_access user/Patient.rs" });
      await sleep(1000 * (fresh_s + 1.5));
      const cookies = () => [...one.cookies].sort().join(" "), session = cookies();
      await one.go("/account");
      await change(one);
      assert.equal(one.url.pathname, "/login/second-factor", one.steps.slice(-4).join(", "));
      assert.match(one.html, /fresh proof/);
      await one.submit("/login/second-factor", { method: "totp", code: "000000" });
      assert.equal(one.answer.status, 400, "a wrong code opens nothing");
      await one.go("/login/second-factor?step_up=yes");
      await one.submit("/login/second-factor", { method: "recovery", code: who.recovery_codes.pop() });
      assert.equal(one.url.pathname, "/account", one.steps.slice(-4).join(", "));
      assert.notEqual(cookies(), session, "NIST SP 800-63B-4 section 5.1: a new name with the new proof");
      assert.ok(granted(await own.refresh(set.refresh_token)).refresh_token, "what lasts as long as the session goes on with it");
      if (what.includes("recovery")) {
        await one.submit("/account/recovery-codes");
        assert.match(one.html, /class="codes?/, "the twin");
      }
    });
});

test("settings of a session and of the brand show on the pages; administrators never idle for more than a quarter of an hour", async () => {
  const idle = async (name) => {
    const one = await signedIn(ward, await personLike(ward, name));
    return Number(/data-idle-seconds="(\d+)"/.exec(one.html)?.[1] ?? /idle[^0-9]{1,24}(\d+)/.exec(one.html)?.[1]);
  };
  assert.equal(await idle("dr.adams"), 20 * 60);
  assert.equal(await idle("patient.one"), 40 * 60);
  assert.equal(await idle(ward.demo.users.find((one) => one.role === "administrator").username), 15 * 60);
  await browser.go("/account");
  assert.match(browser.html, /Clinic of the Test/);
  assert.match(browser.html, /brand\.123456/);
});

describe("what an administrator does meanwhile is not undone", () => {
  test("a person's own change of password loses against an administrator's change", async () => {
    for (let round = 0; round < 6; ++round) {
      const who = await personLike(ward, "dr.adams"), one = await signedIn(ward, who), fresh = "a new password " + round + who.username.length + "xyz";
      await one.submit("/account/password");
      const changing = one.submit("/account/password", { current: who.password, password: fresh, password2: fresh }, { extra: true });
      await sleep(15 * round);
      assert.equal((await ward.command("user", "disable", who.username)).code, 0);
      await changing;
      assert.equal(JSON.parse((await ward.command("user", "show", who.username, "--json")).stdout).disabled, true, "round " + round);
    }
  });
  test("a session that was ended does not come back by a step-up", async () => {
    const who = await personLike(ward, "dr.adams"), one = await signedIn(ward, who);
    await one.go("/login/second-factor?step_up=yes");
    for (let i = 0; i < 4; ++i) await one.submit("/login/second-factor", { method: "totp", code: "000000" });  // from now on answers wait
    const proving = one.submit("/login/second-factor", { method: "recovery", code: who.recovery_codes.pop() });
    await sleep(100);
    assert.equal((await ward.command("session", "end", "--user", who.username)).code, 0);
    await proving;
    await one.go("/account");
    assert.equal(one.url.pathname, "/login", one.steps.slice(-4).join(", "));
  });
  test("the page of new recovery codes is no way around a fresh proof", async () => {
    const who = await personLike(ward, "dr.adams"), one = await signedIn(ward, who);
    for (const code of who.recovery_codes.splice(0)) {
      await one.go("/login/second-factor?step_up=yes");
      await one.submit("/login/second-factor", { method: "recovery", code });
      assert.equal(one.url.pathname, "/account");
    }
    await sleep(3500);
    await one.go("/login/enrol/codes");
    assert.equal(one.url.pathname, "/login/second-factor", one.html);
  });
});
