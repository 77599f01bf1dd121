// Elements of a draft as places: a member or an item, together with the twin ("_birthDate") of a primitive.
#pragma once

#include "patch/draft.hpp"
#include "patch/pointer.hpp"
#include "r4/r4.hpp"

namespace ward::fhir::patch {

/// Where the value stands in the tree, by member names and indexes; that of a primitive, also if the value is of its
/// twin. Nothing if it is not in the tree.
std::optional<Pointer> locate(json::Value root, json::Value value);

/// The type of the object, or of the items of the list, at a place; nullptr if it cannot be said.
const r4::Definition* definition_at(json::Value root, std::span<const std::string> place);

/// The pointer of the list that the item at `place` is in; nothing if it is in none.
std::optional<Pointer> list_of(json::Value root, const Pointer& place);

// Changes that keep a list and its twin of one length, and leave no empty list behind. False: beyond the limits.
bool insert_item(Draft& draft, const Pointer& list, std::size_t index, std::string_view raw,
                 std::string_view twin = "null");
bool remove_item(Draft& draft, const Pointer& list, std::size_t index);
bool remove_member(Draft& draft, const Pointer& member);
/// An item moves to `to`, counted after it was taken out.
bool move_item(Draft& draft, const Pointer& list, std::size_t from, std::size_t to);

/// The same place of the twin.
Pointer twin_of(Pointer member);

}  // namespace ward::fhir::patch
