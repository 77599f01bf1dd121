// Clients: list, register, show, change, remove, and a new secret. With the names of RFC 7591.
#include "change.hpp"
#include "crypto/jose.hpp"
#include "operations.hpp"

namespace ward::manage {

namespace json = boost::json;
using identity::ClientAuthentication;
using identity::OAuthClient;

namespace {

constexpr std::size_t secret_characters_min = 32;

std::expected<OAuthClient, Problem> known(Administration& all, const Call& call) {
  auto client = all.parts.identity.client(call.id);
  if (!client) return not_found("client");
  return std::move(*client);
}

bool has_secret(const OAuthClient& client) {
  return client.authentication == ClientAuthentication::client_secret_basic ||
         client.authentication == ClientAuthentication::client_secret_post;
}

bool has_keys(const OAuthClient& client) {
  return client.authentication == ClientAuthentication::private_key_jwt ||
         client.authentication == ClientAuthentication::self_signed_tls_client_auth;
}

/// A secret or a key for a client that needs one and brought none; what is secret is answered once.
std::expected<json::object, Problem> equip(Administration& all, OAuthClient& client, const std::string& given) {
  json::object answer;
  if (has_secret(client)) {
    if (!client.secret_hash.empty()) return answer;
    const std::string secret = given.empty() ? all.parts.random.token(32) : given;
    if (secret.size() < secret_characters_min)
      return refuse(422, "secret_short", "the secret is not taken",
                    {{"#/client_secret", "has at least 32 characters"}});
    client.secret_hash = identity::hash_client_secret(secret);
    answer["client_secret"] = secret;
  } else if (client.authentication == ClientAuthentication::private_key_jwt && client.jwks.empty() &&
             client.jwks_uri.empty()) {
    const crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p384);
    const std::string id = all.parts.random.token(8);
    client.jwks = crypto::KeySet({crypto::PublicKey::of(key, id)}).text();
    answer["jwk"] = json::parse(crypto::private_jwk(key, id).reveal());
  }
  return answer;
}

json::object with(json::object once, const OAuthClient& client) {
  for (auto& [name, value] : shown(client)) once[name] = value;
  return once;
}

std::expected<void, Problem> check(const OAuthClient& client) {
  if (auto read = identity::parse_client(identity::to_json(client)); !read) return of_error(read.error());
  return {};
}

std::expected<void, Problem> put(Administration& all, const Actor& actor, char action, const json::object& before,
                                 const OAuthClient& client, std::string cause = "") {
  json::object after = shown(client);
  if (!cause.empty()) after["client_secret"] = "changed";
  if (auto kept = all.record(
          actor, {audit::event::client_changed, action, client.client_id, before, std::move(after), std::move(cause)});
      !kept)
    return kept;
  if (auto done = all.parts.identity.put_client(client); !done) return of_error(done.error());
  return {};
}

}  // namespace

json::object shown(const OAuthClient& client) {
  json::object all = json::parse(identity::to_json(client)).as_object();
  for (const char* one : {"secret_sha256", "generation"}) all.erase(one);
  if (!all.contains("disabled")) all["disabled"] = false;
  if (!all.contains("client_name")) all["client_name"] = "";
  if (!all.contains("roles")) all["roles"] = json::array();
  return all;
}

Outcome list_clients(Administration& all, const Call& call) {
  const auto clients = all.parts.identity.clients_after(call.after, call.limit + 1);
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < clients.size() && i < call.limit; ++i) reply.body.as_array().push_back(shown(clients[i]));
  if (clients.size() > call.limit) reply.next = clients[call.limit - 1].client_id;
  return reply;
}

Outcome get_client(Administration& all, const Call& call) {
  const auto client = known(all, call);
  if (!client) return std::unexpected(client.error());
  return Reply{200, shown(*client)};
}

Outcome create_client(Administration& all, const Call& call) {
  json::object registration = call.body;
  for (const char* one : {"client_secret", "secret_sha256", "generation"}) registration.erase(one);
  auto client = identity::read_registration(json::serialize(registration));
  if (!client) return of_error(client.error());
  if (all.parts.identity.client(client->client_id))
    return refuse(409, "exists", "there is already a client with this id", {{"#/client_id", "is taken"}});
  auto once = equip(all, *client, text_of(call.body, "client_secret"));
  if (!once) return std::unexpected(once.error());
  if (auto checked = check(*client); !checked) return std::unexpected(checked.error());
  if (auto done = put(all, call.actor, 'C', {}, *client); !done) return std::unexpected(done.error());
  return Reply{201, with(std::move(*once), *client)};
}

Outcome change_client(Administration& all, const Call& call) {
  const auto before = known(all, call);
  if (!before) return std::unexpected(before.error());
  json::object merged = json::parse(identity::to_json(*before)).as_object();  // RFC 7396
  for (const auto& one : call.body) {
    if (one.value().is_null())
      merged.erase(one.key());
    else
      merged[one.key()] = one.value();
  }
  auto client = identity::read_registration(json::serialize(merged));
  if (!client) return of_error(client.error());
  if (!has_secret(*client)) client->secret_hash.clear();
  // RFC 7591 section 2: one of both, and none where the client proves itself otherwise. What is said now goes first.
  const bool set = call.body.contains("jwks"), address = call.body.contains("jwks_uri");
  if (!set && (address || !has_keys(*client))) client->jwks.clear();
  if (!address && (set || !has_keys(*client))) client->jwks_uri.clear();
  auto once = equip(all, *client, "");
  if (!once) return std::unexpected(once.error());
  if (auto checked = check(*client); !checked) return std::unexpected(checked.error());
  if (auto done = put(all, call.actor, 'U', shown(*before), *client); !done) return std::unexpected(done.error());
  return Reply{200, with(std::move(*once), *client)};
}

Outcome remove_client(Administration& all, const Call& call) {
  const auto before = known(all, call);
  if (!before) return std::unexpected(before.error());
  if (auto kept = all.record(call.actor, {audit::event::client_changed, 'D', call.id, shown(*before), {}}); !kept)
    return std::unexpected(kept.error());
  if (auto removed = all.parts.identity.remove_client(call.id); !removed) return of_error(removed.error());
  return Reply{204, nullptr};
}

Outcome rotate_client_secret(Administration& all, const Call& call) {
  const auto before = known(all, call);
  if (!before) return std::unexpected(before.error());
  if (!has_secret(*before))
    return refuse(409, "no_secret", "this client has no secret: it proves itself in another way");
  OAuthClient client = *before;
  client.secret_hash.clear();
  auto once = equip(all, client, "");
  if (!once) return std::unexpected(once.error());
  json::object was = shown(*before);
  was["client_secret"] = "";
  if (auto done = put(all, call.actor, 'U', was, client, "secret rotated"); !done) return std::unexpected(done.error());
  return Reply{200, with(std::move(*once), client)};
}

}  // namespace ward::manage
