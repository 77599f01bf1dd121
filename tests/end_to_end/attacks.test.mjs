// Acceptance 7: attacks are blocked where they have no business, recorded with their rules and explained; what clinicians write passes.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ward, auditQuery, root } from "./ward.mjs";

const data = join(root, "tests/shield/data");
const attacks = readFileSync(join(data, "attacks.tsv"), "utf8").trim().split("\n").map((line) => line.split("\t")).map(([kind, text]) => ({ kind, text }));
const notes = readFileSync(join(data, "notes.txt"), "utf8").trim().split("\n");
const quoted = 'BP <120 & falling; pt\'s wife -- "select all from list"; R&D 1=1';

let ward, patient;
before(async () => {
  ward = await Ward.start({ extra: '[limits]\nsubject = "100000/s"\nclient = "100000/s"\naddress = "100000/s"\n[limits.abuse]\ndelay_max = "1 ms"\n' });
  patient = ward.demo.patients[0];
});
after(async () => { await ward?.stop(); ward?.remove(); });

const post = (body, as, headers = {}) => ward.request(body.resourceType, { as, method: "POST", body, headers });
const observation = (text) => ({ resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "8480-6" }] }, subject: { reference: "Patient/" + patient }, note: [{ text }] });
const condition = (text) => ({ resourceType: "Condition", subject: { reference: "Patient/" + patient }, note: [{ text }] });

const read = "Patient/";
const places = {
  "the path": ({ text }) => ward.request(read + encodeURIComponent(text), { as: "dr.adams" }),
  "a string parameter": ({ text }) => ward.request("Patient?name=" + encodeURIComponent(text), { as: "dr.adams" }),
  "a string parameter with a modifier": ({ text }) => ward.request("Patient?address-city:contains=" + encodeURIComponent(text), { as: "dr.adams" }),
  "a parameter's name": ({ text }) => ward.request("Patient?" + encodeURIComponent(text) + "=1", { as: "dr.adams" }),
  "User-Agent": ({ text }) => ward.request(read + patient, { as: "dr.adams", headers: { "user-agent": text } }),
  "Referer": ({ text }) => ward.request(read + patient, { as: "dr.adams", headers: { referer: text } }),
  "X-Anything": ({ text }) => ward.request(read + patient, { as: "dr.adams", headers: { "x-anything": text } }),
  "an identifier's value": ({ text }) => post({ resourceType: "Organization", name: "Attack", identifier: [{ system: "urn:test", value: text }] }, "admin.gray"),
  "a telephone number": ({ text }) => post({ resourceType: "Organization", name: "Attack", telecom: [{ system: "phone", value: text }] }, "admin.gray"),
};

for (const [place, send] of Object.entries(places)) {
  test(`attacks in ${place} are blocked, and each record names the rules`, async (t) => {
    // An address in User-Agent or Referer is what these are for.
    const sent = attacks.filter(({ kind }) => !(kind === "ssrf" && (place === "User-Agent" || place === "Referer")));
    const passed = [], ids = new Set();
    for (const attack of sent) {
      const { status, headers, text } = await send(attack);
      ids.add(headers["x-request-id"]);
      if (status !== 403) passed.push(`${attack.kind} ${attack.text}: ${status}`);
      assert.ok(!text.includes(attack.text), "the answer repeats the attack");
    }
    assert.deepEqual(passed, []);
    assert.ok(sent.length >= 40);
    const blocks = (await auditQuery(ward, "--event", "block")).filter((one) => ids.has(one.request));
    const found = blocks.length > 0 ? blocks : (await auditQuery(ward)).filter((one) => ids.has(one.request));
    assert.equal(found.length, sent.length);
    for (const one of found) {
      assert.equal(one.event, "block");
      assert.match(Object.fromEntries(one.detail).rules, /^\d{6,7}(,\d{6,7})*/);
      assert.equal(one.outcome, "refused");
    }
    t.diagnostic(`${sent.length} blocked`);
  });
}

test("explain names the rules that block a path or a query", async () => {
  for (const url of ["/fhir/Patient?name=" + encodeURIComponent("1' OR '1'='1"), "/fhir/Patient/" + encodeURIComponent("1' UNION SELECT username, password FROM users--"), "/fhir/" + encodeURIComponent("../../../../etc/passwd")]) {
    const { stdout, code, stderr } = await ward.command("explain", "--json", "--user", "dr.adams", "GET", url);
    assert.equal(code, 0, stderr);
    const shield = JSON.parse(stdout).steps.filter((step) => step.stage === "shield" && !step.passed);
    assert.ok(shield.some((step) => /^\d{6,7} /.test(step.detail)), url + "\n" + stdout);
  }
  const plain = JSON.parse((await ward.command("explain", "--json", "--user", "dr.adams", "GET", "/fhir/Patient?name=adams")).stdout).steps;
  assert.ok(plain.filter((step) => step.stage === "shield").every((step) => step.passed));
});

test("the same attacks in clinical free text are taken, scored, and come back escaped and byte for byte", async (t) => {
  const sent = new Map();
  for (const { text } of attacks)
    for (const resource of [observation(text), condition(text)]) {
      const { status, headers, json, text: body } = await post(resource, "dr.adams");
      assert.equal(status, 201, `${text}: ${body}`);
      const back = await ward.request(`${json.resourceType}/${json.id}`, { as: "dr.adams" });
      assert.equal(back.json.note[0].text, text);
      assert.ok(back.text.includes(JSON.stringify(text)), "as it was sent");
      assert.equal(back.headers["x-content-type-options"], "nosniff");
      assert.match(back.headers["content-type"], /^application\/fhir\+json/);
      sent.set(headers["x-request-id"], text);
    }
  const outcomes = (await auditQuery(ward, "--event", "outcome")).filter((one) => sent.has(one.request));
  assert.equal(outcomes.length, sent.size);
  for (const one of outcomes) {
    const { score, rules } = Object.fromEntries(one.detail);
    assert.match(score ?? "", /^0\+[1-9]\d* clinical$/, sent.get(one.request));
    assert.match(rules, /^\d{6,7}/);
  }
  t.diagnostic(`${sent.size} scored`);
});

test("200 clinical notes pass and come back byte for byte", async () => {
  assert.ok(notes.length >= 200 && notes.includes(quoted));
  for (const text of notes) {
    const created = await post(observation(text), "dr.adams");
    assert.equal(created.status, 201, `${text}: ${created.text}`);
    const back = await ward.request("Observation/" + created.json.id, { as: "dr.adams" });
    assert.ok(back.text.includes(`"note":[{"text":${JSON.stringify(text)}}]`), text);
  }
  assert.deepEqual((await auditQuery(ward, "--event", "block")).filter((one) => one.route === "/fhir/{type}" && one.detail.some(([, value]) => /clinical/.test(value) && !/\+0 clinical/.test(value))), []);
});

const narrative = (inside) => ({ ...observation("with narrative"), text: { status: "additional", div: `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>` } });

test("a good narrative stays byte for byte", async () => {
  for (const inside of ["<p>Weight &lt; 80&#160;kg &amp; falling</p>", '<table class="grid"><tr><td colspan="2">a</td></tr></table>', '<p>see <a href="https://example.org/plan">the plan</a></p>', "<p>\\u00fc ü – naïve</p>"]) {
    const resource = narrative(inside), { status, json, text } = await post(resource, "dr.adams");
    assert.equal(status, 201, text);
    assert.equal(json.text.div, resource.text.div);
    assert.equal((await ward.request("Observation/" + json.id, { as: "dr.adams" })).json.text.div, resource.text.div);
  }
});

test("a narrative with active parts is cleaned; the answer warns and the record says so", async () => {
  for (const [inside, gone] of [["<p>a</p><script>alert(1)</script>", /script|alert/], ['<p onclick="steal()">a</p>', /onclick|steal/], ['<p>a <a href="javascript:alert(1)">b</a></p>', /javascript|alert/], ['<p>a</p><iframe src="https://evil.example/"></iframe>', /iframe|evil/]]) {
    const { status, headers, json, text } = await post(narrative(inside), "dr.adams");
    assert.equal(status, 201, text);
    assert.equal(json.resourceType, "OperationOutcome");
    assert.equal(json.issue[0].severity, "warning");
    assert.match(json.issue[0].diagnostics, /^cleaned: /);
    assert.match(headers.location, /\/Observation\/[^/]+\/_history\/1$/);
    const stored = await ward.request(headers.location.replace(/\/_history\/1$/, ""), { as: "dr.adams" });
    assert.match(stored.json.text.div, /<p>a/);
    assert.doesNotMatch(stored.text, gone);
    const records = await auditQuery(ward, "--request", headers["x-request-id"]);
    assert.ok(records.some((one) => one.detail?.some(([name]) => name === "narrative_cleaned")), JSON.stringify(records));
  }
});
