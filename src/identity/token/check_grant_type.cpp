#include "token/attempt.hpp"

namespace ward::identity {

Refused check_grant_type(Attempt& attempt) {
  const auto grant = attempt.form.get("grant_type");
  if (!grant) return invalid_request("grant_type is missing", "grant_type_missing");
  if (*grant != "client_credentials" && *grant != "authorization_code" && *grant != "refresh_token")
    return TokenError{400, "unsupported_grant_type",
                      "grant_type must be authorization_code, refresh_token or client_credentials",
                      "grant_type_unsupported"};
  return {};
}

}  // namespace ward::identity
