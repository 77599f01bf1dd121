#include "records.hpp"

#include "base/encoding.hpp"
#include "key_fetch.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t list_max = 64;
constexpr json::Limits limits{.depth_max = 16, .members_max = 4096};

constexpr std::string_view fhir_user_types[] = {"Practitioner", "PractitionerRole", "Patient",     "RelatedPerson",
                                                "Person",       "Device",           "Organization"};

std::unexpected<Error> bad_person(std::string message) {
  return fail("person_invalid", "person: " + std::move(message));
}
std::unexpected<Error> bad_client(std::string message) {
  return fail("client_invalid", "client: " + std::move(message));
}

bool is_word(std::string_view word, std::string_view more) {
  return !word.empty() && word.size() <= name_bytes_max && std::ranges::all_of(word, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

bool are_words(const std::vector<std::string>& words) {
  return words.size() <= list_max &&
         std::ranges::all_of(words, [](const std::string& word) { return is_word(word, "._-:"); });
}

struct Method {
  std::string_view name;
  ClientAuthentication method;
};
constexpr Method methods[] = {
    {"private_key_jwt", ClientAuthentication::private_key_jwt},
    {"client_secret_basic", ClientAuthentication::client_secret_basic},
    {"client_secret_post", ClientAuthentication::client_secret_post},
    {"tls_client_auth", ClientAuthentication::tls_client_auth},
    {"self_signed_tls_client_auth", ClientAuthentication::self_signed_tls_client_auth},
    {"none", ClientAuthentication::none},
};

/// Members of a client that are plain texts, lists and switches, by RFC 7591's names where it has them.
struct TextMember {
  std::string_view name;
  std::string OAuthClient::* member;
};
constexpr TextMember text_members[] = {
    {"client_name", &OAuthClient::name},  {"client_uri", &OAuthClient::client_uri},
    {"logo_uri", &OAuthClient::logo_uri}, {"policy_uri", &OAuthClient::policy_uri},
    {"contact", &OAuthClient::contact},   {"owner", &OAuthClient::owner},
    {"purpose", &OAuthClient::purpose},   {"secret_sha256", &OAuthClient::secret_hash},
    {"jwks_uri", &OAuthClient::jwks_uri},
};
struct ListMember {
  std::string_view name;
  std::vector<std::string> OAuthClient::* member;
};
constexpr ListMember list_members[] = {
    {"roles", &OAuthClient::roles},
    {"grant_types", &OAuthClient::grant_types},
    {"redirect_uris", &OAuthClient::redirect_uris},
    {"post_logout_redirect_uris", &OAuthClient::post_logout_redirect_uris},
};
struct FlagMember {
  std::string_view name;
  bool OAuthClient::* member;
};
constexpr FlagMember flag_members[] = {
    {"disabled", &OAuthClient::disabled},
    {"first_party", &OAuthClient::first_party},
    {"require_pushed_authorization_requests", &OAuthClient::require_pushed_authorization_requests},
    {"dpop_bound_access_tokens", &OAuthClient::dpop_bound_access_tokens},
    {"tls_client_certificate_bound_access_tokens", &OAuthClient::tls_client_certificate_bound_access_tokens},
    {"fapi", &OAuthClient::fapi},
};
constexpr std::string_view certificate_names[] = {"subject_dn", "san_dns", "san_uri", "san_ip", "san_email"};

std::uint64_t number(json::Value value, std::uint64_t otherwise) {
  std::uint64_t parsed = otherwise;
  if (value && value.type() == json::Type::number)
    std::from_chars(value.raw().data(), value.raw().data() + value.raw().size(), parsed);
  return parsed;
}

bool flag(json::Value value) { return value && value.type() == json::Type::boolean && value.boolean(); }

}  // namespace

void append_raw(std::string& json, std::string_view name, std::string_view value) {
  json += json.empty() ? "{" : ",";
  append_json_string(json, name);
  json += ':';
  json += value;
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  append_raw(json, name, json_string(text));
}

void append_member(std::string& json, std::string_view name, const std::vector<std::string>& list) {
  std::string array = "[";
  for (const std::string& one : list) {
    if (array.size() > 1) array += ',';
    append_json_string(array, one);
  }
  append_raw(json, name, array + "]");
}

Result<std::vector<std::string>> texts(json::Value value, std::string_view name, std::string_view code) {
  std::vector<std::string> list;
  if (!value) return list;
  if (value.is_string()) return std::vector<std::string>{value.text()};
  bool good = value.is_array() && value.size() <= list_max;
  for (json::Value one = good ? value.first() : json::Value(); one && good; one = one.next()) {
    good = one.is_string();
    list.push_back(one.text());
  }
  if (!good) return fail(code, std::string(name) + " must be an array of at most 64 texts");
  return list;
}

bool is_fhir_user(std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == reference.npos ||
      std::ranges::find(fhir_user_types, reference.substr(0, slash)) == std::end(fhir_user_types))
    return false;
  return is_word(reference.substr(slash + 1), ".-");  // FHIR R4, id
}

Result<void> check(const Person& person) {
  if (!is_word(person.username, "._@-")) return bad_person("a username has 1 to 64 of A-Z a-z 0-9 . _ @ -");
  if (!person.password_hash.empty() && !person.password_hash.starts_with("$argon2id$"))
    return bad_person("the password hash must be Argon2id's");
  if (!are_words(person.roles)) return bad_person("a role has 1 to 64 of A-Z a-z 0-9 . _ - : (at most 64 roles)");
  if (!are_words(person.purposes))
    return bad_person("a purpose has 1 to 64 of A-Z a-z 0-9 . _ - : (at most 64 purposes)");
  if (!person.fhir_user.empty() && !is_fhir_user(person.fhir_user))
    return bad_person("fhir_user must be as in \"Practitioner/12\"");
  return {};
}

namespace {

bool is_secret(ClientAuthentication method) {
  return method == ClientAuthentication::client_secret_basic || method == ClientAuthentication::client_secret_post;
}

bool has_keys(ClientAuthentication method) {
  return method == ClientAuthentication::private_key_jwt || method == ClientAuthentication::self_signed_tls_client_auth;
}

// RFC 7591 section 2: jwks and jwks_uri exclude each other.
Result<void> check_keys(const OAuthClient& client) {
  if (!client.jwks.empty() && !client.jwks_uri.empty()) return bad_client("jwks and jwks_uri exclude each other");
  if (!has_keys(client.authentication)) {
    const bool none = client.jwks.empty() && client.jwks_uri.empty();
    return none ? Result<void>()
                : bad_client(std::string(method_name(client.authentication)) + " and keys exclude each other");
  }
  if (!client.jwks_uri.empty()) {
    const auto uri = KeyFetch::check_uri(client.jwks_uri);
    return uri ? Result<void>() : bad_client(uri.error().message());
  }
  auto keys = crypto::KeySet::parse(client.jwks);
  if (!keys) return std::unexpected(Error("client_invalid", "client: jwks: " + keys.error().message()));
  return keys->keys().empty() ? bad_client("jwks has no key that can be used") : Result<void>();
}

Result<void> check_proof(const OAuthClient& client) {
  if (auto keys = check_keys(client); !keys) return keys;
  const auto hash = hex_decode(client.secret_hash);
  if (is_secret(client.authentication) && (!hash || hash->size() != 32))
    return bad_client(std::string(method_name(client.authentication)) + " needs the SHA-256 of the secret in hex");
  if (!is_secret(client.authentication) && !client.secret_hash.empty())
    return bad_client(std::string(method_name(client.authentication)) + " and a secret exclude each other");
  if ((client.authentication == ClientAuthentication::tls_client_auth) != !client.certificate_name.kind.empty())
    return bad_client(
        "tls_client_auth, and nothing else, needs exactly one of tls_client_auth_subject_dn, _san_dns, "
        "_san_uri, _san_ip, _san_email");
  if (auto name = certificate_name(client); !name) return std::unexpected(name.error());
  return {};
}

Result<void> check_grants(const OAuthClient& client) {
  static constexpr std::string_view known[] = {"client_credentials", "authorization_code", "refresh_token"};
  if (client.grant_types.empty()) return bad_client("grant_types must name what the client may use");
  for (const std::string& grant : client.grant_types)
    if (std::ranges::find(known, grant) == std::end(known))
      return bad_client("grant_types may be client_credentials, authorization_code and refresh_token");
  if (client.has_grant("client_credentials") && client.authentication == ClientAuthentication::none)
    return bad_client("client_credentials needs a client that proves itself");
  if (client.has_grant("refresh_token") && !client.has_grant("authorization_code"))
    return bad_client("refresh_token comes with authorization_code alone");
  if (client.has_grant("authorization_code") && client.redirect_uris.empty())
    return bad_client("authorization_code needs redirect_uris");
  return {};
}

Result<void> check_addresses(const OAuthClient& client) {
  for (const auto* list : {&client.redirect_uris, &client.post_logout_redirect_uris})
    for (const std::string& uri : *list)
      if (!is_redirect_uri(uri))
        return bad_client(
            "redirect URIs are https addresses, http on loopback, or a private-use scheme with a dot "
            "(com.example.app:/back), without fragment");
  for (const std::string* uri : {&client.client_uri, &client.logo_uri, &client.policy_uri})
    if (!uri->empty() && (!uri->starts_with("https://") || !is_redirect_uri(*uri)))
      return bad_client("client_uri, logo_uri and policy_uri are https addresses");
  return {};
}

// FAPI 2.0 Security Profile, section 5.3.2.
Result<void> check_fapi(const OAuthClient& client) {
  if (!client.fapi) return {};
  if (client.authentication != ClientAuthentication::private_key_jwt &&
      client.authentication != ClientAuthentication::tls_client_auth &&
      client.authentication != ClientAuthentication::self_signed_tls_client_auth)
    return bad_client("a FAPI client authenticates by private_key_jwt or by certificate");
  if (!client.dpop_bound_access_tokens && !client.tls_client_certificate_bound_access_tokens)
    return bad_client(
        "a FAPI client's tokens are bound: dpop_bound_access_tokens or "
        "tls_client_certificate_bound_access_tokens");
  return {};
}

}  // namespace

Result<std::optional<CertificateName>> certificate_name(const OAuthClient& client) {
  using Kind = CertificateName::Kind;
  static constexpr Kind kinds[] = {Kind::subject_dn, Kind::san_dns, Kind::san_uri, Kind::san_ip, Kind::san_email};
  if (client.certificate_name.kind.empty()) return std::nullopt;
  const auto found = std::ranges::find(certificate_names, client.certificate_name.kind);
  if (found == std::end(certificate_names)) return bad_client("a kind of certificate name that is not known");
  auto parsed = CertificateName::parse(kinds[found - std::begin(certificate_names)], client.certificate_name.value);
  if (!parsed) return bad_client(parsed.error().message());
  return std::optional(std::move(*parsed));
}

bool OAuthClient::has_grant(std::string_view type) const {
  return std::ranges::find(grant_types, type) != grant_types.end();
}

std::string_view method_name(ClientAuthentication method) {
  return std::ranges::find(methods, method, &Method::method)->name;
}

std::optional<ClientAuthentication> parse_method(std::string_view name) {
  const auto found = std::ranges::find(methods, name, &Method::name);
  return found == std::end(methods) ? std::nullopt : std::optional(found->method);
}

Result<void> check(const OAuthClient& client) {
  if (!is_word(client.client_id, "._-")) return bad_client("a client_id has 1 to 64 of A-Z a-z 0-9 . _ -");
  if (client.client_id == cli_client)
    return bad_client("this client_id stands for `ward token` itself; choose another");
  for (const TextMember& one : text_members)
    if ((client.*one.member).size() > 512 || !is_utf8(client.*one.member))
      return bad_client(std::string(one.name) + " has at most 512 bytes of UTF-8");
  if (client.name.size() > 200) return bad_client("client_name has at most 200 bytes of UTF-8");
  for (const auto part : {check_proof, check_grants, check_addresses, check_fapi})
    if (auto checked = part(client); !checked) return checked;
  if (auto scope = scope::ScopeSet::parse(client.scope); !scope) return bad_client("scope: " + scope.error().message());
  if (client.access_token_lifetime < std::chrono::seconds(0) || client.access_token_lifetime > token_lifetime_max)
    return bad_client("access_token_lifetime must be 0 to 3600 s");
  if (!are_words(client.roles)) return bad_client("a role has 1 to 64 of A-Z a-z 0-9 . _ - : (at most 64 roles)");
  if (!client.purpose.empty() && !is_word(client.purpose, "._-:")) return bad_client("purpose is not a word");
  if (client.id_token_signed_response_alg != "ES256" && client.id_token_signed_response_alg != "RS256")
    return bad_client("id_token_signed_response_alg must be ES256 or RS256");
  return {};
}

std::string to_json(const Person& person) {
  std::string json;
  append_member(json, "username", person.username);
  if (!person.password_hash.empty()) append_member(json, "password_hash", person.password_hash);
  append_member(json, "roles", person.roles);
  if (!person.fhir_user.empty()) append_member(json, "fhir_user", person.fhir_user);
  append_member(json, "purposes", person.purposes);
  if (!person.name.empty()) append_member(json, "name", person.name);
  append_raw(json, "generation", std::to_string(person.generation));
  append_raw(json, "disabled", person.disabled ? "true" : "false");
  return json + "}";
}

std::string to_json(const OAuthClient& client) {
  std::string json;
  append_member(json, "client_id", client.client_id);
  append_member(json, "token_endpoint_auth_method", method_name(client.authentication));
  if (!client.jwks.empty()) append_raw(json, "jwks", client.jwks);
  append_member(json, "scope", client.scope);
  append_member(json, "id_token_signed_response_alg", client.id_token_signed_response_alg);
  for (const TextMember& one : text_members)
    if (!(client.*one.member).empty()) append_member(json, one.name, client.*one.member);
  for (const ListMember& one : list_members)
    if (!(client.*one.member).empty()) append_member(json, one.name, client.*one.member);
  for (const FlagMember& one : flag_members)
    if (client.*one.member) append_raw(json, one.name, "true");
  if (!client.certificate_name.kind.empty())
    append_member(json, "tls_client_auth_" + client.certificate_name.kind, client.certificate_name.value);
  append_raw(json, "access_token_lifetime", std::to_string(client.access_token_lifetime.count()));
  append_raw(json, "generation", std::to_string(client.generation));
  return json + "}";
}

Result<Person> parse_person(std::string_view text) {
  auto document = json::Document::parse(text, limits);
  if (!document || !document->root().is_object()) return bad_person("must be a JSON object");
  const json::Value root = document->root();
  auto roles = texts(root["roles"], "roles", "person_invalid");
  if (!roles) return std::unexpected(roles.error());
  auto purposes = texts(root["purposes"], "purposes", "person_invalid");
  if (!purposes) return std::unexpected(purposes.error());
  Person person{root.string("username"),  root.string("password_hash"), std::move(*roles),
                root.string("fhir_user"), std::move(*purposes),         number(root["generation"], 1),
                flag(root["disabled"]),   root.string("name")};
  if (auto checked = check(person); !checked) return std::unexpected(checked.error());
  return person;
}

Result<OAuthClient> parse_client(std::string_view text) {
  auto client = read_registration(text);
  if (!client) return client;
  if (auto checked = check(*client); !checked) return std::unexpected(checked.error());
  return client;
}

Result<OAuthClient> read_registration(std::string_view text) {
  auto document = json::Document::parse(text, limits);
  if (!document || !document->root().is_object()) return bad_client("must be a JSON object");
  const json::Value root = document->root();
  OAuthClient client;
  for (const ListMember& one : list_members) {
    if (!root[one.name]) continue;
    auto list = texts(root[one.name], one.name, "client_invalid");
    if (!list) return std::unexpected(list.error());
    client.*one.member = std::move(*list);
  }
  if (root["token_endpoint_auth_method"]) {
    const auto method = parse_method(root.string("token_endpoint_auth_method"));
    if (!method)
      return bad_client(
          "token_endpoint_auth_method is not one of private_key_jwt, client_secret_basic, "
          "client_secret_post, tls_client_auth, self_signed_tls_client_auth, none");
    client.authentication = *method;
  }
  client.client_id = root.string("client_id");
  for (const TextMember& one : text_members) client.*one.member = root.string(one.name);
  for (const FlagMember& one : flag_members) client.*one.member = flag(root[one.name]);
  for (const std::string_view kind : certificate_names)
    if (const std::string value = root.string("tls_client_auth_" + std::string(kind)); !value.empty()) {
      if (!client.certificate_name.kind.empty()) return bad_client("more than one tls_client_auth_ name");
      client.certificate_name = {std::string(kind), value};
    }
  if (root["jwks"]) client.jwks = std::string(root["jwks"].raw());
  client.scope = root.string("scope");
  if (root["id_token_signed_response_alg"])
    client.id_token_signed_response_alg = root.string("id_token_signed_response_alg");
  client.access_token_lifetime =
      std::chrono::seconds(std::min<std::uint64_t>(number(root["access_token_lifetime"], 0), 1'000'000));
  client.generation = number(root["generation"], 1);
  return client;
}

}  // namespace ward::identity
