// FHIRPath (HL7 N1, with the functions of FHIR R4): compile an expression once, evaluate it over many resources.
//
// The evaluator walks the JSON tree with r4's tables at its side, so each element has its concrete type. It copies no
// element. It covers what search parameters, invariants and policies need; `memberOf`, `conformsTo` of profiles and
// terminology functions are unknown names and do not compile.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "json/json.hpp"
#include "r4/r4.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ward::fhir {

namespace path {

__extension__ typedef __int128 Int128;

/// An exact decimal: digits * 10^-scale. 38 digits at most; what would need more is rounded or empty.
struct Decimal {
  Int128 digits = 0;
  int scale = 0;
};

/// A date, dateTime or time with the precision that it was written with. The day of a `time` is 0000-00-00.
struct Temporal {
  enum Kind : std::uint8_t { date, date_time, time } kind = date;
  enum Precision : std::uint8_t { year = 1, month, day, hour, minute, second, millisecond } precision = year;
  int years = 0, months = 1, days = 1, hours = 0, minutes = 0, seconds = 0, milliseconds = 0;
  std::optional<int> offset_minutes;  // of the zone, if stated
};

struct Quantity {
  Decimal value;
  std::string unit;       // UCUM code, or a calendar word ("day", "month")
  bool calendar = false;  // written as a word (4 days), not as a UCUM code (4 'd')
};

/// What `type()` gives.
struct TypeName {
  std::string space, name;
};

using Computed = std::variant<std::monostate, bool, std::int64_t, Decimal, std::string, Temporal, Quantity, TypeName>;

struct Node;

}  // namespace path

/// One member of a collection: an element of the resource, or a computed value.
struct PathItem {
  json::Value value;      // the element; absent if computed, or if a primitive has only extensions
  json::Value extras;     // of a primitive: the object beside it ("_birthDate")
  std::string_view type;  // FHIR type of an element ("HumanName", "code", "Patient"); empty if computed
  const r4::Definition* definition = nullptr;
  path::Computed computed;
};

using PathItems = std::vector<PathItem>;

/// Bounds of one evaluation; beyond them it ends with the error "path_limit".
struct PathLimits {
  unsigned steps_max = 500'000;    // nodes evaluated times items
  unsigned items_max = 50'000;     // in one collection
  std::size_t text_max = 1 << 20;  // bytes of a computed string
};

struct PathContext {
  json::Value resource;  // %resource, %context
  std::string_view resource_type;
  WallTime now{};  // now(), today()
  PathLimits limits;
};

/// A compiled expression. Immutable and cheap to copy; any thread.
class PathExpression {
 public:
  static constexpr std::size_t text_bytes_max = 16 * 1024;

  /// Errors: "path_syntax" (with the offset), "path_function" (unknown name, wrong number of arguments).
  static Result<PathExpression> compile(std::string_view text);

  /// Evaluates with the resource as focus. Errors: "path_limit", "path_type" (operands that do not fit, more than one
  /// item where one is needed). No error holds a value of the resource.
  Result<PathItems> evaluate(const PathContext& context) const;
  /// True if the result is a single `true` (or any single item that is no boolean).
  Result<bool> test(const PathContext& context) const;

  /// Strict mode: the paths against R4's types, for a resource of `type`, before one is seen. Errors: "path_type" (an
  /// element that the type does not have, a position in what has no order).
  Result<void> check(std::string_view type) const;

  const path::Node& root() const { return *root_; }

 private:
  explicit PathExpression(std::shared_ptr<const path::Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const path::Node> root_;
};

/// The text of a single primitive or computed value, as FHIRPath's toString() gives it; nullopt of a complex element.
std::optional<std::string> path_text(const PathItem& item);

}  // namespace ward::fhir
