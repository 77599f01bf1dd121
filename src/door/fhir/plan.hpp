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
  std::string if_match, if_none_match, if_none_exist;
  json::Value resource;                            // validated; absent for patch and remove
  const fhir::Patch* patch = nullptr;              // of patch
  const fhir::ReferenceMap* references = nullptr;  // of a transaction: fullUrl to Type/id
  std::string full_url;
  std::string given_id;     // of what is created, if the transaction has chosen it already
  bool match_only = false;  // only look what `if_none_exist` matches: a Plan without id if nothing
  bool reference = false;   // looked up for a reference or an update: needs no right to create
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

/// What the other entries of a transaction do, by "Type/id".
struct Meanwhile {
  std::set<std::string, std::less<>> made;     // can be referred to, though it is not there yet
  std::set<std::string, std::less<>> removed;  // matches nothing any more, and nothing may refer to it
};

/// Decides one write under the Grant of its own interaction and type. All that depends on records the caller may not
/// see answers as if they did not exist.
boost::asio::awaitable<Allowed<Plan>> plan_write(Exchange& x, const WriteRequest& request, const Meanwhile& meanwhile);

/// The same; a conditional delete is a plan for each match, where the route allows several (R4 3.1.0.7.1).
boost::asio::awaitable<Allowed<std::vector<Plan>>> plan_writes(Exchange& x, const WriteRequest& request,
                                                               const Meanwhile& meanwhile);

/// Whether a PUT of an id that is not there creates: by configuration, and only for who sees all of the type, since
/// others would learn from it which ids are taken.
bool may_upsert(Exchange& x, std::string_view type);

/// References of a resource that are absent, or may not be seen: the same refusal for both. Those that `before`, the
/// current version as the caller sees it (or nothing), has too are no claim of the caller's, and not looked up.
boost::asio::awaitable<Allowed<void>> check_references(Exchange& x, const access::Grant& grant, std::string_view type,
                                                       json::Value resource, json::Value before,
                                                       const Meanwhile& meanwhile);

}  // namespace ward::door
