// A fixed number of requests from core 1, and what they cost the servers on core 0.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, openSync, writeSync, fdatasyncSync, closeSync, rmSync } from "node:fs";
import https from "node:https";
import { cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const one_core = cpus().length < 2;

/** taskset's arguments: servers on core 0, load on core 1 where there is one. */
export const server_core = ["-c", "0"];
export const load_core = ["-c", one_core ? "0" : "1"];

/** CPU time of all threads of the processes, in microseconds. schedstat counts nanoseconds; stat counts ticks of 10 ms. */
export function cpu_us(pids) {
  let ns = 0;
  for (const pid of pids)
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
      } catch { /* the thread ended meanwhile */ }
    }
  if (ns > 0) return ns / 1000;
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

let written = 0;  // bodies made so far: no two are alike in one run

/** The same by Node's client over HTTP/1.1, each request with a body of its own: what.body_of(i). */
async function load_unique(what) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: what.connections ?? 16, rejectUnauthorized: false });
  let left = what.requests;
  const worker = async () => {
    while (left-- > 0) {
      const body = what.body_of(++written);
      const status = await new Promise((done, failed) => {
        const request = https.request(what.url, { method: "POST", agent, headers: { ...what.headers, "content-length": Buffer.byteLength(body) } }, (answer) => {
          answer.resume().on("end", () => done(answer.statusCode)).on("error", failed);
        });
        request.on("error", failed).end(body);
      });
      if (status !== 201) throw new Error(`${what.url} answered ${status}`);
    }
  };
  try { await Promise.all(Array.from({ length: what.connections ?? 16 }, worker)); } finally { agent.destroy(); }
}

/** h2load against one URL. what: { url, headers, body_file, requests, protocol: "h1" | "h2", connections }. Throws unless every answer is 2xx. */
export async function load(what) {
  if (what.body_of) return load_unique(what);
  const args = [...load_core, "h2load", "-n", String(what.requests), "-c", String(what.connections ?? 16), "-t", "1", "-m", "4"];
  if (what.protocol === "h1") args.push("--h1");
  if (what.body_file) args.push("-d", what.body_file);
  for (const [name, value] of Object.entries(what.headers ?? {})) args.push("-H", `${name}: ${value}`);
  const { stdout } = await run("taskset", [...args, what.url], { maxBuffer: 1 << 24 });
  const good = /status codes: (\d+) 2xx/.exec(stdout);
  if (!good || Number(good[1]) !== what.requests) throw new Error(`not every answer from ${what.url} was 2xx: ${/status codes.*/.exec(stdout)?.[0] ?? "no answer"}`);
}

/** Microseconds of CPU per request: the least of several rounds, since other work on the machine only ever adds. */
export async function cost(pids, what, rounds = 3) {
  await load({ ...what, requests: Math.max(what.connections ?? 16, Math.ceil(what.requests / 10)) });
  let least = Infinity;
  for (let i = 0; i < rounds; ++i) {
    const before = cpu_us(pids);
    await load(what);
    least = Math.min(least, (cpu_us(pids) - before) / what.requests);
  }
  return least;
}

/** Milliseconds that the disk under `directory` takes to keep 4 KiB (median of 100). */
export function disk_ms(directory) {
  const file = join(directory, "disk-probe"), descriptor = openSync(file, "w"), block = Buffer.alloc(4096, 7), times = [];
  for (let i = 0; i < 100; ++i) {
    writeSync(descriptor, block, 0, block.length, i * block.length);
    const began = process.hrtime.bigint();
    fdatasyncSync(descriptor);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  closeSync(descriptor);
  rmSync(file);
  return times.sort((a, b) => a - b)[50];
}
