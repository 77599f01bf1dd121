// A flood of sign-ins that fail, in a process of its own so that it can be put on its own core: `node sign_in_load.mjs`, a plan as JSON on
// standard input, how often which status came on standard output. Each connection tries as fast as it is answered, always another name.
import https from "node:https";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { Browser } from "./browser.mjs";
import { send } from "./ward.mjs";

const plan = JSON.parse(await text(process.stdin));  // { base, ca_file, connections, seconds }
const ca = readFileSync(plan.ca_file), agent = new https.Agent({ ca, keepAlive: true, maxSockets: plan.connections });
const ward = {
  base: plan.base,
  request: (path, { body, headers, method = "GET" } = {}) => send(https, plan.base + path, { method, agent, ca, headers: body ? { ...headers, "content-length": Buffer.byteLength(body) } : headers }, body),
};
const statuses = {}, until = Date.now() + plan.seconds * 1000;
await Promise.all(Array.from({ length: plan.connections }, async (_, i) => {
  const browser = new Browser(ward);
  await browser.go("/login");
  for (let n = 0; Date.now() < until; ++n) {
    await browser.submit("/login", { username: `flood.${i}.${n}`, password: "not the password" });
    statuses[browser.answer.status] = (statuses[browser.answer.status] ?? 0) + 1;
  }
}));
process.stdout.write(JSON.stringify(statuses), () => process.exit(0));
