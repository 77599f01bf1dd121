// What is done with a value, by its type and, where the type does not tell, by its element.
#pragma once

#include "deidentifier.hpp"

#include "r4/r4.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ward::deidentify {

/// The first three digits of US ZIP codes with 20,000 people or fewer in the census of 2000.
bool is_small_zip3(std::string_view zip3);
/// The ZIP3 of a US ZIP code ("000" for the small ones); empty if it is none.
std::string zip3_of(std::string_view postal_code);
bool is_state(std::string_view text);
bool is_united_states(std::string_view country);

/// The class of a string by its element's name, where the element as such is an identifier ("serialNumber"); such ones
/// go even if text is scanned.
std::optional<Identifier> class_of_string(std::string_view path, std::string_view element);
/// Elements that go whole: a place's coordinates, photos, what a Bundle says of its transport.
std::optional<Identifier> class_of_dropped(std::string_view path);

/// "2019" of any date, dateTime or instant that is well-formed; empty if it is none.
std::string_view year_of(std::string_view text);
/// A date moved by days. Empty if it is not as exact as a day. The time of a dateTime stays.
std::string shifted(std::string_view text, int days);

/// Years in one unit of time, by UCUM's code or a word: 1 of "a" and "years", 1/12 of "mo". 0: no such unit.
double years_per_unit(std::string_view code);

/// The text of a Narrative.div in lines; tags, attributes and comments are gone; character references stay.
std::string narrative_text(std::string_view div);
/// The same lines as a div.
std::string narrative_of(std::string_view text);

}  // namespace ward::deidentify
