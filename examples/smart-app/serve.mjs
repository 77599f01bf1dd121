// Serves the sample app from an origin of its own, on loopback alone. Node 18 or newer, nothing from npm at run time.
//
//   node serve.mjs [--port 8081] [--fhir URL | --demo FILE] [--library FILE] [--address-file FILE] [--until-input-ends]
import { createServer } from "node:http";
import { createReadStream, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8081" }, // another one is taken if this is in use
    fhir: { type: "string" }, // the server that the app works with
    demo: { type: "string" }, // ... or a demo.json that says so; read at each request, since a demo may start later
    library: { type: "string", default: join(here, "node_modules/fhirclient/build/fhir-client.pure.min.js") },
    "client-id": { type: "string", default: "smart-app" },
    "address-file": { type: "string" }, // where to write our own address
    "until-input-ends": { type: "boolean", default: false }, // end with the process that holds our input
  },
});

const types = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
const pages = ["index.html", "launch.html", "index.js", "launch.js", "settings.js", "style.css"];
const files = new Map(pages.map((name) => ["/" + name, join(here, "public", name)]));
files.set("/", files.get("/index.html")).set("/fhir-client.js", options.library);

/// The app talks to one server that it was told of, and to no other that a link names.
function settings() {
  const fhir = options.fhir ?? (options.demo ? JSON.parse(readFileSync(options.demo, "utf8")).fhir : undefined);
  return { fhir, client_id: options["client-id"] };
}

function headers(type) {
  return {
    "content-type": type,
    "cache-control": "no-store",
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}

const server = createServer((request, response) => {
  const path = new URL(request.url, "http://127.0.0.1").pathname, file = files.get(path);
  const refuse = (status, text) => response.writeHead(status, headers("text/plain")).end(text + "\n");
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "GET only");
  try {
    if (path === "/settings.json") return response.writeHead(200, headers("application/json")).end(JSON.stringify(settings()));
    if (!file) return refuse(404, "not here");
    statSync(file);
  } catch (error) {
    return refuse(503, error.code === "ENOENT" ? `${error.path} is not there yet` : "the settings cannot be read");
  }
  response.writeHead(200, headers(types[path === "/" ? "html" : path.split(".").pop()]));
  createReadStream(file).pipe(response);
});

server.on("error", (error) => {
  if (error.code === "EADDRINUSE" && options.port !== "0") return listen((options.port = "0"));
  throw error;
});
server.on("listening", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  if (options["address-file"]) writeFileSync(options["address-file"], address + "\n");
  else console.log(`The sample app: ${address}`);
});
const listen = (port) => server.listen({ host: "127.0.0.1", port: Number(port) });
listen(options.port);
if (options["until-input-ends"]) process.stdin.on("end", () => process.exit()).resume();
