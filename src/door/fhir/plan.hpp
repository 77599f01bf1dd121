// A change, planned: decided, validated and indexed, before anything is intended or written.
#pragma once

#include "fhir/backend.hpp"
#include "fhir/bundle.hpp"

namespace ward::door {

/// A write as a request or a bundle entry asks for it.
struct WriteRequest {
  access::Interaction interaction;  // create, update, patch, remove
  std::string type, id;             // id empty: create, or conditional by `query`
  std::string query;                // of conditional update, patch and delete
  std::string if_match, if_none_exist;
  json::Value resource;                            // validated; absent for patch and remove
  const fhir::Patch* patch = nullptr;              // of patch
  const fhir::ReferenceMap* references = nullptr;  // of a transaction: fullUrl to Type/id
  std::string full_url;
  std::string given_id;     // of a create whose id the transaction has chosen already
  bool match_only = false;  // only look what `if_none_exist` matches: a Plan without id if nothing
  bool reference = false;   // looked up for a conditional reference: needs no right to create
};

struct Plan {
  std::optional<store::Change> change;  // nothing: the answer is made without one (If-None-Exist matched)
  access::Grant grant;
  std::optional<access::Grant> reading;  // what the answer shows, if not by `grant`
  int status = 200;
  std::string type, id;
  std::uint64_t version = 0;  // of what matched, or of the current one
  WallTime updated{};
  std::vector<std::string> patients;
  bool remove = false;
};

/// Ids that a transaction makes and that others of its entries may refer to.
using Arriving = std::set<std::string, std::less<>>;

/// Decides one write under the Grant of its own interaction and type. All that depends on records the caller may not
/// see answers as if they did not exist.
boost::asio::awaitable<Allowed<Plan>> plan_write(Exchange& x, const WriteRequest& request, const Arriving& arriving);

/// References of a resource that are absent, or may not be seen: the same refusal for both. Those that `before`, the
/// current version as the caller sees it (or nothing), has too are no claim of the caller's, and not looked up.
boost::asio::awaitable<Allowed<void>> check_references(Exchange& x, const access::Grant& grant, std::string_view type,
                                                       json::Value resource, json::Value before,
                                                       const Arriving& arriving);

}  // namespace ward::door
