#include "operations.hpp"

#include "schemas.hpp"

#include <algorithm>

namespace ward::manage {
namespace {

const Operation all[] = {
    {"listUsers", "GET", "/users", "All people", 200, nullptr, &user, true, 0, list_users},
    {"createUser", "POST", "/users", "A new person", 201, &new_user, &user, false, 0, create_user},
    {"getUser", "GET", "/users/{username}", "One person", 200, nullptr, &user, false, 0, get_user},
    {"changeUser", "PATCH", "/users/{username}", "Other roles, another password, disabled or enabled", 200,
     &user_change, &user, false, 0, change_user},
    {"removeUser", "DELETE", "/users/{username}", "With factors, sessions, consents and history", 204, nullptr, nullptr,
     false, 0, remove_user},
    {"resetFactors", "POST", "/users/{username}/reset-mfa",
     "The first administrator asks (202), another one confirms (200)", 200, nullptr, &reset, false, 202, reset_factors},
    {"getReset", "GET", "/users/{username}/reset-mfa", "The reset that waits", 200, nullptr, &reset, false, 0,
     get_reset},
    {"withdrawReset", "DELETE", "/users/{username}/reset-mfa", "Nobody may confirm it any more", 204, nullptr, nullptr,
     false, 0, withdraw_reset},
    {"listSessionsOfUser", "GET", "/users/{username}/sessions", "Where a person is signed in", 200, nullptr, &session,
     true, 0, list_sessions_of},
    {"endSessionsOfUser", "DELETE", "/users/{username}/sessions", "Signs a person out everywhere", 200, nullptr, &ended,
     false, 0, end_sessions_of},
    {"listClients", "GET", "/clients", "All clients", 200, nullptr, &client, true, 0, list_clients},
    {"createClient", "POST", "/clients", "A new registration; what is secret is answered once", 201, &new_client,
     &client, false, 0, create_client},
    {"getClient", "GET", "/clients/{client_id}", "One registration", 200, nullptr, &client, false, 0, get_client},
    {"changeClient", "PATCH", "/clients/{client_id}", "Another scope, other keys, disabled or enabled", 200,
     &client_change, &client, false, 0, change_client},
    {"removeClient", "DELETE", "/clients/{client_id}", "With all tokens", 204, nullptr, nullptr, false, 0,
     remove_client},
    {"rotateClientSecret", "POST", "/clients/{client_id}/rotate-secret",
     "A new secret, shown once; the old one and its tokens are over", 200, nullptr, &client, false, 0,
     rotate_client_secret},
    {"listSessions", "GET", "/sessions", "Everybody who is signed in", 200, nullptr, &session, true, 0, list_sessions},
    {"endSession", "DELETE", "/sessions/{id}", "Signs one browser out", 204, nullptr, nullptr, false, 0, end_session},
    {"listRelationships", "GET", "/relationships", "All relationships that were pushed", 200, nullptr, &relationship,
     true, 0, list_relationships},
    {"createRelationship", "POST", "/relationships",
     "Somebody is related to a patient from the answer on; the same again changes its times (200)", 201,
     &new_relationship, &relationship, false, 200, create_relationship},
    {"getRelationship", "GET", "/relationships/{id}", "One relationship", 200, nullptr, &relationship, false, 0,
     get_relationship},
    {"endRelationship", "DELETE", "/relationships/{id}", "Over from the answer on", 204, nullptr, nullptr, false, 0,
     end_relationship},
    {"listEmergencies", "GET", "/emergencies", "Records that were opened in an emergency and not reviewed yet", 200,
     nullptr, &emergency, true, 0, list_emergencies},
    {"getEmergency", "GET", "/emergencies/{id}", "One case", 200, nullptr, &emergency, false, 0, get_emergency},
    {"reviewEmergency", "POST", "/emergencies/{id}/review", "Somebody else than who opened it looked at it", 200,
     &review, &emergency, false, 0, review_emergency},
    {"listKeys", "GET", "/keys", "The server's keys", 200, nullptr, &key, true, 0, list_keys},
    {"rotateKey", "POST", "/keys/rotate", "A new key signs; the one before still checks", 201, &rotation, &key, false,
     0, rotate_key},
    {"retireKey", "POST", "/keys/{kid}/retire", "Tokens of this key are over", 200, nullptr, &key, false, 0,
     retire_key},
};

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

/// Whether a path is of this template; the parameter goes into `id`.
bool fits(std::string_view path, std::span<const std::string> segments, std::string& id) {
  std::size_t at = 0;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view wanted = path.substr(0, end);
    path.remove_prefix(end);
    if (at >= segments.size()) return false;
    if (is_parameter(wanted))
      id = segments[at];
    else if (wanted != segments[at])
      return false;
    ++at;
  }
  return at == segments.size();
}

}  // namespace

std::span<const Operation> operations() { return all; }

const Operation* find_operation(std::string_view id) {
  const auto found = std::ranges::find(all, id, &Operation::id);
  return found == std::end(all) ? nullptr : found;
}

Match match(std::string_view method, std::span<const std::string> segments) {
  Match found;
  for (const Operation& one : all) {
    std::string id;
    if (!fits(one.path, segments, id)) continue;
    if (!found.allowed.contains(one.method))
      found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(one.method);
    if (one.method != method) continue;
    found.operation = &one;
    found.id = std::move(id);
  }
  return found;
}

std::string_view characters_of(std::string_view path) {
  return path.starts_with("/users/") ? user_characters : path.starts_with("/clients/") ? client_characters : "_-";
}

}  // namespace ward::manage
