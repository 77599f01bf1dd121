// A target while it is changed: text that is replaced by span and read anew after each change.
#pragma once

#include "patch.hpp"

#include <initializer_list>
#include <optional>

namespace ward::fhir::patch {

/// Each change makes a new text of the old one's pieces, so nothing is printed again and the strict reader bounds every
/// step. Values of a Draft do not live across a change. False from a change: beyond the limits.
class Draft {
 public:
  Draft(std::string_view target, const PatchLimits& limits);

  /// False if the target itself cannot be read.
  bool ok() const { return document_.has_value(); }
  json::Value root() const { return document_->root(); }

  bool replace(json::Value old, std::string_view raw);
  /// Behind the last member of an object that has none of this name.
  bool add_member(json::Value object, std::string_view name, std::string_view raw);
  /// Before the item that is at `index` now; behind the last for the array's size.
  bool insert(json::Value array, std::size_t index, std::string_view raw);
  /// Takes a member or an item out, with its comma.
  bool remove(json::Value container, json::Value child);
  /// Counts work that changes nothing (a comparison).
  bool spend(std::size_t bytes);
  const PatchUse& use() const { return use_; }

  Buffer take() && { return std::move(text_); }

 private:
  bool splice(std::size_t begin, std::size_t end, std::initializer_list<std::string_view> pieces);

  const PatchLimits& limits_;
  Buffer text_;
  std::optional<json::Document> document_;
  PatchUse use_;
};

/// An error of an operation: 422, and its index.
Refusal failed_operation(std::size_t index, std::string_view code, std::string_view said);
inline constexpr std::string_view beyond_limits =
    "the patch makes the resource too large or too deep, or is too much work";

}  // namespace ward::fhir::patch
