// HL7's example resources: each is created, read back equal, found by each of its search parameters, and valid again.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ward, root } from "./ward.mjs";

const folder = process.env.WARD_R4_EXAMPLES ?? join(root, "build/r4/node_modules/hl7.fhir.r4.examples");
// What defines FHIR itself; the other resources of the package are its examples.
const definitional = new Set(["SearchParameter", "ValueSet", "CodeSystem", "StructureDefinition", "OperationDefinition", "ConceptMap"]);

/** Examples that break a rule of the same publication, and are refused for it. */
const faulty = {
  "ActivityDefinition-blood-tubes-supply": "text.div is empty",
  "ActivityDefinition-heart-valve-replacement": "text.div is empty",
  "EventDefinition-example": "text.div is empty",
  "Questionnaire-zika-virus-exposure-assessment": "text.div is empty",
  "DeviceMetric-example": "parent refers to a DeviceDefinition; allowed is Device",
  "DeviceUseStatement-example": "reasonReference refers to a Procedure",
  "MedicationRequest-medrx0301": "dispenseRequest.performer refers to a Practitioner; allowed is Organization",
  "Observation-clinical-gender": "performer refers to an Encounter",
  "Questionnaire-qs1": "items without linkId",
  "CapabilityStatement-knowledge-repository": "search parameters with other types than R4 gives them",
  "CapabilityStatement-measure-processor": "search parameters with other types than R4 gives them",
  "CapabilityStatement-terminology-server": "search parameters with other types than R4 gives them",
};

/** The publication's own bundles, beyond the limits of a request (8 MiB; 100,000 members). */
const large = new Set(["Bundle-dataelements", "Bundle-extensions", "Bundle-profiles-others", "Bundle-resources", "Bundle-v2-valuesets",
  "Bundle-valueset-expansions", "Bundle-valuesets", "ImplementationGuide-fhir", "ig-r4"]);

/** JSON with every number as its own text, so that 1.0 and 1 differ. */
export const exact = (text) => JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (all, quoted) => quoted ?? `"#${all}"`));

/** What the server makes anew, and the narratives, which the shield may clean. */
function comparable(resource, narratives) {
  const { versionId, lastUpdated, ...meta } = resource.meta ?? {};
  const out = { ...resource, id: undefined, meta: Object.keys(meta).length ? meta : undefined };
  const visit = (value) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value && typeof value === "object") {
      if (typeof value.div === "string" && value.status) {
        narratives.push(value.div);
        value.div = "";
      }
      Object.values(value).forEach(visit);
    }
  };
  visit(out);
  return JSON.parse(JSON.stringify(out));
}

// ---- search values by plain paths of the parameters

const params = () => readdirSync(folder).filter((name) => name.startsWith("SearchParameter-")).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")))
  .filter((one) => one.version === "4.0.1" && one.expression);

const choices = (value, name) => Object.keys(value).filter((key) => key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length))).map((key) => ({ value: value[key], type: key.slice(name.length) }));

/** The values at "Patient.name.family", "(Observation.value as Quantity)", "X.where(resolve() is Patient)"; undefined for other paths. */
function valuesAt(resource, path) {
  let text = path.trim(), wanted;
  const as = /^\(?\s*([\w.]+)\s+as\s+(\w+)\s*\)?$/.exec(text) ?? /^([\w.]+)\.(?:as|ofType)\((\w+)\)$/.exec(text);
  if (as) [, text, wanted] = as;
  const of = /\.where\(resolve\(\) is (\w+)\)$/.exec(text);
  if (of) text = text.slice(0, of.index);
  if (!/^[A-Z]\w*(\.\w+)+$/.test(text)) return undefined;
  const [type, ...steps] = text.split(".");
  if (type !== resource.resourceType && type !== "Resource" && type !== "DomainResource") return [];
  let found = [{ value: resource, type }];
  for (const step of steps)
    found = found.flatMap(({ value }) => {
      if (value === null || typeof value !== "object") return [];
      if (value[step] !== undefined) return [value[step]].flat().map((one) => ({ value: one }));
      return choices(value, step).flatMap((one) => [one.value].flat().map((each) => ({ value: each, type: one.type })));
    });
  if (wanted) found = found.filter((one) => one.type === undefined || one.type.toLowerCase() === wanted.toLowerCase());
  if (of) found = found.filter(({ value }) => new RegExp(`(^|/)${of[1]}/`).test(value?.reference ?? ""));
  return found.map((one) => one.value).filter((one) => one !== null && one !== undefined);
}

const escaped = (text) => String(text).replace(/[\\,|$]/g, (c) => "\\" + c);

/** The text to search an element by, or undefined where it has none. */
function asked(type, value) {
  const plain = typeof value !== "object";
  switch (type) {
    case "token":
      if (plain) return escaped(value);
      if (value.coding) return asked(type, value.coding[0] ?? {});
      if (value.code !== undefined) return (value.system ? escaped(value.system) + "|" : "") + escaped(value.code);
      if (value.value !== undefined) return (value.system && !/^(phone|fax|email|pager|url|sms|other)$/.test(value.system) ? escaped(value.system) + "|" : "") + escaped(value.value);
      return undefined;
    case "string":
      return plain ? escaped(value) : escaped(value.family ?? value.given?.[0] ?? value.text ?? value.city ?? value.line?.[0] ?? "") || undefined;
    case "uri": return plain ? value : undefined;
    case "reference": {
      const text = plain ? value : value.reference;
      return text && !text.startsWith("#") ? escaped(text) : undefined;
    }
    // A period is not within a day: what it begins or ends with bounds it.
    case "date": {
      const text = plain ? String(value) : value.start ? "ge" + value.start : value.end ? "le" + value.end : undefined;
      return /^(ge|le)?\d{4}/.test(text ?? "") ? text : undefined;
    }
    case "number": return plain ? String(value) : undefined;
    case "quantity": return plain || value.value === undefined ? undefined : [value.value, escaped(value.system ?? ""), escaped(value.code ?? value.unit ?? "")].join("|");
    default: return undefined;
  }
}

// ---- the test

let ward;
const ids = new Map();  // by the example's name: a server chooses the ids of what is created
const taken = () => [...ids.keys()];
const send = (path, options = {}) => ward.request(path, { as: "examples", ...options });

before(async () => {
  ward = await Ward.start({ extra: `
[limits]
subject = "50000/s"
client = "50000/s"
address = "50000/s"
[limits.abuse]
slow_at = 10000000
report_at = 10000000

[role.examples]
may = ["system/*.cruds"]
reason = "a test"
patients = "all"
purpose = ["TREAT"]
clearances = ["*"]

[labels]
lists = []
` });
  const client = join(ward.directory, "examples.json");
  writeFileSync(client, JSON.stringify({ client_id: "examples", scope: "system/*.cruds", roles: ["examples"], purpose: "TREAT", token_endpoint_auth_method: "client_secret_basic" }));
  const added = await ward.command("client", "add", "--file", client);
  assert.equal(added.code, 0, added.stdout + added.stderr);
  await ward.stop();
  const file = join(ward.directory, "ward.toml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/^\[fhir\]$/m, '[fhir]\nreferences = "unchecked"').replace(/^mode = "block"$/m, 'mode = "detect"'));
  ward = await Ward.start({ data: ward.directory, extra: readFileSync(join(ward.directory, "extra.toml"), "utf8") });
});
after(async () => {
  await ward?.stop();
  ward?.remove();
});

const all = existsSync(folder)
  ? readdirSync(folder).filter((name) => /^[A-Z]\w*-.*\.json$/.test(name) || name === "ig-r4.json").map((name) => name.slice(0, -5)).filter((name) => !large.has(name) && !definitional.has(name.split("-")[0]))
  : [];
const source = (name) => readFileSync(join(folder, name + ".json"), "utf8");
const skip = all.length === 0 && "HL7's package is not in build/r4";

test("each example is taken, or refused for the fault that it has", { skip, timeout: 300_000 }, async () => {
  const wrong = [];
  for (const name of all) {
    const made = await send(JSON.parse(source(name)).resourceType, { method: "POST", body: source(name) });
    if (made.status !== (faulty[name] ? 422 : 201)) wrong.push(`${name}: ${made.status} ${made.text.slice(0, 400)}`);
    // Where a narrative was cleaned, the answer is an OperationOutcome that says so.
    if (made.status === 201) ids.set(name, made.headers.location.split("/").at(-3));
  }
  console.log(`${all.length} examples`);
  assert.deepEqual(wrong, []);
});

test("each is read back equal, digit for digit", { skip, timeout: 300_000 }, async () => {
  const wrong = [];
  let cleaned = 0;
  for (const name of taken()) {
    const { resourceType } = JSON.parse(source(name));
    const got = await send(`${resourceType}/${ids.get(name)}`, { headers: { accept: "application/fhir+json" } });
    if (got.status !== 200) { wrong.push(`${name}: ${got.status}`); continue; }
    const before = [], now = [];
    try {
      assert.deepEqual(comparable(exact(got.text), now), comparable(exact(source(name)), before));
      assert.equal(now.length, before.length, "narratives");
      cleaned += now.filter((div, i) => div !== before[i]).length;
    } catch (error) { wrong.push(`${name}: ${error.message.slice(0, 600)}`); }
  }
  console.log(`${cleaned} narratives were cleaned`);
  assert.deepEqual(wrong, []);
});

test("each is valid again as it was read", { skip, timeout: 300_000 }, async () => {
  const wrong = [];
  for (const name of taken()) {
    const { resourceType } = JSON.parse(source(name));
    const got = await send(`${resourceType}/${ids.get(name)}`, { headers: { accept: "application/fhir+json" } });
    const judged = await send(`${resourceType}/$validate`, { method: "POST", body: got.text });
    const errors = judged.json?.issue?.filter((one) => one.severity === "error") ?? [{}];
    if (judged.status !== 200 || errors.length) wrong.push(`${name}: ${judged.status} ${JSON.stringify(errors).slice(0, 400)}`);
  }
  assert.deepEqual(wrong, []);
});

test("each is found by each of its search parameters", { skip, timeout: 600_000 }, async () => {
  const parameters = params();
  const wrong = [];
  let searches = 0;
  for (const name of taken()) {
    const resource = JSON.parse(source(name));
    const { resourceType } = resource, id = ids.get(name);
    for (const param of parameters.filter((one) => one.base.some((base) => base === resourceType || base === "Resource" || base === "DomainResource"))) {
      if (param.code === "_id" || param.code === "_lastUpdated") continue;
      const values = param.expression.split("|").map((path) => valuesAt(resource, path)).filter(Boolean).flat();
      const value = values.map((one) => asked(param.type, one)).find((one) => one !== undefined && one !== "");
      if (value === undefined) continue;
      ++searches;
      const got = await send(`${resourceType}?_id=${encodeURIComponent(id)}&${param.code}=${encodeURIComponent(value)}`);
      if (got.status !== 200 || got.json.entry?.[0]?.resource.id !== id) wrong.push(`${name} ?${param.code}=${value}: ${got.status} ${got.status === 200 ? "not found" : got.text.slice(0, 250)}`);
    }
  }
  console.log(`${searches} searches`);
  assert.deepEqual(wrong, []);
});
