#include "token/attempt.hpp"

namespace ward::identity {

// Parameters come in the body alone: a URI ends in logs.
Refused check_form(Attempt& attempt) {
  if (attempt.request.has_query)
    return invalid_request("parameters belong in the body, not in the URI", "parameters_in_uri");
  if (!is_form_type(attempt.request.content_type))
    return invalid_request("Content-Type must be application/x-www-form-urlencoded", "content_type");
  auto form = Form::parse(attempt.request.body);
  if (!form) return invalid_request(form.error().message(), "form_malformed");
  attempt.form = std::move(*form);
  return {};
}

}  // namespace ward::identity
