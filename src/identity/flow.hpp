// An authorization request on its way through sign-in, patient picker and consent. It travels sealed in the pages'
// forms and addresses, so that nothing of it is kept here and nobody can change it; it is tied to one browser.
#pragma once

#include "base/error.hpp"
#include "base/guarded.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ward::identity {

struct Flow {
  std::string client_id, redirect_uri, response_mode, state;
  std::string scope;  // asked, within what is registered; canonical
  std::string nonce, code_challenge, login_hint, ui_locales;
  std::string key_thumbprint;  // dpop_jkt (RFC 9449 section 10)
  std::string launch;          // the EHR's launch, once used
  std::string patient, encounter, context;
  std::string person;         // who chose or agreed: nobody else may go on with that
  std::string subject;        // whom the app means (claims, `sub`); empty: anybody
  std::int64_t max_age = -1;  // seconds; below 0: any
  bool prompt_none = false, prompt_login = false, prompt_consent = false, prompt_select_account = false;
  std::int64_t created = 0;  // milliseconds
  std::string browser;       // hash of the browser's cookie
};

inline constexpr std::int64_t flow_lifetime_ms = 30 * 60 * 1000;

std::string seal_flow(const Flow& flow, const Secret<std::string>& key);
/// Errors: "flow_unsealable", "flow_expired", "flow_browser" (another browser's).
Result<Flow> open_flow(std::string_view sealed, const Secret<std::string>& key, std::string_view browser,
                       std::int64_t now_ms);

}  // namespace ward::identity
