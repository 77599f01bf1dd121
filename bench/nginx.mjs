// Debian's nginx, three times: a static FHIR server behind, a plain TLS proxy, and a TLS proxy with ModSecurity and the Core Rule Set.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdirSync, writeFileSync, readFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:net";
import { server_core } from "./load.mjs";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export const modsecurity_module = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";

export const free_port = () => new Promise((done) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

const common = (directory) => `
daemon off; pid ${directory}/pid; error_log ${directory}/error.log; worker_processes 1;
events { worker_connections 1024; }
`;
const http = (directory) => `
  access_log ${directory}/access.log; default_type application/fhir+json; types {} sendfile on; tcp_nopush on; keepalive_requests 10000000;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
`;

async function start(directory, configuration, port) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "nginx.conf"), configuration);
  const child = spawn("taskset", [...server_core, "nginx", "-p", directory, "-c", join(directory, "nginx.conf"), "-e", join(directory, "error.log")], { stdio: ["ignore", "inherit", "inherit"] });
  for (let i = 0; i < 200; ++i) {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${existsSync(join(directory, "error.log")) ? readFileSync(join(directory, "error.log"), "utf8") : ""}`);
    const open = await new Promise((done) => connect(port, "127.0.0.1").on("connect", function () { this.destroy(); done(true); }).on("error", () => done(false)));
    if (open) break;
    await sleep(25);
  }
  const workers = readdirSync("/proc").filter((name) => {
    try { return /^\d+$/.test(name) && readFileSync(`/proc/${name}/stat`, "utf8").replace(/.*\) /, "").split(" ")[1] === String(child.pid); } catch { return false; }
  });
  return {
    port, pids: [child.pid, ...workers.map(Number)],
    async stop() { const ended = new Promise((done) => child.once("exit", done)); child.kill("SIGQUIT"); await Promise.race([ended, sleep(3000)]); if (child.exitCode === null) child.kill("SIGTERM"); },
  };
}

/** Plain HTTP on loopback. files: { read: {path, text}, bundle: {path, text}, post: {path, text} }. */
export async function start_static(directory, files) {
  const port = await free_port();
  mkdirSync(join(directory, "www"), { recursive: true });
  writeFileSync(join(directory, "www/read"), files.read.text);
  writeFileSync(join(directory, "www/bundle"), files.bundle.text);
  writeFileSync(join(directory, "www/post"), files.post.text);
  return start(directory, `${common(directory)}
http { ${http(directory)} access_log off;
  server { listen 127.0.0.1:${port}; root ${directory}/www;
    location = ${files.read.path} { add_header ETag 'W/"1"'; try_files /read =404; }
    location = ${files.bundle.path} { error_page 418 = @created; if ($request_method = POST) { return 418; } try_files /bundle =404; }
    location @created { add_header Location '${files.post.path}/made/_history/1'; add_header ETag 'W/"1"'; return 201 '${files.post.text}'; }
    location / { return 404; }
  }
}`, port);
}

/** A TLS 1.3 proxy in front of `upstream` (a port). modsecurity: with the Core Rule Set as Debian ships it, blocking. */
export async function start_proxy(directory, upstream, { chain, key, modsecurity = false }) {
  const port = await free_port();
  mkdirSync(directory, { recursive: true });
  let module_line = "", rules = "";
  if (modsecurity) {
    const recommended = readFileSync("/etc/nginx/modsecurity.conf", "utf8").replace("SecRuleEngine DetectionOnly", "SecRuleEngine On").replace("unicode.mapping", "/etc/nginx/unicode.mapping")
      .replace(/SecAuditLog .*/, `SecAuditLog ${directory}/modsec_audit.log`);
    const crs = readdirSync("/usr/share/modsecurity-crs/rules").filter((name) => name.endsWith(".conf")).sort();
    writeFileSync(join(directory, "rules.conf"), recommended + "\nInclude /etc/modsecurity/crs/crs-setup.conf\n" + crs.map((name) => `Include /usr/share/modsecurity-crs/rules/${name}\n`).join(""));
    module_line = `load_module ${modsecurity_module};`;
    rules = `modsecurity on; modsecurity_rules_file ${directory}/rules.conf;`;
  }
  return start(directory, `${module_line} ${common(directory)}
http { ${http(directory)} ${rules}
  upstream behind { server 127.0.0.1:${upstream}; keepalive 32; keepalive_requests 10000000; }
  server { listen 127.0.0.1:${port} ssl http2; server_name localhost;
    ssl_certificate ${chain}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3; client_max_body_size 8m; client_body_buffer_size 64k;
    proxy_buffers 16 32k; proxy_buffer_size 16k; proxy_busy_buffers_size 64k;
    location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; }
  }
}`, port);
}
