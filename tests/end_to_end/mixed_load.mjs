// Mixed load that remembers each answer, and the questions that a server which died under it must be able to answer.
import assert from "node:assert/strict";
import https from "node:https";
import { randomUUID } from "node:crypto";
import { auditQuery, sleep } from "./ward.mjs";

/** Limits that leave the load alone, and segments small enough to roll under it. */
export const generous = `
[limits]
subject = "100000/s"
client = "100000/s"
address = "100000/s"
route = "100000/s"
[audit]
segment = "512 KiB"
[limits.abuse]
slow_at = 1000000
report_at = 1000000
patients_max = 1000
`;

const system = "urn:ward:test:mark";
const who = "backend-key";

/** What the clients of one round were told. */
export class Memory {
  began = new Date().toISOString();
  answers = [];         // { mark, status } of every answer received
  changes = new Map();  // id -> every acknowledged { id, version, mark, deleted }, in order

  acknowledge(change) {
    if (!this.changes.has(change.id)) this.changes.set(change.id, []);
    this.changes.get(change.id).push(change);
  }
}

/** One client with its own connection and its own resources. */
class Client {
  constructor(ward, memory, patients, number) {
    Object.assign(this, { ward, memory, patients, number });
    this.agent = new https.Agent({ ca: ward.ca, keepAlive: true, maxSockets: 1 });
    this.own = [];
    this.running = true;
    this.count = 0;
  }

  async ask(method, path, body) {
    const mark = randomUUID().replaceAll("-", "");
    const answer = await this.ward.request(path, {
      as: who, method, agent: this.agent, headers: { "x-request-id": mark }, body: body?.(mark),
    });
    assert.equal(answer.headers["x-request-id"], mark);
    this.memory.answers.push({ mark, status: answer.status });
    ++this.count;
    return { ...answer, mark };
  }

  observation(mark, id) {
    return {
      resourceType: "Observation", ...(id ? { id } : {}), status: "final",
      identifier: [{ system, value: mark }],
      code: { coding: [{ system: "urn:ward:test", code: "load" }] },
      subject: { reference: "Patient/" + this.patients[this.number % this.patients.length] },
      valueString: mark.repeat(4),
    };
  }

  async create() {
    const { status, json, mark } = await this.ask("POST", "Observation", (mark) => this.observation(mark));
    assert.equal(status, 201);
    this.own.push(json.id);
    this.memory.acknowledge({ id: json.id, version: Number(json.meta.versionId), mark });
  }

  async update() {
    const id = this.own.at(-1);
    const { version } = this.memory.changes.get(id).at(-1);
    const { status, json, mark } = await this.ask("PUT", "Observation/" + id, (mark) => this.observation(mark, id));
    assert.equal(status, 200);
    assert.ok(Number(json.meta.versionId) > version);
    this.memory.acknowledge({ id, version: Number(json.meta.versionId), mark });
  }

  async remove() {
    const id = this.own.pop();
    const { version } = this.memory.changes.get(id).at(-1);
    const { status, mark } = await this.ask("DELETE", "Observation/" + id);
    assert.ok(status === 204 || status === 200, String(status));
    this.memory.acknowledge({ id, version: version + 1, mark, deleted: true });
  }

  async transaction() {
    const entries = (mark) => [1, 2, 3].map(() => ({ resource: this.observation(mark), request: { method: "POST", url: "Observation" } }));
    const { status, json, mark } = await this.ask("POST", "", (mark) => ({ resourceType: "Bundle", type: "transaction", entry: entries(mark) }));
    assert.equal(status, 200);
    for (const { response } of json.entry) {
      const [, id, version] = response.location.match(/Observation\/([^/]+)\/_history\/(\d+)$/);
      this.own.push(id);
      this.memory.acknowledge({ id, version: Number(version), mark });
    }
  }

  async look() {
    const path = this.count % 2 === 0 ? "Patient/" + this.patients[this.count % this.patients.length] : "Observation?_count=5&patient=" + this.patients[0];
    const { status } = await this.ask("GET", path);
    assert.equal(status, 200);
  }

  async run() {
    try {
      while (this.running) {
        await this.create();
        await this.look();
        await this.update();
        await this.look();
        if (this.count % 3 === 0) await this.remove();
        if (this.count % 5 === 0) await this.transaction();
        if (this.own.length > 20) this.own.splice(0, 10);
      }
    } catch (error) {
      if (this.running || error.code === "ERR_ASSERTION") throw error;  // the server's death is the end of the round, and no failure
    } finally {
      this.agent.destroy();
    }
  }
}

const answersMin = 60;

/** Clients that send for a while of some answers and some chance, until `kill` has. Gives what they were told. */
export async function loadUntil(ward, clients, kill) {
  const memory = new Memory();
  await ward.token(who);
  const all = Array.from({ length: clients }, (_, number) => new Client(ward, memory, ward.demo.patients, number));
  let ending = false;
  const running = Promise.all(all.map((client) => client.run())).then(() => assert.ok(ending, "the clients ended by themselves"));
  running.catch(() => {});
  const end = async () => {
    while (memory.answers.length < answersMin) await sleep(20);
    await sleep(Math.random() * 800);
    ending = true;
    for (const client of all) client.running = false;
    await kill();
  };
  await Promise.race([running, end()]);
  await running;
  return memory;
}

/** Acceptance 5, asked of a server that died under a round's load and was started again. Gives counts for the reader. */
export async function check(ward, memory) {
  const verified = await ward.command("audit", "verify", "--json");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const log = await logSince(ward, memory.began);
  everyAnswerHasItsRecord(memory, log);
  everyIntentIsSettled(log);
  const found = await allVersions(ward, new Set([...memory.changes.keys(), ...(await newObservations(ward, memory))]));
  everyAcknowledgedChangeIsThere(memory.changes, found);
  noChangeLacksItsIntent(memory, log, found);
  const atStart = whatStartUpSettledIsTrue(log, found);
  return { answers: memory.answers.length, records: log.entries.length, resources: found.size, atStart };
}

async function logSince(ward, time) {
  const entries = await auditQuery(ward, "--from", time);
  const log = { entries, of: new Map(), intents: new Map(), outcomes: new Map() };
  for (const entry of entries) {
    if (entry.request) log.of.set(entry.request, [...(log.of.get(entry.request) ?? []), entry]);
    if (entry.event === "intent") log.intents.set(entry.index, entry);
    if (entry.event === "outcome") log.outcomes.set(entry.intent, entry);
  }
  return log;
}

function everyAnswerHasItsRecord(memory, log) {
  for (const { mark, status } of memory.answers) {
    const records = (log.of.get(mark) ?? []).filter((one) => one.event !== "intent");
    assert.ok(records.some((one) => one.status === status), `an answer ${status} without its record: ${mark} ${JSON.stringify(log.of.get(mark))}`);
  }
}

function everyIntentIsSettled(log) {
  for (const [index, intent] of log.intents) assert.ok(log.outcomes.has(index), `intent ${index} of ${intent.request} was left open`);
}

/** Ids of what the load stored in this round, acknowledged or not. */
async function newObservations(ward, memory) {
  const ids = [];
  for (let next = `Observation?code=urn:ward:test%7Cload&_lastUpdated=ge${memory.began}&_count=200`; next;) {
    const { status, json, text } = await ward.request(next, { as: who });
    assert.equal(status, 200, text);
    for (const { resource } of json.entry ?? []) ids.push(resource.id);
    next = json.link?.find((one) => one.relation === "next")?.url;
  }
  return ids;
}

async function versions(ward, id) {
  const { status, json, text } = await ward.request(`Observation/${id}/_history?_count=1000`, { as: who });
  if (status === 404) return [];
  assert.equal(status, 200, text);
  return json.entry.map(({ resource, response }) => ({
    version: Number(response.etag.match(/\d+/)[0]), mark: resource?.identifier[0].value, value: resource?.valueString, deleted: resource === undefined,
  }));
}

/** id -> its versions, some asked for at once. */
export async function allVersions(ward, ids) {
  const found = new Map(), left = [...ids];
  const work = async () => { for (let id; (id = left.pop());) found.set(id, await versions(ward, id)); };
  await Promise.all([work(), work(), work(), work()]);
  return found;
}

export function everyAcknowledgedChangeIsThere(changes, found) {
  for (const [id, all] of changes)
    for (const { version, mark, deleted } of all) {
      const there = found.get(id).find((one) => one.version === version);
      assert.ok(there, `acknowledged, and gone: Observation/${id} version ${version} of ${mark}`);
      assert.equal(there.deleted, deleted === true);
      if (!deleted) assert.deepEqual([there.mark, there.value], [mark, mark.repeat(4)]);
    }
}

const names = (entry, id) => entry.subjects?.some((one) => one.resources.includes("Observation/" + id));

function noChangeLacksItsIntent(memory, log, found) {
  for (const [id, all] of found) {
    for (const { mark, deleted } of all) {
      if (deleted) continue;
      const intent = log.of.get(mark)?.find((one) => one.event === "intent");
      assert.ok(intent, `a change without its INTENT: Observation/${id} of ${mark}`);
      assert.ok(names(intent, id), JSON.stringify(intent));
    }
    const removed = all.filter((one) => one.deleted).length;
    const meant = removed && [...log.intents.values()].filter((one) => one.method === "DELETE" && names(one, id)).length;
    assert.ok(removed <= meant, `a deletion without its INTENT: Observation/${id}`);
  }
}

/** An OUTCOME that start-up wrote says what the store holds. */
function whatStartUpSettledIsTrue(log, found) {
  const marks = new Set([...found.values()].flat().map((one) => one.mark));
  const settled = [...log.outcomes.values()].filter((one) => one.detail?.some(([name]) => name === "settled"));
  for (const { method, request, outcome } of settled)
    if (method !== "DELETE") assert.equal(outcome === "success", marks.has(request), `settled as ${outcome}: ${request}`);
  return settled.length;
}
