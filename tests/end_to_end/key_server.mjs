// An app's server that publishes its keys: real https, with an authority of its own, and as odd as a test wants it.
import https from "node:https";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class KeyServer {
  /** `answers`: by path, what a request gets: an object (200, as JSON) or a function of (request, response). */
  static async start() {
    const directory = mkdtempSync(join(tmpdir(), "ward-keys-")), file = (name) => join(directory, name);
    const openssl = (...args) => execFileSync("openssl", args, { cwd: directory, stdio: "ignore" });
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...ec, "-subj", "/CN=Keys' authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem");
    openssl("req", ...ec, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr");
    writeFileSync(file("names"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n");
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem");
    const self = new KeyServer();
    Object.assign(self, { directory, ca_file: file("ca.pem"), answers: new Map(), hits: new Map(), connections: 0 });
    self.server = https.createServer({ cert: readFileSync(file("server.pem")), key: readFileSync(file("server.key")) }, (request, response) => self.answer(request, response));
    self.server.on("connection", () => ++self.connections);
    await new Promise((done) => self.server.listen(0, "127.0.0.1", done));
    self.port = self.server.address().port;
    return self;
  }

  answer(request, response) {
    const path = request.url;
    this.hits.set(path, (this.hits.get(path) ?? 0) + 1);
    const what = this.answers.get(path);
    if (typeof what === "function") return what(request, response);
    response.writeHead(what === undefined ? 404 : 200, { "content-type": "application/jwk-set+json" });
    response.end(JSON.stringify(what ?? {}));
  }
  hitsOf(path) { return this.hits.get(path) ?? 0; }
  url(path, host = "localhost") { return `https://${host}:${this.port}${path}`; }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
