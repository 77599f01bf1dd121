// What several operations need: their parameters and their instance.
#pragma once

#include "fhir/backend.hpp"
#include "fhir/hidden.hpp"

#include <initializer_list>

namespace ward::door {

/// Appends the primitive parameters of a Parameters body (already validated and scanned) to the exchange's query.
/// Refuses parts and resources, which none of the operations takes there.
Allowed<void> take_parameters(Exchange& x, json::Value parameters);

/// Refuses what is none of `known` by its name; `_format` and `_pretty` are known to all.
Allowed<void> only_parameters(const Exchange& x, std::initializer_list<std::string_view> known);

/// The values of a parameter, in the order they came; lists ("a,b") taken apart.
std::vector<std::string> values_of(const Exchange& x, std::string_view name);
/// The one value, "" if it is not there; a second one is refused.
Allowed<std::string> value_of(const Exchange& x, std::string_view name);
/// A whole number from 1; larger ones than `most` become that.
Allowed<std::size_t> number_of(const Exchange& x, std::string_view name, std::size_t otherwise, std::size_t most);
/// A date, dateTime or instant, "" if it is not there.
Allowed<std::string> time_of(const Exchange& x, std::string_view name);

/// The parameters as a query string without the page, in the order they came: for links and records.
std::vector<std::pair<std::string, std::string>> without_page(
    const std::vector<std::pair<std::string, std::string>>& query);
std::string query_text(const Exchange& x);

Refusal wrong_parameter(std::string_view issue, std::string said);

/// The instance that the path names: 404 for absent and unseen alike, 410 for what was deleted.
boost::asio::awaitable<Allowed<store::Version>> instance_of(Exchange& x, const access::Grant& grant);

/// The decision for a type of which a part is shown: nothing if token, role or scope do not allow it. A failure of the
/// server itself is a refusal.
Allowed<std::optional<access::Grant>> grant_if_any(Exchange& x, access::Interaction interaction, std::string_view type);

}  // namespace ward::door
