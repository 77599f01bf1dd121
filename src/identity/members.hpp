// JSON of records that are lists of plain members: one table says what is written and read.
#pragma once

#include "json/json.hpp"
#include "records.hpp"

#include <charconv>
#include <variant>

namespace ward::identity {

/// A member of T by its name in JSON: text, whole number or switch.
template <class T>
struct Member {
  std::string_view name;
  std::variant<std::string T::*, std::int64_t T::*, std::uint64_t T::*, bool T::*> place;
};

template <class T, std::size_t N>
std::string write_members(const T& record, const Member<T> (&members)[N]) {
  std::string json;
  for (const Member<T>& one : members)
    std::visit(
        [&](auto place) {
          const auto& value = record.*place;
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, std::string>) {
            if (!value.empty()) append_member(json, one.name, value);
          } else if constexpr (std::is_same_v<Value, bool>) {
            if (value) append_raw(json, one.name, "true");
          } else if (value != 0) {
            append_raw(json, one.name, std::to_string(value));
          }
        },
        one.place);
  return json.empty() ? "{}" : json + "}";
}

template <class T, std::size_t N>
Result<T> read_members(std::string_view text, const Member<T> (&members)[N]) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().is_object()) return fail("record_malformed", "a record is not a JSON object");
  T record;
  for (const Member<T>& one : members) {
    const json::Value found = document->root()[one.name];
    if (!found) continue;
    std::visit(
        [&](auto place) {
          auto& value = record.*place;
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, std::string>) {
            value = found.text();
          } else if constexpr (std::is_same_v<Value, bool>) {
            value = found.type() == json::Type::boolean && found.boolean();
          } else {
            const std::string_view digits = found.raw();
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
          }
        },
        one.place);
  }
  return record;
}

}  // namespace ward::identity
