// SMART App Launch 2.2, both ways in: an EHR sends ?iss=...&launch=..., a person just comes here.
import { own, settings } from "./settings.js";

const asked = new URLSearchParams(location.search), iss = asked.get("iss") ?? settings.fhir, launch = asked.get("launch");
const data = "patient/Patient.r patient/Observation.rs patient/Condition.rs";
const $ = (id) => document.getElementById(id);

async function reachable() {
  return fetch(iss + "/.well-known/smart-configuration").then((answer) => answer.ok, () => false);
}

if (iss !== settings.fhir) {
  $("state").textContent = "This app works with " + settings.fhir + " alone.";
} else if (!(await reachable())) {
  $("state").textContent = "";
  $("server").href = new URL(iss).origin + "/login";
  $("again").href = location.href;
  $("help").hidden = false;
} else {
  await FHIR.oauth2.authorize({
    iss,
    ...(launch && { launch }),
    clientId: settings.client_id,
    // online_access: a refresh token that ends when the person signs out.
    scope: `openid fhirUser online_access ${launch ? "launch" : "launch/patient"} ${data}`,
    redirectUri: own("index.html"),
    pkceMode: "required",
  });
}
