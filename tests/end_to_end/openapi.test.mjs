// /api/openapi.json: what it lists is there, answers are as it says, and nothing else is.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import Ajv2020 from "ajv/dist/2020.js";
import { Ward } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { random, signedIn } from "./grants.mjs";
import { Api, administrator, consoleApp } from "./administration.mjs";

let ward, gray, hall, description, ajv;
before(async () => {
  ward = await Ward.start();
  const app = await consoleApp(ward);
  [gray, hall] = [await administrator(ward, app), await administrator(ward, app, "admin.hall")];
  const answer = await ward.request("/api/openapi.json");
  assert.equal(answer.status, 200, answer.text);
  description = answer.json;
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(description, "openapi");
});
after(async () => { await ward?.stop(); ward?.remove(); });

const operations = () => Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })));
// Served by the door itself: emergency.test.mjs.
const administered = () => operations().filter((one) => one.path !== "/emergency-access");
const operation = (id) => operations().find((one) => one.operationId === id);
/** A response against the schema that is listed for its status. */
function fits(answer, id) {
  const one = operation(id), listed = one.responses[answer.status];
  assert.ok(listed, `${id} answered ${answer.status}, which is not listed: ${answer.text}`);
  if (!listed.content) return assert.equal(answer.text, "", id);
  const [[type, { schema }]] = Object.entries(listed.content);
  assert.ok(answer.headers["content-type"].startsWith(type), id + answer.headers["content-type"]);
  const validate = ajv.getSchema("openapi" + schema.$ref) ?? ajv.compile({ $ref: "openapi" + schema.$ref });
  assert.ok(validate(answer.json), `${id} ${answer.status}: ${JSON.stringify(validate.errors)} ${answer.text}`);
  return answer.json;
}

test("it is OpenAPI 3.1, public, cacheable, and its references hold", async () => {
  assert.equal(description.openapi, "3.1.0");
  assert.ok(operations().length >= 20);
  const ids = operations().map((one) => one.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const text = JSON.stringify(description);
  for (const [, name] of text.matchAll(/#\/components\/schemas\/([A-Za-z]+)/g)) assert.ok(description.components.schemas[name], name);
  for (const one of operations()) for (const [, name] of one.path.matchAll(/\{([a-z_]+)\}/g)) assert.ok(one.parameters.some((parameter) => parameter.in === "path" && parameter.name === name), one.path);
  const answer = await ward.request("/api/openapi.json");
  assert.equal(answer.headers["access-control-allow-origin"], "*");
  assert.equal((await ward.request("/api/openapi.json", { method: "POST", body: "{}" })).status, 405);
  assert.equal((await ward.request("/api/openapi.json/x")).status, 404);
});

test("every path that is listed is there, and needs a token", async () => {
  for (const one of administered()) {
    const path = one.path.replace(/\{[a-z_]+\}/, "no-such-one"), body = one.requestBody ? {} : undefined;
    const open = await new Api(ward).ask(one.method, path, body);
    assert.equal(open.status, 401, one.method + one.path);
    fits(open, one.operationId);
    if (one.method === "GET" && !one.path.includes("{")) continue;
    const answer = await gray.ask(one.method, path, body);
    assert.ok([404, 409, 422].includes(answer.status), `${one.method} ${one.path}: ${answer.status} ${answer.text}`);
    fits(answer, one.operationId);
  }
});

test("what is not listed is not there", async () => {
  for (const path of new Set(administered().map((one) => one.path))) {
    const listed = Object.keys(description.paths[path]).map((one) => one.toUpperCase());
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((one) => !listed.includes(one))) {
      const answer = await gray.ask(method, path.replace(/\{[a-z_]+\}/, "no-such-one"));
      assert.equal(answer.status, 405, method + path);
      assert.deepEqual(answer.headers.allow.split(", ").sort(), listed.sort());
    }
    assert.equal((await gray.get(path.replace(/\{[a-z_]+\}/, "no-such-one") + "/x/y/z")).status, 404);
  }
});

test("each operation's answer is as its schema says", async () => {
  const username = "schema." + random(4).toLowerCase().replace(/[^a-z0-9]/g, "x"), client_id = "schema-" + random(4);
  const ask = async (id, method, path, body) => fits(await gray.ask(method, path, body), id);
  await ask("createUser", "POST", "/users", { username, roles: ["nurse"], totp_secret: "C".repeat(32) });
  await ask("getUser", "GET", "/users/" + username);
  await ask("changeUser", "PATCH", "/users/" + username, { name: "Ann", fhir_user: null });
  await ask("listUsers", "GET", "/users?limit=3");
  await ask("createUser", "POST", "/users", { username, roles: ["nurse"] });
  await ask("createUser", "POST", "/users", { roles: 1 });
  await ask("resetFactors", "POST", `/users/${username}/reset-mfa`);
  await ask("getReset", "GET", `/users/${username}/reset-mfa`);
  await ask("withdrawReset", "DELETE", `/users/${username}/reset-mfa`);
  await ask("resetFactors", "POST", `/users/${username}/reset-mfa`);
  assert.equal(fits(await hall.post(`/users/${username}/reset-mfa`), "resetFactors").state, "done");
  const person = await personLike(ward, "dr.adams");
  await signedIn(ward, person);
  const [one] = (await ask("listSessionsOfUser", "GET", `/users/${person.username}/sessions`)).items;
  await ask("listSessions", "GET", "/sessions");
  await ask("endSession", "DELETE", "/sessions/" + one.id);
  await ask("endSessionsOfUser", "DELETE", `/users/${person.username}/sessions`);
  await ask("createClient", "POST", "/clients", { client_id, token_endpoint_auth_method: "client_secret_basic", scope: "system/*.rs", grant_types: ["client_credentials"], contact: "it@clinic.example" });
  await ask("getClient", "GET", "/clients/" + client_id);
  await ask("changeClient", "PATCH", "/clients/" + client_id, { owner: "Us", contact: null });
  await ask("rotateClientSecret", "POST", `/clients/${client_id}/rotate-secret`);
  await ask("listClients", "GET", "/clients?limit=200");
  await ask("removeClient", "DELETE", "/clients/" + client_id);
  await ask("removeUser", "DELETE", "/users/" + username);
  const pushed = { person: "Practitioner/1", patient: "7", kind: "panel", until: "2099-01-01T00:00:00Z" };
  const { id } = await ask("createRelationship", "POST", "/relationships", pushed);
  await ask("createRelationship", "POST", "/relationships", { ...pushed, until: undefined });
  await ask("createRelationship", "POST", "/relationships", { ...pushed, kind: "friend" });
  await ask("getRelationship", "GET", "/relationships/" + id);
  await ask("listRelationships", "GET", "/relationships");
  await ask("endRelationship", "DELETE", "/relationships/" + id);
  await ask("listEmergencies", "GET", "/emergencies");
  await ask("reviewEmergency", "POST", "/emergencies/none/review", { note: "looked at" });
  const { items } = await ask("listKeys", "GET", "/keys");
  assert.ok(items.length > 0);
  await ask("rotateKey", "POST", "/keys/rotate", { purpose: "token-sign" });
  await ask("retireKey", "POST", `/keys/${(await ask("listKeys", "GET", "/keys?limit=200")).items.find((key) => key.purpose === "token-sign" && key.state === "previous").kid}/retire`);
});
