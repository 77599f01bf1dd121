// What is taken away is gone for every request that begins after the answer that says so, however busy the server is.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { Ward, sleep, long } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { App, addClient, bearer, callback, random, signedIn } from "./grants.mjs";

const rounds = long ? 50 : 1, workers = 24;
let ward, basic, ehr, chart, standing, bystander, bystanding;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n[limits]\nsubject = \"10000/s\"\nclient = \"10000/s\"\naddress = \"10000/s\"\n" });
  [basic, ehr] = ["app-basic", "ehr"].map((id) => new App(ward, id));
  chart = "Patient/" + ward.demo.patients[0];
  bystander = await signedIn(ward, await personLike(ward, "dr.adams"));
  // Its token must outlive all rounds.
  const registered = await addClient(ward, { client_id: "bystanding", client_name: "Bystander", token_endpoint_auth_method: "client_secret_basic", scope: "openid offline_access user/*.rs", grant_types: ["authorization_code", "refresh_token"], redirect_uris: [callback], access_token_lifetime: 3600 });
  standing = new App(ward, "bystanding", { registered });
  bystanding = await standing.tokens(bystander, { scope });
});
after(async () => { await ward?.stop(); ward?.remove(); });

const scope = "openid offline_access user/Patient.rs";
const read = async (token) => (await ward.request(chart, bearer(token))).status;

/** Reads by all of `tokens`, at the door and at userinfo, while `revoke` is asked; the tokens of others go on working. */
async function underLoad(tokens, revoke, { also = [] } = {}) {
  const asked = [], beside = [];
  let going = true;
  const uses = tokens.flatMap((token) => [
    async () => (await read(token)) === 200,
    async () => (await ward.request("/oauth/userinfo", bearer(token))).status === 200,
  ]).concat(also);
  const worker = async (i) => {
    while (going) {
      const use = uses[i++ % uses.length], began = performance.now();
      asked.push({ began, good: await use(), which: (i - 1) % uses.length });
      if (i % 8 === 0) beside.push(await read(bystanding.access_token));
    }
  };
  const all = Array.from({ length: workers }, (_, i) => worker(i));
  await sleep(300);
  await revoke();
  const answered = performance.now();
  await sleep(400);
  going = false;
  await Promise.all(all);
  const earlier = asked.filter((one) => one.good), later = asked.filter((one) => one.began > answered);
  for (let use = 0; use < uses.length; ++use) assert.ok(earlier.some((one) => one.which === use), `the twin: use ${use} never succeeded before`);
  assert.ok(later.length > workers, "nothing was asked afterwards");
  const wrong = later.filter((one) => one.good);
  assert.equal(wrong.length, 0, `${wrong.length} of ${later.length} requests that began after the answer succeeded, the last ${Math.max(...wrong.map((one) => one.began - answered))} ms behind it, by use ${[...new Set(wrong.map((one) => one.which))]}`);
  assert.ok(beside.length > 0 && beside.every((status) => status === 200), "others lost their access: " + beside.filter((status) => status !== 200));
}
const refreshFails = async (app, set) => assert.equal((await app.refresh(set.refresh_token)).json.error, "invalid_grant");
const cases = (name, run) => test(name, async () => { for (let round = 0; round < rounds; ++round) await run(); });

cases("RFC 7009 section 2: an access token", async () => {
  const set = await basic.tokens(bystander, { scope });
  await underLoad([set.access_token], async () => assert.equal((await basic.post("revoke", { token: set.access_token })).status, 200));
});

cases("RFC 7009 section 2.1: a refresh token, with all that it gave", async () => {
  const set = await basic.tokens(bystander, { scope });
  const tokens = [set.access_token];
  const next = await basic.refresh(set.refresh_token);
  tokens.push(next.json.access_token);
  const introspected = async () => (await ehr.post("introspect", { token: set.access_token })).json.active === true;
  await underLoad(tokens, async () => assert.equal((await basic.post("revoke", { token: next.json.refresh_token })).status, 200), { also: [introspected] });
  await refreshFails(basic, next.json);
});

cases("RFC 6749 section 4.1.2: a code that is used again, with all that it gave", async () => {
  const set = await basic.tokens(bystander, { scope });
  await underLoad([set.access_token], async () => assert.equal((await basic.exchange(set.flow)).json.error, "invalid_grant"));
  await refreshFails(basic, set);
});

cases("RFC 9700 section 4.14.2: a refresh token that is used again, with its family", async () => {
  const set = await basic.tokens(bystander, { scope }), next = (await basic.refresh(set.refresh_token)).json;
  await underLoad([set.access_token, next.access_token], async () => assert.equal((await basic.refresh(set.refresh_token)).json.error, "invalid_grant"));
  await refreshFails(basic, next);
});

cases("identity.md, Sessions: signing out", async () => {
  const who = await signedIn(ward, await personLike(ward, "dr.adams")), set = await basic.tokens(who, { scope: "openid online_access user/Patient.rs" });
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  await who.go("/logout");
  await underLoad([set.access_token], async () => { await who.submit("/logout", {}); assert.equal(who.answer.status, 200); }, { also: [account] });
  await refreshFails(basic, set);
});

cases("identity.md, Sessions: one ended from another device", async () => {
  const person = await personLike(ward, "dr.adams"), who = await signedIn(ward, person), set = await basic.tokens(who, { scope: "openid online_access user/Patient.rs" });
  const other = await signedIn(ward, person), cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  await other.go("/account");
  await underLoad([set.access_token], async () => { await other.submit("/account/sessions/end-all"); assert.equal(other.answer.status, 200); }, { also: [account] });
  await other.go("/account");
  assert.equal(other.url.pathname, "/account", "the one that asked stays");
});

cases("identity.md, Sessions: an app, on the account page", async () => {
  const who = await signedIn(ward, await personLike(ward, "dr.adams")), set = await basic.tokens(who, { scope });
  await who.go("/account");
  await underLoad([set.access_token], async () => { await who.submit("/account/apps/withdraw", { id: "app-basic" }); assert.equal(who.answer.status, 200); });
  await refreshFails(basic, set);
  assert.equal((await basic.authorize(who, { scope, prompt: "none" })).error, "consent_required", "consent is withdrawn too");
});

cases("design, People: a person who is disabled", async () => {
  const person = await personLike(ward, "dr.adams"), who = await signedIn(ward, person), set = await basic.tokens(who, { scope });
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  const unused = await basic.authorize(who, { scope });
  await underLoad([set.access_token], async () => assert.equal((await ward.command("user", "disable", person.username)).code, 0), { also: [account] });
  await refreshFails(basic, set);
  assert.equal((await basic.exchange(unused)).json.error, "invalid_grant", "a code of before");
  assert.equal((await ward.command("user", "enable", person.username)).code, 0);
  assert.equal(await read(set.access_token), 401, "what was taken away stays away");
  assert.equal(await account(), false);
  await refreshFails(basic, set);
});

cases("design, People: a password that is changed ends what was given by the old one", async () => {
  const person = await personLike(ward, "dr.adams"), who = await signedIn(ward, person), other = await signedIn(ward, person), set = await basic.tokens(who, { scope });
  const cookie = [...other.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  await who.go("/account");
  await who.submit("/account/password");
  const fresh = random(15);
  await underLoad([set.access_token], async () => {
    await who.submit("/account/password", { current: person.password, password: fresh, password2: fresh }, { extra: true });
    assert.equal(who.answer.status, 200, who.html);
  }, { also: [account] });
  await who.go("/account");
  assert.equal(who.url.pathname, "/account", "the browser that changed it stays");
});

cases("design, Clients: a client that is disabled", async () => {
  const client_id = "disabled-" + random(6);
  const registered = await addClient(ward, { client_id, token_endpoint_auth_method: "client_secret_basic", scope: "openid offline_access user/*.rs", grant_types: ["authorization_code", "refresh_token"], redirect_uris: [callback] });
  const app = new App(ward, client_id, { registered }), set = await app.tokens(bystander, { scope }), unused = await app.authorize(bystander, { scope });
  await underLoad([set.access_token], async () => assert.equal((await ward.command("client", "disable", client_id)).code, 0));
  assert.equal((await app.refresh(set.refresh_token)).json.error, "invalid_client");
  assert.equal((await app.exchange(unused)).json.error, "invalid_client");
  assert.equal((await app.authorize(bystander, { scope })).status, 400);
  assert.equal((await ward.command("client", "enable", client_id)).code, 0);
  assert.equal(await read(set.access_token), 401, "what was taken away stays away");
});

cases("design, Clients: a client's own tokens", async () => {
  const client_id = "own-" + random(6);
  const registered = await addClient(ward, { client_id, token_endpoint_auth_method: "client_secret_basic", scope: "openid system/Patient.rs", grant_types: ["client_credentials"], roles: ["backend"], purpose: "TREAT" });
  const app = new App(ward, client_id, { registered }), token = (await app.token({ grant_type: "client_credentials", scope: "openid system/Patient.rs" })).json.access_token;
  const mint = async () => (await app.token({ grant_type: "client_credentials" })).status === 200;
  await underLoad([], async () => assert.equal((await ward.command("client", "disable", client_id)).code, 0), { also: [mint, async () => (await read(token)) === 200] });
});

cases("design, People: roles that an administrator changes", async () => {
  const person = await personLike(ward, "dr.adams"), who = await signedIn(ward, person), set = await basic.tokens(who, { scope });
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  await underLoad([set.access_token], async () => assert.equal((await ward.command("user", "role", person.username, "--role", "physician", "--role", "nurse")).code, 0), { also: [account] });
  await refreshFails(basic, set);
});

cases("design, Sessions: one that an administrator ends", async () => {
  const person = await personLike(ward, "dr.adams"), who = await signedIn(ward, person), set = await basic.tokens(who, { scope: "openid online_access user/Patient.rs" });
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const account = async () => (await ward.request("/account", { headers: { cookie } })).status === 200;
  await underLoad([set.access_token], async () => assert.equal((await ward.command("session", "end", "--user", person.username)).code, 0), { also: [account] });
  await refreshFails(basic, set);
});

cases("design, Keys: one that is retired, with what it signed", async () => {
  const kid = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
  const who = await signedIn(ward, await personLike(ward, "dr.adams")), set = await basic.tokens(who, { scope });
  const rotated = await ward.command("key", "rotate", "--json");
  assert.equal(rotated.code, 0, rotated.stdout);
  bystanding = await standing.tokens(await signedIn(ward, await personLike(ward, "dr.adams")), { scope });  // by the new key: this one stays
  assert.equal(kid(bystanding.access_token), JSON.parse(rotated.stdout).kid);
  await underLoad([set.access_token], async () => assert.equal((await ward.command("key", "retire", kid(set.access_token))).code, 0));
  const again = (await basic.refresh(set.refresh_token)).json;
  assert.equal(await read(again.access_token), 200, "a refresh token is no key's: the next access token is by the new one");
});
