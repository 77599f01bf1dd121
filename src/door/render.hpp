// Refusals as their callers can read them: OperationOutcome, RFC 9457 or an OAuth error, by the route.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// Fills the answer and the record from a refusal. What depends on stored data is told as if it did not exist.
void render_refusal(Exchange& x, const Refusal& refusal);

/// OperationOutcome JSON.
Buffer outcome(std::span<const Issue> issues);
std::string_view unavailable_outcome();

/// The refusal of what is not there, or may not be seen: one text for both.
Refusal not_known(std::string_view type, std::string_view id, std::string cause);

}  // namespace ward::door
