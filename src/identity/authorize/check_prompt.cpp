#include "authorize/attempt.hpp"

#include <charconv>

namespace ward::identity::authorize {
namespace {

Refused read_prompt(const std::string& text, Flow& flow) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word == "none")
      flow.prompt_none = true;
    else if (word == "login")
      flow.prompt_login = true;
    else if (word == "consent")
      flow.prompt_consent = true;
    else if (word == "select_account")
      flow.prompt_select_account = true;
    else
      return AuthorizeError{"invalid_request", "prompt may be none, login, consent, select_account", "prompt"};
  }
  if (flow.prompt_none && (flow.prompt_login || flow.prompt_consent || flow.prompt_select_account))
    return AuthorizeError{"invalid_request", "prompt=none stands alone", "prompt_none"};
  return {};
}

}  // namespace

Refused check_prompt(Attempt& attempt) {
  Flow& flow = attempt.flow;
  if (const auto prompt = attempt.parameters.get("prompt"))
    if (auto refused = read_prompt(*prompt, flow)) return refused;
  if (const auto age = attempt.parameters.get("max_age")) {
    const auto [end, failed] = std::from_chars(age->data(), age->data() + age->size(), flow.max_age);
    if (failed != std::errc() || end != age->data() + age->size() || flow.max_age < 0)
      return AuthorizeError{"invalid_request", "max_age must be a number of seconds", "max_age"};
  }
  flow.nonce = attempt.parameters.get("nonce").value_or("");
  flow.login_hint = attempt.parameters.get("login_hint").value_or("");
  flow.ui_locales = attempt.parameters.get("ui_locales").value_or("");
  if (flow.nonce.size() > 512 || flow.login_hint.size() > 256 || flow.ui_locales.size() > 256)
    return AuthorizeError{"invalid_request", "nonce, login_hint or ui_locales is too long", "too_long"};
  flow.key_thumbprint = attempt.parameters.get("dpop_jkt").value_or(flow.key_thumbprint);
  if (flow.key_thumbprint.size() > 64)
    return AuthorizeError{"invalid_request", "dpop_jkt is not a thumbprint", "dpop_jkt"};
  return {};
}

}  // namespace ward::identity::authorize
