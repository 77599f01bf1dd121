// Answers of another FHIR server, read.
#pragma once

#include "fhir/backend.hpp"
#include "fhir/search.hpp"
#include "net/client.hpp"

namespace ward::door {

/// An answer that is neither the thing asked for nor its absence. What the server said about it is not told.
Refusal unexpected_status(const Exchange& x, int status, std::string_view what);
Refusal malformed(const Exchange& x, const Error& error);

/// Adds the versions of a history Bundle. Gives the path of the next page, or "".
Allowed<std::string> history_in(const Exchange& x, std::string_view bundle, std::string_view type, std::string_view id,
                                std::vector<store::Version>& all);

/// A searchset without what the predicate does not show.
struct SeenPage {
  store::Page page;
  bool dropped = false;  // it held something that is not shown
};
/// `total_counts`: the predicate was part of the question.
Allowed<SeenPage> page_in(const Exchange& x, std::string_view bundle, const fhir::Search& search, bool total_counts);

/// What a change came to: version, time, and the id of what was created.
Allowed<Written> written_in(const Exchange& x, const net::ClientResponse& answer, const store::Change& change);

/// The same of a transaction, change by change.
Allowed<std::vector<Written>> transaction_in(const Exchange& x, const net::ClientResponse& answer,
                                             const std::vector<store::Change>& changes);

}  // namespace ward::door
