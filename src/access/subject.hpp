// Who asks, and for what: what identity knows of a caller, as access needs it.
#pragma once

#include "base/clock.hpp"
#include "scope/scope.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access {

enum class SubjectKind : std::uint8_t { person, client };

struct Subject {
  SubjectKind kind = SubjectKind::person;
  std::string id;  // `sub`
  std::string client_id;
  std::string fhir_user;           // "Practitioner/1"; empty: none, and then no relationship holds
  std::string launch_patient;      // the token's `patient` claim: an id without "Patient/"; may be empty
  std::vector<std::string> roles;  // of the person, or of the client's registration
  scope::ScopeSet scopes;
  std::string purpose;  // PurposeOfUse code asked for; empty: the first that the role has
  std::string jti;
  WallTime expires{};
};

/// FHIR's RESTful interactions. SMART letters: r read, vread, history; s search, search_history (of a type or the
/// system); c create; u update, patch; d remove. Conditional ones need their own letter and, for the match, a second
/// decision for `search`.
enum class Interaction : std::uint8_t { read, vread, history, search, search_history, create, update, patch, remove };

std::string_view name(Interaction);

}  // namespace ward::access
