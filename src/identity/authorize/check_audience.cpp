#include "authorize/attempt.hpp"

namespace ward::identity::authorize {
namespace {

std::string_view without_slash(std::string_view url) {
  return url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
}

bool is_ours(const Settings& settings, std::string_view audience) {
  const std::string_view asked = without_slash(audience);
  if (asked == settings.fhir_base) return true;
  return !settings.mtls_base.empty() &&
         asked == settings.mtls_base +
                      settings.fhir_base.substr(std::min(settings.issuer.size(), settings.fhir_base.size()));
}

}  // namespace

Refused check_audience(Attempt& attempt) {
  const auto audience = attempt.parameters.get("aud"), resource = attempt.parameters.get("resource");
  if (audience && !is_ours(attempt.settings, *audience))
    return AuthorizeError{"invalid_request", "aud must be this FHIR server: " + attempt.settings.fhir_base, "aud"};
  if (resource && !is_ours(attempt.settings, *resource))
    return AuthorizeError{"invalid_target", "resource must be " + attempt.settings.fhir_base, "resource"};
  const auto scope = attempt.parameters.get("scope");
  // A SMART app that does not say for whom its token is could be led to hand it to another server.
  if (!audience && !resource && scope && (" " + *scope + " ").find(" launch") != std::string::npos)
    return AuthorizeError{"invalid_request", "aud is missing: SMART apps name the FHIR server they want to reach",
                          "aud_missing"};
  return {};
}

}  // namespace ward::identity::authorize
