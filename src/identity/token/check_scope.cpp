#include "token/attempt.hpp"

namespace ward::identity {
namespace {

constexpr std::size_t scope_bytes_max = 8 * 1024;

TokenError invalid_scope(std::string description, std::string reason) {
  return {400, "invalid_scope", std::move(description), std::move(reason)};
}

}  // namespace

// Asked for less, it gets less; asked for more, it gets what it is registered for; asked for nothing, all of that.
Refused check_scope(Attempt& attempt) {
  const auto text = attempt.form.get("scope");
  if (!text) {
    attempt.granted = attempt.client->scope;
  } else {
    if (text->size() > scope_bytes_max) return invalid_scope("scope is longer than 8 KiB", "scope_too_long");
    const auto asked = scope::ScopeSet::parse(*text);
    if (!asked) return invalid_scope("a scope is malformed", "scope_malformed");
    attempt.granted = attempt.client->scope.narrow(*asked);
  }
  if (attempt.granted.empty())
    return invalid_scope("none of these scopes is registered for this client", "scope_not_registered");
  return {};
}

}  // namespace ward::identity
