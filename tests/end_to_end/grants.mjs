// What an attacker would need to make by hand: odd JWTs, proofs and assertions, and codes without a client library's help.
import { test, describe } from "node:test";
import assert from "node:assert/strict";
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "./browser.mjs";

export const callback = "http://127.0.0.1:8765/callback";
export const sha256 = (text) => createHash("sha256").update(text).digest("base64url");
export const random = (bytes = 16) => randomBytes(bytes).toString("base64url");
export const now = () => Math.floor(Date.now() / 1000);
const form_type = "application/x-www-form-urlencoded";

const signers = {
  ES256: (data, key) => sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }),
  ES384: (data, key) => sign("sha384", data, { key, dsaEncoding: "ieee-p1363" }),
  RS256: (data, key) => sign("sha256", data, key),
  EdDSA: (data, key) => sign(null, data, key),
  HS256: (data, key) => createHmac("sha256", key).update(data).digest(),
  HS384: (data, key) => createHmac("sha384", key).update(data).digest(),
  none: () => Buffer.alloc(0),
};
/** A JWT exactly as told; `signer` when the signature is to be made in another way than the header says. */
export function jwt(header, claims, key, signer = header.alg) {
  const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const head = part(header) + "." + part(claims);
  return head + "." + signers[signer](Buffer.from(head), key).toString("base64url");
}
export const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export class Key {
  constructor(curve = "P-256") {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
    Object.assign(this, { privateKey, publicKey, alg: curve === "P-256" ? "ES256" : "ES384", jwk: publicKey.export({ format: "jwk" }) });
    this.secret = privateKey.export({ format: "jwk" });
    this.thumbprint = sha256(JSON.stringify({ crv: this.jwk.crv, kty: this.jwk.kty, x: this.jwk.x, y: this.jwk.y }));
  }
  static of(jwk) {
    const key = Object.create(Key.prototype);
    key.privateKey = createPrivateKey({ key: jwk, format: "jwk" });
    key.publicKey = createPublicKey(key.privateKey);
    return Object.assign(key, { alg: jwk.crv === "P-256" ? "ES256" : "ES384", kid: jwk.kid, secret: jwk, jwk: key.publicKey.export({ format: "jwk" }) });
  }
  /** The server's newest nonce (RFC 9449 section 8): proofs have it unless told otherwise. */
  static nonce;
  /** RFC 9449 section 4.2; changes by `header`, `claims` (undefined takes away), `by` (another private key), `signer`. */
  proof(method, url, { header = {}, claims = {}, by = this.privateKey, signer, token } = {}) {
    return jwt(without({ typ: "dpop+jwt", alg: this.alg, jwk: this.jwk, ...header }),
      without({ jti: random(), htm: method, htu: url, iat: now(), ath: token && sha256(token), nonce: Key.nonce, ...claims }), by, signer ?? header.alg ?? this.alg);
  }
}

export const pkce = () => { const verifier = random(32); return { verifier, challenge: sha256(verifier) }; };

/** An app that talks to the server by hand. */
export class App {
  constructor(ward, id, options = {}) {
    Object.assign(this, { ward, id, redirect: callback, registered: ward.client(id) ?? options.registered ?? {} }, options);
    if (this.registered.jwk) this.key = Key.of(this.registered.jwk);
    this.audience = id === "app-fapi" ? ward.base : ward.base + "/oauth/token";
  }

  assertion({ header = {}, claims = {}, by = this.key.privateKey, signer } = {}) {
    return jwt(without({ alg: this.key.alg, kid: this.key.kid, ...header }),
      without({ iss: this.id, sub: this.id, aud: this.audience, jti: random(), iat: now(), exp: now() + 120, ...claims }), by, signer ?? header.alg ?? this.key.alg);
  }

  /** Form members and headers by which this client proves itself. */
  proven() {
    switch (this.registered.auth ?? this.registered.token_endpoint_auth_method) {
      case "client_secret_basic":
        return { headers: { authorization: "Basic " + Buffer.from(this.id + ":" + this.registered.client_secret).toString("base64") }, form: {} };
      case "client_secret_post": return { headers: {}, form: { client_id: this.id, client_secret: this.registered.client_secret } };
      case "private_key_jwt":
        return { headers: {}, form: { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: this.assertion() } };
      default: return { headers: {}, form: { client_id: this.id } };
    }
  }

  /** A form to an endpoint. options: proven (false: nothing but the form), headers, dpop (a Key), agent, base. */
  async post(endpoint, form, options = {}) {
    const answer = await this.postOnce(endpoint, form, options);
    if (!options.dpop || answer.json?.error !== "use_dpop_nonce") return answer;
    Key.nonce = answer.headers["dpop-nonce"];
    return this.postOnce(endpoint, form, options);
  }
  async postOnce(endpoint, form, { proven = this.proven(), headers = {}, dpop, agent, base } = {}) {
    if (proven === false) proven = { headers: {}, form: {} };
    if (dpop) headers = { ...headers, dpop: dpop.proof("POST", (base ?? this.ward.base) + "/oauth/" + endpoint) };
    const body = typeof form === "string" ? form : new URLSearchParams(Object.entries(without({ ...proven.form, ...form }))).toString();
    return this.ward.request((base ?? this.ward.base) + "/oauth/" + endpoint, { method: "POST", body, agent, headers: without({ "content-type": form_type, ...proven.headers, ...headers }) });
  }
  token(form, options) { return this.post("token", form, options); }
  refresh(refresh_token, more = {}, options) { return this.token({ grant_type: "refresh_token", refresh_token, ...more }, options); }

  parameters(change = {}) {
    const { verifier, challenge } = pkce(), state = random();
    const parameters = { response_type: "code", client_id: this.id, redirect_uri: this.redirect, scope: "openid user/Patient.rs", state, nonce: random(), code_challenge: challenge,
      code_challenge_method: "S256", aud: this.ward.fhir, ...change };
    return { parameters, verifier, state };
  }

  /** The authorization request in a browser that is signed in; consent is given. Gives { code, back, verifier, redirect_uri }. */
  async authorize(browser, change = {}, { consent = true } = {}) {
    const { parameters, verifier, state } = this.parameters(change);
    const query = typeof parameters === "string" ? parameters : queryOf(parameters);
    await browser.go("/oauth/authorize?" + query);
    if (consent && !browser.left && browser.url.pathname === "/oauth/consent" && browser.answer.status === 200) await browser.submit("/oauth/consent", { decision: "allow" });
    return { back: browser.left, code: browser.left?.searchParams.get("code") ?? undefined, error: browser.left?.searchParams.get("error") ?? undefined,
      verifier, state, redirect_uri: parameters.redirect_uri, status: browser.left ? 303 : browser.answer.status };
  }
  exchange(flow, change = {}, options) {
    return this.token({ grant_type: "authorization_code", code: flow.code, redirect_uri: flow.redirect_uri, code_verifier: flow.verifier, ...change }, options);
  }
  /** From nothing to tokens. */
  async tokens(browser, change, options) {
    const flow = await this.authorize(browser, change);
    const answer = await this.exchange(flow, {}, options);
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text} ${browser.steps.slice(-4)}`);
    return { ...answer.json, flow };
  }
}

/** Several values of one name as an array. */
export const queryOf = (parameters) => Object.entries(without(parameters)).flatMap(([name, value]) => [value].flat().map((one) => name + "=" + encodeURIComponent(one))).join("&");

/** A new client; `registration` has RFC 7591's names. Gives what demo.json says of its own. */
export async function addClient(ward, registration) {
  const file = join(ward.directory, "client-" + random(6) + ".json");
  writeFileSync(file, JSON.stringify(registration), { mode: 0o600 });
  const done = await ward.command("client", "add", file);
  if (done.code !== 0) throw new Error(done.stderr + done.stdout);
  const secret = /client_secret["= :]+([A-Za-z0-9_-]{20,})/.exec(done.stdout)?.[1];
  return { ...registration, auth: registration.token_endpoint_auth_method, client_secret: secret, output: done.stdout };
}

// ---- tables of cases

/** Each row is [section, what is wrong, ...]; `run` gets the rest, and makes the wrong request and its right twin. */
export const cases = (title, rows, run) => describe(title, () => { for (const [section, what, ...rest] of rows) test(`${section}: ${what}`, () => run(...rest)); });
/** A row's value may be a function, for what is known only once the server runs. */
export const at = (value, ...given) => typeof value === "function" ? value(...given) : value;
export const bearer = (token, more = {}) => ({ headers: { authorization: "Bearer " + token, ...more } });
/** RFC 6749 section 5.2. */
export function refused(answer, error, status = error === "invalid_client" ? 401 : 400) {
  assert.equal(answer.json?.error, error, answer.status + " " + answer.text);
  assert.equal(answer.status, status);
  assert.equal(answer.json.access_token, undefined);
}
export function granted(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.access_token);
  return answer.json;
}
export async function signedIn(ward, person) {
  const one = new Browser(ward);
  await one.go("/login");
  await one.signIn(person);
  assert.equal(one.url.pathname, "/account", one.steps.join(", "));
  return one;
}
