// Chromium, and a server for the folder that pages_preview wrote.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const modules = process.env.NODE_MODULES;
export const require = createRequire(modules ? join(modules, "x.js") : import.meta.url);

export function open_browser() {
  return require("playwright-core").chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

const types = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

/// Files with the policy that belongs to them; what is not a file goes to `other(request, body, response)`.
export async function serve(folder, other) {
  const policy = readFileSync(join(folder, "policy.txt"), "utf8").trim();
  const target = readFileSync(join(folder, "policy-form-post.txt"), "utf8").trim();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    let body = "";
    for await (const part of request) body += part;
    let content;
    try {
      if (request.method === "GET") content = readFileSync(join(folder, path));
    } catch {}
    if (!content) return other ? other(request, body, response) : response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": types[path.split(".").pop()],
      "Content-Security-Policy": path.endsWith("form-post.html") ? target : policy,
    });
    response.end(content);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  server.base = `http://localhost:${server.address().port}`;
  return server;
}
