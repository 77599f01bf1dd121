// What an app asks about the sign-in itself: `acr_values` and the `claims` parameter.
#include "authorize/attempt.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace ward::identity::authorize {
namespace {

constexpr std::size_t claims_bytes_max = 4096;

AuthorizeError unmet() {
  return {"unmet_authentication_requirements",
          "every sign-in here is of the class " + std::string(acr_two_factors) + "; no other can be had", "acr"};
}

/// RFC 9470 section 5: one of them must be possible.
bool offers_one_of(std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == acr_two_factors) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

/// OpenID Connect Core section 5.5.1: `value` or one of `values`; without them anything will do.
bool can_meet(json::Value request) {
  if (const json::Value value = request["value"]) return value.text() == acr_two_factors;
  const json::Value values = request["values"];
  if (!values) return true;
  for (json::Value one = values.first(); one; one = one.next())
    if (one.text() == acr_two_factors) return true;
  return false;
}

bool is_essential(json::Value request) {
  const json::Value essential = request["essential"];
  return essential && essential.type() == json::Type::boolean && essential.boolean();
}

Refused read_claims(const json::Value& claims, Flow& flow) {
  const json::Value id_token = claims["id_token"];
  if (const json::Value acr = id_token["acr"]; is_essential(acr) && !can_meet(acr)) return unmet();
  for (const json::Value& of : {id_token, claims["userinfo"]}) {
    const std::string subject = of["sub"].string("value");
    if (subject.empty()) continue;
    if (!flow.subject.empty() && flow.subject != subject)
      return AuthorizeError{"invalid_request", "claims names two people", "claims_sub"};
    flow.subject = subject;
  }
  return {};
}

}  // namespace

Refused check_claims(Attempt& attempt) {
  if (const auto wanted = attempt.parameters.get("acr_values"); wanted && !wanted->empty() && !offers_one_of(*wanted))
    return unmet();
  const auto text = attempt.parameters.get("claims");
  if (!text) return {};
  const AuthorizeError malformed{"invalid_request", "claims must be a JSON object of at most 4096 bytes", "claims"};
  if (text->size() > claims_bytes_max) return malformed;
  const auto document = json::Document::parse(*text);
  if (!document || document->root().type() != json::Type::object) return malformed;
  auto refused = read_claims(document->root(), attempt.flow);
  if (attempt.flow.subject.size() > 64) return malformed;
  return refused;
}

}  // namespace ward::identity::authorize
