// One value of a search parameter to a match, by the parameter's type (R4 search.html 3.1.1.4.4 to 3.1.1.4.14).
#pragma once

#include "search.hpp"

#include <optional>

namespace ward::fhir::search {

/// Splits at each `separator` that is not escaped by a backslash; the parts keep their escapes.
std::vector<std::string_view> split_unescaped(std::string_view text, char separator);
/// \, \| \$ \\ to what they stand for; nullopt for another escape.
std::optional<std::string> unescape(std::string_view text);

/// The one type that a reference parameter can name, or "". An expression that ends in where(resolve() is Patient) says
/// more than the published targets.
std::string_view only_target(const r4::SearchParam& param);

/// Why a value could not be read, for the diagnostics: never the value itself.
using Reason = std::string_view;
template <class T>
using Value = std::expected<T, Reason>;

/// A decimal number as searches write them.
std::optional<double> decimal_of(std::string_view text);

struct ValueContext {
  const r4::SearchParam* param;  // nullptr: _id, _lastUpdated
  std::string_view modifier;
  const SearchOptions& options;
};

Value<store::Match> token_value(std::string_view text);
Value<store::Match> string_value(std::string_view text, std::string_view modifier);
Value<store::Match> date_value(std::string_view text, bool updated);
Value<store::Match> number_value(std::string_view text);
Value<store::Match> quantity_value(std::string_view text);
Value<store::Match> reference_value(std::string_view text, const ValueContext& context);
Value<store::Match> uri_value(std::string_view text, std::string_view modifier);
Value<store::Match> id_value(std::string_view text);

}  // namespace ward::fhir::search
