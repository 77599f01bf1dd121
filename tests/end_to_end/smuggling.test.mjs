// Acceptance 10: smuggling and framing over raw sockets. A message has one reading; what has two is refused, the
// connection ends, and what was hidden inside never becomes a request - not here, and not at the upstream, where nginx
// writes down all that arrives.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import net from "node:net";
import tls from "node:tls";
import { Ward, auditQuery, sleep } from "./ward.mjs";

const nginx = ["nginx", "/usr/sbin/nginx"].find((tool) => spawnSync(tool, ["-v"]).status === 0);
let ward, token, upstream;

/** nginx that answers everything with 200 and logs request line, host and body length, one line of JSON each. */
class Upstream {
  static async start() {
    const directory = mkdtempSync(join(tmpdir(), "ward-nginx-"));
    mkdirSync(join(directory, "logs"));
    const port = await freePort();
    writeFileSync(join(directory, "nginx.conf"), `
      daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/logs/error.log;
      events { worker_connections 256; }
      http {
        log_format whole escape=json '{"line":"$request","host":"$http_host","length":"$http_content_length","coding":"$http_transfer_encoding","body":"$request_body","connection":"$connection","headers":"$http_x_smuggled$http_x_marker"}';
        access_log ${directory}/logs/access.log whole;
        client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/f; uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
        default_type application/json;
        # a request passed to ourselves has its body read, and so logged
        server { listen 127.0.0.1:${port}; location / { proxy_pass http://unix:${directory}/echo.sock; } }
        server { listen unix:${directory}/echo.sock; access_log off; location / { return 200 '{"taken":true}'; } }
      }`);
    const child = spawn(nginx, ["-p", directory, "-c", join(directory, "nginx.conf")], { stdio: "ignore" });
    const started = Object.assign(new Upstream(), { directory, port, child });
    for (let i = 0; i < 100 && !(await reachable(port)); ++i) await sleep(50);
    return started;
  }
  /** What arrived: nginx logs a request when its answer is out. */
  async arrived() {
    await sleep(60);
    const file = join(this.directory, "logs/access.log");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)).filter((one) => !one.line.startsWith("GET /metadata") && !one.line.startsWith("GET /health")) : [];
  }
  async stop() {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const freePort = () => new Promise((done) => { const server = net.createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => done(port)); }); });
const reachable = (port) => new Promise((done) => { const socket = net.connect(port, "127.0.0.1", () => { socket.destroy(); done(true); }); socket.on("error", () => done(false)); });

before(async () => {
  upstream = nginx ? await Upstream.start() : null;
  // nothing on this route may wait: the cases come quickly, and most of them are refused
  const calm = "[limits.abuse]\nslow_at = 100000\nreport_at = 100000\n";
  const route = upstream ? `[route.recorder]\npath = "/recorder"\nupstream = "http://127.0.0.1:${upstream.port}"\nallow_plaintext = "loopback"\nmethods = ["GET", "HEAD", "POST"]\nwhole = true\nreason = "a recorder without data"\n[route.recorder.firewall]\nmode = "off"\n` : "";
  ward = await Ward.start({ extra: calm + route });
  token = await ward.token("dr.adams");
  // The circuit opens only after failures, so one good request shows that the way is clear.
  if (upstream) assert.equal((await ward.request("/recorder/ready", { as: "dr.adams" })).status, 200);
});
after(async () => {
  await ward?.stop();
  ward?.remove();
  await upstream?.stop();
});

/** Sends bytes (an array: piece by piece) over TLS. Gives the answers and whether the server ended the connection. */
function exchange(bytes, wait = 700) {
  return new Promise((done, failed) => {
    let got = Buffer.alloc(0), ended = false;
    const socket = tls.connect({ host: "127.0.0.1", port: ward.port, servername: "localhost", ca: ward.ca, ALPNProtocols: ["http/1.1"] }, async () => {
      for (const piece of [bytes].flat()) { if (!socket.destroyed) socket.write(Buffer.from(piece, "latin1")); await sleep(Array.isArray(bytes) ? 30 : 0); }
    });
    socket.setTimeout(wait, () => socket.destroy());
    socket.on("data", (piece) => (got = Buffer.concat([got, piece])));
    socket.on("end", () => (ended = true));
    socket.on("error", (error) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? (ended = true) : failed(error)));
    socket.on("close", () => done({ answers: split(got.toString("latin1")), ended }));
  });
}

/** Splits a stream of HTTP/1.1 answers by their content-length; fails on what belongs to none. */
function split(text) {
  const answers = [];
  while (text) {
    const end = text.indexOf("\r\n\r\n");
    assert.ok(end > 0 && text.startsWith("HTTP/1.1 "), "bytes that are no answer: " + JSON.stringify(text.slice(0, 80)));
    const head = text.slice(0, end + 2), length = Number(head.match(/\r\ncontent-length: (\d+)\r\n/i)?.[1] ?? 0);
    answers.push({ status: Number(head.slice(9, 12)), head, body: text.slice(end + 4, end + 4 + length) });
    text = text.slice(end + 4 + length);
  }
  return answers;
}

const route = () => (upstream ? "/recorder" : "/fhir");
const host = "Host: localhost\r\n";
const auth = () => `Authorization: Bearer ${token}\r\n`;
const hidden = () => `GET ${route()}/smuggled HTTP/1.1\r\n${host}${auth()}\r\n`;
const get = (extra = "", path = "/asked", version = "HTTP/1.1") => `GET ${route()}${path} ${version}\r\n${host}${auth()}${extra}\r\n`;
const post = (extra, body = "") => `POST ${route()}/asked HTTP/1.1\r\n${host}${auth()}Content-Type: application/json\r\n${extra}\r\n${body}`;
const form = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Each is refused with one answer of the status, and the connection ends. Nothing of it arrives anywhere. */
const refused = {
  "both Content-Length and Transfer-Encoding (CL.TE)": () => post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden()),
  "both, the other way round (TE.CL)": () => post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", form(hidden()) + "0\r\n\r\n"),
  "two Content-Lengths that disagree": () => post("Content-Length: 0\r\nContent-Length: 44\r\n", hidden()),
  "two Content-Lengths that agree": () => post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}" + hidden()),
  "a list in Content-Length": () => post("Content-Length: 2, 2\r\n", "{}" + hidden()),
  "a signed Content-Length": () => post("Content-Length: +2\r\n", "{}" + hidden()),
  "a negative Content-Length": () => post("Content-Length: -1\r\n", hidden()),
  "a hexadecimal Content-Length": () => post("Content-Length: 0x2\r\n", "{}" + hidden()),
  "a Content-Length beyond 64 bits": () => post("Content-Length: 18446744073709551618\r\n", "{}" + hidden()),
  "an empty Content-Length": () => post("Content-Length:\r\n", hidden()),
  "Transfer-Encoding twice (TE.TE)": () => post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + hidden()),
  "chunked that is not the last coding": () => post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + hidden()),
  "an unknown coding before chunked": () => post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n" + hidden()),
  "a coding that only looks like chunked": () => post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + hidden()),
  "chunked behind a vertical tab": () => post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n" + hidden()),
  "chunked in quotation marks": () => post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n" + hidden()),
  "a space before the colon": () => post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + hidden()),
  "a space before the colon of Content-Length": () => post("Content-Length : 2\r\n", "{}" + hidden()),
  "a folded header (obs-fold)": () => post("X-Marker: a\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden()),
  "a folded Transfer-Encoding": () => post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + hidden()),
  "a header block that begins with a space": () => `GET ${route()}/asked HTTP/1.1\r\n Host: localhost\r\n${host}${auth()}\r\n`,
  "bare LF at the end of a header": () => `POST ${route()}/asked HTTP/1.1\r\n${host}${auth()}X-Marker: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n` + hidden(),
  "bare LF everywhere": () => get().replaceAll("\r\n", "\n"),
  "a bare CR in a value": () => get("X-Marker: a\rTransfer-Encoding: chunked\r\n") + hidden(),
  "NUL in a value": () => get("X-Marker: a\0b\r\n") + hidden(),
  "NUL in a name": () => get("X-Mar\0ker: a\r\n") + hidden(),
  "a name with a colon missing": () => get("Nonsense\r\n") + hidden(),
  "an empty name": () => get(": chunked\r\n") + hidden(),
  "two Hosts": () => get("Host: localhost\r\n") + hidden(),
  "no Host": () => `GET ${route()}/asked HTTP/1.1\r\n${auth()}\r\n` + hidden(),
  "a Host with a path": () => `GET ${route()}/asked HTTP/1.1\r\nHost: localhost/smuggled\r\n${auth()}\r\n` + hidden(),
  "a Host with a user": () => `GET ${route()}/asked HTTP/1.1\r\nHost: a@localhost\r\n${auth()}\r\n` + hidden(),
  "absolute-form that disagrees with Host": () => `GET https://elsewhere.example${route()}/asked HTTP/1.1\r\n${host}${auth()}\r\n` + hidden(),
  "authority-form of another method": () => `GET localhost:443 HTTP/1.1\r\n${host}${auth()}\r\n` + hidden(),
  "a space in the target": () => get("", "/asked smuggled") + hidden(),
  "a tab instead of a space": () => `GET\t${route()}/asked\tHTTP/1.1\r\n${host}${auth()}\r\n` + hidden(),
  "a fragment in the target": () => get("", "/asked#/smuggled") + hidden(),
  "a method with a control character": () => `GE\x01T ${route()}/asked HTTP/1.1\r\n${host}${auth()}\r\n` + hidden(),
  "an unknown version": () => get("", "/asked", "HTTP/1.2") + hidden(),
  "HTTP/0.9": () => `GET ${route()}/asked\r\n\r\n` + hidden(),
  "Transfer-Encoding in HTTP/1.0": () => `POST ${route()}/asked HTTP/1.0\r\n${host}${auth()}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n` + hidden(),
  "the HTTP/2 preface in HTTP/1.1": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden(),
};

/** Chunks that cannot be read: one answer at most is 400, and the connection ends with it. */
const badChunks = {
  "a chunk size that is no number": () => post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a chunk size with a sign": () => post("Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a chunk size with 0x": () => post("Transfer-Encoding: chunked\r\n", "0x2\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a chunk size beyond 64 bits": () => post("Transfer-Encoding: chunked\r\n", "10000000000000002\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a chunk longer than its size": () => post("Transfer-Encoding: chunked\r\n", "2\r\n{}{}\r\n0\r\n\r\n" + hidden()),
  "a chunk with bare LF": () => post("Transfer-Encoding: chunked\r\n", "2\n{}\n0\n\n" + hidden()),
  "a chunk extension without end": () => post("Transfer-Encoding: chunked\r\n", "2;" + "a".repeat(6000) + "\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a bare LF in a chunk extension": () => post("Transfer-Encoding: chunked\r\n", "2;a\nb\r\n{}\r\n0\r\n\r\n" + hidden()),
  "a space before the chunk size": () => post("Transfer-Encoding: chunked\r\n", " 2\r\n{}\r\n0\r\n\r\n" + hidden()),
  "trailers without end": () => post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n" + "X-Smuggled: a\r\n".repeat(6000) + "\r\n" + hidden()),
};

async function seen(from) {
  const arrived = upstream ? (await upstream.arrived()).slice(from) : [];
  for (const one of arrived) assert.ok(!one.line.includes("smuggled") && !one.headers.includes("smuggled"), "smuggled: " + JSON.stringify(one));
  return arrived;
}
const count = async () => (upstream ? (await upstream.arrived()).length : 0);

for (const [name, bytes] of Object.entries(refused))
  test(`refused, and the end of the connection: ${name}`, async () => {
    const from = await count();
    const { answers, ended } = await exchange(bytes());
    assert.equal(answers.length, 1, JSON.stringify(answers));
    assert.ok([400, 505].includes(answers[0].status), String(answers[0].status));
    assert.match(answers[0].head, /\r\nconnection: close\r\n/i);
    assert.ok(ended, "the connection stayed open");
    assert.deepEqual(await seen(from), []);
  });

for (const [name, bytes] of Object.entries(badChunks))
  test(`refused while its body is read: ${name}`, async () => {
    const from = await count();
    const { answers, ended } = await exchange(bytes());
    assert.equal(answers.length, 1, JSON.stringify(answers));
    assert.ok(answers[0].status >= 400 && answers[0].status < 500, String(answers[0].status));
    assert.ok(ended, "the connection stayed open");
    assert.deepEqual(await seen(from), []);
  });

/** Each is one request, whatever its body looks like: `count` answers, and as many arrive. */
const single = {
  "a request inside a Content-Length body": () => post(`Content-Length: ${hidden().length}\r\n`, hidden()),
  "a request inside a chunk": () => post("Transfer-Encoding: chunked\r\n", form(hidden()) + "0\r\n\r\n"),
  "a request inside a chunk, byte by byte": () => [...post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")].reduce((pieces, c, i) => { if (i % 40 === 0) pieces.push(""); pieces[pieces.length - 1] += c; return pieces; }, []),
  "upper case CHUNKED": () => post("Transfer-Encoding: CHUNKED\r\n", "2\r\n{}\r\n0\r\n\r\n"),
  "a short chunk extension, dropped": () => post("Transfer-Encoding: chunked\r\n", "2;x-smuggled=1\r\n{}\r\n0\r\n\r\n"),
  "trailers, dropped": () => post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX-Smuggled: smuggled\r\nContent-Length: 50\r\n\r\n"),
  "a chunk size with leading zeros": () => post("Transfer-Encoding: chunked\r\n", "00002\r\n{}\r\n000\r\n\r\n"),
  "a GET with a body": () => get(`Content-Length: ${hidden().length}\r\n`) + hidden(),
  "absolute-form that agrees with Host": () => get().replace(route(), "https://localhost" + route()),
  "Connection naming headers to be dropped": () => get("X-Marker: here\r\nConnection: keep-alive, X-Marker, Authorization\r\n"),
  "an Upgrade to h2c, ignored": () => get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
  "an Upgrade to websocket, ignored": () => get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"),
  "encoded CR LF in the target": () => get("", "/asked%20HTTP/1.1%0d%0aX-Smuggled:%20smuggled%0d%0a"),
};
for (const [name, bytes] of Object.entries(single))
  test(`one request: ${name}`, async () => {
    const from = await count();
    const { answers } = await exchange(bytes());
    assert.equal(answers.length, 1, JSON.stringify(answers));
    assert.notEqual(answers[0].status, 101);
    const arrived = upstream ? (await upstream.arrived()).slice(from) : [];
    assert.ok(arrived.length <= 1, JSON.stringify(arrived));
    for (const one of arrived) {
      assert.ok(one.line.startsWith("GET /asked HTTP/1.1") || one.line.startsWith("POST /asked HTTP/1.1"), one.line);
      assert.equal(one.headers, "", "a header that the route does not pass");
    }
    if (upstream) assert.equal(answers[0].status < 400, arrived.length === 1, JSON.stringify([answers, arrived]));
  });

test("Expect: 100-continue is handled, any other expectation refused", async () => {
  const from = await count();
  const { answers } = await exchange([post("Content-Length: 2\r\nExpect: 100-continue\r\n"), "{}"]);
  assert.equal(answers.at(-1).status === 100, false);
  assert.ok(answers.length <= 2 && (answers.length === 1 || answers[0].status === 100), JSON.stringify(answers));
  assert.ok((await seen(from)).length <= 1);
  const other = await exchange(post("Content-Length: 2\r\nExpect: 200-ok\r\n", "{}") + hidden());
  assert.deepEqual(other.answers.map((one) => one.status), [417]);
  assert.ok(other.ended);
});

test("pipelined requests are answered in order, one each", async () => {
  const from = await count();
  const asked = ["first", "second", "third"];
  const { answers } = await exchange(asked.map((name) => get("", "/" + name)).join(""), 1200);
  assert.equal(answers.length, 3, JSON.stringify(answers));
  if (upstream) assert.deepEqual((await seen(from)).map((one) => one.line), asked.map((name) => `GET /${name} HTTP/1.1`));
});

test("a request after a body that was not read whole is read from its own first byte", async () => {
  const from = await count();
  const body = "x".repeat(20_000);
  const { answers } = await exchange(`POST /no/such/place HTTP/1.1\r\n${host}${auth()}Content-Length: ${body.length}\r\n\r\n${body}` + get("", "/second"), 1200);
  assert.deepEqual(answers.map((one) => one.status), upstream ? [404, 200] : [404, 404]);
  if (upstream) assert.deepEqual((await seen(from)).map((one) => one.line), ["GET /second HTTP/1.1"]);
});

test("a body that breaks off is no request", async () => {
  const from = await count();
  await exchange(post("Content-Length: 100\r\n", "{"), 300);
  await exchange(post("Transfer-Encoding: chunked\r\n", "64\r\n{"), 300);
  assert.deepEqual(await seen(from), []);
});

/** HTTP/2 requests whose parts would be two messages in HTTP/1.1. Node refuses to send most, so its checks are evaded by raw frames. */
test("HTTP/2 fields that would split a message in HTTP/1.1 are refused", async () => {
  const from = await count();
  const cases = {
    "CR LF in a value": [["x-marker", "a\r\nX-Smuggled: smuggled"]],
    "NUL in a value": [["x-marker", "a\0b"]],
    "a colon in a name": [["x:marker", "a"]],
    "an upper-case name": [["X-Marker", "a"]],
    "transfer-encoding": [["transfer-encoding", "chunked"]],
    "connection": [["connection", "x-marker"]],
    "a content-length that disagrees": [["content-length", "5"]],
    "a CR LF in the path": [], "a space in the path": [], "a second :path": [], "a :path after a field": [], "no :path": [],
    "a host that disagrees": [["host", "elsewhere.example"]],
  };
  for (const [name, fields] of Object.entries(cases)) {
    const path = name === "a CR LF in the path" ? `${route()}/asked HTTP/1.1\r\nX-Smuggled: smuggled` : name === "a space in the path" ? `${route()}/asked smuggled` : `${route()}/asked`;
    const pseudo = [[":method", "GET"], [":scheme", "https"], [":authority", "localhost"], [":path", path]];
    if (name === "no :path") pseudo.pop();
    if (name === "a second :path") pseudo.push([":path", `${route()}/smuggled`]);
    const all = [...pseudo, ["authorization", "Bearer " + token], ...fields];
    if (name === "a :path after a field") all.push([":path", `${route()}/smuggled`]);
    const outcome = await overHttp2(all);
    assert.ok(outcome === "reset" || outcome === "ended" || (outcome >= 400 && outcome < 500), `${name}: ${outcome}`);
  }
  assert.deepEqual(await seen(from), []);
});

/** One HEADERS frame of literal fields, END_STREAM set. Gives the status, "reset" or "ended". */
function overHttp2(fields) {
  return new Promise((done, failed) => {
    const literal = (text) => { const bytes = Buffer.from(text, "latin1"); return Buffer.concat([length(bytes.length), bytes]); };
    const length = (n) => { if (n < 127) return Buffer.from([n]); const out = [127]; n -= 127; while (n >= 128) { out.push((n % 128) | 128); n = Math.floor(n / 128); } return Buffer.from([...out, n]); };
    const block = Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), literal(name), literal(value)])));
    const frame = (type, flags, stream, body = Buffer.alloc(0)) => { const head = Buffer.alloc(9); head.writeUIntBE(body.length, 0, 3); head[3] = type; head[4] = flags; head.writeUInt32BE(stream, 5); return Buffer.concat([head, body]); };
    let got = Buffer.alloc(0), outcome = "ended";
    const socket = tls.connect({ host: "127.0.0.1", port: ward.port, servername: "localhost", ca: ward.ca, ALPNProtocols: ["h2"] }, () =>
      socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0), frame(1, 5, 1, block)])));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("data", (piece) => {
      got = Buffer.concat([got, piece]);
      while (got.length >= 9 && got.length >= 9 + got.readUIntBE(0, 3)) {
        const size = got.readUIntBE(0, 3), type = got[3], stream = got.readUInt32BE(5) & 0x7fffffff, body = got.subarray(9, 9 + size);
        got = got.subarray(9 + size);
        if (type === 1 && stream === 1) { outcome = statusOf(body); socket.destroy(); }
        if (type === 3 && stream === 1) { outcome = "reset"; socket.destroy(); }
        if (type === 7) { outcome = "reset"; socket.destroy(); }
      }
    });
    socket.on("error", (error) => (error.code === "ECONNRESET" ? 0 : failed(error)));
    socket.on("close", () => done(outcome));
  });
}

/** The status of a block that begins with :status: indexed, or a literal of three digits (plain, or of Huffman's digits). */
function statusOf(block) {
  let at = 0;
  while ((block[at] & 0xe0) === 0x20) ++at;  // a change of the table's size
  const indexed = { 0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500 }[block[at]];
  if (indexed) return indexed;
  const size = block[at + 1] & 0x7f, bytes = block.subarray(at + 2, at + 2 + size);
  if ((block[at + 1] & 0x80) === 0) return Number(bytes.toString("latin1"));
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const codes = { "00000": 0, "00001": 1, "00010": 2, "011001": 3, "011010": 4, "011011": 5, "011100": 6, "011101": 7, "011110": 8, "011111": 9 };
  let text = "", code = "";
  for (const bit of bits) { code += bit; if (code in codes) { text += codes[code]; code = ""; if (text.length === 3) break; } }
  return Number(text);
}

test("an ordinary HTTP/2 request passes where its twins above are refused", async () => {
  const from = await count();
  const status = await overHttp2([[":method", "GET"], [":scheme", "https"], [":authority", "localhost"], [":path", route() + "/asked"], ["authorization", "Bearer " + token]]);
  assert.equal(status, upstream ? 200 : 404);
  if (upstream) assert.deepEqual((await seen(from)).map((one) => one.line), ["GET /asked HTTP/1.1"]);
});

test("what never became a request is recorded, sampled and counted", async () => {
  await sleep(1100);
  await exchange(refused["two Hosts"]());
  const records = await auditQuery(ward, "--event", "malformed");
  assert.ok(records.length > 0);
  assert.ok(records.every((one) => one.ip === "127.0.0.1" && !JSON.stringify(one).includes("smuggled")));
});
