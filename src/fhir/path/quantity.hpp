// Quantities in one dimension brought to one unit: what UCUM calls commensurable.
#pragma once

#include "path.hpp"

namespace ward::fhir::path {

struct Commensurable {
  Decimal left, right;
};

/// Which of the two units: in the smaller one values stay exact; in the larger one the coarser value's precision shows.
enum class In : std::uint8_t { smaller, larger };
/// Both values in one unit; nullopt if the units are not known to be of one dimension.
std::optional<Commensurable> same_unit(const Quantity& left, const Quantity& right, In unit = In::smaller);
/// In another unit (a UCUM code or a calendar word); nullopt if it is of another dimension, or no ratio scale.
std::optional<Quantity> converted(const Quantity& value, std::string_view code);
/// True if both are the same number of years or months, one as a word and one in UCUM (equivalent, but not equal:
/// N1 6.1).
bool calendar_mix(const Quantity& left, const Quantity& right);
/// "1 'wk'", "4 days".
std::string to_text(const Quantity& value);
/// Of "1 'wk'", "1 day", "1.5".
std::optional<Quantity> parse_quantity(std::string_view text);

}  // namespace ward::fhir::path
