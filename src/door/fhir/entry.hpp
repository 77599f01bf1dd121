// The answer to one entry of a batch or transaction.
#pragma once

#include "fhir/plan.hpp"

namespace ward::door {

struct EntryAnswer {
  int status = 200;
  std::string location, etag;
  std::optional<WallTime> updated;
  std::string outcome;                       // JSON of an OperationOutcome
  std::optional<access::Sendable> resource;  // already minimised
};

/// Text of a status for Bundle.entry.response.status: "201 Created".
std::string status_text(int status);

/// Of a change that was made, with what Prefer: return= of the bundle asks for (unsaid: neither resource nor outcome).
boost::asio::awaitable<EntryAnswer> written_answer(Exchange& x, const Plan& plan);
EntryAnswer answer_of(const Refusal& refusal);

/// GET entries: read and search, each decided as its own request.
boost::asio::awaitable<EntryAnswer> run_get(Exchange& x, const fhir::BundleRequest& entry);

/// The response Bundle.
access::Sendable response_bundle(std::string_view type, const std::vector<EntryAnswer>& answers);

}  // namespace ward::door
