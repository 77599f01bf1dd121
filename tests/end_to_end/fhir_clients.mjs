// Three FHIR clients that others wrote, each behind the few calls that an app makes. What a client has no method of its own
// for goes through its plain request.
import { createRequire } from "node:module";
import { Client } from "fhir-kit-client";
import { MedplumClient } from "@medplum/core";

const { FhirClient } = createRequire(import.meta.url)("fhirclient");
const query = (params) => new URLSearchParams(Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();
const form = { "content-type": "application/x-www-form-urlencoded" };
const fhir = { "content-type": "application/fhir+json" };
const text_of = (body) => (body === undefined || typeof body === "string" ? body : JSON.stringify(body));

/** fhir-kit-client. */
function kit(base, token) {
  const client = new Client({ baseUrl: base, bearerToken: token });
  const raw = (method, path, body, headers = {}) => client.request(path, { method, body, options: { headers } });
  return {
    raw,
    status: (error) => error.response?.status,
    capabilities: () => client.capabilityStatement(),
    read: (resourceType, id) => client.read({ resourceType, id }),
    vread: (resourceType, id, version) => client.vread({ resourceType, id, version }),
    history: (resourceType, id) => client.history({ resourceType, id }),
    type_history: (resourceType) => client.history({ resourceType }),
    create: (body, headers) => client.create({ resourceType: body.resourceType, body, options: { headers } }),
    create_if_none: (body, condition) => client.create({ resourceType: body.resourceType, body, options: { headers: { "If-None-Exist": condition } } }),
    update: (body, headers) => client.update({ resourceType: body.resourceType, id: body.id, body, options: { headers } }),
    upsert: (body, params) => client.update({ resourceType: body.resourceType, searchParams: params, body }),
    patch: (resourceType, id, jsonPatch) => client.patch({ resourceType, id, jsonPatch }),
    remove: (resourceType, id) => client.delete({ resourceType, id }),
    search: (resourceType, params) => client.search({ resourceType, searchParams: params }),
    search_post: (resourceType, params) => client.search({ resourceType, searchParams: params, options: { postSearch: true } }),
    compartment: (id, resourceType, params) => client.search({ resourceType, compartment: { resourceType: "Patient", id }, searchParams: params }),
    next: (bundle) => client.nextPage({ bundle }),
    bundle: (body) => (body.type === "batch" ? client.batch({ body }) : client.transaction({ body })),
    operation: (resourceType, id, name, params) => client.operation({ resourceType, id, name, method: "GET", input: params }),
    validate: (input) => client.operation({ resourceType: input.resourceType, name: "$validate", input }),
    everything: (id) => client.operation({ resourceType: "Patient", id, name: "everything", method: "GET" }),
    resolve: (reference) => client.resolve({ reference, context: {} }),
  };
}

/** fhirclient. */
function smart(base, token) {
  const client = new FhirClient(base);
  const authorized = (headers = {}) => ({ headers: { authorization: "Bearer " + token, ...headers } });
  const raw = (method, path, body, headers = body === undefined ? {} : fhir) => client.fhirRequest(path, { method, body: text_of(body), ...authorized(headers) });
  return {
    raw,
    status: (error) => error.status ?? error.statusCode,
    capabilities: () => raw("GET", "metadata"),
    read: (type, id) => raw("GET", `${type}/${id}`),
    vread: (type, id, version) => raw("GET", `${type}/${id}/_history/${version}`),
    history: (type, id) => raw("GET", `${type}/${id}/_history`),
    type_history: (type) => raw("GET", `${type}/_history`),
    create: (body, headers) => client.create(body, authorized(headers)),
    create_if_none: (body, condition) => client.create(body, authorized({ "if-none-exist": condition, ...fhir })),
    update: (body, headers) => client.update(body, authorized(headers)),
    upsert: (body, params) => raw("PUT", `${body.resourceType}?${query(params)}`, body),
    patch: (type, id, operations) => client.patch(`${type}/${id}`, operations, authorized({ "content-type": "application/json-patch+json; charset=UTF-8" })),
    remove: (type, id) => client.delete(`${type}/${id}`, authorized()),
    search: (type, params) => raw("GET", `${type}?${query(params)}`),
    search_post: (type, params) => raw("POST", `${type}/_search`, query(params), form),
    compartment: (id, type, params) => raw("GET", `Patient/${id}/${type}?${query(params)}`),
    next: (bundle) => raw("GET", bundle.link.find((one) => one.relation === "next").url),
    bundle: (body) => raw("POST", "", body),
    operation: (type, id, name, params) => raw("GET", `${id ? `${type}/${id}` : type}/${name}?${query(params ?? {})}`),
    validate: (body) => raw("POST", body.resourceType + "/$validate", body),
    everything: (id) => raw("GET", `Patient/${id}/$everything`),
    resolve: (reference) => raw("GET", reference),
  };
}

/** Medplum's client, which tells no status of an error: what its fetch saw last does. */
function medplum(base, token) {
  const { origin, pathname } = new URL(base);
  let status;
  const watched = async (...request) => {
    const answer = await fetch(...request);
    status = answer.status;
    return answer;
  };
  const client = new MedplumClient({ baseUrl: origin + "/", fhirUrlPath: pathname.slice(1) + "/", fetch: watched, cacheTime: 0, accessToken: token, maxRetries: 0 });
  const fresh = { cache: "reload" };
  const raw = (method, path, body, headers = {}) => {
    const url = path.startsWith("http") ? path : path ? `${base}/${path}` : client.fhirUrl();
    const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
    if (method === "GET") return client.get(url, { ...fresh, headers });
    if (method === "DELETE") return client.delete(url, { headers });
    return client[method.toLowerCase()](url, body, ...(method === "PATCH" ? [{ headers }] : [type]));
  };
  return {
    raw,
    status: () => status,
    capabilities: () => raw("GET", "metadata"),
    read: (type, id) => client.readResource(type, id, fresh),
    vread: (type, id, version) => client.readVersion(type, id, version),
    history: (type, id) => client.readHistory(type, id),
    type_history: (type) => raw("GET", `${type}/_history`),
    create: (body, headers) => client.createResource(body, { headers }),
    create_if_none: (body, condition) => client.createResourceIfNoneExist(body, condition),
    update: (body, headers) => client.updateResource(body, { headers }),
    upsert: (body, params) => client.upsertResource(body, query(params)),
    patch: (type, id, operations) => client.patchResource(type, id, operations),
    remove: (type, id) => client.deleteResource(type, id),
    search: (type, params) => client.search(type, query(params), fresh),
    search_post: (type, params) => raw("POST", `${type}/_search`, query(params), form),
    compartment: (id, type, params) => raw("GET", `Patient/${id}/${type}?${query(params)}`),
    next: (bundle) => raw("GET", bundle.link.find((one) => one.relation === "next").url),
    bundle: (body) => client.executeBatch(body),
    operation: (type, id, name, params) => raw("GET", `${id ? `${type}/${id}` : type}/${name}?${query(params ?? {})}`),
    validate: (body) => client.validateResource(body),
    everything: (id) => client.readPatientEverything(id),
    resolve: (reference) => client.readReference({ reference }),
  };
}

export const clients = { "fhir-kit-client": kit, fhirclient: smart, "@medplum/core": medplum };
