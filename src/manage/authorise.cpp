// Who may administer.
#include "api.hpp"
#include "step_up.hpp"

#include <algorithm>

namespace ward::manage {
namespace {

constexpr std::string_view may_administer = "ward/admin";  // a scope word
constexpr std::string_view role = "administrator";
constexpr std::chrono::minutes fresh{15};

std::string scheme(const identity::Caller& caller) { return caller.key_thumbprint.empty() ? "Bearer" : "DPoP"; }

Refusal forbidden(std::string code, std::string said, std::string challenge = "") {
  Refusal refusal{.status = 403,
                  .code = std::move(code),
                  .kind = CauseKind::scope,
                  .cause = said,
                  .issues = {{.code = "forbidden", .diagnostics = said}}};
  if (!challenge.empty()) refusal.headers.emplace_back("www-authenticate", std::move(challenge));
  return refusal;
}

}  // namespace

Allowed<void> demand_fresh_factors(const identity::Caller& caller, WallTime now, std::chrono::seconds within,
                                   const std::string& said) {
  const std::int64_t age = unix_seconds(now) - caller.auth_time;
  if (caller.acr == identity::acr_two_factors && age <= within.count()) return {};
  // RFC 9470 section 3: the app sends the person to sign in again, with these words.
  const std::string challenge = scheme(caller) + " error=\"insufficient_user_authentication\", error_description=\"" +
                                said + "\", acr_values=\"" + std::string(identity::acr_two_factors) + "\", max_age=\"" +
                                std::to_string(within.count()) + "\"";
  return refuse({.status = 401,
                 .code = "insufficient_user_authentication",
                 .kind = CauseKind::authentication,
                 .cause = said,
                 .issues = {{.code = "login", .diagnostics = said}},
                 .headers = {{"www-authenticate", challenge}}});
}

Allowed<void> authorise(const identity::Caller& caller, WallTime now) {
  if (caller.outside) return refuse(forbidden("outside_issuer", "administration takes only tokens of this server"));
  if (!caller.scope.has(may_administer))
    return refuse(forbidden("scope_missing", "the scope ward/admin is needed",
                            scheme(caller) + " error=\"insufficient_scope\", scope=\"ward/admin\""));
  if (caller.kind == identity::Caller::Kind::client) return {};
  if (std::ranges::find(caller.roles, role) == caller.roles.end())
    return refuse(forbidden("role_missing", "administration is for the role administrator"));
  return demand_fresh_factors(caller, now, fresh,
                              "administration needs a second factor that was shown within 15 minutes");
}

Allowed<void> authorise_part(const identity::Caller& caller, WallTime now) {
  if (caller.outside) return refuse(forbidden("outside_issuer", "administration takes only tokens of this server"));
  if (caller.kind == identity::Caller::Kind::client) return {};
  return demand_fresh_factors(caller, now, fresh,
                              "administration needs a second factor that was shown within 15 minutes");
}

}  // namespace ward::manage
