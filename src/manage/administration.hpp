// What administrators do: people, clients, sessions and signing keys. The command line and /api/v1 come in here, and
// nowhere else, so that each rule and each record exists once.
#pragma once

#include "manage/emergency_cases.hpp"
#include "manage/relationships.hpp"

#include "audit/audit.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "crypto/keys.hpp"
#include "identity/identity.hpp"
#include "store/store.hpp"

#include <boost/json.hpp>

#include <expected>
#include <map>
#include <mutex>

namespace ward::manage {

/// What an answer says went wrong (RFC 9457). Holds no secret and no value that was sent.
struct Problem {
  int status = 400;
  std::string code;  // stable slug: "exists"
  std::string detail;
  struct At {
    std::string pointer;  // "#/roles/0"
    std::string detail;
  };
  std::vector<At> errors;
  std::vector<std::pair<std::string, std::string>> headers;

  /// For the command line.
  Error error() const;
};

/// Who does it, for the record and for the rules.
struct Actor {
  bool root = false;     // of the command line: whoever may read the data directory
  std::string username;  // of a person; empty: a machine or root
  std::string recorded;  // as records name them
  std::string client, token_id, ip, request_id;
  std::vector<std::string> roles;
};

struct Call {
  Actor actor;
  std::string id;            // the path's parameter; empty: none
  boost::json::object body;  // as its schema says
  std::string after;         // of a page
  std::size_t limit = 50;
};

struct Reply {
  int status = 200;
  boost::json::value body;  // of a list: an array
  std::string next = {};    // of a page: the last name on it, if there are more
};
using Outcome = std::expected<Reply, Problem>;

/// What administration works with. All outlive it.
struct Parts {
  identity::Identity& identity;
  crypto::KeyRing& keys;
  audit::Log& log;
  store::Store& store;
  Clock& clock;
  Random& random;
};

/// A reset of somebody's second factors that one administrator asked for and a second one has not confirmed yet.
struct ResetRequest {
  std::string id, username, requested_by;
  std::int64_t expires = 0;  // seconds since 1970
};

struct Change;

/// One at a time: a change is decided by what the one before left. Blocks on disk and on Argon2, so not for a
/// connection's core. Any thread. Every change is on record, with before and after, before it is done.
class Administration {
 public:
  /// Reads the resets that wait. Errors: those of the store.
  static Result<std::unique_ptr<Administration>> open(Parts parts);

  /// `operation`: an id of the table in operations.hpp; `call.body` as its schema has it.
  Outcome run(std::string_view operation, const Call& call);
  /// The same for a body that was not looked at yet.
  Outcome run(std::string_view operation, Call call, std::string_view body);

  /// A reset by who has the machine: two administrators, who are named and recorded, decided it.
  Outcome reset_factors_by(std::string_view username, std::string_view first, std::string_view second);

  /// Rotates each key that signs tokens once it is older than `age`: the schedule of identity.md. Gives the first
  /// error; a key that could not be rotated goes on signing.
  Result<void> rotate_due_keys(std::chrono::seconds age);

  // For the operations; under `changing`.
  Parts parts;
  std::unique_ptr<Relationships> relationships;  // never null; may be asked at any time
  EmergencyCases* emergencies = nullptr;         // null: this process keeps none
  /// Durable when it returns.
  std::expected<void, Problem> record(const Actor& actor, const Change& change);
  std::map<std::string, ResetRequest, std::less<>> resets;

 private:
  explicit Administration(Parts p) : parts(p) {}
  std::mutex changing_;
};

}  // namespace ward::manage
