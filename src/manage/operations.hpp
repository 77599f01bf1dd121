// All that can be administered, as one table: the dispatcher serves what is in it, and the OpenAPI description tells
// the same, so that nothing is served that is not listed.
#pragma once

#include "administration.hpp"
#include "schema.hpp"

namespace ward::manage {

struct Operation {
  std::string_view id;      // "createUser"; also for the command line
  std::string_view method;  // "POST"
  std::string_view path;    // below /api/v1: "/users/{username}"
  std::string_view summary;
  int status = 200;                // of success
  const Schema* body = nullptr;    // null: none is taken
  const Schema* answer = nullptr;  // null: no body
  bool list = false;               // pages of `answer` by cursor
  int also = 0;                    // another status of success, with the same answer; 0: none
  Outcome (*run)(Administration&, const Call&) = nullptr;
};

std::span<const Operation> operations();
const Operation* find_operation(std::string_view id);

/// The operation of a request below /api/v1. `allowed`: methods that its path has; empty: there is no such path.
struct Match {
  const Operation* operation = nullptr;
  std::string id;  // the parameter
  std::string allowed;
};
Match match(std::string_view method, std::span<const std::string> segments);

/// What a path's parameter may look like: the characters beside A-Z a-z 0-9.
std::string_view characters_of(std::string_view path);

// people.cpp
Outcome list_users(Administration&, const Call&);
Outcome create_user(Administration&, const Call&);
Outcome get_user(Administration&, const Call&);
Outcome change_user(Administration&, const Call&);
Outcome remove_user(Administration&, const Call&);
// resets.cpp
Outcome reset_factors(Administration&, const Call&);
Outcome get_reset(Administration&, const Call&);
Outcome withdraw_reset(Administration&, const Call&);
// clients.cpp
Outcome list_clients(Administration&, const Call&);
Outcome create_client(Administration&, const Call&);
Outcome get_client(Administration&, const Call&);
Outcome change_client(Administration&, const Call&);
Outcome remove_client(Administration&, const Call&);
Outcome rotate_client_secret(Administration&, const Call&);
// sessions.cpp
Outcome list_sessions(Administration&, const Call&);
Outcome list_sessions_of(Administration&, const Call&);
Outcome end_session(Administration&, const Call&);
Outcome end_sessions_of(Administration&, const Call&);
// pushed.cpp
Outcome list_relationships(Administration&, const Call&);
Outcome create_relationship(Administration&, const Call&);
Outcome get_relationship(Administration&, const Call&);
Outcome end_relationship(Administration&, const Call&);
// emergencies.cpp
Outcome list_emergencies(Administration&, const Call&);
Outcome get_emergency(Administration&, const Call&);
Outcome review_emergency(Administration&, const Call&);
// keys.cpp
Outcome list_keys(Administration&, const Call&);
Outcome rotate_key(Administration&, const Call&);
Outcome retire_key(Administration&, const Call&);

}  // namespace ward::manage
