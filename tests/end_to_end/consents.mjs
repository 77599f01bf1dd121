// A Consent of the patient of sealed.mjs.
import { act_code, loinc, with_it } from "./sealed.mjs";

export const consent = (provision, more = {}) => ({ resourceType: "Consent", status: "active", scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" }] },
  category: [{ coding: [{ system: loinc, code: "59284-0" }] }], policyRule: { coding: [{ system: act_code, code: "OPTIN" }] }, patient: { reference: "Patient/" + with_it }, dateTime: "2025-01-02", provision, ...more });
