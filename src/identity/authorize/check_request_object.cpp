#include "authorize/attempt.hpp"

namespace ward::identity::authorize {

Refused check_request_object(Attempt& attempt) {
  if (attempt.parameters.get("request"))
    return AuthorizeError{"request_not_supported", "request objects are not taken; push the request to /oauth/par",
                          "request_object"};
  if (attempt.parameters.get("registration"))
    return AuthorizeError{"registration_not_supported", "registration is not taken here", "registration"};
  return {};
}

}  // namespace ward::identity::authorize
