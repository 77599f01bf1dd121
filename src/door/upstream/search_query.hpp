// A search as another server is asked for it: the Grant's predicate is part of the question.
#pragma once

#include "fhir/search.hpp"
#include "upstream/resource.hpp"

namespace ward::door {

struct SearchQuery {
  std::string text;           // of the URL, without '?'
  bool nothing = false;       // nobody is visible: no need to ask
  bool unrestricted = false;  // the question needed no predicate, so that the upstream's total may be told
};

/// Refusal: 400 too-costly for more patients than one request can name.
Allowed<SearchQuery> search_query(const fhir::Search& search, std::span<const std::string> own_bases);

/// The predicate again, on what came back: a server may ignore what it does not know. What belongs to others too must
/// also match by the references that `query` kept (fhir/shared.hpp), as the upstream was asked by all of them.
bool is_visible(const Taken& taken, const store::Query& query);

}  // namespace ward::door
