// SMART scopes as types (SMART App Launch 2.2, section 3; v1 and v2 forms with search constraints).
#pragma once

#include "base/error.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::scope {

enum class Context : std::uint8_t { patient, user, system };

/// c r u d s, as bits.
struct Actions {
  bool create = false, read = false, update = false, remove = false, search = false;
  bool operator==(const Actions&) const = default;
  bool includes(const Actions& other) const;
};

/// patient/Observation.rs?category=http://...|vital-signs
struct ResourceScope {
  Context context;
  std::string type;  // "*" for all
  Actions actions;
  std::vector<std::pair<std::string, std::string>> constraints;  // decoded, sorted by name
  bool operator==(const ResourceScope&) const = default;
};

/// Canonical text of one, v2 form: "user/Patient.rs".
std::string text(const ResourceScope&);

/// A set of scopes: resource scopes, and the others ("openid", "fhirUser", "launch/patient", "ward/admin") as words.
class ScopeSet {
 public:
  /// RFC 6749 section 3.3 list. An error names the scope that is malformed, unknown words are kept as they are.
  static Result<ScopeSet> parse(std::string_view text);

  const std::vector<ResourceScope>& resources() const { return resources_; }
  const std::vector<std::string>& words() const { return words_; }
  bool has(std::string_view word) const;
  bool empty() const { return resources_.empty() && words_.empty(); }
  /// The scopes of `asked` that these allow; a wider wish is narrowed to what is allowed (user/*.rs asked of
  /// user/Patient.r gives user/Patient.r).
  ScopeSet narrow(const ScopeSet& asked) const;
  /// Canonical text, v2 form.
  std::string text() const;
  bool operator==(const ScopeSet&) const = default;

 private:
  std::vector<ResourceScope> resources_;
  std::vector<std::string> words_;
};

}  // namespace ward::scope
