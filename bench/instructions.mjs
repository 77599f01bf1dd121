// Instructions per request, counted by callgrind: the same on a busy machine as on an idle one. A growth above 3 % over
// instructions.json fails. The demo's data come from a seed, and everything runs on one core.
//   node instructions.mjs [update] [profile]     update: keep what was counted now; profile: say which functions they are, too
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { observation, patient } from "./samples.mjs";

const growth_max = 1.03;
const kept_file = join(import.meta.dirname, "instructions.json");
const update = process.argv.includes("update");
const profile = process.argv.includes("profile");
const who = "dr.adams";

for (const tool of ["valgrind", "callgrind_control"]) {
  try { execFileSync("sh", ["-c", `command -v ${tool}`]); } catch {
    console.log(`bench instructions: skipped, for ${tool} (package valgrind) is not here`);
    process.exit(0);
  }
}

// Only the server runs inside valgrind, not the commands that talk to it.
const scratch = mkdtempSync(join(tmpdir(), "ward-instructions-"));
const wrapper = join(scratch, "ward");
const real = process.env.WARD_BINARY ?? resolve(import.meta.dirname, "../build/release/ward");
writeFileSync(wrapper, `#!/bin/sh
[ "$1" = demo ] && [ -n "$WARD_COUNTED" ] && exec valgrind --tool=callgrind --instr-atstart=no --separate-threads=yes --callgrind-out-file=${scratch}/out --log-file=${scratch}/valgrind.log ${real} "$@"
exec ${real} "$@"
`);
chmodSync(wrapper, 0o755);
process.env.WARD_BINARY = wrapper;
const { Ward } = await import("../tests/end_to_end/ward.mjs");

const settings = `
[server]
cores = 1
[limits]
subject = "1000000/s"
client = "1000000/s"
address = "1000000/s"
[identity]
access_token_lifetime = "60 min"
`;

const control = (pid, ...args) => execFileSync("callgrind_control", [...args, String(pid)], { stdio: ["ignore", "pipe", "pipe"] });
/** One dump per thread. The log's keeper signs when its clock says so, not for a request: it would only blur the count. */
const dumps = () => readdirSync(scratch).filter((name) => /^out\.\d+/.test(name));
const of_requests = () => dumps().filter((name) => !readFileSync(join(scratch, name), "utf8").includes("audit::Keeper::"));

/** Instructions of `count` requests, one after another on a warm connection. */
async function counted(pid, count, request) {
  for (const name of dumps()) rmSync(join(scratch, name));
  control(pid, "-z");
  control(pid, "-i", "on");
  for (let i = 0; i < count; ++i) await request();
  control(pid, "-i", "off");
  control(pid, "-d");
  if (profile) {
    for (const name of of_requests()) console.log(execFileSync("callgrind_annotate", ["--inclusive=yes", join(scratch, name)], { maxBuffer: 1 << 26 }).toString().split("\n").filter((line) => /\(\s*\d/.test(line)).slice(0, 130).join("\n"));
  }
  const totals = of_requests().map((name) => /^totals: (\d+)/m.exec(readFileSync(join(scratch, name), "utf8"))?.[1] ?? 0);
  return totals.reduce((sum, one) => sum + Number(one), 0) / count;
}

/** The least of three: what a timer did meanwhile only adds. */
async function least(pid, count, request) {
  for (let i = 0; i < 5; ++i) await request();
  let best = Infinity;
  for (let i = 0; i < (profile ? 1 : 3); ++i) best = Math.min(best, await counted(pid, count, request));
  return Math.round(best);
}

const first = await Ward.start({ extra: settings });
const id = first.demo.patients[0];
const current = await first.request("Patient/" + id, { as: who });
await first.request("Patient/" + id, { as: who, method: "PUT", body: patient(current.json) });
await first.stop();
const ward = await Ward.start({ extra: settings, data: first.directory, env: { WARD_COUNTED: "yes" }, patience_s: 300 });
const now = {};
try {
  const expect = async (status, path, options) => {
    const answer = await ward.request(path, { as: who, ...options });
    if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
  };
  const pid = ward.demo.pid;
  now.read = await least(pid, 100, () => expect(200, "Patient/" + id));
  now.search = await least(pid, 20, () => expect(200, `Observation?patient=${id}&_count=100`));
  now.create = await least(pid, 20, () => expect(201, "Observation", { method: "POST", body: observation(id) }));
} finally {
  await ward.stop();
  ward.remove();
  rmSync(scratch, { recursive: true, force: true });
}

const kept = existsSync(kept_file) ? JSON.parse(readFileSync(kept_file, "utf8")) : {};
let failed = false;
console.log("instructions per request      now          kept    ratio");
for (const [name, count] of Object.entries(now)) {
  const ratio = kept[name] ? count / kept[name] : undefined;
  if (ratio > growth_max) failed = true;
  console.log(`${name.padEnd(22)} ${String(count).padStart(10)} ${String(kept[name] ?? "-").padStart(13)} ${ratio ? ratio.toFixed(3).padStart(8) : "       -"}${ratio > growth_max ? "  grew by more than 3 %" : ""}`);
}
if (update || Object.keys(kept).length === 0) writeFileSync(kept_file, JSON.stringify(now, null, 2) + "\n");
if (failed && !update) {
  console.error("bench instructions: a request costs more than it did; find out why, or keep the new counts: node instructions.mjs update");
  process.exit(1);
}
