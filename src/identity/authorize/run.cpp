#include "authorize/attempt.hpp"

namespace ward::identity::authorize {
namespace {

constexpr Check list[] = {check_client,         check_pushed,         check_redirect_uri, check_response,
                          check_request_object, check_code_challenge, check_audience,     check_scope,
                          check_prompt,         check_claims,         check_launch};

}  // namespace

Refused run(Attempt& attempt) {
  for (const Check check : list)
    if (auto refused = check(attempt)) return refused;
  return {};
}

}  // namespace ward::identity::authorize
