#include "outside.hpp"
#include "pages/pages.hpp"
#include "records.hpp"

#include <fstream>

namespace ward::identity {
namespace {

using namespace std::chrono_literals;

bool is_issuer_url(std::string_view url) {  // RFC 8414 section 2: https, no query, no fragment
  return url.starts_with("https://") && url.size() > 8 && url.size() <= 512 && url.back() != '/' &&
         url.find_first_of("?# \"\\<>") == url.npos;
}

std::chrono::seconds seconds(const config::Section& section, std::string_view key, std::chrono::seconds otherwise,
                             std::chrono::seconds least, std::chrono::seconds most, const char* remedy) {
  const auto value = std::chrono::duration_cast<std::chrono::seconds>(section.duration(key, otherwise));
  if (value >= least && value <= most) return value;
  section.problem(key, remedy);
  return otherwise;
}

std::string read_keys(const config::Section& section) {
  const std::string inline_keys = section.text("jwks");
  const std::string file = section.text("jwks_file");
  if (inline_keys.empty() == file.empty()) {
    section.problem("jwks_file", "exactly one of jwks_file (a path) and jwks (JSON text) is needed");
    return {};
  }
  if (file.empty()) return inline_keys;
  std::ifstream in(file, std::ios::binary);
  std::string text(crypto::KeySet::bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.empty()) section.problem("jwks_file", file + ": cannot be read, or is empty");
  return text;
}

std::vector<std::pair<std::string, std::string>> read_role_map(const config::Section& section) {
  std::vector<std::pair<std::string, std::string>> map;
  const config::Section table = section.section("role_map");
  for (const std::string& theirs : table.names()) map.emplace_back(theirs, table.text(theirs));
  return map;
}

OutsideIssuer read_issuer(const config::Section& section) {
  OutsideIssuer issuer;
  issuer.url = section.text("url");
  if (!issuer.url.starts_with("https://"))
    section.problem("url", "must be the issuer's https URL, as its tokens have it in iss");
  issuer.jwks = read_keys(section);
  issuer.audience = section.text("audience");
  if (issuer.audience.empty())
    section.problem("audience", "is needed: without it, a token for another service would be taken");
  issuer.algorithms = section.texts("algorithms", issuer.algorithms);
  issuer.type = section.choice("type", {"at+jwt", "JWT"}, "at+jwt");
  issuer.role_claim = section.text("role_claim");
  issuer.role_map = read_role_map(section);
  issuer.roles = section.texts("roles");
  issuer.default_role = section.text("default_role");
  issuer.fhir_user_claim = section.text("fhir_user_claim");
  issuer.purpose = section.text("purpose");
  if (!issuer.role_claim.empty() && issuer.roles.empty())
    section.problem("roles", "must list the roles that this issuer may give: it has a role_claim");
  if (!issuer.jwks.empty())
    if (auto ready = prepare(issuer); !ready)
      section.problem(section.has("jwks_file") ? "jwks_file" : "jwks", ready.error().message());
  return issuer;
}

}  // namespace

std::string Settings::resource_metadata_uri() const {
  const auto scheme_end = fhir_base.find("://");
  const auto path = scheme_end == fhir_base.npos ? fhir_base.npos : fhir_base.find('/', scheme_end + 3);
  const std::string host = fhir_base.substr(0, path);
  return host + "/.well-known/oauth-protected-resource" +
         (path == fhir_base.npos ? std::string() : fhir_base.substr(path));
}

Settings configure(const config::Section& identity, const std::vector<config::Section>& issuers,
                   const std::string& base) {
  Settings settings;
  settings.issuer = identity.text("issuer", base);
  if (!is_issuer_url(settings.issuer))
    identity.problem("issuer", "must be an https URL without a slash, query or fragment at its end");
  settings.fhir_base = base + "/fhir";
  settings.realm = identity.text("realm", settings.realm);
  if (settings.realm.size() > 64 || settings.realm.find_first_of("\"\\\r\n") != settings.realm.npos)
    identity.problem("realm", "has at most 64 characters, without quotes and backslashes");
  settings.access_token_lifetime =
      seconds(identity, "access_token_lifetime", 300s, 10s, token_lifetime_max, "must be 10 s to 60 min");
  settings.skew = seconds(identity, "clock_skew", 5s, 0s, 60s, "must be 0 s to 60 s");
  settings.staff_idle = seconds(identity, "staff_idle", settings.staff_idle, 60s, 3600s, "must be 1 to 60 min");
  settings.patient_idle = seconds(identity, "patient_idle", settings.patient_idle, 60s, 3600s, "must be 1 to 60 min");
  settings.session_max = seconds(identity, "session_max", settings.session_max, 600s, 24h, "must be 10 min to 24 h");
  settings.fresh_factor = seconds(identity, "fresh_factor", settings.fresh_factor, 1s, 3600s, "must be 1 s to 60 min");
  settings.key_rotation =
      seconds(identity, "key_rotation", settings.key_rotation, 24h, 400 * 24h, "must be 1 to 400 days");
  settings.brand = identity.text("brand_name", settings.brand);
  settings.brand_colour = identity.text("brand_colour");
  settings.brand_logo = identity.text("brand_logo");
  if (!settings.brand_colour.empty() && !pages::valid_colour(settings.brand_colour))
    identity.problem("brand_colour", "must be as in \"#1f6f8b\"");
  settings.jwks_uri_loopback = identity.flag("jwks_uri_loopback", false);
  settings.jwks_uri_ca = identity.text("jwks_uri_ca");
  for (const config::Section& section : issuers) settings.issuers.push_back(read_issuer(section));
  return settings;
}

}  // namespace ward::identity
