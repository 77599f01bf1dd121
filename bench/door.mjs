// CPU time per request of Ward, of nginx as a plain TLS proxy, and of nginx with ModSecurity and the Core Rule Set: one run, one machine,
// servers on core 0, load on core 1, TLS 1.3. Only the doors are counted, never the server behind them.
//   node door.mjs [quick]
import { chmodSync, mkdtempSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ward } from "../tests/end_to_end/ward.mjs";
import { cost, disk_ms } from "./load.mjs";
import { start_static, start_proxy, modsecurity_module } from "./nginx.mjs";
import { patient, observation } from "./samples.mjs";

const quick = process.argv.includes("quick");
const who = "dr.adams";
const requests = quick ? { read: 2_000, bundle: 200, post: 200 } : { read: 20_000, bundle: 2_000, post: 2_000 };

const missing = [["h2load", "nghttp2-client"], ["nginx", "nginx"], ["taskset", "util-linux"]].filter(([tool]) => {
  try { execFileSync("sh", ["-c", `command -v ${tool}`]); return false; } catch { return true; }
});
if (missing.length > 0) {
  console.log(`bench door: skipped, for ${missing.map(([tool, from]) => `${tool} (package ${from})`).join(", ")} is not here`);
  process.exit(0);
}

/** Rates are lifted, or they would be what is measured; each is still looked up and counted. */
const settings = (more = "") => `
[server]
cores = 1
[limits]
subject = "1000000/s"
client = "1000000/s"
address = "1000000/s"
[identity]
access_token_lifetime = "60 min"
${more}`;

async function prepare(ward) {
  const id = ward.demo.patients[0];
  const current = await ward.request("Patient/" + id, { as: who });
  const put = await ward.request("Patient/" + id, { as: who, method: "PUT", body: patient(current.json) });
  if (put.status !== 200) throw new Error("no sample patient: " + put.text);
  for (let i = 0; i < 10; ++i) {
    const made = await ward.request("Observation", { as: who, method: "POST", body: observation(id) });
    if (made.status !== 201) throw new Error("no sample observation: " + made.text);
  }
  const read = await ward.request("Patient/" + id, { as: who });
  const bundle_path = `/fhir/Observation?patient=${id}&_count=120`;
  const bundle = await ward.request(bundle_path, { as: who });
  const body = JSON.stringify(observation(id));
  return { read: { path: "/fhir/Patient/" + id, text: read.text }, bundle: { path: "/fhir/Observation", url: bundle_path, text: bundle.text }, post: { path: "/fhir/Observation", text: body } };
}

function cases(samples, body_file, port, token, base) {
  const url = (path) => `https://localhost:${port}${path.replace(/^\/fhir/, base)}`;
  const headers = { accept: "application/fhir+json", "user-agent": "bench/1", ...(token ? { authorization: "Bearer " + token } : {}) };
  const shapes = {
    read: { url: url(samples.read.path), headers },
    bundle: { url: url(samples.bundle.url), headers },
    post: { url: url(samples.post.path), headers: { ...headers, "content-type": "application/json" }, body_file },
  };
  const all = [];
  for (const [name, what] of Object.entries(shapes)) for (const protocol of ["h1", "h2"]) all.push({ name, protocol, ...what, requests: requests[name] });
  // Texts that were clean are remembered; here no two notes are alike, so each is scanned.
  const note = (i) => { const made = JSON.parse(samples.post.text); made.note[0].text += ` Reading ${i} of this morning, by cuff ${i % 7}.`; return JSON.stringify(made); };
  all.push({ name: "post new text", protocol: "h1", ...shapes.post, body_file: undefined, body_of: note, requests: Math.ceil(requests.post / 4) });
  return all;
}

const directory = mkdtempSync(join(tmpdir(), "ward-bench-"));
chmodSync(directory, 0o755);  // nginx drops root for its workers
const started = [];
const results = new Map();  // "read h1" -> { door: us }
try {
  const ward = await Ward.start({ extra: settings(), cpu: 0 });
  started.push({ stop: async () => { await ward.stop(); ward.remove(); } });
  const samples = await prepare(ward);
  const body_file = join(directory, "post.json");
  writeFileSync(body_file, samples.post.text);
  const tls = { chain: join(ward.directory, "tls/server.pem"), key: join(ward.directory, "tls/server.key") };
  const behind = await start_static(join(directory, "static"), samples);
  started.push(behind);
  const plain = await start_proxy(join(directory, "plain"), behind.port, tls);
  started.push(plain);

  const token = await ward.token(who);
  const doors = [["nginx", plain.pids, plain.port, "", "/fhir"], ["ward embedded", [ward.demo.pid], ward.port, token, "/fhir"]];
  if (existsSync(modsecurity_module)) {
    const guarded = await start_proxy(join(directory, "guarded"), behind.port, { ...tls, modsecurity: true });
    started.push(guarded);
    doors.splice(1, 0, ["nginx+CRS", guarded.pids, guarded.port, "", "/fhir"]);
  } else {
    console.log("bench door: no ModSecurity (package libnginx-mod-http-modsecurity): those columns stay empty");
  }
  const proxied = await proxied_ward(behind.port).catch((error) => void console.log("bench door: Ward as a proxy is left out: " + error.message));
  if (proxied) {
    started.push({ stop: async () => { await proxied.stop(); proxied.remove(); } });
    doors.push(["ward proxied", [proxied.demo.pid], proxied.port, await proxied.token(who), "/behind/fhir"]);
  }

  console.log(`sizes: read ${samples.read.text.length}, bundle ${samples.bundle.text.length}, post ${samples.post.text.length} bytes; requests ${JSON.stringify(requests)}, least of 3 rounds; fdatasync of 4 KiB: ${disk_ms(directory).toFixed(2)} ms`);
  for (const [door, pids, port, bearer, base] of doors)
    for (const one of cases(samples, body_file, port, bearer, base)) {
      const least_requests = door === "nginx+CRS" && one.name !== "read" && !one.body_of ? { requests: Math.ceil(one.requests / 4) } : {};
      const key = `${one.name} ${one.protocol}`;
      const us = await cost(pids, { ...one, ...least_requests }).catch((error) => void console.log(`${door}, ${key}: ${error.message}`));
      if (!results.has(key)) results.set(key, {});
      if (us !== undefined) results.get(key)[door] = us;
      process.stderr.write(`${door}, ${key}: ${us?.toFixed(1) ?? "-"} us\n`);
    }
  table(doors.map(([name]) => name));
} finally {
  for (const one of started.reverse()) await one.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** A second clinic whose FHIR route leads to the static server, which has no Practitioner to be referred to. */
async function proxied_ward(port) {
  return Ward.start({ cpu: 0, extra: settings(`
[route.behind]
path = "/behind/fhir"
upstream = "http://127.0.0.1:${port}/fhir"
allow_plaintext = "loopback"
fhir = true
references = "unchecked"
`) });
}

function table(doors) {
  const wards = doors.filter((name) => name.startsWith("ward"));
  const head = ["us of CPU per request", ...doors, ...wards.flatMap((name) => [`${name} / nginx`, `${name} / nginx+CRS`])];
  const rows = [...results].map(([key, by]) => [key, ...doors.map((name) => by[name]?.toFixed(1) ?? "-"),
    ...wards.flatMap((name) => ["nginx", "nginx+CRS"].map((other) => (by[name] && by[other] ? (by[name] / by[other]).toFixed(2) + "x" : "-")))]);
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i]))).join("  ");
  console.log("\n" + [line(head), width.map((w) => "-".repeat(w)).join("  "), ...rows.map(line)].join("\n"));
}
