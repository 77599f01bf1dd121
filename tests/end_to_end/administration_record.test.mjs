// What an administrative change leaves on record: all of it, nothing of a patient in clear; and who counts as the second
// one of two.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ward, auditQuery } from "./ward.mjs";
import { personLike } from "./browser.mjs";
import { random, signedIn } from "./grants.mjs";
import { Api, administrator, consoleApp, done, machine, pointers, problem, records, scope } from "./administration.mjs";

let ward, app, gray, hall, robot;
before(async () => {
  ward = await Ward.start({ extra: "[limits.abuse]\nslow_at = 1000000\nreport_at = 1000000\n[limits]\nsubject = \"10000/s\"\nclient = \"10000/s\"\naddress = \"10000/s\"\n" });
  app = await consoleApp(ward);
  [gray, hall, robot] = [await administrator(ward, app), await administrator(ward, app, "admin.hall"), await machine(ward)];
});
after(async () => { await ward?.stop(); ward?.remove(); });

const name = (prefix = "rec") => `${prefix}.${random(6).toLowerCase().replace(/[^a-z0-9]/g, "x")}`;
const lastRecord = async (event, of) => (await records(ward, event, of)).at(-1);
/** A value that came in pieces. */
const whole = (detail, member) => Object.entries(detail).filter(([key]) => key === member || key.startsWith(member + "#")).map(([, value]) => value).join("");
const segments = (at) => readdirSync(join(at.directory, "audit")).filter((one) => one.endsWith(".seg")).map((one) => readFileSync(join(at.directory, "audit", one), "latin1")).join("");

// ---- the whole change

test("a role behind forty long ones is refused, and behind fifteen it stands on record", async () => {
  const filler = Array.from({ length: 40 }, (_, i) => "f".repeat(59) + String(i).padStart(2, "0")), username = name();
  const refused = await gray.post("/users", { username, roles: [...filler, "administrator"] });
  problem(refused, 422, "body_invalid");
  assert.deepEqual(pointers(refused), ["#/roles"]);
  problem(await gray.get("/users/" + username), 404, "not_found");
  const roles = [...filler.slice(0, 15), "administrator"];
  done(await gray.post("/users", { username, roles }), 201);
  const record = await lastRecord("user.changed", username);
  assert.equal(record.cut, undefined);
  assert.deepEqual(JSON.parse(whole(record.detail, "added.roles")), roles);
});

test("on the machine, where more roles are taken, they are on record too", async () => {
  const filler = Array.from({ length: 40 }, (_, i) => "f".repeat(59) + String(i).padStart(2, "0")), username = name(), roles = [...filler, "administrator"];
  const made = await ward.command("user", "add", username, ...roles.flatMap((one) => ["--role", one]));
  assert.equal(made.code, 0, made.stderr);
  const record = await lastRecord("user.changed", username);
  assert.equal(record.cut, undefined);
  assert.deepEqual(JSON.parse(whole(record.detail, "added.roles")), roles);
});

test("a registration that cannot be on record as a whole is refused; a long one is there", async () => {
  const body = (count) => ({ client_id: name("app"), token_endpoint_auth_method: "client_secret_basic", scope: "openid", grant_types: ["authorization_code"], redirect_uris: Array.from({ length: count }, (_, i) => `https://app.example/${i}/${"x".repeat(900)}`) });
  problem(await gray.post("/clients", body(30)), 422, "record_too_large");
  const long = body(10);
  done(await gray.post("/clients", long), 201);
  const record = await lastRecord("client.changed", long.client_id);
  assert.equal(record.cut, undefined);
  assert.deepEqual(JSON.parse(whole(record.detail, "added.redirect_uris")), long.redirect_uris);
  assert.equal((await gray.remove("/clients/" + long.client_id)).status, 204, "and it can be removed");
});

// ---- nothing of a patient in clear

for (const type of ["Patient", "RelatedPerson"])
  test(`${type}: neither name nor reference is in the bytes of the log, and who may open it is told`, async () => {
    const username = name(), id = "zq" + random(9).replace(/[^A-Za-z0-9]/g, "x"), text = "Zyxwvu Q" + random(9).replace(/[^A-Za-z0-9]/g, "x");
    done(await gray.post("/users", { username, roles: ["patient"], name: text, fhir_user: `${type}/${id}` }), 201);
    done(await gray.patch("/users/" + username, { name: text + " Second" }));
    const renamed = await lastRecord("user.changed", username);
    assert.deepEqual(renamed.detail, { name: username, "after.name": "changed" });
    assert.ok(JSON.stringify(renamed.subjects).includes(`${type}/${id}`));
    done(await gray.patch("/users/" + username, { fhir_user: "Practitioner/" + id.slice(0, 4) }));
    assert.equal((await lastRecord("user.changed", username)).detail["before.fhir_user"], type);
    done(await gray.patch("/users/" + username, { fhir_user: `${type}/${id}`, name: text }));
    assert.equal((await gray.remove("/users/" + username)).status, 204);
    assert.equal((await records(ward, "user.changed", username)).length, 5);
    const bytes = segments(ward);
    assert.ok(bytes.includes(username), "the twin: the record itself is there");
    for (const secret of [text, id]) assert.ok(!bytes.includes(secret), "in clear: " + secret);
  });

test("a query by patient finds what was changed of their account", async () => {
  const username = name(), reference = "Patient/" + ward.demo.patients[1];
  done(await gray.post("/users", { username, roles: ["patient"], fhir_user: reference }), 201);
  const found = await auditQuery(ward, "--patient", reference, "--event", "user.changed");
  assert.ok(found.some((one) => Object.fromEntries(one.detail).name === username));
});

test("of staff, name and reference are told", async () => {
  const username = name();
  done(await gray.post("/users", { username, roles: ["nurse"], name: "Staff Example", fhir_user: "Practitioner/77" }), 201);
  const { detail } = await lastRecord("user.changed", username);
  assert.deepEqual([detail["after.name"], detail["after.fhir_user"]], ["Staff Example", "Practitioner/77"]);
});

// ---- the second one of two

/** Somebody whom `by` makes an administrator, signed in. */
async function madeBy(by) {
  const person = await personLike(ward, "admin.gray"), { username } = person;
  done(await by.patch("/users/" + username, { roles: ["nurse"] }));
  done(await by.patch("/users/" + username, { roles: ["administrator"] }));
  const browser = await signedIn(ward, person), set = await app.tokens(browser, { scope });
  return new Api(ward, set.access_token, username);
}

test("nobody is both administrators by way of one whom they made", async () => {
  const { username } = await personLike(ward, "dr.adams"), path = `/users/${username}/reset-mfa`;
  const puppet = await madeBy(gray), second = await madeBy(puppet);
  done(await gray.post(path), 202);
  for (const one of [puppet, second]) problem(await one.post(path), 403, "administrator_new");
  assert.equal(done(await gray.get("/users/" + username)).second_factor, true);
  assert.equal(done(await hall.post(path)).state, "done");
});

test("machines make, change and remove no administrators", async () => {
  const { username } = await personLike(ward, "admin.gray");
  problem(await robot.post("/users", { username: name(), roles: ["administrator"] }), 403, "administrator_needed");
  problem(await robot.patch("/users/" + username, { password: random(15) }), 403, "administrator_needed");
  problem(await robot.remove("/users/" + username), 403, "administrator_needed");
  done(await robot.post("/users", { username: name(), roles: ["nurse"] }), 201);
});

test("a reset that waits goes with the person, and hits nobody of the same name", async () => {
  const { username } = await personLike(ward, "dr.adams"), path = `/users/${username}/reset-mfa`;
  done(await gray.post(path), 202);
  assert.equal((await hall.remove("/users/" + username)).status, 204);
  done(await hall.post("/users", { username, roles: ["nurse"], totp_secret: "B".repeat(32) }), 201);
  problem(await hall.get(path), 404, "not_found");
  assert.equal(done(await hall.post(path), 202).state, "requested");
  assert.equal(done(await hall.get("/users/" + username)).second_factor, true);
});
