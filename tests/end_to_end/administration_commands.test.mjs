// `ward user|client|session|key`: what root does, effective on the next request, and on record.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, auditQuery } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";
import { App, addClient, bearer, callback, random, signedIn } from "./grants.mjs";
import { passwordFile, records } from "./administration.mjs";

let ward, basic, chart;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n" });
  basic = new App(ward, "app-basic");
  chart = "Patient/" + ward.demo.patients[0];
});
after(async () => { await ward?.stop(); ward?.remove(); });

const scope = "openid offline_access user/Patient.rs";
const read = async (token) => (await ward.request(chart, bearer(token))).status;
async function command(...args) {
  const done = await ward.command(...args, "--json");
  assert.equal(done.code, 0, done.stderr + done.stdout);
  return JSON.parse(done.stdout);
}
async function refused(code, ...args) {
  const done = await ward.command(...args, "--json");
  assert.equal(done.code, 1, done.stdout);
  assert.equal(JSON.parse(done.stdout).error.code, code, done.stdout);
}
const lastRecord = async (event, name) => (await records(ward, event, name)).at(-1);

test("every command explains itself with an example", async () => {
  for (const words of ["user role", "user set-password", "user reset-mfa", "client rotate-secret", "session list", "session end", "key list", "key rotate", "key retire"]) {
    const done = await ward.command(...words.split(" "), "--help");
    assert.equal(done.code, 0, words + done.stderr);
    assert.match(done.stdout, new RegExp("Examples?:\\s+ward " + words), words);
  }
});

test("user role: other roles end what the old ones gave, and the record says before and after", async () => {
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), set = await basic.tokens(browser, { scope });
  assert.equal(await read(set.access_token), 200);
  assert.deepEqual((await command("user", "role", person.username, "--role", "physician", "--role", "nurse")).roles, ["physician", "nurse"]);
  assert.equal(await read(set.access_token), 401);
  assert.equal((await basic.refresh(set.refresh_token)).json.error, "invalid_grant");
  const record = await lastRecord("user.changed", person.username);
  assert.deepEqual(record.detail, { name: person.username, by: "command line", "added.roles": '["nurse"]' });
  await refused("not_found", "user", "role", "nobody.here", "--role", "nurse");
  await refused("body_invalid", "user", "role", person.username, "--role", "no such role!");
});

test("user set-password: the old one is over, and so is what was signed in with it", async () => {
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), set = await basic.tokens(browser, { scope });
  await refused("password_refused", "user", "set-password", person.username, "--password-file", passwordFile(ward, "password123"));
  assert.equal(await read(set.access_token), 200, "the twin: nothing changed");
  const password = random(15);
  await command("user", "set-password", person.username, "--password-file", passwordFile(ward, password));
  assert.equal(await read(set.access_token), 401);
  await browser.go("/account");
  assert.equal(browser.url.pathname, "/login");
  const again = new Browser(ward);
  await again.go("/login");
  await again.submit("/login", { username: person.username, password: person.password });
  assert.equal(again.url.pathname, "/login", "the old password");
  const fresh = new Browser(ward);
  await fresh.go("/login");
  await fresh.submit("/login", { username: person.username, password });
  assert.equal(fresh.url.pathname, "/login/second-factor");
  const record = await lastRecord("user.changed", person.username);
  assert.equal(record.detail["after.password"], "changed");
  assert.ok(!JSON.stringify(await auditQuery(ward)).includes(password), "no password is on record");
});

test("user reset-mfa: two administrators, neither of them the person", async () => {
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), set = await basic.tokens(browser, { scope });
  await refused("second_administrator_needed", "user", "reset-mfa", person.username, "--by", "admin.gray", "--with", "admin.gray");
  await refused("administrator_needed", "user", "reset-mfa", person.username, "--by", "admin.gray", "--with", "dr.baker");
  await refused("own_factors", "user", "reset-mfa", "admin.gray", "--by", "admin.gray", "--with", "admin.hall");
  await refused("not_found", "user", "reset-mfa", "nobody.here", "--by", "admin.gray", "--with", "admin.hall");
  assert.notEqual((await ward.command("user", "reset-mfa", person.username)).code, 0);
  assert.equal(await read(set.access_token), 200, "the twin: nothing changed");
  assert.equal((await command("user", "reset-mfa", person.username, "--by", "admin.gray", "--with", "admin.hall")).state, "done");
  assert.equal(await read(set.access_token), 401);
  const again = new Browser(ward);
  await again.go("/login");
  await again.submit("/login", { username: person.username, password: person.password });
  assert.equal(again.url.pathname, "/login/enrol", "a new factor is enrolled");
  const record = await lastRecord("factor.changed", person.username);
  assert.deepEqual([record.detail["after.second_factor"], record.detail["after.requested_by"], record.detail["after.confirmed_by"]], ["false", "admin.gray", "admin.hall"]);
});

test("client rotate-secret: printed once, and the old one is over", async () => {
  const client_id = "rotating-" + random(6);
  const registered = await addClient(ward, { client_id, token_endpoint_auth_method: "client_secret_basic", scope: "system/Patient.rs", grant_types: ["client_credentials"], roles: ["backend"], purpose: "TREAT" });
  const old = new App(ward, client_id, { registered }), mint = (app) => app.token({ grant_type: "client_credentials" });
  const token = (await mint(old)).json.access_token;
  assert.equal(await read(token), 200);
  const { client_secret } = await command("client", "rotate-secret", client_id);
  assert.equal((await mint(old)).json.error, "invalid_client");
  assert.equal(await read(token), 401, "a token of the old secret");
  assert.equal((await mint(new App(ward, client_id, { registered: { ...registered, client_secret } }))).status, 200);
  assert.equal((await command("client", "show", client_id)).client_secret, undefined);
  assert.ok(!JSON.stringify(await auditQuery(ward)).includes(client_secret), "no secret is on record");
  await refused("no_secret", "client", "rotate-secret", "app-key");
  await refused("not_found", "client", "rotate-secret", "nobody");
});

test("session list and end: one, and all of a person", async () => {
  const person = await personLike(ward, "dr.adams"), first = await signedIn(ward, person), second = await signedIn(ward, person);
  const { items } = await command("session", "list", "--user", person.username);
  assert.equal(items.length, 2);
  for (const one of items) assert.match(one.id + " " + one.username + " " + one.device, /^[0-9a-f]{24} dr\.adams\.\d+ Firefox on Linux$/);
  assert.ok((await command("session", "list")).items.length >= 2);
  const online = await new App(ward, "app-post").tokens(second, { scope: "openid online_access user/Patient.rs" });
  await command("session", "end", items[0].id);
  assert.equal((await command("session", "list", "--user", person.username)).items.length, 1);
  const stay = async (one) => { await one.go("/account"); return one.url.pathname === "/account"; };
  assert.deepEqual([await stay(first), await stay(second)].filter(Boolean).length, 1);
  assert.equal((await command("session", "end", "--user", person.username)).ended, 1);
  assert.equal(await stay(first) || await stay(second), false);
  assert.equal(await read(online.access_token), 401, "online_access ends with the session");
  await refused("not_found", "session", "end", items[0].id);
  assert.equal((await ward.command("session", "end")).code, 2);
  assert.equal((await lastRecord("session.ended", person.username)).detail["before.sessions"], "1");
});

test("key rotate: tokens of the key before stay valid; retire: they are over", async () => {
  const kid = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), old = await basic.tokens(browser, { scope });
  const signing = async () => (await command("key", "list")).items.filter((one) => one.purpose === "token-sign");
  assert.equal((await signing()).find((one) => one.state === "current").kid, kid(old.access_token));
  await refused("key_current", "key", "retire", kid(old.access_token));
  const made = await command("key", "rotate");
  const fresh = await basic.tokens(browser, { scope });
  assert.equal(kid(fresh.access_token), made.kid);
  assert.equal(await read(old.access_token), 200, "the old key still checks");
  assert.equal(await read(fresh.access_token), 200);
  const published = (await ward.request("/oauth/jwks")).json.keys.map((one) => one.kid);
  assert.ok(published.includes(kid(old.access_token)) && published.includes(made.kid), "both are in the JWKS");
  await refused("key_overlap", "key", "rotate");
  assert.equal((await command("key", "retire", kid(old.access_token))).state, "retired");
  assert.equal(await read(old.access_token), 401, "on the next request, also where it was remembered");
  assert.equal(await read(fresh.access_token), 200);
  await refused("not_found", "key", "retire", "AAAAAAAAAAA");
  await refused("key_purpose", "key", "retire", (await command("key", "list")).items.find((one) => one.purpose === "factor-seal").kid);
  await refused("body_invalid", "key", "rotate", "--purpose", "audit-seal");
  assert.equal((await command("key", "rotate")).state, "current", "now nothing overlaps");
  assert.ok(await lastRecord("key.retired", kid(old.access_token)));
});

test("a record stands before each change, and secrets in none", async () => {
  const username = "made." + random(4).toLowerCase().replace(/[^a-z]/g, "x"), password = random(15);
  const made = await command("user", "add", username, "--role", "nurse", "--password-file", passwordFile(ward, password), "--totp-secret", "A".repeat(32));
  assert.equal(made.recovery_codes.length, 10);
  const record = await lastRecord("user.changed", username);
  assert.deepEqual([record.action, record.detail["added.roles"], record.detail["before.roles"]], ["C", '["nurse"]', undefined]);
  const all = JSON.stringify(await auditQuery(ward));
  for (const secret of [password, "A".repeat(32), ...made.recovery_codes]) assert.ok(!all.includes(secret));
  await refused("exists", "user", "add", username, "--role", "nurse");
});
