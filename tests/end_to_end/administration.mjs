// An administrator at /api/v1: signed in with a second factor, by an app that was given ward/admin.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { auditQuery } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { App, addClient, callback, random, signedIn } from "./grants.mjs";

export const scope = "openid ward/admin";

export async function consoleApp(ward, more = {}) {
  const client_id = "console-" + random(6);
  const registered = await addClient(ward, { client_id, client_name: "Console", token_endpoint_auth_method: "client_secret_basic", scope: "openid offline_access user/*.rs ward/admin",
    grant_types: ["authorization_code", "refresh_token"], redirect_uris: [callback], access_token_lifetime: 3600, ...more });
  return new App(ward, client_id, { registered });
}

/** A machine that may administer. */
export async function machine(ward, words = "ward/admin") {
  const client_id = "machine-" + random(6);
  const registered = await addClient(ward, { client_id, token_endpoint_auth_method: "client_secret_basic", scope: words, grant_types: ["client_credentials"], access_token_lifetime: 3600 });
  const app = new App(ward, client_id, { registered });
  return new Api(ward, (await app.token({ grant_type: "client_credentials" })).json.access_token, client_id);
}

/** Requests with one token. */
export class Api {
  constructor(ward, token, who) { Object.assign(this, { ward, token, who }); }
  async ask(method, path, body, headers = {}) {
    const answer = await this.ward.request(path.startsWith("/api") ? path : "/api/v1" + path, { method, body, headers: { ...(this.token && { authorization: "Bearer " + this.token }), ...(body !== undefined && { "content-type": "application/json" }), ...headers } });
    return answer;
  }
  get(path) { return this.ask("GET", path); }
  post(path, body, headers) { return this.ask("POST", path, body, headers); }
  patch(path, body, headers) { return this.ask("PATCH", path, body, headers); }
  remove(path) { return this.ask("DELETE", path); }
}

/** A new administrator who is signed in, with an Api of theirs. */
export async function administrator(ward, app, like = "admin.gray") {
  const person = await personLike(ward, like), browser = await signedIn(ward, person);
  const set = await app.tokens(browser, { scope });
  assert.ok(set.scope.split(" ").includes("ward/admin"), set.scope);
  return Object.assign(new Api(ward, set.access_token, person.username), { person, browser, set });
}

/** RFC 9457, as the API says what is wrong. */
export function problem(answer, status, title) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"], /^application\/problem\+json/);
  assert.equal(answer.json.title, title, answer.text);
  assert.equal(answer.json.status, status);
  return answer.json;
}
export const pointers = (answer) => (answer.json.errors ?? []).map((one) => one.pointer).sort();
export function done(answer, status = 200) { assert.equal(answer.status, status, answer.text); return answer.json; }

export function passwordFile(ward, text) {
  const file = join(ward.directory, "password-" + random(6));
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Records of an event about somebody or something, the newest last; `detail` as an object. */
export async function records(ward, event, name) {
  const all = (await auditQuery(ward, "--event", event)).map((one) => ({ ...one, detail: Object.fromEntries(one.detail ?? []) }));
  return all.filter((one) => one.detail.name === name);
}
