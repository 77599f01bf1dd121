// The app behind the launch: shows what the granted scopes allow, renews its token, signs out.
import { own, settings } from "./settings.js";

const $ = (id) => document.getElementById(id);
const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const text_of = (concept) => concept?.text ?? concept?.coding?.[0]?.display ?? "?";
const day_of = (time) => (time ?? "").slice(0, 10);
FHIR.oauth2.settings.refreshTokenWithClientId = true;

function value_of(observation) {
  // A blood pressure has two components, and one unit for both.
  const quantities = [observation.valueQuantity, ...(observation.component ?? []).map((part) => part.valueQuantity)].filter(Boolean);
  if (quantities.length) return quantities.map((one) => one.value).join(" / ") + " " + (quantities[0].unit ?? "");
  return observation.valueString ?? (observation.valueCodeableConcept ? text_of(observation.valueCodeableConcept) : "–");
}

/// What was not granted is refused by the server; the app says so and goes on.
async function show(where, request, render) {
  const body = where.tBodies?.[0] ?? where;
  try {
    const bundle = await request;
    const found = (bundle.entry ?? []).map((one) => one.resource);
    body.replaceChildren(...found.map(render));
    where.dataset.state = "read";
  } catch (error) {
    where.dataset.state = "refused";
    body.replaceChildren(line(body.tagName === "UL" ? "li" : "caption", error.status === 403 ? "Not granted." : error.message));
  }
}

async function show_patient(client) {
  const patient = await client.patient.read();
  const name = patient.name?.[0];
  $("name").textContent = name?.text ?? [...(name?.given ?? []), name?.family].filter(Boolean).join(" ");
  $("facts").textContent = [patient.gender, patient.birthDate && "born " + patient.birthDate].filter(Boolean).join(", ");
}

function show_grant(client) {
  const given = client.state.tokenResponse;
  $("scopes").replaceChildren(...given.scope.split(" ").map((one) => line("li", one)));
  $("who").textContent = client.user.fhirUser ? "Signed in: " + client.user.fhirUser.split("/").slice(-2).join("/") : "";
}

function row(observation) {
  const tr = document.createElement("tr");
  tr.append(line("td", text_of(observation.code)), line("td", value_of(observation)), line("td", day_of(observation.effectiveDateTime)));
  return tr;
}

async function show_all(client) {
  $("out").hidden = true;
  $("in").hidden = false;
  show_grant(client);
  await show_patient(client).catch((error) => ($("name").textContent = error.status === 403 ? "The name was not granted" : error.message));
  await show($("observations"), client.patient.request("Observation?_sort=-date&_count=8"), row);
  await show($("conditions"), client.patient.request("Condition?_count=8"), (one) => line("li", text_of(one.code)));
  $("in").dataset.state = "shown";
}

async function renew(client) {
  try {
    await client.refresh();
    $("told").textContent = "A fresh token, good until " + new Date(client.getState("expiresAt") * 1000).toLocaleTimeString() + ".";
    await show_all(client);
  } catch (error) {
    $("told").textContent = "No fresh token: " + error.message;
  }
}

/// RFC 7009, then OpenID Connect RP-Initiated Logout: the token ends, and the person's session with it.
async function sign_out(client) {
  const server = new URL(client.state.serverUrl), { refresh_token, id_token } = client.state.tokenResponse;
  const known = await (await fetch(server.origin + "/.well-known/openid-configuration")).json();
  if (refresh_token)
    await fetch(known.revocation_endpoint, { method: "POST", body: new URLSearchParams({ token: refresh_token, client_id: client.state.clientId }) });
  sessionStorage.clear();
  const back = new URLSearchParams({ id_token_hint: id_token, client_id: settings.client_id, post_logout_redirect_uri: own("index.html") });
  location.assign(known.end_session_endpoint + "?" + back);
}

const answered = new URLSearchParams(location.search);
if (answered.has("code") || answered.has("error") || sessionStorage.getItem("SMART_KEY")) {
  try {
    const client = await FHIR.oauth2.ready();
    window.smart = client; // to try things in the browser's console
    $("refresh").addEventListener("click", () => renew(client));
    $("sign-out").addEventListener("click", () => sign_out(client));
    await show_all(client);
  } catch (error) {
    sessionStorage.clear();
    $("problem").textContent = "The server gave nothing: " + error.message;
    $("problem").hidden = false;
  }
}
