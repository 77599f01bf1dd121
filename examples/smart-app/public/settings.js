// What the app was told of by whoever serves it: { fhir, client_id }.
export const settings = await fetch("settings.json").then((answer) => answer.json());

/// Where this app's own pages are.
export const own = (page) => new URL(page, location.href).href.split(/[?#]/)[0];
