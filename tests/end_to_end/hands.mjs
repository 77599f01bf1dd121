// Two ways to work with a page. Both have: type, check, press, open, enter.
import assert from "node:assert/strict";

export class Mouse {
  constructor(page) { this.page = page; }
  type(what, text) { return this.page.fill(what, text); }
  check(what, on = true) { return this.page.locator(what).first().setChecked(on); }
  press(what) { return settled(this.page, () => this.page.locator(what).first().click()); }
  enter(what) { return settled(this.page, () => this.page.press(what, "Enter")); }
  async open(what) { if (!(await this.page.locator(what).first().evaluate((one) => one.open))) await this.page.locator(what + " summary").first().click(); }
}

/** Nothing but Tab, Space, Enter and letters; wherever the focus goes it must be seen (WCAG 2.2, 2.4.7 and 2.4.11). */
export class Keyboard {
  constructor(page, problems) { Object.assign(this, { page, problems, looked: new Set() }); }

  async reach(what) {
    for (let stops = 0; stops < 150; ++stops) {
      const at = await this.page.evaluate((selector) => {
        const one = document.activeElement;
        if (!one || one === document.body) return { there: false };
        const style = getComputedStyle(one), box = one.getBoundingClientRect();
        return { there: one === document.querySelector(selector), name: `${one.tagName} ${one.id || one.name || one.textContent.trim().slice(0, 30)}`,
          seen: one.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          inside: box.bottom > 0 && box.top < innerHeight };
      }, what);
      const key = this.page.url().split("?")[0] + at.name;
      if (at.name && !this.looked.has(key)) {
        this.looked.add(key);
        if (!at.seen) this.problems.push(`${key}: the focus is not seen`);
        if (!at.inside) this.problems.push(`${key}: the focus is outside of the window`);
      }
      if (at.there) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not come to ${what} on ${this.page.url().split("?")[0]}`);
  }
  async type(what, text) {
    await this.reach(what);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.type(text);
  }
  async check(what, on = true) {
    await this.reach(what);
    if ((await this.page.locator(what).first().isChecked()) !== on) await this.page.keyboard.press("Space");
    assert.equal(await this.page.locator(what).first().isChecked(), on, what);
  }
  async press(what) {
    await this.reach(what);
    const link = await this.page.locator(what).first().evaluate((one) => one.tagName === "A");
    await settled(this.page, () => this.page.keyboard.press(link ? "Enter" : "Space"));
  }
  async enter(what) {
    await this.reach(what);
    await settled(this.page, () => this.page.keyboard.press("Enter"));
  }
  async open(what) {
    if (await this.page.locator(what).first().evaluate((one) => one.open)) return;
    await this.reach(what + " summary");
    await this.page.keyboard.press("Enter");
  }
}

/** The action, and the page that comes of it. */
async function settled(page, action) {
  const next = page.waitForEvent("framenavigated", { timeout: 15_000 });
  await Promise.all([next, action()]);
  await page.waitForLoadState("load");
}
