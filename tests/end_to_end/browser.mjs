// A person's browser without script: cookies, links, forms. What it shows is what a person would have to work with.
import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export class Browser {
  constructor(ward) { Object.assign(this, { ward, cookies: new Map(), headers: {}, steps: [] }); }

  /** Follows redirects within the server; stops at an address of someone else, which is then `left`. */
  async go(path, options = {}) {
    this.left = undefined;
    let where = new URL(path, this.ward.base), request = options;
    for (let hops = 0; hops < 12; ++hops) {
      if (where.origin !== this.ward.base) { this.left = where; return this; }
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { accept: "text/html", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "sec-fetch-site": "same-origin",
        ...this.headers, ...request.headers, ...(cookie && { cookie }) };
      const answer = await this.ward.request(where.pathname + where.search, { ...request, headers });
      for (const line of answer.headers["set-cookie"] ?? []) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        if (/Max-Age=0/.test(line)) this.cookies.delete(name); else this.cookies.set(name, value);
      }
      this.steps.push(`${request.method ?? "GET"} ${where.pathname} ${answer.status}`);
      if (answer.status !== 303) { Object.assign(this, { answer, url: where, html: answer.text }); return this; }
      where = new URL(answer.headers.location, where);
      request = {};
    }
    throw new Error("too many redirects: " + this.steps.join(", "));
  }

  /** The forms of the page: action, and inputs by name. */
  get forms() {
    return [...this.html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => ({
      action: unescape(/action="([^"]*)"/.exec(form)?.[1] ?? ""),
      fields: Object.fromEntries([...form.matchAll(/<input[^>]*>/g)].map(([input]) => input).filter((input) => !/type="checkbox"/.test(input) || / checked/.test(input))
        .map((input) => [/name="([^"]*)"/.exec(input)?.[1], unescape(/value="([^"]*)"/.exec(input)?.[1] ?? "")])),
      buttons: [...form.matchAll(/<button[^>]*name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => ({ name, value })),
    }));
  }

  /** Fills in and sends the form with this action; `change` may take a field away by undefined. */
  async submit(action, change = {}, options = {}) {
    const form = this.forms.find((one) => one.action === action && Object.keys(change).every((name) => name in one.fields || one.buttons.some((button) => button.name === name) || options.extra));
    if (!form) throw new Error(`no form ${action} on ${this.url?.pathname}: ${this.forms.map((one) => one.action)}\n${this.html}`);
    const fields = Object.entries({ ...form.fields, ...change }).filter(([, value]) => value !== undefined);
    const body = new URLSearchParams(fields).toString();
    return this.go(action, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", ...options.headers } });
  }

  get problem() { return /role="alert"[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(this.html)?.[1]?.trim(); }

  /** Password and second factor, from the login page: a TOTP code the first time, then one of the recovery codes. */
  async signIn(who) {
    const person = typeof who === "string" ? this.ward.user(who) : who;
    await this.submit("/login", { username: person.username, password: person.password });
    if (this.url.pathname !== "/login/second-factor") return this;
    if (person.recovery_codes?.length && used.has(person.totp_secret)) return this.submit("/login/second-factor", { method: "recovery", code: person.recovery_codes.pop() });
    return this.submit("/login/second-factor", { method: "totp", code: totp(person.totp_secret) });
  }
}

let people = 0;
/** A new person with the rights of one of the demo's: a TOTP step works once, so that each test brings its own. */
export async function personLike(ward, name) {
  const like = ward.user(name), username = `${name}.${++people}`, password = randomBytes(12).toString("base64url"), totp_secret = base32(randomBytes(20));
  const file = join(ward.directory, "password-" + username);
  writeFileSync(file, password, { mode: 0o600 });
  const done = await ward.command("user", "add", username, "--role", like.role, "--fhir-user", like.fhir_user, "--full-name", "Test Person", "--password-file", file, "--totp-secret", totp_secret, "--json");
  if (done.code !== 0) throw new Error(done.stderr + done.stdout);
  return { ...like, username, password, totp_secret, recovery_codes: JSON.parse(done.stdout).recovery_codes };
}

/** A new person who has a password and no second factor yet. */
export async function newcomer(ward, name = "dr.adams") {
  const like = ward.user(name), username = `new.${randomBytes(6).toString("hex")}`, password = randomBytes(12).toString("base64url");
  const file = join(ward.directory, "password-" + username);
  writeFileSync(file, password, { mode: 0o600 });
  const done = await ward.command("user", "add", username, "--role", like.role, "--fhir-user", like.fhir_user, "--password-file", file);
  if (done.code !== 0) throw new Error(done.stderr + done.stdout);
  return { username, password };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const base32 = (bytes) => [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("").match(/.{1,5}/g).map((bits) => alphabet[parseInt(bits.padEnd(5, "0"), 2)]).join("");

const unescape = (text) => text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&#x2F;", "/").replaceAll("&amp;", "&");

const used = new Map();
/** RFC 6238. A step works once: asked again for one secret, the next step's code is given (which the server takes too). */
export function totp(secret, at = Date.now()) {
  let step = Math.floor(at / 30000);
  if ((used.get(secret) ?? 0) >= step) step = used.get(secret) + 1;
  used.set(secret, step);
  return code(secret, step);
}
export function code(secret, step) {
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest(), offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1000000).padStart(6, "0");
}
