// /api/v1: administration over HTTP. The door brings the caller and the body, and sends the answer.
#pragma once

#include "manage/administration.hpp"

#include "base/refusal.hpp"

#include <boost/asio/awaitable.hpp>

#include <span>

namespace ward::manage {

/// Who may administer: a person in role administrator whose app was given `ward/admin` and who showed a second factor
/// within a quarter of an hour, or a machine that is registered for `ward/admin`. Otherwise 403, or the step-up
/// challenge of RFC 9470 (401).
Allowed<void> authorise(const identity::Caller& caller, WallTime now);

/// The same for a part of it that the policy gives to the caller's role: without the scope and the role administrator.
Allowed<void> authorise_part(const identity::Caller& caller, WallTime now);

struct Request {
  std::string method;
  std::vector<std::string> segments;                       // below /api/v1, decoded
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  std::string content_type;
  std::string idempotency_key;  // the header; empty: none
  std::string body;
  Actor actor;
  std::string caller;  // names the caller among all: keys and cursors are theirs alone
};

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string route;  // "/api/v1/users/{username}": for the record
  std::string cause;  // why it was refused; empty: it was not
};

/// Any thread. The work is done on one thread of its own: Argon2 and waits for the disk have no place on a
/// connection's core, and changes come one after another anyway.
class Api {
 public:
  static constexpr std::size_t waiting_max = 64;
  static Result<std::unique_ptr<Api>> open(Administration& administration);
  virtual ~Api() = default;
  /// Goes on on the caller's executor.
  virtual boost::asio::awaitable<Answer> serve(Request request) = 0;
  /// Those that were pushed, for every decision.
  virtual const Relationships& relationships() const = 0;
  /// The OpenAPI 3.1 description.
  virtual const std::string& description() const = 0;
};

}  // namespace ward::manage
