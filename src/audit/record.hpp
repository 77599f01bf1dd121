// What one audit record says, and the catalogue of event names.
#pragma once

#include "base/guarded.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::audit {

/// Stable event names: queries, forwarders and reports compare them. Never rename one; add.
namespace event {
inline constexpr std::string_view request = "request";  // a request and its answer that touched no PHI
inline constexpr std::string_view phi_read = "phi.read";
inline constexpr std::string_view phi_search = "phi.search";
inline constexpr std::string_view phi_create = "phi.create";
inline constexpr std::string_view phi_update = "phi.update";
inline constexpr std::string_view phi_delete = "phi.delete";
inline constexpr std::string_view phi_import = "phi.import";
inline constexpr std::string_view phi_export = "phi.export";
inline constexpr std::string_view intent = "intent";        // set by Log::intend; `detail` keeps the caller's event
inline constexpr std::string_view outcome = "outcome";      // set by Log::outcome
inline constexpr std::string_view end = "end";              // a streamed answer ended, complete or not
inline constexpr std::string_view refusal = "refusal";      // 401, 403, 404, 412, 422 ...
inline constexpr std::string_view block = "block";          // the firewall
inline constexpr std::string_view limit = "limit";          // rates, quotas, concurrency
inline constexpr std::string_view suspicion = "suspicion";  // probing, many distinct patients
inline constexpr std::string_view malformed = "malformed";  // a message that never became a request
inline constexpr std::string_view handshake_failed = "handshake.failed";  // sampled; `detail` has the count
inline constexpr std::string_view upstream_failed = "upstream.failed";
inline constexpr std::string_view token_issued = "token.issued";
inline constexpr std::string_view token_refused = "token.refused";
inline constexpr std::string_view token_revoked = "token.revoked";
inline constexpr std::string_view login = "login";
inline constexpr std::string_view login_failed = "login.failed";
inline constexpr std::string_view logout = "logout";
inline constexpr std::string_view login_paused = "login.paused";      // after ten failures in a row
inline constexpr std::string_view factor_changed = "factor.changed";  // a password, second factor or recovery codes
inline constexpr std::string_view consent_given = "consent.given";
inline constexpr std::string_view consent_withdrawn = "consent.withdrawn";
inline constexpr std::string_view code_issued = "code.issued";
inline constexpr std::string_view authorization_refused = "authorization.refused";
inline constexpr std::string_view request_pushed = "request.pushed";
inline constexpr std::string_view launch_begun = "launch.begun";
inline constexpr std::string_view token_introspected = "token.introspected";
inline constexpr std::string_view break_glass = "break_glass";
inline constexpr std::string_view emergency_reviewed = "emergency.reviewed";
inline constexpr std::string_view relationship_changed = "relationship.changed";
inline constexpr std::string_view client_changed = "client.changed";
inline constexpr std::string_view user_changed = "user.changed";
inline constexpr std::string_view key_rotated = "key.rotated";
inline constexpr std::string_view key_retired = "key.retired";
inline constexpr std::string_view session_ended = "session.ended";      // by somebody else than its owner
inline constexpr std::string_view reset_requested = "reset.requested";  // of a person's factors; a second one confirms
inline constexpr std::string_view config_reload = "config.reload";      // `detail`: before, after
inline constexpr std::string_view policy_changed = "policy.changed";
inline constexpr std::string_view command = "command";  // a control-socket command
inline constexpr std::string_view start = "start";
inline constexpr std::string_view stop = "stop";
inline constexpr std::string_view clock_jump = "clock.jump";  // written by the log itself, as those below
inline constexpr std::string_view log_opened = "log.opened";
inline constexpr std::string_view log_reopened = "log.reopened";
inline constexpr std::string_view log_epoch = "log.epoch";
inline constexpr std::string_view log_read = "log.read";  // written by who reads for a person; once
}  // namespace event

enum class Outcome : std::uint8_t { success, refused, failed, unknown };
std::string_view name(Outcome);

/// Whose data a record is about. PHI: sealed in the record, never in clear.
struct Subject {
  std::string patient;                 // "Patient/12"; empty: what has no patient
  std::vector<std::string> resources;  // "Observation/7/_history/2"
};
struct Subjects {
  std::vector<Subject> of;
  std::string query;  // query parameters as decoded
  std::string text;   // free text, e.g. a break-glass reason
  bool empty() const { return of.empty() && query.empty() && text.empty(); }
};

/// One record. All but `subjects` is stored in clear and must hold no PHI: route *templates*, resource *types*. Empty
/// and zero fields are left out. Time, node, salt and (for outcomes) `intent` are set by the Log. A clear text is cut
/// at 512 bytes, a detail at 2 KiB (earlier if escaping more than doubles it), all details at 16 KiB; the record then
/// says "cut":true.
struct Record {
  std::string event;
  char action = 0;  // C R U D E as in FHIR AuditEvent.action; 0: none
  Outcome outcome = Outcome::success;
  std::string method, route;  // "GET", "/fhir/{type}/{id}"
  int status = 0;
  std::string actor;  // "Practitioner/3", "user:anna"; empty: nobody known
  std::vector<std::string> roles;
  std::string client, ip, session, jti, request_id, traceparent;
  std::vector<std::pair<std::string, std::uint64_t>> types;  // resource type and count
  std::string purpose;                                       // v3 PurposeOfUse: TREAT, HPAYMT, ETREAT ...
  std::string cause;                                         // policy line, scope, rule or limit that decided
  std::uint64_t duration_us = 0, bytes = 0;
  std::optional<bool> complete;         // of END: whether the whole answer went out
  std::optional<std::uint64_t> intent;  // of OUTCOME: index of its INTENT
  std::vector<std::pair<std::string, std::string>> detail;
  Phi<Subjects> subjects;
};

}  // namespace ward::audit
