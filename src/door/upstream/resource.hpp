// What another FHIR server sends, as versions that the handlers can decide on: nothing is believed that can be looked
// at.
#pragma once

#include "exchange.hpp"
#include "store/store.hpp"

namespace ward::door {

/// A version with the index that says whose it is and what it is about.
struct Taken {
  store::Version version;
  store::IndexEntries index;
};

/// Checks type and id (`id` empty: any), computes the patients, cleans every narrative. Errors: "upstream_malformed".
Result<Taken> take_resource(const Exchange& x, std::string_view type, std::string_view id, std::string_view resource);

/// The number in W/"3" or "3"; nothing for versions that are no numbers.
std::optional<std::uint64_t> version_number(std::string_view text);
bool is_id(std::string_view text);

}  // namespace ward::door
