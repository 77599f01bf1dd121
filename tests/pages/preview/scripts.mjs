// The three scripts in a browser, against a server that is played: passkeys with a virtual authenticator, the warning
// before a session ends, the form that sends itself; and that sign-in works without any script.
//
//   node tests/pages/preview/scripts.mjs FOLDER      (see check.mjs)
import { strict as assert } from "node:assert";
import { test, before, after } from "node:test";
import { open_browser, serve } from "./browser.mjs";

const folder = process.argv[2];
let server, browser;
const asked = []; // what the pages sent: {path, body}
let answers = {}; // path -> object (JSON) or number (status)

before(async () => {
  server = await serve(folder, (request, body, response) => {
    const path = request.url.split("?")[0];
    asked.push({ path, body, type: request.headers["content-type"] });
    const answer = answers[path];
    if (typeof answer === "object") {
      const value = typeof answer.make === "function" ? answer.make(body) : answer;
      return response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    }
    response.writeHead(answer ?? 404, { "Content-Type": "text/html" }).end("<!doctype html><title>after</title>");
  });
  browser = await open_browser();
});
after(async () => {
  await browser.close();
  server.close();
});

async function with_page(options, action) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  asked.length = 0;
  try {
    await action(page, context);
  } finally {
    await context.close();
  }
}

async function add_authenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return { devtools, authenticatorId };
}

const creation = {
  rp: { id: "localhost", name: "Ward" },
  user: { id: "dXNlci0x", name: "ana.ruiz", displayName: "Ana Ruiz" },
  challenge: "Y2hhbGxlbmdlLWNoYWxsZW5nZQ",
  pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  authenticatorSelection: { residentKey: "required", userVerification: "required" },
};
const request = { challenge: "Y2hhbGxlbmdlLWNoYWxsZW5nZQ", rpId: "localhost", userVerification: "required" };

for (const by_hand of [false, true])
  test(`a passkey is set up and used${by_hand ? " in a browser that reads no JSON" : ""}`, () =>
    with_page({}, async (page) => {
      const { devtools, authenticatorId } = await add_authenticator(page);
      if (by_hand)
        await page.addInitScript(() => {
          delete PublicKeyCredential.parseCreationOptionsFromJSON;
          delete PublicKeyCredential.parseRequestOptionsFromJSON;
          delete PublicKeyCredential.prototype.toJSON;
        });
      answers = {
        "/login/enrol/passkey/options": { options: creation, state: "s-1" },
        "/login/enrol/passkey": { location: "/done" },
        "/login/passkey/options": { options: request, state: "s-2" },
        "/login/passkey": { location: "/in" },
        "/done": 200,
        "/in": 200,
      };
      await page.goto(`${server.base}/en/enrol.html`);
      await page.getByRole("button", { name: "Set up a passkey" }).click();
      await page.waitForURL("**/done");
      const sent = JSON.parse(asked.find((one) => one.path === "/login/enrol/passkey").body);
      assert.deepEqual([sent.csrf, sent.flow, sent.state], ["c-51f0", "f-7c21", "s-1"]);
      assert.match(sent.response.response.attestationObject, /^[\w-]+$/);
      assert.equal(JSON.parse(Buffer.from(sent.response.response.clientDataJSON, "base64url")).type, "webauthn.create");

      // Conditional UI would take the only passkey by itself; the button is what is looked at here.
      await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
      await page.goto(`${server.base}/en/login.html`);
      await page.waitForTimeout(300);
      await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.waitForURL("**/in");
      const used = JSON.parse(asked.findLast((one) => one.path === "/login/passkey").body);
      assert.equal(used.state, "s-2");
      assert.match(used.response.response.signature, /^[\w-]+$/);
      assert.equal(used.response.response.userHandle, "dXNlci0x");
    }));

test("conditional UI signs in without a press", () =>
  with_page({}, async (page) => {
    await add_authenticator(page);
    answers = {
      "/login/enrol/passkey/options": { options: creation, state: "s-1" },
      "/login/enrol/passkey": { location: "/done" },
      "/login/passkey/options": { options: request, state: "s-2" },
      "/login/passkey": { location: "/in" },
      "/done": 200,
      "/in": 200,
    };
    await page.goto(`${server.base}/en/enrol.html`);
    await page.getByRole("button", { name: "Set up a passkey" }).click();
    await page.waitForURL("**/done");
    await page.goto(`${server.base}/en/login.html`);
    await page.waitForURL("**/in");
  }));

test("a problem is told in the page, and the button works again", () =>
  with_page({}, async (page) => {
    await add_authenticator(page);
    answers = { "/login/enrol/passkey/options": { problem: "Not now, please." } };
    await page.goto(`${server.base}/en/enrol.html`);
    const button = page.getByRole("button", { name: "Set up a passkey" });
    await button.click();
    await page.getByRole("status").getByText("Not now, please.").waitFor();
    assert.equal(await button.isEnabled(), true);
  }));

test("a server that is gone is told in our words", () =>
  with_page({}, async (page) => {
    await add_authenticator(page);
    answers = { "/login/enrol/passkey/options": 503 };
    await page.goto(`${server.base}/es/enrol.html`);
    await page.getByRole("button", { name: "Configurar una llave de acceso" }).click();
    await page.getByRole("status").getByText("No se ha podido comprobar").waitFor();
  }));

test("the warning comes before the end, and can be answered by keyboard", () =>
  with_page({}, async (page) => {
    answers = { "/account/stay": 200 };
    await page.clock.install();
    await page.goto(`${server.base}/en/account.html`);
    await page.clock.runFor(1735_000);
    assert.equal(await page.getByRole("alertdialog").isVisible(), false);
    await page.clock.runFor(10_000);
    await page.getByRole("alertdialog", { name: "Are you still there?" }).waitFor();
    assert.match(await page.locator("#idle-left").textContent(), /^0:5\d$/);
    await page.keyboard.press("Enter"); // the button has the focus
    await page.getByRole("alertdialog").waitFor({ state: "hidden" });
    const sent = asked.find((one) => one.path === "/account/stay");
    assert.equal(new URLSearchParams(sent.body).get("csrf"), "c-51f0");
    await page.clock.runFor(1735_000);
    assert.equal(await page.getByRole("alertdialog").isVisible(), false);
  }));

test("a session that ended shows what the server says", () =>
  with_page({}, async (page) => {
    await page.clock.install();
    await page.goto(`${server.base}/en/account.html`);
    const loaded = page.waitForEvent("load");
    await page.clock.runFor(1805_000);
    await loaded;
  }));

test("the form_post page sends itself", () =>
  with_page({}, async (page) => {
    await page.route("https://cardia.example/callback", (route) => {
      asked.push({ path: "callback", body: route.request().postData() });
      return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>app</title>" });
    });
    await page.goto(`${server.base}/en/form-post.html`);
    await page.waitForURL("https://cardia.example/callback");
    const sent = new URLSearchParams(asked.find((one) => one.path === "callback").body);
    assert.deepEqual([sent.get("code"), sent.get("state")], ["abc", 'x"><b>']);
  }));

test("without script a person signs in by keyboard, and nothing is offered that cannot work", () =>
  with_page({ javaScriptEnabled: false }, async (page) => {
    answers = { "/login": 200 };
    await page.goto(`${server.base}/en/login.html`);
    assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible(), false);
    await page.getByLabel("Username").focus();
    await page.keyboard.type("ana.ruiz");
    await page.keyboard.press("Tab");
    await page.keyboard.type("a long sentence");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/login");
    const sent = new URLSearchParams(asked.find((one) => one.path === "/login").body);
    assert.deepEqual(Object.fromEntries(sent), { csrf: "c-51f0", flow: "f-7c21", username: "ana.ruiz", password: "a long sentence" });
  }));
