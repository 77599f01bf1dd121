// What the pages must refuse: open redirects, forms of other sites, tossed cookies, flows of others, codes used twice, telling who there is.
// Each case names the section that it proves and stands beside its positive twin: the same request, right, which succeeds.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { Ward } from "./ward.mjs";
import { Browser, personLike, code as totpCode } from "./browser.mjs";
import { App, Key, at, bearer, callback, cases, granted, jwt, queryOf, random, signedIn } from "./grants.mjs";

let ward, staff, patient, browser, publicApp, basic;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n[limits]\nsubject = \"2000/s\"\nclient = \"2000/s\"\n" });
  [publicApp, basic] = ["app-public", "app-basic"].map((id) => new App(ward, id));
  staff = await personLike(ward, "dr.adams");
  patient = await personLike(ward, "patient.one");
  browser = await signedIn(ward, staff);
});
after(async () => { await ward?.stop(); ward?.remove(); });

// ---- signing out

describe("signing out", () => {
  const registered = "http://127.0.0.1:8765/signed-out";
  let hint, set;
  before(async () => { set = await basic.tokens(browser); hint = set.id_token; });
  const logout = async (query, who = new Browser(ward)) => { await who.go("/logout?" + queryOf(query)); return who; };
  const changed = (header, claims = {}, key = new Key().privateKey, signer = "ES256") => {
    const [h, c] = hint.split(".").map((part) => part && JSON.parse(Buffer.from(part, "base64url").toString("latin1").startsWith("{") ? Buffer.from(part, "base64url") : "{}"));
    return jwt({ ...h, ...header }, { ...c, ...claims }, key, signer);
  };
  cases("open redirects", [
    ["RP-Initiated Logout section 3", "to a stranger", { client_id: "app-basic", post_logout_redirect_uri: "https://evil.example/" }],
    ["RP-Initiated Logout section 3", "to more than is registered", { client_id: "app-basic", post_logout_redirect_uri: registered + "/more" }],
    ["RP-Initiated Logout section 3", "with a query that is not registered", { client_id: "app-basic", post_logout_redirect_uri: registered + "?to=evil" }],
    ["RP-Initiated Logout section 3", "to a name before ours", { client_id: "app-basic", post_logout_redirect_uri: "http://127.0.0.1@evil.example/signed-out" }],
    ["RP-Initiated Logout section 3", "to a scheme that runs", { client_id: "app-basic", post_logout_redirect_uri: "javascript:alert(1)" }],
    ["RP-Initiated Logout section 3", "to no scheme", { client_id: "app-basic", post_logout_redirect_uri: "//evil.example" }],
    ["RP-Initiated Logout section 3", "to its sign-in address", { client_id: "app-basic", post_logout_redirect_uri: callback }],
    ["RP-Initiated Logout section 3", "without saying for whom", { post_logout_redirect_uri: registered }],
    ["RP-Initiated Logout section 3", "for a client that has none registered", { client_id: "app-fapi", post_logout_redirect_uri: registered }],
    ["RP-Initiated Logout section 3", "for an unknown client", { client_id: "nobody", post_logout_redirect_uri: registered }],
    ["RP-Initiated Logout section 2", "client_id is another than the hint's", () => ({ id_token_hint: hint, client_id: "app-post", post_logout_redirect_uri: registered })],
    ["RP-Initiated Logout section 4", "a hint that is no token", { id_token_hint: "hint", client_id: "app-basic", post_logout_redirect_uri: registered }],
    ["RP-Initiated Logout section 4", "a hint with alg none", () => ({ id_token_hint: changed({ alg: "none" }, {}, undefined, "none"), client_id: "app-basic", post_logout_redirect_uri: registered })],
    ["RP-Initiated Logout section 4", "a hint by another key", () => ({ id_token_hint: changed({}), client_id: "app-basic", post_logout_redirect_uri: registered })],
    ["RP-Initiated Logout section 4", "a hint of another issuer", () => ({ id_token_hint: changed({}, { iss: "https://evil.example" }), client_id: "app-basic", post_logout_redirect_uri: registered })],
    ["RP-Initiated Logout section 4", "an access token for a hint", () => ({ id_token_hint: set.access_token, post_logout_redirect_uri: registered })],
    ["RP-Initiated Logout section 2", "the address twice", { client_id: "app-basic", post_logout_redirect_uri: [registered, "https://evil.example/"] }],
  ], async (query) => {
    const twin = await logout({ client_id: "app-basic", post_logout_redirect_uri: registered, state: "s" });
    assert.equal(String(twin.left), registered + "?state=s");
    const bad = await logout(at(query));
    assert.equal(bad.left, undefined);
    assert.equal(bad.answer.status, 400);
  });
  test("RP-Initiated Logout section 6: a link alone ends no session, nor does a hint of somebody else or an access token", async () => {
    const other = await signedIn(ward, patient), theirs = await basic.tokens(other, { scope: "openid" });
    for (const query of [{}, { client_id: "app-basic" }, { id_token_hint: theirs.id_token }, { id_token_hint: set.access_token }]) {
      await logout(query, browser);
      await browser.go("/account");
      assert.equal(browser.url.pathname, "/account", "ended by " + Object.keys(query) + ": an attacker's link");
    }
    await logout({ id_token_hint: theirs.id_token }, other);
    await other.go("/account");
    assert.equal(other.url.pathname, "/login");
  });
  test("RP-Initiated Logout section 2: a form of another site ends no session, unless with the person's own ID token", async () => {
    const one = await signedIn(ward, await personLike(ward, "dr.adams")), own = await basic.tokens(one, { scope: "openid" });
    const cross = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    for (const fields of [{}, { decision: "leave" }, { decision: "end" }, { id_token_hint: hint }, { client_id: "app-basic", post_logout_redirect_uri: registered }, { id_token_hint: own.access_token }]) {
      await send(one, "/logout", fields, cross);
      assert.equal(one.left, undefined, JSON.stringify(Object.keys(fields)));
      await one.go("/account");
      assert.equal(one.url.pathname, "/account", "ended by " + Object.entries(fields));
    }
    await send(one, "/logout", { id_token_hint: own.id_token, post_logout_redirect_uri: registered }, cross);
    assert.equal(String(one.left), registered);
    await one.go("/account");
    assert.equal(one.url.pathname, "/login");
  });
});

// ---- forms from elsewhere

const manners = [
  ["RFC 6749 section 10.12", "no token", (fields) => [{ ...fields, csrf: undefined }]],
  ["RFC 6749 section 10.12", "an empty token", (fields) => [{ ...fields, csrf: "" }]],
  ["RFC 6749 section 10.12", "a made token", (fields) => [{ ...fields, csrf: random(32) }]],
  ["RFC 6749 section 10.12", "another browser's token", (fields, foreign) => [{ ...fields, csrf: foreign }]],
  ["Fetch Metadata section 2.1", "Sec-Fetch-Site cross-site", (fields) => [fields, { "sec-fetch-site": "cross-site" }]],
  ["Fetch Metadata section 2.1", "Sec-Fetch-Site same-site", (fields) => [fields, { "sec-fetch-site": "same-site" }]],
  ["RFC 6454 section 7", "Origin of somebody else", (fields) => [fields, { "sec-fetch-site": "", origin: "https://evil.example" }]],
  ["RFC 6454 section 7", "Origin null", (fields) => [fields, { "sec-fetch-site": "", origin: "null" }]],
  ["Fetch section 4.1", "as text/plain", (fields) => [fields, { "content-type": "text/plain" }]],
];
async function send(who, path, fields, headers = {}) {
  await who.go(path, { method: "POST", body: queryOf(fields), headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });
  return who;
}
describe("forms of other sites", () => {
  let foreign, victim;
  const begun = {
    "/account/stay": async () => { await browser.go("/account"); return [browser, {}, (who) => assert.equal(who.url.pathname, "/account")]; },
    "/logout": async () => { await browser.go("/logout"); return [browser, { decision: "stay" }, (who) => assert.equal(who.url.pathname, "/account")]; },
    "/account/apps/withdraw": async () => { await basic.tokens(browser); await browser.go("/account"); return [browser, { id: "app-basic" }, (who) => assert.equal(who.answer.status, 200)]; },
    "/oauth/consent": async () => {
      await publicApp.authorize(browser, { prompt: "consent" }, { consent: false });
      return [browser, { flow: browser.forms[0].fields.flow, part0: "openid", decision: "allow" }, (who) => assert.ok(who.left?.searchParams.get("code"))];
    },
    "/login": async () => { const one = new Browser(ward); await one.go("/login"); return [one, { username: staff.username, password: staff.password }, (who) => assert.equal(who.url.pathname, "/login/second-factor")]; },
  };
  before(async () => { victim = await signedIn(ward, patient); await victim.go("/account"); foreign = victim.forms[0].fields.csrf; });
  for (const [path, begin] of Object.entries(begun))
    cases(path, manners, async (manner) => {
      const [who, rest, good] = await begin();
      const csrf = who.forms[0].fields.csrf;
      assert.ok(csrf && csrf !== foreign);
      const [fields, headers] = manner({ csrf, ...rest }, foreign), before = who.cookies.size;
      await send(who, path, fields, headers);
      // An app may post to /logout (RP-Initiated Logout section 2): without our token the person is asked, as by a link.
      const is_asked = path === "/logout" && !fields.csrf && who.answer.status === 200 && who.forms.some((one) => one.action === "/logout");
      assert.ok(is_asked || [403, 415].includes(who.answer.status), `${who.answer.status} ${who.url.pathname}`);
      assert.equal(who.left, undefined);
      assert.equal(who.cookies.size, before);
      good(await send(who, path, { csrf, ...rest }));
    });
  test("RFC 6749 section 10.12: the token of the time before sign-in does not hold behind it", async () => {
    const one = new Browser(ward);
    await one.go("/login");
    const old = one.forms[0].fields.csrf;
    await one.signIn(staff);
    await send(one, "/account/stay", { csrf: old });
    assert.equal(one.answer.status, 403);
    await one.go("/account");
    await send(one, "/account/stay", { csrf: one.forms[0].fields.csrf });
    assert.equal(one.answer.status, 200);
  });
});

// ---- cookies and frames

const session_cookie = () => [...browser.cookies.keys()].find((name) => /session/.test(name));
describe("cookies", () => {
  test("RFC 6265bis section 4.1.3.2: only this host's, not for script, not sent from elsewhere", async () => {
    const one = new Browser(ward), lines = [];
    const asked = ward.request;
    ward.request = async (...all) => { const answer = await asked.apply(ward, all); lines.push(...answer.headers["set-cookie"] ?? []); return answer; };
    try { await one.go("/login"); await one.signIn(staff); } finally { delete ward.request; }
    assert.ok(lines.length >= 3);
    for (const line of lines) {
      assert.match(line, /^__Host-/);
      for (const word of ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]) assert.ok(line.split("; ").includes(word), line);
      assert.ok(!/domain/i.test(line), line);
    }
  });
  test("RFC 6819 section 4.4.1.13: session fixation: every step of sign-in has a new cookie, the old ones are worth nothing", async () => {
    const one = new Browser(ward), name = session_cookie(), planted = random(32);
    one.cookies.set(name, planted);
    await one.go("/login");
    await one.submit("/login", { username: staff.username, password: staff.password });
    const half = one.cookies.get(name);
    assert.notEqual(half, planted);
    await one.submit("/login/second-factor", { method: "recovery", code: staff.recovery_codes.pop() });
    const whole = one.cookies.get(name);
    assert.notEqual(whole, half);
    for (const value of [planted, half]) {
      const thief = new Browser(ward);
      thief.cookies = new Map([...one.cookies, [name, value]]);
      await thief.go("/account");
      assert.equal(thief.url.pathname, "/login");
    }
    await one.go("/account");
    assert.equal(one.url.pathname, "/account");
  });
  cases("tossed", [
    ["RFC 6265 section 5.4", "an attacker's session cookie before the person's", (name, own, other) => [[name, other], [name, own]]],
    ["RFC 6265 section 5.4", "an attacker's session cookie behind the person's", (name, own, other) => [[name, own], [name, other]]],
    ["RFC 6265 section 5.4", "the same twice", (name, own) => [[name, own], [name, own]]],
    ["RFC 6265bis section 4.1.3.2", "the name without its prefix", (name, own) => [[name.replace("__Host-", ""), own]]],
    ["RFC 6265bis section 4.1.3.2", "the prefix in small letters", (name, own) => [[name.replace("__Host-", "__host-"), own]]],
    ["RFC 6265 section 5.4", "a value with a quotation mark", (name, own) => [[name, '"' + own + '"']]],
    ["RFC 6265 section 5.4", "a value of 10,000 characters", (name) => [[name, "a".repeat(7000)]]],
  ], async (pairs) => {
    const name = session_cookie(), own = browser.cookies.get(name);
    const rest = [...browser.cookies].filter(([one]) => one !== name);
    const cookie = (all) => ({ headers: { cookie: all.map(([one, value]) => `${one}=${value}`).join("; ") } });
    assert.equal((await ward.request("/account", cookie([...rest, [name, own]]))).status, 200);
    const bad = await ward.request("/account", cookie([...rest, ...pairs(name, own, random(32))]));
    assert.equal(bad.status, 303);
    assert.equal(bad.headers.location, "/login");
  });
});
test("RFC 6819 section 4.4.1.9: no page can be framed, run inline script, be stored, or tell where it was", async () => {
  const half = new Browser(ward);
  await half.go("/login");
  await half.submit("/login", { username: staff.username, password: staff.password });
  const pages = [[new Browser(ward), "/login"], [half, "/login/second-factor"], [browser, "/account"], [browser, "/logout"], [new Browser(ward), "/logout"], [browser, "/login/enrol"], [browser, "/account/nothing"],
    [browser, "/oauth/authorize?" + queryOf(publicApp.parameters({ prompt: "consent" }).parameters)], [browser, "/oauth/authorize"], [browser, "/oauth/nothing"],
    [browser, "/oauth/authorize?" + queryOf(publicApp.parameters({ scope: "launch/patient patient/Patient.r" }).parameters)],
    [browser, "/oauth/authorize?" + queryOf(publicApp.parameters({ response_mode: "form_post" }).parameters)], [browser, "/oauth/consent"], [browser, "/login?flow=x"]];
  const seen = new Set();
  for (const [who, path] of pages) {
    await who.go(path);
    const { headers } = who.answer, csp = headers["content-security-policy"] ?? "", where = `${path.slice(0, 40)} -> ${who.url.pathname}`;
    seen.add(who.url.pathname);
    assert.match(headers["content-type"], /^text\/html/, where);
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"]) assert.ok(csp.includes(part), where + ": " + csp);
    assert.ok(!/unsafe|\*|data:(?!;)/.test(csp.replace(/img-src[^;]*/, "")), where + ": " + csp);
    assert.equal(headers["x-frame-options"], "DENY", where);
    assert.equal(headers["x-content-type-options"], "nosniff", where);
    assert.match(headers["cache-control"], /no-store/, where);
    assert.equal(headers["referrer-policy"], "no-referrer", where);
    assert.ok(!/<script(?![^>]*src=)|<style| style=| on[a-z]+="/.test(who.html), where + "\n" + who.html);
  }
  for (const path of ["/login", "/login/second-factor", "/account", "/logout", "/oauth/consent", "/oauth/patient"]) assert.ok(seen.has(path), path + " was not seen: " + [...seen]);
});

// ---- flows, consent and the second factor

describe("a flow", () => {
  const begun = async (who = browser, change = {}) => {
    await publicApp.authorize(who, { prompt: "consent", scope: "openid user/Patient.rs", ...change }, { consent: false });
    assert.equal(who.url.pathname, "/oauth/consent", who.steps.slice(-3).join(", "));
    return who.forms.find((one) => one.action === "/oauth/consent").fields;
  };
  const finish = (who, fields) => send(who, "/oauth/consent", { ...fields, decision: "allow" });
  const granted_scope = async (who) => who.left?.searchParams.get("code");

  test("RFC 9700 section 4.7: of another browser", async () => {
    const other = await signedIn(ward, await personLike(ward, "dr.adams"));
    const fields = await begun();
    await other.go("/account");
    await finish(other, { ...fields, csrf: other.forms[0].fields.csrf });
    assert.equal(other.left, undefined);
    assert.equal(other.answer.status, 400);
    await other.go("/oauth/consent?flow=" + fields.flow);
    assert.equal(other.answer.status, 400);
    await finish(browser, fields);
    assert.ok(await granted_scope(browser));
  });
  test("RFC 9700 section 4.7: changed, cut, empty", async () => {
    const fields = await begun();
    for (const flow of [fields.flow.slice(0, -2), (fields.flow[0] === "A" ? "B" : "A") + fields.flow.slice(1), random(200), "a".repeat(20000), undefined]) {
      await finish(browser, { ...fields, flow });
      assert.equal(browser.left, undefined);
      assert.ok(browser.answer.status >= 400, String(browser.answer.status));
    }
    await finish(browser, fields);
    assert.ok(await granted_scope(browser));
  });
  test("RFC 6749 section 3.3: consent to what was not offered", async () => {
    const { parameters, verifier } = publicApp.parameters({ prompt: "consent" });
    const tries = [{ part0: "user/*.rs" }, { part1: "user/Patient.cruds" }, { part2: "user/Observation.rs", scope: "openid user/*.rs" }, { part9: "patient/*.rs", part1: "user/Patient.rs" }];
    for (const more of tries) {
      await browser.go("/oauth/authorize?" + queryOf(parameters));
      const { part0, part1, ...fields } = browser.forms.find((one) => one.action === "/oauth/consent").fields;
      await finish(browser, { ...fields, part0: "openid", ...more });
      const set = granted(await publicApp.exchange({ code: await granted_scope(browser), verifier, redirect_uri: callback }));
      for (const word of set.scope.split(" ")) assert.ok(["openid", "user/Patient.rs"].includes(word), JSON.stringify(more) + " gave " + set.scope);
    }
    await finish(browser, await begun());
    assert.ok(await granted_scope(browser));
  });
  test("RFC 6749 section 4.1.2.1: no, and neither yes nor no", async () => {
    const fields = await begun();
    await send(browser, "/oauth/consent", { ...fields, decision: "maybe" });
    assert.equal(browser.left, undefined);
    await send(browser, "/oauth/consent", { ...fields, decision: "deny" });
    assert.equal(browser.left.searchParams.get("error"), "access_denied");
    await finish(browser, fields);
    assert.ok(await granted_scope(browser));
  });
  test("RFC 6749 section 10.2: consent once given covers no wider scope, and no other app", async () => {
    const who = await signedIn(ward, await personLike(ward, "dr.adams"));
    assert.ok((await publicApp.authorize(who, { scope: "openid user/Patient.rs" })).code);
    assert.ok((await publicApp.authorize(who, { prompt: "none", scope: "openid user/Patient.r" })).code, "less");
    for (const scope of ["openid user/Patient.rs user/Observation.rs", "openid user/*.rs", "openid offline_access user/Patient.rs", "openid fhirUser user/Patient.rs"])
      assert.equal((await publicApp.authorize(who, { prompt: "none", scope })).error, "consent_required", scope);
    assert.equal((await basic.authorize(who, { prompt: "none" })).error, "consent_required");
  });
  test("SMART 2.2 section 2.0.8: a patient that staff chose is not the next person's", async () => {
    const who = await signedIn(ward, await personLike(ward, "dr.adams"));
    const { parameters, verifier } = publicApp.parameters({ scope: "openid launch/patient patient/Patient.r", prompt: "consent" });
    await who.go("/oauth/authorize?" + queryOf(parameters));
    const own = patient.fhir_user.split("/")[1];
    const other = who.forms.flatMap((one) => one.buttons).filter((one) => one.name === "patient").map((one) => one.value).find((one) => one !== own);
    await who.submit("/oauth/patient", { patient: other }, { extra: true });
    assert.equal(who.url.pathname, "/oauth/consent");
    const fields = who.forms.find((one) => one.action === "/oauth/consent").fields;
    await finish(who, fields);
    assert.ok(who.left?.searchParams.get("code"), "the twin: staff");
    await who.go("/account");
    await send(who, "/logout", { csrf: who.forms[0].fields.csrf });
    await who.go("/login?flow=" + fields.flow);
    await who.signIn(patient);
    if (!who.left && who.url.pathname === "/oauth/consent") await who.submit("/oauth/consent", { decision: "allow" });
    if (!who.left) return;  // refused: good
    const code = who.left.searchParams.get("code");
    if (!code) return;
    const set = granted(await publicApp.exchange({ code, verifier, redirect_uri: callback }));
    assert.ok((await ward.request("Patient/" + other, bearer(set.access_token))).status >= 403, "reads a stranger's record");
    assert.equal(set.patient, own, "is told a stranger's patient id in launch context");
  });
  test("SMART 2.2 section 2.0.8: a patient that the person may not see", async () => {
    const { parameters } = publicApp.parameters({ scope: "openid launch/patient patient/Patient.r" });
    await browser.go("/oauth/authorize?" + queryOf(parameters));
    const form = browser.forms.find((one) => one.action === "/oauth/patient").fields, first = browser.forms.flatMap((one) => one.buttons).find((one) => one.name === "patient").value;
    for (const id of ["nobody", "../Patient/x", "a,b", "x".repeat(65), "*"]) {
      await send(browser, "/oauth/patient", { csrf: form.csrf, flow: form.flow, patient: id });
      assert.equal(browser.left, undefined);
      assert.ok(browser.answer.status >= 400, id);
    }
    await send(browser, "/oauth/patient", { csrf: form.csrf, flow: form.flow, patient: first });
    assert.ok(browser.left || browser.url.pathname === "/oauth/consent");
  });
});

describe("without the second factor", () => {
  let half;
  before(async () => {
    half = new Browser(ward);
    await half.go("/login");
    await half.submit("/login", { username: staff.username, password: staff.password });
    assert.equal(half.url.pathname, "/login/second-factor");
  });
  const nobody = () => new Browser(ward);
  for (const [name, who] of [["nobody", nobody], ["a password alone", () => half]]) {
    for (const path of ["/account", "/oauth/consent", "/oauth/patient"])
      test(`NIST SP 800-63B-4 section 2.2: ${name} at ${path}`, async () => {
        const one = who();
        await one.go(path);
        assert.ok(["/login", path].includes(one.url.pathname));
        if (one.url.pathname === path) assert.ok(one.answer.status >= 400);
        await browser.go("/account");
        assert.equal(browser.url.pathname, "/account");
      });
    test(`NIST SP 800-63B-4 section 2.2: ${name} asks for a code`, async () => {
      const one = who();
      assert.equal((await publicApp.authorize(one, { prompt: "none" })).error, "login_required");
      assert.equal((await publicApp.authorize(one)).code, undefined);
      assert.ok((await publicApp.authorize(browser)).code);
    });
    test(`NIST SP 800-63B-4 section 2.2: ${name} consents in a flow of their own browser`, async () => {
      const one = who();
      await publicApp.authorize(one);
      assert.equal(one.url.pathname, "/login", one.steps.join(", "));
      const { csrf, flow } = one.forms[0].fields;
      await send(one, "/oauth/consent", { csrf, flow, decision: "allow", part0: "openid", part1: "user/Patient.rs" });
      assert.equal(one.left, undefined);
      assert.notEqual(one.url.pathname, "/oauth/consent");
    });
  }
  for (const path of ["/login/enrol", "/login/enrol/totp", "/login/enrol/codes", "/login/enrol/done"])
    test(`NIST SP 800-63B-4 section 4.1: who has a second factor cannot add one by the password alone (${path})`, async () => {
      await half.go("/login/second-factor");
      const { csrf } = half.forms[0].fields;
      await half.go(path);
      assert.ok(!/\/login\/enrol/.test(half.url.pathname) || half.answer.status >= 400, `GET ${half.url.pathname} ${half.answer.status}`);
      await send(half, path, { csrf, secret: "X77LASR6SCCLOV5MCVEPSOIHUVT37EUR", code: "000000" });
      assert.ok(!/\/login\/enrol/.test(half.url.pathname) || half.answer.status >= 400, `POST ${half.url.pathname} ${half.answer.status}`);
      await half.go("/account");
      assert.equal(half.url.pathname, "/login");
      await browser.go("/login/enrol");
      assert.equal(browser.answer.status, 200);
    });
});

describe("codes of the second factor", () => {
  const halfway = async (person) => {
    const one = new Browser(ward);
    await one.go("/login");
    await one.submit("/login", { username: person.username, password: person.password });
    assert.equal(one.url.pathname, "/login/second-factor", one.problem);
    return one;
  };
  const step = () => Math.floor(Date.now() / 30000);
  const tryCode = async (person, code, method = "totp") => (await halfway(person)).submit("/login/second-factor", { method, code });
  const refusedCode = (one) => { assert.equal(one.url.pathname, "/login/second-factor"); assert.equal(one.answer.status, 400); assert.match(one.html, /not right/); };

  test("RFC 6238 section 5.2: a TOTP code twice, and one before it", async () => {
    const person = await personLike(ward, "dr.adams"), at = step();
    assert.equal((await tryCode(person, totpCode(person.totp_secret, at))).url.pathname, "/account");
    refusedCode(await tryCode(person, totpCode(person.totp_secret, at)));
    refusedCode(await tryCode(person, totpCode(person.totp_secret, at - 1)));
    assert.equal((await tryCode(person, totpCode(person.totp_secret, at + 1))).url.pathname, "/account");
  });
  for (const [what, code] of [["of three steps ago", (one) => totpCode(one.totp_secret, step() - 3)], ["of three steps ahead", (one) => totpCode(one.totp_secret, step() + 3)],
    ["of another person", () => totpCode(staff.totp_secret, step())], ["without its last digit", (one) => totpCode(one.totp_secret, step()).slice(0, 5)],
    ["with a digit more", (one) => totpCode(one.totp_secret, step()) + "0"], ["empty", () => ""]])
    test("RFC 6238 section 5.2: a TOTP code " + what, async () => {
      const person = await personLike(ward, "dr.adams");
      refusedCode(await tryCode(person, code(person)));
      assert.equal((await tryCode(person, totpCode(person.totp_secret, step()))).url.pathname, "/account");
    });
  test("NIST SP 800-63B-4 section 3.1.2: a recovery code twice, a made one, one as TOTP", async () => {
    const person = await personLike(ward, "dr.adams"), [first, second] = person.recovery_codes;
    assert.equal((await tryCode(person, first, "recovery")).url.pathname, "/account");
    refusedCode(await tryCode(person, first, "recovery"));
    refusedCode(await tryCode(person, second, "totp"));
    assert.equal((await tryCode(person, second, "recovery")).url.pathname, "/account");
    refusedCode(await tryCode(person, staff.recovery_codes[0], "recovery"));
  });
});

describe("who there is", () => {
  /** What a stranger sees, less what differs for everybody. */
  const seen = (one, username) => [one.answer.status, one.url.pathname, one.html.replaceAll(username, "NAME").replace(/(name="(csrf|flow)" value|data-csrf|data-flow)="[^"]*"/g, ""), Object.keys(one.answer.headers).filter((name) => !/date|length|request-id|ratelimit/.test(name)).join()];
  const tries = async (username, password) => {
    const one = new Browser(ward);
    await one.go("/login");
    await one.submit("/login", { username, password });
    return seen(one, username);
  };
  test("OWASP ASVS 5 section 6.3.8: a wrong password, an unknown name, a disabled person: one answer, in text and status", async () => {
    const known = await personLike(ward, "dr.adams"), gone = await personLike(ward, "dr.adams");
    assert.equal((await ward.command("user", "disable", gone.username)).code, 0);
    const wrong = await tries(known.username, "not the password");
    assert.equal(wrong[0], 400);
    assert.deepEqual(await tries("nobody.at.all", "not the password"), wrong);
    assert.deepEqual(await tries(gone.username, "not the password"), wrong);
    assert.deepEqual(await tries(gone.username, gone.password), wrong, "disabled, with the right password");
    assert.equal((await tries(known.username, known.password))[1], "/login/second-factor");
  });
  test("OWASP ASVS 5 section 6.3.8: the lock after ten failures comes for names that are not there as well", async () => {
    const known = await personLike(ward, "dr.adams"), seenOf = [];
    for (const username of [known.username, "nobody.anywhere"]) {
      await Promise.all(Array.from({ length: 11 }, () => tries(username, "not the password")));
      seenOf.push(await tries(username, "not the password"));
    }
    assert.deepEqual(seenOf[0], seenOf[1]);
    assert.equal(seenOf[0][0], 429);
    assert.equal((await tries(known.username, known.password))[0], 429, "the right password while it is paused");
    assert.equal((await tries(staff.username, staff.password))[1], "/login/second-factor", "others are not concerned");
  });
  test("RFC 6749 section 10.10: a login_hint says nothing of whether it is known", async () => {
    const pages = [];
    for (const login_hint of [staff.username, "nobody.at.all"]) {
      const one = new Browser(ward);
      await publicApp.authorize(one, { login_hint });
      pages.push(seen(one, login_hint));
    }
    assert.deepEqual(pages[0], pages[1]);
  });
});
