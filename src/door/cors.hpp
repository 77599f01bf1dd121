// Answers for scripts of other origins (Fetch standard, CORS protocol): apps that are registered there, no cookies.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// OPTIONS with Origin and Access-Control-Request-Method, on a route that apps' scripts may use.
bool is_preflight(const Exchange& x);
/// Answers it; from an origin without an app it says nothing that would let the script go on.
Allowed<void> answer_preflight(Exchange& x);
/// Lets the script of a registered app read this answer.
void add_cors(const Exchange& x, std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace ward::door
