#include "authorize/attempt.hpp"

namespace ward::identity::authorize {

Refused check_response(Attempt& attempt) {
  const auto mode = attempt.parameters.get("response_mode");
  if (mode && *mode != "query" && *mode != "form_post")
    return AuthorizeError{"invalid_request", "response_mode must be query or form_post", "response_mode"};
  if (mode) attempt.flow.response_mode = *mode;
  const auto type = attempt.parameters.get("response_type");
  if (!type) return AuthorizeError{"invalid_request", "response_type is missing", "response_type_missing"};
  if (*type != "code")
    return AuthorizeError{"unsupported_response_type", "response_type must be code", "response_type"};
  return {};
}

}  // namespace ward::identity::authorize
