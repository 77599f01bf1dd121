// A load of many callers over HTTP/2, each with a connection and a pace of its own, in a process of its own so that it
// can be put on its own core: `node load.mjs`, a plan as JSON on standard input, what each caller saw on standard output.
// Open loop: a request is sent when it is due, whether or not the one before was answered.
import http2 from "node:http2";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const plan = JSON.parse(await text(process.stdin));  // { base, ca_file, path, tokens, per_second, seconds }
const ca = readFileSync(plan.ca_file);

/** Gives [[when sent, when answered, status], ...] in the order of sending; status 0 is no answer. */
async function caller(token, offset) {
  const session = http2.connect(plan.base, { ca });
  session.on("error", () => {});
  await new Promise((done) => session.once("connect", done).once("close", done));
  const seen = [], open = [];
  const interval = 1000 / plan.per_second, begin = performance.now() + offset * interval;
  for (let i = 0; i < plan.per_second * plan.seconds; ++i) {
    const wait = begin + i * interval - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const row = [performance.now(), 0, 0];
    seen.push(row);
    open.push(new Promise((done) => {
      const stream = session.request({ ":path": plan.path, authorization: "Bearer " + token });
      stream.on("response", (headers) => { row[2] = headers[":status"]; });
      stream.on("error", () => {});
      stream.on("close", () => { row[1] = performance.now(); done(); });
      stream.resume();
      stream.end();
    }));
  }
  await Promise.race([Promise.all(open), new Promise((done) => setTimeout(done, 10_000).unref())]);
  session.destroy();
  return seen;
}

const seen = await Promise.all(plan.tokens.map((token, i) => caller(token, i / plan.tokens.length)));
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
