// Joins the pictures that check.mjs took to one sheet per page: desktop, phone, dark, and Spanish.
//
//   node tests/pages/preview/sheets.mjs PICTURES OUT      (then, as it was done: pngquant --ext .png --force 64 OUT/*.png)
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open_browser } from "./browser.mjs";

const [pictures, out] = process.argv.slice(2);
const shown = [
  { view: "en-desktop", width: 700 },
  { view: "en-phone", width: 330 },
  { view: "en-phone-dark", width: 330 },
  { view: "es-phone", width: 330 },
];

mkdirSync(out, { recursive: true });
const browser = await open_browser();
const page = await browser.newPage({ viewport: { width: 1760, height: 300 } });
const names = readdirSync(pictures).flatMap((file) => file.match(/^(.*)-en-desktop\.png$/)?.[1] ?? []);
for (const name of names) {
  const images = shown.map(({ view, width }) => {
    const content = readFileSync(join(pictures, `${name}-${view}.png`)).toString("base64");
    return `<img style="width:${width}px;border-radius:6px" src="data:image/png;base64,${content}">`;
  });
  const style = "margin:0;padding:16px;display:flex;gap:12px;align-items:flex-start;background:#8f9aa3;width:fit-content";
  await page.setContent(`<!doctype html><body style="${style}">${images.join("")}</body>`, { waitUntil: "load" });
  await page.locator("body").screenshot({ path: join(out, `${name}.png`) });
}
await browser.close();
