#include "records.hpp"

#include "base/encoding.hpp"

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

std::string_view method_name(ClientAuthentication method) {
  return method == ClientAuthentication::private_key_jwt ? "private_key_jwt" : "client_secret_basic";
}

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

Result<void> check(const OAuthClient& client) {
  if (!is_word(client.client_id, "._-")) return bad_client("a client_id has 1 to 64 of A-Z a-z 0-9 . _ -");
  if (client.client_id == cli_client)
    return bad_client("this client_id stands for `ward token` itself; choose another");
  if (client.name.size() > 200 || !is_utf8(client.name))
    return bad_client("client_name has at most 200 bytes of UTF-8");
  if (client.authentication == ClientAuthentication::private_key_jwt) {
    auto keys = crypto::KeySet::parse(client.jwks);
    if (!keys) return std::unexpected(Error("client_invalid", "client: jwks: " + keys.error().message()));
    if (keys->keys().empty()) return bad_client("jwks has no key that can be used");
    if (!client.secret_hash.empty()) return bad_client("private_key_jwt and a secret exclude each other");
  } else {
    const auto hash = hex_decode(client.secret_hash);
    if (!hash || hash->size() != 32) return bad_client("client_secret_basic needs the SHA-256 of the secret in hex");
    if (!client.jwks.empty()) return bad_client("client_secret_basic and jwks exclude each other");
  }
  if (auto scope = scope::ScopeSet::parse(client.scope); !scope) return bad_client("scope: " + scope.error().message());
  if (client.grant_types != std::vector<std::string>{"client_credentials"})
    return bad_client("grant_types must be [\"client_credentials\"]");
  if (client.access_token_lifetime < std::chrono::seconds(0) || client.access_token_lifetime > token_lifetime_max)
    return bad_client("access_token_lifetime must be 0 to 3600 s");
  if (!are_words(client.roles)) return bad_client("a role has 1 to 64 of A-Z a-z 0-9 . _ - : (at most 64 roles)");
  if (!client.purpose.empty() && !is_word(client.purpose, "._-:")) return bad_client("purpose is not a word");
  return {};
}

std::string to_json(const Person& person) {
  std::string json;
  append_member(json, "username", person.username);
  if (!person.password_hash.empty()) append_member(json, "password_hash", person.password_hash);
  append_member(json, "roles", person.roles);
  if (!person.fhir_user.empty()) append_member(json, "fhir_user", person.fhir_user);
  append_member(json, "purposes", person.purposes);
  append_raw(json, "generation", std::to_string(person.generation));
  append_raw(json, "disabled", person.disabled ? "true" : "false");
  return json + "}";
}

std::string to_json(const OAuthClient& client) {
  std::string json;
  append_member(json, "client_id", client.client_id);
  append_member(json, "client_name", client.name);
  append_member(json, "token_endpoint_auth_method", method_name(client.authentication));
  if (!client.jwks.empty()) append_raw(json, "jwks", client.jwks);
  if (!client.secret_hash.empty()) append_member(json, "secret_sha256", client.secret_hash);
  append_member(json, "scope", client.scope);
  append_member(json, "grant_types", client.grant_types);
  append_member(json, "roles", client.roles);
  if (!client.purpose.empty()) append_member(json, "purpose", client.purpose);
  append_raw(json, "access_token_lifetime", std::to_string(client.access_token_lifetime.count()));
  append_raw(json, "generation", std::to_string(client.generation));
  append_raw(json, "disabled", client.disabled ? "true" : "false");
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
  Person person{root.string("username"), root.string("password_hash"),  std::move(*roles),     root.string("fhir_user"),
                std::move(*purposes),    number(root["generation"], 1), flag(root["disabled"])};
  if (auto checked = check(person); !checked) return std::unexpected(checked.error());
  return person;
}

Result<OAuthClient> parse_client(std::string_view text) {
  auto document = json::Document::parse(text, limits);
  if (!document || !document->root().is_object()) return bad_client("must be a JSON object");
  const json::Value root = document->root();
  auto roles = texts(root["roles"], "roles", "client_invalid");
  if (!roles) return std::unexpected(roles.error());
  auto grants = texts(root["grant_types"], "grant_types", "client_invalid");
  if (!grants) return std::unexpected(grants.error());
  const std::string method =
      root["token_endpoint_auth_method"] ? root.string("token_endpoint_auth_method") : "private_key_jwt";
  if (method != "private_key_jwt" && method != "client_secret_basic")
    return bad_client("token_endpoint_auth_method must be private_key_jwt or client_secret_basic");
  OAuthClient client;
  client.client_id = root.string("client_id");
  client.name = root.string("client_name");
  client.authentication =
      method == "private_key_jwt" ? ClientAuthentication::private_key_jwt : ClientAuthentication::client_secret_basic;
  client.secret_hash = root.string("secret_sha256");
  if (root["jwks"]) client.jwks = std::string(root["jwks"].raw());
  client.scope = root.string("scope");
  client.roles = std::move(*roles);
  if (root["grant_types"]) client.grant_types = std::move(*grants);
  client.access_token_lifetime =
      std::chrono::seconds(std::min<std::uint64_t>(number(root["access_token_lifetime"], 0), 1'000'000));
  client.purpose = root.string("purpose");
  client.generation = number(root["generation"], 1);
  client.disabled = flag(root["disabled"]);
  if (auto checked = check(client); !checked) return std::unexpected(checked.error());
  return client;
}

}  // namespace ward::identity
