// Starts the real binary on free ports in a fresh folder, and talks to it over real TLS.
import { spawn, execFile } from "node:child_process";
import { mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import https from "node:https";
import http from "node:http";

const run = promisify(execFile);
export const root = resolve(import.meta.dirname, "../..");
export const binary = process.env.WARD_BINARY ?? join(root, "build/release/ward");
export const long = process.env.WARD_LONG === "yes";
export const shared = process.env.WARD_SHARED_DATA ?? resolve(root, "../shared/data");

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** A running demo clinic. */
export class Ward {
  constructor(directory, child, demo) {
    Object.assign(this, { directory, child, demo });
    this.ca = readFileSync(demo.ca_file);
    this.agent = new https.Agent({ ca: this.ca, keepAlive: true, maxSockets: 64 });
    this.tokens = new Map();
  }

  /** options: extra (TOML text), preload (library), env, data (a directory to take again), cpu (core to run on), patience_s */
  static async start(options = {}) {
    const directory = options.data ?? mkdtempSync(join(tmpdir(), "ward-test-"));
    const args = ["demo", "--data", directory, "--port", "0", "--http-port", "0", "--admin-port", "0"];
    if (options.port) args[args.indexOf("--port") + 1] = String(options.port);
    if (options.extra) {
      writeFileSync(join(directory, "extra.toml"), options.extra);
      args.push("--extra", join(directory, "extra.toml"));
    }
    rmSync(join(directory, "demo.json"), { force: true });
    const env = { ...process.env, ...options.env };
    if (options.preload) env.LD_PRELOAD = options.preload;
    const command = options.cpu === undefined ? [binary, args] : ["taskset", ["-c", String(options.cpu), binary, ...args]];
    const child = spawn(command[0], command[1], { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    const file = join(directory, "demo.json");
    const tries_max = 20 * (options.patience_s ?? 60);
    for (let i = 0; !existsSync(file); ++i) {
      if (child.exitCode !== null || i > tries_max) throw new Error(`ward did not start: ${output}`);
      await sleep(50);
    }
    const ward = new Ward(directory, child, JSON.parse(readFileSync(file, "utf8")));
    ward.output = () => output;
    await ward.ready(options.patience_s);
    return ward;
  }

  get base() { return this.demo.base; }
  get fhir() { return this.demo.fhir; }
  get port() { return Number(new URL(this.base).port); }
  user(name) { return this.demo.users.find((one) => one.username === name); }
  client(id) { return this.demo.clients.find((one) => one.client_id === id); }

  async ready(patience_s = 5) {
    for (let i = 0; i < 40 * patience_s; ++i) {
      try {
        const answer = await plain(this.demo.admin + "/readyz");
        if (answer.status === 200) return;
      } catch { /* not listening yet */ }
      await sleep(25);
    }
    throw new Error("not ready: " + this.output());
  }

  /** `ward ARGS --data DIR`. Gives { code, stdout, stderr }. */
  async command(...args) {
    try {
      const { stdout, stderr } = await run(binary, [...args, "--data", this.directory], { maxBuffer: 1 << 28 });
      return { code: 0, stdout, stderr };
    } catch (error) {
      return { code: error.code ?? 1, stdout: error.stdout ?? "", stderr: error.stderr ?? String(error) };
    }
  }

  /** An access token for a person (by name) or a client (by id), remembered for four minutes. */
  async token(who, scope = "") {
    const key = who + "|" + scope;
    const kept = this.tokens.get(key);
    if (kept && kept.until > Date.now()) return kept.token;
    const flag = this.user(who) ? "--user" : "--client";
    const done = await this.command("token", flag, who, ...(scope ? ["--scope", scope] : []));
    if (done.code !== 0) throw new Error("no token for " + who + ": " + done.stderr);
    const token = done.stdout.trim();
    this.tokens.set(key, { token, until: Date.now() + 240_000 });
    return token;
  }

  /** One request. options: method, headers, body (object or text), as (who), scope, agent. */
  async request(path, options = {}) {
    const url = path.startsWith("https:") ? path : path.startsWith("/") ? this.base + path : this.fhir + "/" + path;
    const headers = { ...options.headers };
    if (options.as) headers.authorization = "Bearer " + (await this.token(options.as, options.scope));
    let body = options.body;
    if (body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body)) body = JSON.stringify(body);
    if (body !== undefined && !headers["content-type"]) headers["content-type"] = "application/fhir+json";
    if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
    return send(https, url, { method: options.method ?? "GET", headers, agent: options.agent ?? this.agent, ca: this.ca }, body);
  }

  async stop(signal = "SIGTERM") {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once("exit", done));
    // Behind taskset the pid is the same: taskset becomes the program.
    this.child.kill(signal);
    await ended;
    this.agent.destroy();
  }

  remove() { rmSync(this.directory, { recursive: true, force: true }); }
}

/** A request by Node's client. Gives { status, headers, text, json, raw }. */
export function send(module, url, options, body) {
  return new Promise((done, failed) => {
    const request = module.request(url, options, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", failed);
      response.on("aborted", () => failed(new Error("answer broke off")));
      response.on("end", () => {
        const raw = Buffer.concat(pieces), text = raw.toString("utf8");
        let json;
        try { json = JSON.parse(text); } catch { /* not JSON */ }
        done({ status: response.statusCode, headers: response.headers, text, json, raw });
      });
    });
    request.setTimeout(options.timeout ?? 30_000, () => request.destroy(new Error("no answer in time")));
    request.on("error", failed);
    request.end(body);
  });
}

export const plain = (url, options = {}) => send(http, url, { method: "GET", ...options });

/** The entries of `ward audit query --json`. */
export async function auditQuery(ward, ...args) {
  const done = await ward.command("audit", "query", "--json", "--limit", "100000", ...args);
  if (done.code !== 0) throw new Error(done.stderr);
  return done.stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}
