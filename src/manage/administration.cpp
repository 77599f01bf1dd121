#include "administration.hpp"

#include "base/encoding.hpp"
#include "change.hpp"
#include "operations.hpp"
#include "resets.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;

namespace {

/// Lower rooms name what is wrong in their message: "client: scope: ...".
std::string pointer_in(std::string_view message) {
  struct Word {
    std::string_view in, member;
  };
  static constexpr Word words[] = {{"redirect", "redirect_uris"},
                                   {"grant_types", "grant_types"},
                                   {"jwks_uri", "jwks_uri"},
                                   {"jwks", "jwks"},
                                   {"scope", "scope"},
                                   {"fhir_user", "fhir_user"},
                                   {"client_id", "client_id"},
                                   {"FAPI", "fapi"},
                                   {"access_token_lifetime", "access_token_lifetime"}};
  const auto found = std::ranges::find_if(words, [&](const Word& one) { return message.contains(one.in); });
  return found == std::end(words) ? "#" : "#/" + std::string(found->member);
}

}  // namespace

Error Problem::error() const {
  std::string text = detail;
  for (const At& one : errors) text += (text.empty() ? "" : "; ") + one.pointer + " " + one.detail;
  return Error(code, std::move(text));
}

std::unexpected<Problem> of_error(const Error& error) {
  struct Status {
    std::string_view code;
    int status;
  };
  static constexpr Status known[] = {{"not_found", 404},         {"exists", 409},         {"key_current", 409},
                                     {"changed_meanwhile", 409}, {"person_invalid", 422}, {"client_invalid", 422},
                                     {"totp_invalid", 422},      {"secret_short", 422},   {"password_refused", 422},
                                     {"directory_full", 503},    {"store_failed", 503},   {"log_closed", 503},
                                     {"log_busy", 503}};
  const auto found = std::ranges::find(known, error.code(), &Status::code);
  const int status = found == std::end(known) ? 500 : found->status;
  if (status >= 500)
    return refuse(status, std::string(error.code()), "it could not be kept; the server's log says why");
  if (status != 422) return refuse(status, std::string(error.code()), error.message());
  return refuse(422, std::string(error.code()), "the body does not hold",
                {{pointer_in(error.message()), error.message()}});
}

bool is_administrator(const identity::Person& person) {
  return !person.disabled && std::ranges::find(person.roles, "administrator") != person.roles.end();
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
  std::vector<std::string> all;
  if (const json::value* value = object.if_contains(name); value != nullptr && value->is_array())
    for (const json::value& one : value->as_array()) all.emplace_back(one.as_string());
  return all;
}

bool flag_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

json::array array_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

std::string time_text(std::int64_t seconds) { return rfc3339(WallTime(std::chrono::seconds(seconds))); }

Result<std::unique_ptr<Administration>> Administration::open(Parts parts) {
  std::unique_ptr<Administration> all(new Administration(parts));
  auto waiting = load_resets(parts.store);
  if (!waiting) return std::unexpected(waiting.error());
  all->resets = std::move(*waiting);
  auto pushed = Relationships::open(parts.store);
  if (!pushed) return std::unexpected(pushed.error());
  all->relationships = std::move(*pushed);
  return all;
}

Outcome Administration::run(std::string_view operation, const Call& call) {
  const Operation* found = find_operation(operation);
  if (found == nullptr) return refuse(404, "not_found", "there is no such operation");
  const std::lock_guard one_at_a_time(changing_);
  return found->run(*this, call);
}

Outcome Administration::run(std::string_view operation, Call call, std::string_view body) {
  const Operation* found = find_operation(operation);
  if (found == nullptr) return refuse(404, "not_found", "there is no such operation");
  if (found->body != nullptr) {
    auto read = read_body(body, *found->body);
    if (!read) {
      Problem problem{422, "body_invalid", "the body does not hold", {}, {}};
      for (FieldProblem& one : read.error()) problem.errors.push_back({std::move(one.pointer), std::move(one.detail)});
      return std::unexpected(std::move(problem));
    }
    call.body = std::move(*read);
  }
  return run(operation, call);
}

Outcome Administration::reset_factors_by(std::string_view username, std::string_view first, std::string_view second) {
  const std::lock_guard one_at_a_time(changing_);
  return reset_by_root(*this, username, first, second);
}

}  // namespace ward::manage
