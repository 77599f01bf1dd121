// The stages before a handler. Each returns a Refusal to end the walk.
#pragma once

#include "exchange.hpp"

namespace ward::door {

Allowed<void> read_request_line(Exchange& x);
boost::asio::awaitable<Allowed<void>> limit_source(Exchange& x);
Allowed<void> scan_line_values(Exchange& x);
/// The search of a conditional request (If-None-Exist, or a bundle entry's), judged like the query of a URL.
Allowed<void> scan_condition(Exchange& x, std::string_view type, std::string_view query);
Allowed<void> scan_refused_path(Exchange& x);
Allowed<void> identify(Exchange& x);
boost::asio::awaitable<Allowed<void>> limit_caller(Exchange& x);
/// Holds an answer back whose caller is not known, if its address only probes.
boost::asio::awaitable<Allowed<void>> slow_unknown(Exchange& x);
Allowed<void> authorise(Exchange& x);
boost::asio::awaitable<Allowed<void>> read_content(Exchange& x);
Allowed<void> minimise_answer(Exchange& x);

/// The decision for one interaction on one type, remembered per token until policy or relationships change.
Allowed<access::Grant> decide(Exchange& x, access::Interaction interaction, std::string_view type);
access::Subject subject_of(const identity::Caller& caller, std::string_view purpose);

/// Validates and judges one resource: structure, narrative, firewall. A cleaned narrative changes `body`.
Allowed<void> judge_resource(Exchange& x, std::string_view type, Content& content);

}  // namespace ward::door
