#include "token/attempt.hpp"

namespace ward::identity {

Refused check_resource(Attempt& attempt) {
  const auto resource = attempt.form.get("resource");
  if (resource && *resource != attempt.settings.fhir_base)
    return TokenError{400, "invalid_target", "resource must be " + attempt.settings.fhir_base, "resource_unknown"};
  return {};
}

}  // namespace ward::identity
