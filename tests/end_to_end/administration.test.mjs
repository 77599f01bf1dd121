// /api/v1/users, clients, sessions and keys: who may, what is changed, and what is said when it is not.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { Ward, auditQuery } from "./ward.mjs";
import { Browser, personLike } from "./browser.mjs";
import { App, bearer, callback, random, signedIn } from "./grants.mjs";
import { Api, administrator, consoleApp, done, machine, pointers, problem, records } from "./administration.mjs";

let ward, app, gray, hall, robot, basic, chart;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n[limits]\nsubject = \"10000/s\"\nclient = \"10000/s\"\naddress = \"10000/s\"\n" });
  app = await consoleApp(ward);
  [gray, hall, robot] = [await administrator(ward, app), await administrator(ward, app, "admin.hall"), await machine(ward)];
  basic = new App(ward, "app-basic");
  chart = "Patient/" + ward.demo.patients[0];
});
after(async () => { await ward?.stop(); ward?.remove(); });

const name = (prefix = "api") => `${prefix}.${random(6).toLowerCase().replace(/[^a-z0-9]/g, "x")}`;
const read = async (token) => (await ward.request(chart, bearer(token))).status;
const newUser = async (more = {}) => done(await gray.post("/users", { username: name(), roles: ["nurse"], ...more }), 201);
const newClient = async (more = {}) => done(await gray.post("/clients", { client_id: name("app"), token_endpoint_auth_method: "client_secret_basic", scope: "system/Patient.rs", grant_types: ["client_credentials"], roles: ["backend"], purpose: "TREAT", ...more }), 201);
const lastRecord = async (event, of) => (await records(ward, event, of)).at(-1);

// ---- who may

test("RFC 6750 section 3: without a token, 401 with a challenge", async () => {
  const answer = await new Api(ward).get("/users");
  problem(answer, 401, "token_missing");
  assert.match(answer.headers["www-authenticate"], /^Bearer /);
});

test("RFC 6750 section 3.1: without ward/admin, 403 insufficient_scope; with it, 200", async () => {
  const set = await app.tokens(gray.browser, { scope: "openid user/Practitioner.rs" });
  const answer = await new Api(ward, set.access_token).get("/users");
  problem(answer, 403, "scope_missing");
  assert.match(answer.headers["www-authenticate"], /error="insufficient_scope", scope="ward\/admin"/);
  done(await gray.get("/users"));
  problem(await (await machine(ward, "ward/launch")).get("/users"), 403, "scope_missing");
  done(await robot.get("/users"));
});

test("a person who is no administrator gets nothing by the scope alone", async () => {
  const browser = await signedIn(ward, await personLike(ward, "dr.adams")), set = await app.tokens(browser, { scope: "openid ward/admin" });
  problem(await new Api(ward, set.access_token).get("/users"), 403, "role_missing");
});

test("RFC 9470 section 3: without a fresh second factor, a step-up challenge", async () => {
  const minted = (await ward.command("token", "--user", "admin.gray", "--scope", "ward/admin")).stdout.trim();
  for (const path of ["/users", "/clients", "/sessions", "/keys"]) {
    const answer = await new Api(ward, minted).get(path);
    problem(answer, 401, "insufficient_user_authentication");
    assert.match(answer.headers["www-authenticate"], /^Bearer error="insufficient_user_authentication", .*acr_values="urn:ward:aal2", max_age="900"$/);
  }
  problem(await new Api(ward, minted).post("/users", { username: name(), roles: [] }), 401, "insufficient_user_authentication");
});

test("RFC 9470 section 4: what the challenge asks for, an app can ask for, and then it is let in", async () => {
  const minted = (await ward.command("token", "--user", gray.who, "--scope", "ward/admin")).stdout.trim(), refused = await new Api(ward, minted).get("/users");
  const [acr_values, max_age] = ["acr_values", "max_age"].map((one) => new RegExp(one + '="([^"]*)"').exec(refused.headers["www-authenticate"])[1]);
  const set = await app.tokens(gray.browser, { scope: "openid ward/admin", acr_values, max_age });
  done(await new Api(ward, set.access_token).get("/users"));
});

test("an administrator who loses the role loses the API with the next request", async () => {
  const one = await administrator(ward, app);
  done(await one.get("/users"));
  done(await gray.patch("/users/" + one.who, { roles: ["nurse"] }));
  problem(await one.get("/users"), 401, "token_invalid");
});

// ---- people

test("users: made, shown, changed, disabled, removed; each with its record", async () => {
  const username = name(), password = random(15);
  const made = await gray.post("/users", { username, roles: ["physician"], fhir_user: "Practitioner/12", purposes: ["TREAT"], name: "Ann Example", password, totp_secret: "B".repeat(32) });
  done(made, 201);
  assert.equal(made.headers.location, "/api/v1/users/" + username);
  assert.equal(made.json.recovery_codes.length, 10);
  const shown = done(await gray.get("/users/" + username));
  assert.deepEqual(shown, { username, roles: ["physician"], fhir_user: "Practitioner/12", purposes: ["TREAT"], name: "Ann Example", disabled: false, password: true, second_factor: true });
  const record = await lastRecord("user.changed", username);
  assert.deepEqual([record.action, record.detail["added.roles"], record.detail["after.name"], record.jti.length > 0, record.client], ["C", '["physician"]', "Ann Example", true, app.id]);
  const browser = await signedIn(ward, { username, password, totp_secret: "B".repeat(32), recovery_codes: made.json.recovery_codes }), set = await basic.tokens(browser, { scope: "openid offline_access user/Patient.rs" });
  done(await gray.patch("/users/" + username, { name: null }));
  assert.equal((await basic.refresh(set.refresh_token)).status, 200, "another name ends nothing");
  done(await gray.patch("/users/" + username, { disabled: true }, { "content-type": "application/merge-patch+json" }));
  assert.equal(await read(set.access_token), 401);
  const changed = await lastRecord("user.changed", username);
  assert.deepEqual(changed.detail, { name: username, "before.disabled": "false", "after.disabled": "true" });
  assert.equal((await gray.remove("/users/" + username)).status, 204);
  problem(await gray.get("/users/" + username), 404, "not_found");
  const removed = await lastRecord("user.changed", username);
  assert.deepEqual([removed.action, removed.detail["removed.roles"]], ["D", '["physician"]']);
  const again = done(await gray.post("/users", { username, roles: ["nurse"], password }), 201);
  assert.equal(again.second_factor, false, "nothing is inherited by the name");
  const all = JSON.stringify(await auditQuery(ward));
  for (const secret of [password, "B".repeat(32), ...made.json.recovery_codes]) assert.ok(!all.includes(secret), "a secret is on record");
});

test("another role or password ends tokens and sessions at once", async () => {
  for (const change of [{ roles: ["physician", "nurse"] }, { password: random(15) }]) {
    const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), set = await basic.tokens(browser, { scope: "openid offline_access user/Patient.rs" });
    assert.equal(await read(set.access_token), 200);
    done(await gray.patch("/users/" + person.username, change));
    assert.equal(await read(set.access_token), 401);
    assert.equal((await basic.refresh(set.refresh_token)).json.error, "invalid_grant");
    await browser.go("/account");
    assert.equal(browser.url.pathname, "/login");
  }
});

test("the last administrator stays", async () => {
  const lone = await Ward.start(), one = await administrator(lone, await consoleApp(lone));
  for (const other of ["admin.gray", "admin.hall"]) done(await one.patch("/users/" + other, { disabled: true }));
  for (const change of [{ disabled: true }, { roles: ["nurse"] }]) problem(await one.patch("/users/" + one.who, change), 409, "last_administrator");
  problem(await one.remove("/users/" + one.who), 409, "last_administrator");
  done(await one.get("/users"));
  await lone.stop();
  lone.remove();
});

// ---- what is wrong with a body is said at its place (RFC 9457)

const bodies = [
  ["a member that is not known", { username: "u.x", roles: [], admin: true }, ["#/admin"]],
  ["a generation, which is not the caller's to say", { username: "u.x", roles: [], generation: 7 }, ["#/generation"]],
  ["a hash in the place of a password", { username: "u.x", roles: [], password_hash: "$argon2id$v=19$m=8" }, ["#/password_hash"]],
  ["no name", { roles: ["nurse"] }, ["#/username"]],
  ["nothing", {}, ["#/roles", "#/username"]],
  ["a name with a blank", { username: "a b", roles: [] }, ["#/username"]],
  ["a name that is too long", { username: "a".repeat(65), roles: [] }, ["#/username"]],
  ["roles that are a text", { username: "u.x", roles: "nurse" }, ["#/roles"]],
  ["one bad role of three", { username: "u.x", roles: ["nurse", "no good", "front-desk"] }, ["#/roles/1"]],
  ["too many roles", { username: "u.x", roles: Array(65).fill("nurse") }, ["#/roles"]],
  ["several at once", { username: "", roles: [1], disabled: "yes" }, ["#/disabled", "#/roles/0", "#/username"]],
  ["null where something is made", { username: "u.x", roles: null }, ["#/roles"]],
  ["a fhir_user of no known type", { username: "u.x", roles: [], fhir_user: "Observation/1" }, ["#/fhir_user"]],
  ["a common password", { username: "u.x", roles: [], password: "password123" }, ["#/password"]],
  ["a password that is too short", { username: "u.x", roles: [], password: "aB3$xyz" }, ["#/password"]],
  ["a password with the own name", { username: "gandalf", roles: [], password: "gandalf-gandalf" }, ["#/password"]],
  ["a short TOTP secret", { username: "u.x", roles: [], totp_secret: "A".repeat(8) }, ["#/totp_secret"]],
  ["a TOTP secret that is no base32", { username: "u.x", roles: [], totp_secret: "1".repeat(32) }, ["#/totp_secret"]],
];
for (const [what, body, where] of bodies)
  test("users: " + what, async () => {
    const answer = await gray.post("/users", body);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.headers["content-type"], /^application\/problem\+json/);
    assert.deepEqual(pointers(answer), where);
    for (const value of Object.values(body)) if (typeof value === "string" && value.length > 6) assert.ok(!answer.text.includes(value), "a value is echoed");
    if (body.username) assert.equal((await gray.get("/users/" + encodeURIComponent(body.username))).status >= 400, true, "nothing was made");
  });

test("bodies that are no body", async () => {
  const raw = (body, type = "application/json") => gray.post("/users", body, { "content-type": type });
  for (const [body, type, status] of [["{", "application/json", 422], ["[]", "application/json", 422], ['{"username":"dup.x","username":"dup.y","roles":[]}', "application/json", 422],
    ['{"username":"a.b","roles":[]}', "text/plain", 415], ["username=a", "application/x-www-form-urlencoded", 415], ['{"a":' + "[".repeat(100) + "]".repeat(100) + "}", "application/json", 422], ["x".repeat(70_000), "application/json", 413]])
    assert.equal((await raw(body, type)).status, status, body.slice(0, 40) + type);
  problem(await gray.ask("DELETE", "/users/dr.adams", { why: "x" }), 400, "body_unexpected");
  problem(await gray.patch("/users/dr.adams", {}), 422, "body_invalid");
  done(await gray.get("/users/dr.adams"));
});

test("ids, paths, methods and parameters", async () => {
  for (const path of ["/users/a%20b", "/users/" + "x".repeat(65), "/clients/a@b", "/sessions/a.b", "/users/%00"]) assert.equal((await gray.get(path)).status >= 400, true, path);
  problem(await gray.get("/users/a%20b"), 400, "id_invalid");
  problem(await gray.get("/users/nobody.here"), 404, "not_found");
  problem(await gray.get("/users/nobody.here/nothing"), 404, "not_found");
  const wrong = await gray.ask("PUT", "/users/dr.adams", {});
  problem(wrong, 405, "method_not_allowed");
  assert.deepEqual(wrong.headers.allow.split(", ").sort(), ["DELETE", "GET", "PATCH"]);
  problem(await gray.get("/users?colour=red"), 400, "parameter_unknown");
  for (const limit of ["0", "201", "-1", "x", "1e2", ""]) problem(await gray.get("/users?limit=" + limit), 400, "limit_invalid");
  problem(await gray.get("/users/dr.adams?limit=1"), 400, "parameter_unknown");
});

// ---- pages

test("lists by cursor: every one once, in order; a cursor is its caller's and its list's alone", async () => {
  for (let i = 0; i < 5; ++i) await newUser();
  const names = [];
  let cursor = "", pages = 0;
  do {
    const page = done(await gray.get("/users?limit=4" + (cursor && "&cursor=" + cursor)));
    assert.ok(page.items.length <= 4);
    names.push(...page.items.map((one) => one.username));
    cursor = page.next_cursor;
    assert.ok(++pages < 50);
  } while (cursor);
  const whole = done(await gray.get("/users?limit=200")).items.map((one) => one.username);
  assert.deepEqual(names, whole);
  assert.equal(new Set(names).size, names.length);
  assert.ok(pages >= 3);
  const { next_cursor } = done(await gray.get("/users?limit=2"));
  problem(await hall.get("/users?cursor=" + next_cursor), 400, "cursor_invalid");
  problem(await gray.get("/clients?cursor=" + next_cursor), 400, "cursor_invalid");
  for (const bad of ["x", next_cursor.slice(0, -2), next_cursor.replace(/.$/, (c) => (c === "A" ? "B" : "A")), "A".repeat(600)]) assert.equal((await gray.get("/users?cursor=" + bad)).status, 400, bad);
  assert.ok(!Buffer.from(next_cursor, "base64url").toString("latin1").includes(whole[1]), "the cursor is sealed");
});

// ---- clients

test("clients: made, changed, a new secret, disabled, removed", async () => {
  const made = await newClient();
  assert.ok(made.client_secret.length >= 32);
  const own = new App(ward, made.client_id, { registered: made }), mint = (one) => one.token({ grant_type: "client_credentials" });
  const token = (await mint(own)).json.access_token;
  assert.equal(await read(token), 200);
  assert.equal(done(await gray.get("/clients/" + made.client_id)).client_secret, undefined, "a secret is shown once");
  done(await gray.patch("/clients/" + made.client_id, { client_name: "Another name" }));
  assert.equal(await read(token), 200, "a name is no right");
  done(await gray.patch("/clients/" + made.client_id, { scope: "system/Observation.rs" }));
  assert.equal(await read(token), 401);
  done(await gray.patch("/clients/" + made.client_id, { scope: "system/Patient.rs" }));
  const rotated = done(await gray.post(`/clients/${made.client_id}/rotate-secret`));
  assert.notEqual(rotated.client_secret, made.client_secret);
  assert.equal((await mint(own)).json.error, "invalid_client");
  const fresh = new App(ward, made.client_id, { registered: { ...made, client_secret: rotated.client_secret } }), second = (await mint(fresh)).json.access_token;
  assert.equal(await read(second), 200);
  done(await gray.patch("/clients/" + made.client_id, { disabled: true }));
  assert.equal(await read(second), 401);
  assert.equal((await mint(fresh)).json.error, "invalid_client");
  assert.equal((await gray.remove("/clients/" + made.client_id)).status, 204);
  problem(await gray.get("/clients/" + made.client_id), 404, "not_found");
  const all = JSON.stringify(await auditQuery(ward));
  assert.ok(!all.includes(made.client_secret) && !all.includes(rotated.client_secret));
});

test("clients: a key is made for who brings none, and shown once", async () => {
  const made = await newClient({ token_endpoint_auth_method: "private_key_jwt" });
  assert.equal(made.jwk.crv, "P-384");
  assert.ok(made.jwk.d);
  const shown = done(await gray.get("/clients/" + made.client_id));
  assert.equal(shown.jwk, undefined);
  assert.equal(shown.jwks.keys[0].d, undefined);
  problem(await gray.post(`/clients/${made.client_id}/rotate-secret`), 409, "no_secret");
});

const registrations = [
  ["a member of nobody's", { software_id: "x" }, ["#/software_id"]],
  ["a hash in the place of a secret", { secret_sha256: "0".repeat(64) }, ["#/secret_sha256"]],
  ["a short secret", { client_secret: "short" }, ["#/client_secret"]],
  ["a way to authenticate that is none", { token_endpoint_auth_method: "password" }, ["#/token_endpoint_auth_method"]],
  ["a grant that is not there", { grant_types: ["client_credentials", "password"] }, ["#/grant_types/1"]],
  ["a redirect URI with a fragment", { grant_types: ["authorization_code"], redirect_uris: ["https://a.example/#x"] }, ["#/redirect_uris"]],
  ["code without a redirect URI", { grant_types: ["authorization_code"] }, ["#/redirect_uris"]],
  ["a life of a day", { access_token_lifetime: 86400 }, ["#/access_token_lifetime"]],
  ["a scope that is none", { scope: "system/Patient.xyz" }, ["#/scope"]],
  ["a switch that is a text", { fapi: "true" }, ["#/fapi"]],
  ["an id with a slash", { client_id: "a/b" }, ["#/client_id"]],
  ["the id of the command line", { client_id: "ward-cli" }, ["#/client_id"]],
];
for (const [what, change, where] of registrations)
  test("clients: " + what, async () => {
    const answer = await gray.post("/clients", { client_id: name("app"), token_endpoint_auth_method: "client_secret_basic", scope: "system/Patient.rs", grant_types: ["client_credentials"], ...change });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(pointers(answer), where, answer.text);
  });

// ---- sessions and keys

test("sessions: listed with browser and network, ended one by one and all of a person", async () => {
  const person = await personLike(ward, "dr.adams"), first = await signedIn(ward, person), second = await signedIn(ward, person);
  const own = done(await gray.get(`/users/${person.username}/sessions`)).items;
  assert.equal(own.length, 2);
  assert.match(own[0].network, /\/24$|\/48$/);
  assert.ok(done(await gray.get("/sessions?limit=200")).items.some((one) => one.id === own[0].id));
  const stays = async (one) => { await one.go("/account"); return one.url.pathname === "/account"; };
  assert.equal((await gray.remove("/sessions/" + own[0].id)).status, 204);
  assert.equal([await stays(first), await stays(second)].filter(Boolean).length, 1);
  problem(await gray.remove("/sessions/" + own[0].id), 404, "not_found");
  assert.deepEqual(done(await gray.remove(`/users/${person.username}/sessions`)), { username: person.username, ended: 1 });
  assert.equal(await stays(first) || await stays(second), false);
  assert.equal((await lastRecord("session.ended", person.username)).client, app.id);
  problem(await gray.get("/users/nobody.here/sessions"), 404, "not_found");
});

test("keys: no key itself is shown; rotation and retirement have their rules", async () => {
  const keys = done(await gray.get("/keys?limit=200")).items, current = keys.find((one) => one.purpose === "token-sign" && one.state === "current");
  assert.deepEqual(Object.keys(current).sort(), ["created", "kid", "kind", "purpose", "state"]);
  problem(await gray.post(`/keys/${current.kid}/retire`), 409, "key_current");
  problem(await gray.post("/keys/rotate", { purpose: "audit-seal" }), 422, "body_invalid");
  problem(await gray.post(`/keys/${keys.find((one) => one.purpose === "csrf").kid}/retire`), 409, "key_purpose");
  const before = (await robot.get("/users/dr.adams")).status;
  const made = done(await gray.post("/keys/rotate", { purpose: "token-sign" }), 201);
  assert.equal(made.state, "current");
  assert.equal((await robot.get("/users/dr.adams")).status, before, "tokens of the key before stay valid");
  problem(await gray.post("/keys/rotate", { purpose: "token-sign" }), 409, "key_overlap");
});

// ---- Idempotency-Key

test("Idempotency-Key: the same request has the same answer, secret and all, and is done once", async () => {
  const key = random(), body = { client_id: name("once"), token_endpoint_auth_method: "client_secret_basic", scope: "system/Patient.rs", grant_types: ["client_credentials"] };
  const first = await gray.post("/clients", body, { "idempotency-key": key }), again = await gray.post("/clients", body, { "idempotency-key": `"${key}"` });
  assert.equal(first.status, 201, first.text);
  assert.deepEqual([again.status, again.text, again.headers.location], [201, first.text, first.headers.location]);
  assert.equal(again.headers["idempotency-replayed"], "true");
  assert.equal((await records(ward, "client.changed", body.client_id)).length, 1);
  problem(await gray.post("/clients", { ...body, client_id: name("other") }, { "idempotency-key": key }), 422, "idempotency_key_reused");
  problem(await gray.post("/users", { username: name(), roles: [] }, { "idempotency-key": key }), 422, "idempotency_key_reused");
  problem(await hall.post("/clients", body, { "idempotency-key": key }), 409, "exists");
  problem(await gray.post("/clients", body), 409, "exists");
  for (const bad of ["x".repeat(256), "a b"]) assert.equal((await gray.post("/clients", body, { "idempotency-key": bad })).status, 400);
});

test("Idempotency-Key: what failed may be sent again, put right", async () => {
  const key = random(), username = name();
  problem(await gray.post("/users", { username: "dr.adams", roles: [] }, { "idempotency-key": key }), 409, "exists");
  done(await gray.post("/users", { username, roles: [] }, { "idempotency-key": key }), 201);
});

test("Idempotency-Key: of 32 at once one is done; the others wait for its answer or are told to", async () => {
  const key = random(), username = name();
  const all = await Promise.all(Array.from({ length: 32 }, () => gray.post("/users", { username, roles: ["nurse"], password: "a quite long pass phrase" }, { "idempotency-key": key })));
  const statuses = all.map((one) => one.status);
  assert.ok(statuses.every((status) => status === 201 || status === 409), statuses.join(" "));
  assert.ok(statuses.includes(201));
  for (const one of all) if (one.status === 409) assert.equal(one.json.title, "idempotency_key_running");
  assert.equal((await records(ward, "user.changed", username)).length, 1);
});

// ---- two administrators

test("a lost factor: one administrator asks, another one confirms, and neither is the person", async () => {
  const person = await personLike(ward, "dr.adams"), browser = await signedIn(ward, person), set = await basic.tokens(browser, { scope: "openid offline_access user/Patient.rs" });
  const path = `/users/${person.username}/reset-mfa`;
  problem(await robot.post(path), 403, "administrator_needed");
  problem(await gray.post(`/users/${gray.who}/reset-mfa`), 403, "own_factors");
  problem(await gray.get(path), 404, "not_found");
  const asked = done(await gray.post(path), 202);
  assert.deepEqual([asked.state, asked.requested_by], ["requested", gray.who]);
  assert.ok(Math.abs(Date.parse(asked.expires) - Date.now() - 86_400_000) < 60_000);
  problem(await gray.post(path), 403, "second_administrator_needed");
  assert.equal(await read(set.access_token), 200, "one administrator changes nothing");
  assert.equal(done(await hall.get(path)).id, asked.id);
  const confirmed = done(await hall.post(path));
  assert.deepEqual([confirmed.id, confirmed.state, confirmed.requested_by, confirmed.confirmed_by], [asked.id, "done", gray.who, hall.who]);
  assert.equal(await read(set.access_token), 401);
  const again = new Browser(ward);
  await again.go("/login");
  await again.submit("/login", { username: person.username, password: person.password });
  assert.equal(again.url.pathname, "/login/enrol");
  problem(await hall.get(path), 404, "not_found");
  assert.ok(await lastRecord("reset.requested", person.username));
  const { detail } = await lastRecord("factor.changed", person.username);
  assert.deepEqual(detail, { name: person.username, "before.second_factor": "true", "after.second_factor": "false", "after.requested_by": gray.who, "after.confirmed_by": hall.who });
});

test("a reset that was withdrawn, or whose first administrator is one no more, cannot be confirmed", async () => {
  const person = await personLike(ward, "dr.adams"), path = `/users/${person.username}/reset-mfa`;
  done(await gray.post(path), 202);
  assert.equal((await hall.remove(path)).status, 204);
  assert.equal(done(await hall.post(path), 202).state, "requested", "it begins anew");
  assert.equal((await gray.remove(path)).status, 204);
  const third = await administrator(ward, app);
  done(await third.post(path), 202);
  done(await gray.patch("/users/" + third.who, { disabled: true }));
  assert.equal(done(await hall.post(path), 202).requested_by, hall.who);
  assert.equal(done(await gray.get("/users/" + person.username)).second_factor, true);
});

test("a reset waits over a restart", async () => {
  const other = await Ward.start(), console_app = await consoleApp(other);
  const [one, two] = [await administrator(other, console_app), await administrator(other, console_app)];
  done(await one.post("/users/dr.adams/reset-mfa"), 202);
  await other.stop();
  const back = await Ward.start({ data: other.directory, port: other.port });
  two.ward = back;
  assert.equal(done(await two.post("/users/dr.adams/reset-mfa")).state, "done");
  await back.stop();
  back.remove();
});
