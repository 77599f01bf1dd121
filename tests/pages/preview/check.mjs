// Looks at every page as pages_preview wrote it: axe in both languages, light and dark, wide and narrow; no overflow on a
// phone or at 200 % zoom; no broken policy; and a picture of each.
//
//   build/release/tests/pages/pages_preview FOLDER
//   node tests/pages/preview/check.mjs FOLDER [PICTURES]
//
// Needs npm's playwright-core and axe-core where node finds them (or NODE_MODULES=folder), and Chromium (CHROMIUM=path).
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open_browser, require, serve } from "./browser.mjs";

const axe_source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [folder, pictures] = process.argv.slice(2);

const views = [
  { name: "desktop", width: 1280, height: 900, scheme: "light" },
  { name: "dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone", width: 375, height: 740, scheme: "light" },
  { name: "phone-dark", width: 375, height: 740, scheme: "dark" },
  { name: "zoomed", width: 640, height: 450, scheme: "light" }, // 1280 at 200 %
  { name: "narrow", width: 320, height: 640, scheme: "light" }, // WCAG 2.2, 1.4.10
];

const problems = [];
const server = await serve(folder);
const browser = await open_browser();

async function look(context, view, language, page_name) {
  const page = await context.newPage();
  const where = `${language}/${page_name} ${view.name}`;
  page.on("console", (message) => {
    if (message.type() === "error" && !/404|Failed to load resource/.test(message.text())) problems.push(`${where}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${where}: ${error}`));
  await page.route("**/login/**/options", (route) => route.fulfill({ json: {} }));
  // The page that is only passed through would be gone before it is looked at.
  if (page_name === "form-post") await page.route("**/submit.*.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
  await page.goto(`${server.base}/${language}/${page_name}.html`);
  for (const fold of await page.locator("details:not([open]) > summary").all()) await fold.click();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) problems.push(`${where}: ${wide} px wider than the window`);
  await page.evaluate(axe_source + ";0");
  let passed = await run_axe(page, where);
  if (pictures) await page.screenshot({ path: join(pictures, `${page_name}-${language}-${view.name}.png`), fullPage: true });
  if ((await page.locator("#idle").count()) > 0) {
    await page.evaluate(() => {
      document.getElementById("idle-left").textContent = "0:42";
      document.getElementById("idle").showModal();
    });
    passed += await run_axe(page, `${where} session warning`);
    if (pictures) await page.screenshot({ path: join(pictures, `session-warning-${language}-${view.name}.png`) });
  }
  await page.close();
  return passed;
}

/// Adds what axe finds to the problems; gives the number of rules that passed.
async function run_axe(page, where) {
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  for (const violation of found.violations)
    problems.push(`${where}: ${violation.id}: ${violation.help}: ${violation.nodes.map((n) => n.target).join(" ")}`);
  return found.passes.length;
}

if (pictures) mkdirSync(pictures, { recursive: true });
let passed = 0;
for (const view of views) {
  const context = await browser.newContext({
    viewport: { width: view.width, height: view.height },
    colorScheme: view.scheme,
    reducedMotion: "reduce",
  });
  for (const language of ["en", "es"])
    for (const file of readdirSync(join(folder, language))) passed += await look(context, view, language, file.replace(".html", ""));
  await context.close();
}
await browser.close();
server.close();
for (const problem of problems) console.log(problem);
console.log(`${passed} rules passed, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
