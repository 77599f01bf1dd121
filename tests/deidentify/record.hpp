// A synthetic person with every identifier, planted wherever FHIR R4 has a place for it.
#pragma once

#include <string>
#include <vector>

namespace ward::deidentify::planted {

/// Values that must be found nowhere, in no spelling.
std::vector<std::string> values();
/// Resources with `values` in them: structured, extensions, contained, narratives, notes, titles, ids, references,
/// URLs.
std::vector<std::string> resources(const std::string& base64_of_note);
/// A note with all values in it.
std::string plain_note();
/// The Patient among them.
std::string patient();

}  // namespace ward::deidentify::planted
