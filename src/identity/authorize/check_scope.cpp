#include "authorize/attempt.hpp"

namespace ward::identity::authorize {
namespace {

constexpr std::size_t scope_bytes_max = 4 * 1024;

}  // namespace

Refused check_scope(Attempt& attempt) {
  const auto text = attempt.parameters.get("scope");
  if (!text) return AuthorizeError{"invalid_scope", "scope is missing", "scope_missing"};
  if (text->size() > scope_bytes_max)
    return AuthorizeError{"invalid_scope", "scope is longer than 4 KiB", "scope_too_long"};
  const auto asked = scope::ScopeSet::parse(*text);
  if (!asked) return AuthorizeError{"invalid_scope", asked.error().message(), "scope_malformed"};
  const scope::ScopeSet within = attempt.client->scope.narrow(*asked);
  for (const scope::ResourceScope& one : within.resources())
    if (one.context == scope::Context::system)
      return AuthorizeError{"invalid_scope", "system/ scopes are for client_credentials", "scope_system"};
  if (within.empty())
    return AuthorizeError{"invalid_scope", "none of these scopes is registered for this client",
                          "scope_not_registered"};
  attempt.flow.scope = within.text();
  return {};
}

}  // namespace ward::identity::authorize
