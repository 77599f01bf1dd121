#include "directory.hpp"

#include "crypto/jose.hpp"

namespace ward::app {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::vector<std::string> texts(const json::object& object, std::string_view name) {
  std::vector<std::string> all;
  if (const json::value* value = object.if_contains(name); value != nullptr && value->is_array())
    for (const json::value& one : value->as_array()) all.emplace_back(one.as_string());
  return all;
}

Result<void> record_change(Installation& installation, std::string_view event, const std::string& name,
                           std::string before, std::string after) {
  audit::Record record{.event = std::string(event), .action = 'U'};
  record.detail = {{"name", name}, {"before", std::move(before)}, {"after", std::move(after)}};
  auto receipt = installation.log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(std::move(receipt.error()));
  return {};
}

/// What may be shown and logged of a person: everything but the password's hash.
json::object shown(const identity::Person& person) {
  return {{"username", person.username},
          {"roles", json::array(person.roles.begin(), person.roles.end())},
          {"fhir_user", person.fhir_user},
          {"disabled", person.disabled}};
}

json::object shown(const identity::OAuthClient& client) {
  json::object all = json::parse(identity::to_json(client)).as_object();
  for (const char* one : {"secret_sha256", "generation"}) all.erase(one);
  if (!all.contains("disabled")) all["disabled"] = false;
  if (!all.contains("client_name")) all["client_name"] = "";
  if (!all.contains("roles")) all["roles"] = json::array();
  return all;
}

Result<json::object> add_user(identity::Identity& identity, Installation& installation, const json::object& request) {
  identity::Person person{.username = text(request, "name"),
                          .password_hash = "",
                          .roles = texts(request, "roles"),
                          .fhir_user = text(request, "fhir_user"),
                          .purposes = texts(request, "purposes"),
                          .name = text(request, "full_name")};
  if (identity.person(person.username))
    return fail("exists", "there is already a person with the name " + person.username);
  if (const Secret<std::string> password(text(request, "password")); !password.reveal().empty()) {
    if (const std::string problem = identity::password_problem(password, {person.username, person.name});
        !problem.empty())
      return fail("password_refused", problem);
    auto hash = identity::hash_password(password, installation.random);
    if (!hash) return std::unexpected(std::move(hash.error()));
    person.password_hash = std::move(*hash);
  }
  if (auto recorded =
          record_change(installation, audit::event::user_changed, person.username, "", json::serialize(shown(person)));
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  if (auto put = identity.put_person(person); !put) return std::unexpected(std::move(put.error()));
  json::object answer = shown(person);
  const Secret<std::string> totp(text(request, "totp_secret"));
  if (totp.reveal().empty()) return answer;
  if (auto set = identity.set_totp(person.username, totp); !set) return std::unexpected(std::move(set.error()));
  auto codes = identity.make_recovery_codes(person.username);
  if (!codes) return std::unexpected(std::move(codes.error()));
  json::array list;
  for (const Secret<std::string>& code : *codes) list.emplace_back(code.reveal());
  answer["recovery_codes"] = std::move(list);
  return answer;
}

Result<json::object> set_user_disabled(identity::Identity& identity, Installation& installation,
                                       const std::string& name, bool disabled) {
  auto person = identity.person(name);
  if (!person) return fail("not_found", "there is no person with the name " + name + "; see `ward user list`");
  const std::string before = json::serialize(shown(*person));
  person->disabled = disabled;
  if (auto recorded =
          record_change(installation, audit::event::user_changed, name, before, json::serialize(shown(*person)));
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  if (auto put = identity.put_person(*person); !put) return std::unexpected(std::move(put.error()));
  return shown(*person);
}

/// A secret or a key for a client that needs one and brought none; what is secret is answered once.
Result<json::object> equip(identity::OAuthClient& client, Installation& installation, const json::object& request) {
  using Method = identity::ClientAuthentication;
  json::object answer;
  if (client.authentication == Method::client_secret_basic || client.authentication == Method::client_secret_post) {
    const std::string given = text(request, "client_secret");
    const std::string secret = given.empty() ? installation.random.token(32) : given;
    if (secret.size() < 32) return fail("secret_short", "a client secret needs at least 32 characters");
    client.secret_hash = identity::hash_client_secret(secret);
    answer["client_secret"] = secret;
  } else if (client.authentication == Method::private_key_jwt && client.jwks.empty()) {
    const crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p384);
    const std::string id = installation.random.token(8);
    client.jwks = crypto::KeySet({crypto::PublicKey::of(key, id)}).text();
    answer["jwk"] = json::parse(crypto::private_jwk(key, id).reveal());
  }
  return answer;
}

/// From the names of RFC 7591, and ours beside them.
Result<json::object> add_client(identity::Identity& identity, Installation& installation, const json::object& request) {
  json::object registration = request;
  for (const char* one : {"what", "client_secret", "command", "secret_sha256", "generation"}) registration.erase(one);
  for (auto one = registration.begin(); one != registration.end();)
    one = one->value().is_string() && one->value().as_string().empty() ? registration.erase(one) : std::next(one);
  auto client = identity::read_registration(json::serialize(registration));
  if (!client) return std::unexpected(std::move(client.error()));
  if (identity.client(client->client_id))
    return fail("exists", "there is already a client with the id " + client->client_id);
  auto answer = equip(*client, installation, request);
  if (!answer) return answer;
  if (auto recorded = record_change(installation, audit::event::client_changed, client->client_id, "",
                                    json::serialize(shown(*client)));
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  if (auto put = identity.put_client(*client); !put) return std::unexpected(std::move(put.error()));
  for (auto& [name, value] : shown(*client)) (*answer)[name] = value;
  return answer;
}

Result<json::object> set_client_disabled(identity::Identity& identity, Installation& installation,
                                         const std::string& name, bool disabled) {
  auto client = identity.client(name);
  if (!client) return fail("not_found", "there is no client with the id " + name + "; see `ward client list`");
  const std::string before = json::serialize(shown(*client));
  client->disabled = disabled;
  if (auto recorded =
          record_change(installation, audit::event::client_changed, name, before, json::serialize(shown(*client)));
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  if (auto put = identity.put_client(*client); !put) return std::unexpected(std::move(put.error()));
  return shown(*client);
}

}  // namespace

Result<json::object> manage_user(identity::Identity& identity, Installation& installation,
                                 const json::object& request) {
  const std::string what = text(request, "what"), name = text(request, "name");
  if (what == "add") return add_user(identity, installation, request);
  if (what == "disable" || what == "enable") return set_user_disabled(identity, installation, name, what == "disable");
  if (what == "show") {
    const auto person = identity.person(name);
    if (!person) return fail("not_found", "there is no person with the name " + name + "; see `ward user list`");
    return shown(*person);
  }
  json::array all;
  for (const identity::Person& person : identity.people()) all.push_back(shown(person));
  return json::object{{"users", std::move(all)}};
}

Result<json::object> manage_client(identity::Identity& identity, Installation& installation,
                                   const json::object& request) {
  const std::string what = text(request, "what"), name = text(request, "client_id");
  if (what == "add") return add_client(identity, installation, request);
  if (what == "disable" || what == "enable")
    return set_client_disabled(identity, installation, name, what == "disable");
  if (what == "show") {
    const auto client = identity.client(name);
    if (!client) return fail("not_found", "there is no client with the id " + name + "; see `ward client list`");
    return shown(*client);
  }
  json::array all;
  for (const identity::OAuthClient& client : identity.clients()) all.push_back(shown(client));
  return json::object{{"clients", std::move(all)}};
}

}  // namespace ward::app
