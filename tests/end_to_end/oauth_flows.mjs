// Flows that go round and round until the server dies under them. Each remembers what it was told, and asks afterwards whether that holds.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { auditQuery, sleep } from "./ward.mjs";
import { Browser, code, newcomer, personLike, totp } from "./browser.mjs";
import { App, bearer, signedIn } from "./grants.mjs";

const scope = "openid offline_access user/Patient.rs";
const reads = async (app, token) => (await app.ward.request("Patient/" + app.ward.demo.patients[0], bearer(token))).status;
const over = (answer, what) => assert.equal(answer.json?.error, "invalid_grant", `${what}: ${answer.status} ${answer.text}`);

/** What an answer says has happened, as the log calls it. */
const told = [
  ["POST", "/oauth/token", 200, "token.issued"], ["POST", "/oauth/revoke", 200, "token.revoked"],
  ["POST", "/login/second-factor", 303, "login"], ["POST", "/login/enrol/totp", 200, "factor.changed"],
  ["POST", "/account/recovery-codes", 200, "factor.changed"], ["POST", "/account/apps/withdraw", 200, "consent.withdrawn"], ["POST", "/logout", 200, "logout"],
];

/** The server as the flows see it: every answer is remembered with what its record must say. */
export function watched(ward, answers) {
  const seen = Object.create(ward);
  seen.request = async (path, options = {}) => {
    const answer = await ward.request(path, options), method = options.method ?? "GET";
    const where = path.startsWith("/") || path.startsWith("https:") ? new URL(path, ward.base).pathname : "/fhir/" + path;
    const event = told.find((one) => one[0] === method && one[1] === where && one[2] === answer.status)?.[3];
    answers.push({ id: answer.headers["x-request-id"], event, what: `${method} ${where} ${answer.status}` });
    return answer;
  };
  return seen;
}

/** What all have in common: a person of its own, and a way to go on after the restart. */
class Flow {
  constructor(ward) { Object.assign(this, { ward, count: 0 }); }
  async prepare() { this.person = await personLike(this.ward, "dr.adams"); }
  async begin(server) { this.server = server; }
  app(id, server = this.server) { return new App(server, id); }
  /** Each round takes a recovery code: of somebody new when there are no more. */
  async enter(server) {
    if (this.person.recovery_codes.length === 0) await this.prepare();
    return signedIn(server, this.person);
  }
}

class Codes extends Flow {
  async begin(server) {
    this.server = server;
    this.all = [];
    this.browser = await this.enter(server);
  }
  async once() {
    const one = { flow: await this.app("app-basic").authorize(this.browser, { scope }) };
    assert.ok(one.flow.code, this.browser.steps.join(", "));
    this.all.push(one);
    const answer = await this.app("app-basic").exchange(one.flow);
    assert.equal(answer.status, 200, answer.text);
    one.set = answer.json;
  }
  async check(server) {
    const app = this.app("app-basic", server), kept = this.all.filter((one) => one.set).at(-1);
    if (kept) assert.equal(await reads(app, kept.set.access_token), 200, "a token that was given is lost");
    for (const one of this.all.slice(-8)) {
      const answers = await Promise.all([app.exchange(one.flow), app.exchange(one.flow)]);
      const good = answers.filter((answer) => answer.status === 200).length + (one.set ? 1 : 0);
      assert.ok(good <= 1, `a code gave tokens ${good} times`);
      if (one.set) over(await app.refresh(one.set.refresh_token), "what a replayed code gave");
    }
  }
}

class Refresh extends Flow {
  constructor(ward, id) { super(ward); this.id = id; }
  async begin(server) {
    this.server = server;
    this.chain = undefined;
    this.browser = await this.enter(server);
  }
  async once() {
    if (!this.chain || this.chain.length > 6) this.chain = [(await this.app(this.id).tokens(this.browser, { scope })).refresh_token];
    this.asked = true;
    const answer = await this.app(this.id).refresh(this.chain.at(-1));
    assert.equal(answer.status, 200, answer.text);
    this.chain.push(answer.json.refresh_token);
    this.asked = false;
  }
}
class RefreshWithoutKey extends Refresh {
  constructor(ward) { super(ward, "app-basic"); }
  async check(server) {
    if (!this.chain) return;
    const app = this.app(this.id, server), last = this.chain.at(-1), answer = await app.refresh(last);
    if (!this.asked) assert.equal(answer.status, 200, "a refresh token that was given is lost: " + answer.text);
    over(await app.refresh(last), "a second successor");
    if (answer.status === 200) over(await app.refresh(answer.json.refresh_token), "the family after reuse");
    for (const old of this.chain.slice(0, -1)) over(await app.refresh(old), "a used refresh token");
  }
}
class RefreshByKey extends Refresh {
  constructor(ward) { super(ward, "app-key"); }
  async check(server) {
    if (!this.chain) return;
    const app = this.app(this.id, server), last = this.chain.at(-1), answer = await app.refresh(last);
    assert.equal(answer.status, 200, "a refresh token whose answer was lost is proven by its key: " + answer.text);
    const again = await app.refresh(last);
    assert.deepEqual([again.status, again.json.refresh_token], [200, answer.json.refresh_token], "two successors");
    assert.equal((await app.refresh(answer.json.refresh_token)).status, 200);
    over(await app.refresh(last), "a used refresh token");
  }
}

const half = async (server, person) => {
  const browser = new Browser(server);
  await browser.go("/login");
  return browser.submit("/login", { username: person.username, password: person.password });
};
const byCode = async (server, person, recovery) => (await half(server, person)).submit("/login/second-factor", { method: "recovery", code: recovery });
const letIn = (browser) => browser.url.pathname === "/account" && browser.answer.status === 200;

/** Signs in by recovery codes, and out again. */
class SignIns extends Flow {
  async begin(server) {
    this.server = server;
    this.used = [];
    this.out = [];
    if (this.person.recovery_codes.length < 6) this.person = await personLike(this.ward, "dr.adams");
  }
  async once() {
    if (this.person.recovery_codes.length < 2) return sleep(20);
    const one = { code: this.person.recovery_codes.pop() };
    this.used.push(one);
    const browser = await byCode(this.server, this.person, one.code);
    assert.ok(letIn(browser), browser.steps.join(", "));
    one.good = true;
    const cookies = new Map(browser.cookies);
    await browser.submit("/logout");
    this.out.push(cookies);
  }
  async check(server) {
    for (const cookies of this.out) {
      const browser = Object.assign(new Browser(server), { cookies });
      assert.ok(!letIn(await browser.go("/account")), "a session that was ended lives again");
    }
    const last = this.used.at(-1);
    for (const one of new Set([this.used.find((one) => one.good), last])) {
      if (!one) continue;
      const good = [letIn(await byCode(server, this.person, one.code)), letIn(await byCode(server, this.person, one.code)), one.good === true].filter(Boolean).length;
      assert.ok(good <= 1, `a recovery code let in ${good} times`);
    }
    assert.ok(letIn(await byCode(server, this.person, this.person.recovery_codes.pop())), "a code that was not used");
  }
}

/** A new person's first sign-in, with an authenticator app and recovery codes. */
class Enrolments extends Flow {
  async prepare() {}
  async begin(server) { this.server = server; this.all = []; }
  async once() {
    const one = await newcomer(this.ward);
    this.all.push(one);
    const browser = await half(this.server, one);
    assert.equal(browser.url.pathname, "/login/enrol", browser.steps.join(", "));
    await browser.go("/login/enrol/totp");
    one.secret = /class="[^"]*secret[^"]*"[\s\S]*?<code[^>]*>([^<]+)</.exec(browser.html)[1].replaceAll(" ", "").toUpperCase();
    one.step = Math.floor(Date.now() / 30000);
    await browser.submit("/login/enrol/totp", { code: totp(one.secret) });
    one.codes = [...browser.html.matchAll(/<code[^>]*>([^<]{8,})<\/code>/g)].map(([, text]) => text);
    assert.equal(one.codes.length, 10, browser.steps.join(", ") + browser.html);
  }
  async check(server) {
    for (const one of this.all.slice(-2)) {
      const browser = await half(server, one);
      if (one.codes) assert.equal(browser.url.pathname, "/login/second-factor", "a confirmed factor is lost");
      if (browser.url.pathname !== "/login/second-factor") { assert.equal(browser.url.pathname, "/login/enrol", browser.steps.join(", ")); continue; }
      await browser.submit("/login/second-factor", { method: "totp", code: code(one.secret, one.step) });
      assert.ok(!letIn(browser), "a TOTP step works twice");
      if (one.codes) assert.ok(letIn(await browser.submit("/login/second-factor", { method: "recovery", code: one.codes[0] })), "recovery codes that were shown are lost");
      else assert.ok(letIn(await browser.submit("/login/second-factor", { method: "totp", code: totp(one.secret) })) || browser.url.pathname === "/account", browser.steps.join(", "));
    }
  }
}

/** New recovery codes in the place of the old ones. */
class NewCodes extends Flow {
  async begin(server) {
    this.server = server;
    this.asked = false;
    this.sets = [[...this.person.recovery_codes]];
    this.browser = await byCode(server, this.person, this.sets[0].pop());
    assert.ok(letIn(this.browser), this.browser.steps.join(", "));
  }
  async once() {
    await this.browser.go("/account");
    this.asked = true;
    await this.browser.submit("/account/recovery-codes");
    const codes = [...this.browser.html.matchAll(/<code[^>]*>([^<]{8,})<\/code>/g)].map(([, text]) => text);
    assert.equal(codes.length, 10);
    this.sets.push(codes);
    this.asked = false;
    await sleep(20);
  }
  async check(server) {
    const [before, last] = this.sets.slice(-2).length === 2 ? this.sets.slice(-2) : [undefined, this.sets[0]];
    if (before) assert.ok(!letIn(await byCode(server, this.person, before.at(-1))), "recovery codes that were replaced work again");
    const good = letIn(await byCode(server, this.person, last.pop()));
    if (!this.asked) assert.ok(good, "recovery codes that were shown are lost");
    this.person = good ? { ...this.person, recovery_codes: last } : await personLike(this.ward, "dr.adams");
  }
}

/** What is taken away stays away: a token, a family, an app, a person. */
class Revocations extends Flow {
  async begin(server) {
    this.server = server;
    this.all = [];
    this.browser = await this.enter(server);
  }
  async once() {
    const app = this.app("app-post"), kind = ["access token", "refresh token", "app"][this.count % 3];
    const one = { kind, set: await app.tokens(this.browser, { scope }) };
    this.all.push(one);
    if (kind === "app") {
      await this.browser.go("/account");
      await this.browser.submit("/account/apps/withdraw", { id: app.id });
      assert.equal(this.browser.answer.status, 200);
    } else {
      const answer = await app.post("revoke", { token: kind === "access token" ? one.set.access_token : one.set.refresh_token });
      assert.equal(answer.status, 200, answer.text);
    }
    one.done = true;
  }
  async check(server) {
    const app = this.app("app-post", server);
    for (const { kind, set } of this.all.filter((one) => one.done).slice(-9)) {
      assert.equal(await reads(app, set.access_token), 401, `${kind}: the access token lives again`);
      if (kind !== "access token") over(await app.refresh(set.refresh_token), `${kind}: the refresh token lives again`);
    }
  }
}

/** People who are disabled while they are signed in. */
class Disabled extends Flow {
  async prepare() {}
  async begin(server) { this.server = server; this.all = []; }
  async once() {
    const person = await personLike(this.ward, "dr.adams"), browser = await signedIn(this.server, person);
    const one = { person, cookies: browser.cookies, set: await this.app("app-basic").tokens(browser, { scope }) };
    this.all.push(one);
    await sleep(randomInt(30));
    const done = await this.ward.command("user", "disable", person.username);
    if (done.code !== 0) throw new Error(done.stderr);
    one.done = true;
  }
  async check(server) {
    const app = this.app("app-basic", server), changes = await auditQuery(this.ward, "--event", "user.changed");
    for (const { person, done } of this.all)
      if (done) assert.equal(changes.filter((one) => JSON.stringify(one).includes(`"${person.username}"`)).length, 2, "a change by the administrator has no record");
    for (const one of this.all.filter((one) => one.done)) {
      assert.equal(await reads(app, one.set.access_token), 401, "a disabled person's token lives again");
      over(await app.refresh(one.set.refresh_token), "a disabled person's refresh token");
      const browser = Object.assign(new Browser(server), { cookies: new Map(one.cookies) });
      assert.ok(!letIn(await browser.go("/account")), "a disabled person's session lives again");
    }
  }
}

export const kinds = [Codes, RefreshWithoutKey, RefreshByKey, SignIns, Enrolments, NewCodes, Revocations, Disabled];
