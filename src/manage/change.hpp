// What the operations share: records of changes, and errors as problems.
#pragma once

#include "administration.hpp"

namespace ward::manage {

/// For the record: what it was and what it becomes. Only members that differ are kept. If `fhir_user` is a patient's on
/// either side, the name stays out and the reference is sealed.
struct Change {
  std::string_view event;
  char action = 'U';
  std::string name;  // of whom or what
  boost::json::object before, after;
  std::string cause = {};
};

inline std::unexpected<Problem> refuse(int status, std::string code, std::string detail,
                                       std::vector<Problem::At> errors = {}) {
  return std::unexpected(Problem{status, std::move(code), std::move(detail), std::move(errors), {}});
}
inline std::unexpected<Problem> not_found(std::string_view what) {
  return refuse(404, "not_found", "there is no " + std::string(what) + " with this name");
}
/// An error of a lower room. What is wrong with what was sent is 422, and points at the member that it names.
std::unexpected<Problem> of_error(const Error& error);

/// The whole change as one record: "before.name", "after.name"; of lists "added.roles", "removed.roles". Error 422
/// "record_too_large": nothing is cut.
std::expected<audit::Record, Problem> record_of(const Actor& actor, const Change& change);
/// Patient/* and RelatedPerson/*: whose name is PHI.
bool is_patient(std::string_view fhir_user);

bool is_administrator(const identity::Person& person);

std::string text_of(const boost::json::object& object, std::string_view name);
std::vector<std::string> texts_of(const boost::json::object& object, std::string_view name);
bool flag_of(const boost::json::object& object, std::string_view name);
boost::json::array array_of(const std::vector<std::string>& texts);
std::string time_text(std::int64_t seconds);

/// What may be shown and recorded: never a hash or a secret.
boost::json::object shown(const Administration& all, const identity::Person& person);
boost::json::object shown(const identity::OAuthClient& client);

}  // namespace ward::manage
