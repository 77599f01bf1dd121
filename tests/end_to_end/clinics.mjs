// A clinic, and a second one as the FHIR server behind a route of the first: both with the records of a stranger and of a
// familiar patient.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward } from "./ward.mjs";
import { canaries, familiar, measured, record, stranger } from "./strangers.mjs";

/** So many requests in so short a time would be slowed, which is another test's matter. */
export const unlimited = `
[limits]
subject = "5000/s"
client = "5000/s"
address = "5000/s"
[limits.abuse]
slow_at = 1000000
report_at = 1000000
`;

/** Takes resources in, as `ward import` does. */
export async function take(clinic, name, resources) {
  const file = join(clinic.directory, name + ".ndjson");
  writeFileSync(file, resources.map((one) => JSON.stringify(one)).join("\n") + "\n");
  const imported = await clinic.command("import", file);
  assert.equal(imported.code, 0, imported.stdout + imported.stderr);
}

/** The records of both patients and `more`; some of them with a history. */
export async function fill(clinic, more = []) {
  await take(clinic, "records", [
    ...record(stranger, { practitioner: "dr-baker", department: "dept-cardiology", secret: { ssn: canaries[0], street: canaries[1], value: 777.1234, text: canaries[3] } }),
    ...record(familiar, { practitioner: "dr-adams", nurse: "nurse-cole", department: "dept-primary", secret: { ssn: "999-66-6003", street: "Elm Street", value: 70.5, text: "words" } }),
    ...more,
  ]);
  // The backend sees everybody, so it can move a resource from one patient to another.
  const send = async (method, id, as, body) => (await clinic.request("Observation/" + id, { method, as, body })).status;
  const move = async (id, patient) => assert.equal(await send("PUT", id, "backend-key", measured(patient, { id })), 200);
  assert.equal(await send("DELETE", stranger.deleted, "dr.baker"), 204);
  await move(stranger.moved, familiar.patient);
  await move(stranger.moved, stranger.patient);
  await move(familiar.moved, stranger.patient);
  await move(familiar.moved, familiar.patient);
}

export async function addClient(clinic, id, roles, scope) {
  const client = join(clinic.directory, id + ".json");
  writeFileSync(client, JSON.stringify({ client_id: id, scope, roles, purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  const added = await clinic.command("client", "add", "--file", client);
  assert.equal(added.code, 0, added.stdout + added.stderr);
}

/** A clinic to be the server behind, and the route in front of it. `extra`: its own settings; `keys`: the route's. */
export async function startBehind(extra = unlimited, keys = "") {
  const behind = await Ward.start({ extra });
  await addClient(behind, "front", ["backend"], "system/*.cruds");
  const token = join(behind.directory, "front.token");
  writeFileSync(token, await behind.token("front"), { mode: 0o600 });
  return { behind, route: `
[route.ehr]
path = "/ehr/fhir"
upstream = "${behind.fhir}"
fhir = true
ca = "${behind.demo.ca_file}"
bearer_file = "${token}"
${keys}
` };
}
