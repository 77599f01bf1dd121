// One request on its way through the corridor, and everything that its stages learn about it.
#pragma once

#include "routes.hpp"

#include "access/grant.hpp"
#include "access/minimise.hpp"
#include "audit/receipt.hpp"
#include "audit/record.hpp"
#include "fhir/patch.hpp"
#include "fhir_request.hpp"
#include "identity/identity.hpp"
#include "json/json.hpp"
#include "net/http.hpp"
#include "shield/firewall.hpp"
#include "shield/limits.hpp"

namespace ward::door {

struct Services;
struct Core;
struct Live;

/// What is to be sent. A body with PHI is put into Exchange::phi and becomes `body` by minimising.
struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<access::Sendable> body;

  void header(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

/// The request's body, read, parsed and judged. The document points into `bytes`.
struct Content {
  Buffer bytes;
  std::optional<json::Document> document;
  fhir::PatchPtr patch;  // of PATCH, in the place of a document
  bool moved = false;    // made by a patch that took items of lists from their places
};

/// Owns all that the stages of one request use; lives on the connection's core, in the coroutine of the request.
struct Exchange {
  net::Stream& stream;
  const Services& services;
  Core& core;
  std::shared_ptr<const Live> live;  // the configuration that this request is decided by, from first to last
  MonoTime began;
  std::string request_id;

  std::vector<std::string> segments;                       // of the path, decoded once
  std::vector<std::pair<std::string, std::string>> query;  // decoded once
  const Route* route = nullptr;
  bool preflight = false;         // a browser asks whether a script may ask
  std::vector<std::string> rest;  // segments behind the route's prefix

  identity::CallerRef caller;  // empty on public routes
  FhirRequest fhir;            // of FHIR routes
  std::optional<access::Grant> grant;
  Content content;
  shield::Decision by_source, by_caller;

  std::optional<Phi<Buffer>> phi;  // one resource, seen by the grant; minimised before it is recorded
  std::vector<std::string> phi_patients;
  std::vector<access::Sendable> shown;  // what a page is drawn from
  Answer answer;
  audit::Record record;
  bool in_bundle = false;               // an entry of a batch or transaction; headers are the bundle's, not its own
  mutable bool part_2 = false;          // something shown is under 42 CFR Part 2; the answer says so
  std::vector<Issue> notes;             // told beside a success (what was cleaned, what was left out)
  std::size_t patch_work = 0;           // that the patches of this request have spent
  std::optional<audit::Intent> intent;  // of a change, once it is durable; its OUTCOME is the record of the answer

  std::string_view header(std::string_view name) const { return stream.head().header(name); }
  bool method_is(std::string_view name) const { return stream.head().method == name; }
};

/// How a record names a caller, in clear: who works here by their resource, patients by their sign-in name alone.
std::string actor_of(const identity::Caller& caller);

/// What limits count a caller by: two issuers may give one `sub`.
std::string subject_key(const identity::Caller& caller);

}  // namespace ward::door
