// Makes a search obey the Grant: what the view hides is no parameter of it, what may not be seen is no part of it, and
// what it asks of other resources is asked of those that the caller may see.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"

namespace ward::door {

inline constexpr std::size_t hop_found_max = 10'000;  // resources at the other end of one hop

/// Fills `query.visible`, and resolves hops by searches of their own, each under the Grant of its type. Refusals: 403
/// parameter_hidden, or what decides a type that a hop names; 400 search_too_costly for a hop with too many resources
/// at its other end.
boost::asio::awaitable<Allowed<void>> narrow(Exchange& x, const access::Grant& grant, fhir::Search& search);

/// The resources of `type` (all of them, if few enough) that satisfy `search` and that the caller may see. With
/// `search.query.ids_only` their ids alone.
struct Seen {
  access::Grant grant;
  std::vector<store::Version> found;
  std::vector<std::string> referred;  // see store::Query::referred_by
  bool more = false;                  // there are more than were asked for
};
/// 400 search_too_costly: what `named` looks at.
Refusal too_many_behind(std::string_view named);

boost::asio::awaitable<Allowed<Seen>> search_under_own_grant(Exchange& x, fhir::Search search, std::size_t most);

}  // namespace ward::door
