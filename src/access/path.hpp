// Element paths of a policy: "name.family", "identifier.where(system='urn:mrn')", "extension('url')", "value[x]".
#pragma once

#include "base/error.hpp"
#include "r4/r4.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access::detail {

struct Condition {
  std::string name, literal;  // where(name='literal')
  bool operator==(const Condition&) const = default;
};

struct PathStep {
  std::string name;    // as written, but "value[x]" for a whole choice
  std::string choice;  // "value[x]" if `name` is one of its types ("valueQuantity")
  std::optional<Condition> condition;
};

struct Path {
  std::vector<PathStep> steps;
  const r4::Element* element = nullptr;   // the last step's
  const r4::ElementType* type = nullptr;  // its type; null for a whole choice
};

/// Reads a path and resolves it against the tables. The error says which step is unknown, and what was perhaps meant.
Result<Path> parse_path(std::string_view type, std::string_view text);

/// Only the syntax, for bodies without a contract: names and dots.
Result<std::vector<std::string>> parse_field_path(std::string_view text);

/// Every member name that an element has in JSON ("valueQuantity", ...), with its type.
struct Member {
  std::string name;
  const r4::ElementType* type;
};
std::vector<Member> members(const r4::Element&);

}  // namespace ward::access::detail
