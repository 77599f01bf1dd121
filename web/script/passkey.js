// Passkeys (WebAuthn level 3): signs in or registers through two calls to the server.
//
//   POST URL/options  {csrf, flow}                   -> {options, state}
//   POST URL          {csrf, flow, state, response}  -> {location} or {problem}
//
// An element with data-passkey="get" or "create" is shown only where the browser can do it. With
// data-passkey-conditional the browser also offers passkeys in the name field (conditional UI).
"use strict";
(() => {
  const to_bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const to_text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  // Browsers of before 2025 read and write no JSON by themselves.
  function read_options(kind, json) {
    const ready =
      kind === "create" ? PublicKeyCredential.parseCreationOptionsFromJSON : PublicKeyCredential.parseRequestOptionsFromJSON;
    if (ready) return ready.call(PublicKeyCredential, json);
    const with_bytes = (list) => list?.map((one) => ({ ...one, id: to_bytes(one.id) }));
    const options = { ...json, challenge: to_bytes(json.challenge) };
    if (json.user) options.user = { ...json.user, id: to_bytes(json.user.id) };
    if (json.excludeCredentials) options.excludeCredentials = with_bytes(json.excludeCredentials);
    if (json.allowCredentials) options.allowCredentials = with_bytes(json.allowCredentials);
    return options;
  }
  function write_credential(credential) {
    if (credential.toJSON) return credential.toJSON();
    const answer = credential.response;
    const response = { clientDataJSON: to_text(answer.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
      if (answer[name]) response[name] = to_text(answer[name]);
    if (answer.getTransports) response.transports = answer.getTransports();
    return {
      id: credential.id,
      rawId: to_text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    };
  }

  async function post(url, body) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      redirect: "error",
    });
    return answer.json();
  }

  function set_up(element) {
    const kind = element.dataset.passkey;
    const url = element.dataset.passkeyUrl;
    const form = { csrf: element.dataset.csrf, flow: element.dataset.flow || undefined };
    const button = element.querySelector("[data-passkey-button]");
    const status = element.querySelector("[data-passkey-status]");
    let running = null; // only one request may be open: the conditional one gives way to the button

    const say = (text, bad) => {
      status.textContent = text ?? "";
      status.classList.toggle("bad", Boolean(bad));
    };

    async function run(mediation) {
      running?.abort();
      const own = (running = new AbortController());
      const asked = await post(`${url}/options`, form);
      if (own.signal.aborted) return;
      if (asked.problem || !asked.options) throw new Error(asked.problem ?? "");
      const request = {
        publicKey: read_options(kind, asked.options.publicKey ?? asked.options),
        signal: own.signal,
        ...(mediation && { mediation }),
      };
      const credential = await (kind === "create" ? navigator.credentials.create(request) : navigator.credentials.get(request));
      button.disabled = true;
      say(status.dataset.waiting);
      const told = await post(url, { ...form, state: asked.state, response: write_credential(credential) });
      if (!told.location) throw new Error(told.problem ?? "");
      location.assign(told.location);
    }

    function failed(error) {
      button.disabled = false;
      if (error?.name === "AbortError") return;
      if (error?.name === "NotAllowedError") return say(status.dataset.cancelled, true);
      say((error?.constructor === Error && error.message) || status.dataset.failed, true);
    }

    button.addEventListener("click", () => {
      say(status.dataset.waiting);
      run().catch(failed);
    });
    element.hidden = false;
    if ("passkeyConditional" in element.dataset) {
      PublicKeyCredential.isConditionalMediationAvailable?.()
        .then((can) => can && run("conditional"))
        .catch((error) => error?.constructor === Error && error.message && failed(error));
    }
  }

  if (window.PublicKeyCredential && navigator.credentials)
    for (const element of document.querySelectorAll("[data-passkey]")) set_up(element);
})();
