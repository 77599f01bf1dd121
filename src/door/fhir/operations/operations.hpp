// One handler per operation. All work on either backend.
#pragma once

#include "fhir/backend.hpp"

namespace ward::door {

/// Resource/$validate (R4 resource-operation-validate.html): what is wrong with a resource, all at once. Stores
/// nothing.
boost::asio::awaitable<Allowed<void>> validate(Exchange& x);
/// Patient/$everything and Encounter/$everything (R4 patient-operation-everything.html): the record, type by type, each
/// under its own Grant, and what is referred to in what is shown of it.
boost::asio::awaitable<Allowed<void>> everything(Exchange& x);
/// Observation/$lastn (R4 observation-operation-lastn.html): the newest of each code.
boost::asio::awaitable<Allowed<void>> lastn(Exchange& x);
/// $meta, $meta-add and $meta-delete of one resource (R4 resource-operation-meta.html and the two beside it).
boost::asio::awaitable<Allowed<void>> meta(Exchange& x);
boost::asio::awaitable<Allowed<void>> meta_add(Exchange& x);
boost::asio::awaitable<Allowed<void>> meta_delete(Exchange& x);
/// ValueSet/$expand and $validate-code, CodeSystem/$lookup and $validate-code (R4 terminology-service.html) over what
/// is loaded.
boost::asio::awaitable<Allowed<void>> expand(Exchange& x);
boost::asio::awaitable<Allowed<void>> value_set_validate_code(Exchange& x);
boost::asio::awaitable<Allowed<void>> lookup(Exchange& x);
boost::asio::awaitable<Allowed<void>> code_system_validate_code(Exchange& x);
/// Patient/$match (R4 patient-operation-match.html): who of those whom the caller may see could be this person.
boost::asio::awaitable<Allowed<void>> match(Exchange& x);

}  // namespace ward::door
