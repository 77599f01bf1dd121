// What a person of the demo types at the sign-in page now: password, and the code that an authenticator app would show.
//
//   node code.mjs [USERNAME] [DEMO.JSON]
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const [username = "dr.adams", file = new URL("../../demo/demo.json", import.meta.url)] = process.argv.slice(2);
const person = JSON.parse(readFileSync(file, "utf8")).users.find((one) => one.username === username);
if (!person) throw new Error(`${username} is not in ${file}`);

/// RFC 6238: HMAC-SHA-1 of the number of half minutes since 1970, cut to six digits as RFC 4226 section 5.3 says.
function code(secret, step) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
console.log(`${username}\npassword: ${person.password}\ncode: ${code(person.totp_secret, Math.floor(Date.now() / 30_000))} (each counts once; a new one comes every 30 s)`);
