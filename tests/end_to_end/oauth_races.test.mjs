// What may happen once happens once, however many ask at the same moment: 64 requests in parallel, again and again.
import { test, before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { Ward, long } from "./ward.mjs";
import { Browser, personLike, code as totpCode } from "./browser.mjs";
import { App, Key, bearer, queryOf, signedIn } from "./grants.mjs";

const rounds = long ? 200 : 1, together = 64;
let ward, browser, basic, keyed, publicApp, backend, backendKey, chart;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n[limits]\nsubject = \"10000/s\"\nclient = \"10000/s\"\naddress = \"10000/s\"\n" });
  [basic, keyed, publicApp, backend, backendKey] = ["app-basic", "app-key", "app-public", "backend-secret", "backend-key"].map((id) => new App(ward, id));
  browser = await signedIn(ward, await personLike(ward, "dr.adams"));
  chart = "Patient/" + ward.demo.patients[0];
  await backend.token({ grant_type: "client_credentials" }, { dpop: new Key() });  // brings the nonce
  await Promise.all(Array.from({ length: together }, () => ward.request("/login")));  // opens the connections
});
after(async () => { await ward?.stop(); ward?.remove(); });

const scope = "openid offline_access user/Patient.rs";
const all = (ask) => Promise.all(Array.from({ length: together }, (_, i) => ask(i)));
const winners = (answers) => answers.filter((one) => one.status === 200);
/** `beside`: rounds that run at the same time, where losers are made to wait. */
const race = (name, run, beside = 1) => test(`${name}, ${rounds} rounds`, async () => {
  for (let round = 0; round < rounds; round += beside) await Promise.all(Array.from({ length: Math.min(beside, rounds - round) }, run));
});

race("RFC 6749 section 4.1.2: one code gives tokens once, and its replays end them", async () => {
  const flow = await basic.authorize(browser, { scope });
  const answers = await all(() => basic.exchange(flow)), won = winners(answers);
  assert.equal(won.length, 1);
  for (const one of answers) if (one !== won[0]) assert.deepEqual([one.status, one.json.error], [400, "invalid_grant"]);
  assert.equal((await ward.request(chart, bearer(won[0].json.access_token))).status, 401);
  assert.equal((await basic.refresh(won[0].json.refresh_token)).json.error, "invalid_grant");
});

race("RFC 7523 section 3: one jti proves a client once", async () => {
  const proven = backendKey.proven(), form = { grant_type: "client_credentials", scope: "system/Patient.rs" };
  const answers = await all(() => backendKey.token(form, { proven }));
  assert.equal(winners(answers).length, 1);
  for (const one of answers) if (one.status !== 200) assert.deepEqual([one.status, one.json.error], [401, "invalid_client"]);
});

race("RFC 7523 section 3: one jti at several endpoints", async () => {
  const proven = keyed.proven();
  const answers = await all((i) => keyed.post(["introspect", "revoke"][i % 2], { token: "nothing" }, { proven }));
  assert.equal(winners(answers).length, 1);
});

race("RFC 9449 section 11.1: one DPoP proof is good once", async () => {
  const dpop = new Key().proof("POST", ward.base + "/oauth/token");
  const answers = await all(() => backend.token({ grant_type: "client_credentials", scope: "system/Patient.rs" }, { headers: { dpop } }));
  assert.equal(winners(answers).length, 1);
});

race("RFC 9126 section 7.3: one request_uri is used once", async () => {
  await basic.authorize(browser);  // consent is given
  const { parameters } = basic.parameters(), pushed = await basic.post("par", parameters);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const answers = await all(() => ward.request("/oauth/authorize?" + queryOf({ client_id: "app-basic", request_uri: pushed.json.request_uri }), { headers: { cookie } }));
  assert.equal(answers.filter((one) => one.status === 303 && /[?&]code=/.test(one.headers.location)).length, 1);
  assert.equal(answers.filter((one) => one.status === 400).length, together - 1);
});

race("RFC 9700 section 4.14.2: a refresh token without a key: one wins, then its family is over", async () => {
  const set = await basic.tokens(browser, { scope });
  const answers = await all(() => basic.refresh(set.refresh_token)), won = winners(answers);
  assert.equal(won.length, 1);
  for (const one of answers) if (one !== won[0]) assert.deepEqual([one.status, one.json.error], [400, "invalid_grant"]);
  assert.equal((await basic.refresh(won[0].json.refresh_token)).json.error, "invalid_grant");
  for (const token of [set.access_token, won[0].json.access_token]) assert.equal((await ward.request(chart, bearer(token))).status, 401);
});

async function sameSuccessor(app, set, options) {
  const answers = await all(() => app.refresh(set.refresh_token, {}, options));
  for (const one of answers) assert.equal(one.status, 200, one.text);
  assert.equal(new Set(answers.map((one) => one.json.refresh_token)).size, 1);
  assert.notEqual(answers[0].json.refresh_token, set.refresh_token);
  const next = await app.refresh(answers[0].json.refresh_token, {}, options);
  assert.equal(next.status, 200, next.text);
}
race("identity.md, Traps: a refresh token by private_key_jwt: all get the same successor", async () => sameSuccessor(keyed, await keyed.tokens(browser, { scope })));
race("identity.md, Traps: a public client's refresh token by its DPoP key: all get the same successor", async () => {
  const dpop = new Key();
  await sameSuccessor(publicApp, await publicApp.tokens(browser, { scope }, { dpop }), { dpop });
});

// ---- sign-in

const form = (fields, cookies) => ({ method: "POST", body: queryOf(fields), headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin",
  cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") } });
async function halves(person, count) {
  return Promise.all(Array.from({ length: count }, async () => {
    const one = new Browser(ward);
    await one.go("/login");
    await one.submit("/login", { username: person.username, password: person.password });
    assert.equal(one.url.pathname, "/login/second-factor", one.html);
    return { cookies: one.cookies, csrf: one.forms[0].fields.csrf };
  }));
}
/** Who was let in: a new session cookie that opens the account. */
async function letIn(answers) {
  let count = 0;
  for (const one of answers) {
    const line = (one.headers["set-cookie"] ?? []).find((cookie) => /session=[^;]{20}/.test(cookie));
    if (line && one.browser && (await ward.request("/account", { headers: { cookie: `${line.split(";")[0]}; ${[...one.browser].filter(([name]) => !/session/.test(name)).map((pair) => pair.join("=")).join("; ")}` } })).status === 200) ++count;
  }
  return count;
}
const tryAll = (ready, method, code) => all(async (i) => {
  const one = ready[i % ready.length];
  const answer = await ward.request("/login/second-factor", form({ csrf: one.csrf, method, code }, one.cookies));
  return { ...answer, browser: one.cookies };
});
race("RFC 6238 section 5.2: one TOTP step lets in once, from two browsers", async () => {
  const person = await personLike(ward, "dr.adams"), ready = await halves(person, 2);
  assert.equal(await letIn(await tryAll(ready, "totp", totpCode(person.totp_secret, Math.floor(Date.now() / 30000)))), 1);
}, 3);
race("NIST SP 800-63B-4 section 3.1.2: one recovery code lets in once, from two browsers", async () => {
  const person = await personLike(ward, "dr.adams"), ready = await halves(person, 2);
  assert.equal(await letIn(await tryAll(ready, "recovery", person.recovery_codes[0])), 1);
}, 3);

describe("NIST SP 800-63B-4 section 3.2.2: guesses side by side are no more than guesses one by one", () => {
  test("of a TOTP code", async () => {
    const person = await personLike(ward, "dr.adams"), ready = await halves(person, 1), wrong = "000000";
    const guess = () => ward.request("/login/second-factor", form({ csrf: ready[0].csrf, method: "totp", code: wrong }, ready[0].cookies));
    for (let i = 0; i < 4; ++i) assert.equal((await guess()).status, 400);  // from here on each waits
    const looked_at = (await all(guess)).filter((one) => one.status === 400).length;
    assert.ok(4 + looked_at <= 10, `${4 + looked_at} codes were looked at; ten are allowed`);
  });
  test("of a password", async () => {
    const person = await personLike(ward, "dr.adams"), one = new Browser(ward);
    await one.go("/login");
    const csrf = one.forms[0].fields.csrf;
    const guess = () => ward.request("/login", form({ csrf, username: person.username, password: "not the password" }, one.cookies));
    for (let i = 0; i < 4; ++i) assert.equal((await guess()).status, 400);
    const looked_at = (await all(guess)).filter((answer) => answer.status === 400).length;
    assert.ok(4 + looked_at <= 10, `${4 + looked_at} passwords were looked at; ten are allowed`);
  });
});
