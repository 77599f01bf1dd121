// What is done once a request may be done: one handler per kind of route.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// Chooses the handler by the route.
boost::asio::awaitable<Allowed<void>> handle(Exchange& x);

Allowed<void> handle_documents(Exchange& x);                      // discovery, JWKS
boost::asio::awaitable<Allowed<void>> handle_oauth(Exchange& x);  // token, revoke
boost::asio::awaitable<Allowed<void>> handle_fhir(Exchange& x);
boost::asio::awaitable<Allowed<void>> handle_upstream(Exchange& x);  // an API without a FHIR contract

boost::asio::awaitable<Allowed<void>> handle_manage(Exchange& x);  // administration

boost::asio::awaitable<Allowed<void>> handle_emergency(Exchange& x);  // break the glass
/// A person whose role has the purpose ETREAT and who showed a second factor within five minutes.
Allowed<void> authorise_emergency(const Exchange& x);

}  // namespace ward::door
