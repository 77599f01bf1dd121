// Which addresses name a vocabulary, not a person or a place.
#pragma once

#include <string_view>

namespace ward::deidentify {

/// True for the published code systems, profiles and value sets of HL7 and the vocabularies that it lists: by their
/// hosts, and OIDs of HL7's and ISO's trees. Query and fragment may not follow.
bool is_terminology(std::string_view uri);

/// Extensions that say nothing of who somebody is; all others go.
bool is_kept_extension(std::string_view url);

}  // namespace ward::deidentify
