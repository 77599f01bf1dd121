// An authenticator in software (WebAuthn level 3), which does as told: right, or wrong in one place.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const hash = (data) => createHash("sha256").update(data).digest();
const text = (bytes) => Buffer.from(bytes).toString("base64url");

/** CBOR (RFC 8949) of what is needed here: whole numbers, strings, byte strings, maps. */
export function cbor(value) {
  const head = (major, n) => n < 24 ? Buffer.from([major << 5 | n]) : n < 256 ? Buffer.from([major << 5 | 24, n]) : n < 65536 ? Buffer.from([major << 5 | 25, n >> 8, n & 255]) : Buffer.from([major << 5 | 26, n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255]);
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  const pairs = value instanceof Map ? [...value] : Object.entries(value);
  return Buffer.concat([head(5, pairs.length), ...pairs.flatMap(([key, one]) => [cbor(key), cbor(one)])]);
}

export const flag = { present: 0x01, verified: 0x04, eligible: 0x08, backed_up: 0x10, attested: 0x40 };
const usual = flag.present | flag.verified;

/**
 * What may be told to be wrong: client (members of the client data; undefined takes away), rp_id, flags, counter, id (bytes), raw_id, user (bytes; null for
 * none), key (COSE, a Map), by (private key), signed (what is signed instead), format, statement, attested (false: no credential in it), type.
 */
export class Authenticator {
  constructor(origin) {
    Object.assign(this, { origin, rp_id: new URL(origin).hostname, id: randomBytes(32), counter: 0, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) });
  }
  get cose() {
    const { x, y } = this.publicKey.export({ format: "jwk" });
    return new Map([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, "base64url")], [-3, Buffer.from(y, "base64url")]]);
  }
  clientData(type, challenge, { client = {} }) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false, ...client }));
  }
  data({ rp_id = this.rp_id, flags = usual, counter = ++this.counter }, credential = Buffer.alloc(0)) {
    const rest = Buffer.alloc(5);
    rest[0] = flags;
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([hash(rp_id), rest, credential]);
  }
  credential({ id = this.id, raw_id = id, type = "public-key" }, response) {
    return { id: text(id), rawId: text(raw_id), type, clientExtensionResults: {}, response };
  }

  /** PublicKeyCredentialCreationOptionsJSON to RegistrationResponseJSON. */
  create(options, wrong = {}) {
    this.user = Buffer.from(options.user.id, "base64url");
    const { id = this.id, key = this.cose, format = "none", statement = {}, flags = usual, attested = true } = wrong, size = Buffer.alloc(2);
    size.writeUInt16BE(id.length);
    const credential = attested ? Buffer.concat([Buffer.alloc(16), size, id, cbor(key)]) : Buffer.alloc(0);
    const authData = this.data({ ...wrong, flags: flags | (attested ? flag.attested : 0) }, credential);
    return this.credential(wrong, { clientDataJSON: text(this.clientData("webauthn.create", options.challenge, wrong)), transports: ["internal"],
      attestationObject: text(cbor({ fmt: format, attStmt: statement, authData })) });
  }

  /** PublicKeyCredentialRequestOptionsJSON to AuthenticationResponseJSON. */
  get(options, wrong = {}) {
    const authData = this.data(wrong), clientData = this.clientData("webauthn.get", options.challenge, wrong);
    const signature = sign("sha256", wrong.signed ?? Buffer.concat([authData, hash(clientData)]), wrong.by ?? this.privateKey);
    const user = wrong.user === null ? undefined : text(wrong.user ?? this.user);
    return this.credential(wrong, { clientDataJSON: text(clientData), authenticatorData: text(authData), signature: text(signature), userHandle: user });
  }
}

/** The two calls of passkey.js. `at` is the address of the ceremony; answers { status, location, problem }. */
export async function ceremony(browser, at, answer, { state, path = at } = {}) {
  const csrf = /data-csrf="([^"]+)"/.exec(browser.html)?.[1] ?? browser.forms[0].fields.csrf, html = browser.html, url = browser.url;
  const post = async (where, body) => {
    await browser.go(where, { method: "POST", body: JSON.stringify({ csrf, ...body }), headers: { "content-type": "application/json", accept: "application/json" } });
    const told = { status: browser.answer.status, ...browser.answer.json };
    Object.assign(browser, { html, url });
    return told;
  };
  const asked = await post(at + "/options", {});
  if (!asked.options) return asked;
  const told = await post(path, { state: state ?? asked.state, response: answer(asked.options.publicKey ?? asked.options) });
  return { ...told, asked };
}
