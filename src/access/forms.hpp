// What items of a list are told apart by, where a writer has seen only a part of them.
#pragma once

#include "json/json.hpp"
#include "r4/r4.hpp"
#include "spec.hpp"

#include <string>
#include <string_view>

namespace ward::access::detail {

bool hidden(const Spec& spec);

/// What holds for a member of an object. A twin ("_birthDate") is hidden with what its primitive hides.
Spec child_of(const r4::Definition& definition, const Spec& spec, std::string_view name);

/// What `spec` shows of a value, in one form for all orders of members and all escapes. What is shown under a
/// condition, or not as it is, does not count; nor does the display of a reference.
std::string shown_form(const r4::Definition* definition, const Spec& spec, json::Value value, unsigned depth = 0);

/// What a value refers to, in order.
std::string references_in(json::Value value);

}  // namespace ward::access::detail
