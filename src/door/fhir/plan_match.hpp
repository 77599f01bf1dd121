// What a change is about: what its condition matches, and whether the caller may change that.
#pragma once

#include "fhir/plan.hpp"

namespace ward::door {

Refusal precondition(std::string_view what, std::string said);

/// What matches a condition within the Grant alone, without what the transaction takes away; `most` at most.
boost::asio::awaitable<Allowed<std::vector<store::Version>>> matching(Exchange& x, std::string_view type,
                                                                      const std::string& query,
                                                                      const Meanwhile& meanwhile, std::size_t most);

/// The one resource that a conditional change is about; 404 for none, 412 for several.
boost::asio::awaitable<Allowed<std::string>> sole_match(Exchange& x, const WriteRequest& request,
                                                        const Meanwhile& meanwhile, std::string_view what);

/// The current version of what is to be changed; absent and unseen are one answer. What belongs to others too is theirs
/// to keep: its reader was shown a part, and may not put that over the whole.
Allowed<void> check_changeable(Exchange& x, const access::Grant& grant, const store::Version& current);
boost::asio::awaitable<Allowed<store::Version>> changeable(Exchange& x, const access::Grant& grant,
                                                           std::string_view type, std::string_view id);

/// If-Match and If-None-Match against what is there (RFC 9110 13.1).
Allowed<void> check_conditions(const WriteRequest& request, const store::Version& current);

}  // namespace ward::door
