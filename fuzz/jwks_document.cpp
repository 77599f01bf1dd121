// What a client publishes: the address of its keys in the first line, the key set as it was fetched behind it.
#include "crypto/jose.hpp"
#include "key_fetch.hpp"
#include "records.hpp"

namespace {

using namespace ward;

void check_address(const std::string& uri) {
  if (!identity::KeyFetch::check_uri(uri)) return;
  const std::string rest = uri.substr(std::min<std::size_t>(uri.size(), 8));
  const std::string authority = rest.substr(0, rest.find_first_of("/?"));
  const bool sound = !authority.empty() && uri.size() <= identity::KeyFetch::uri_bytes_max &&
                     authority.find('@') == authority.npos && uri.find_first_of("#\\ \r\n\t") == uri.npos;
  if (!sound) __builtin_trap();
}

void check_set(const crypto::KeySet& set) {
  if (set.keys().size() > crypto::KeySet::keys_max) __builtin_trap();
  const auto again = crypto::KeySet::parse(set.text());
  if (!again || again->keys().size() != set.keys().size()) __builtin_trap();
  for (std::size_t i = 0; i < set.keys().size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const crypto::PublicKey &one = set.keys()[i], &other = set.keys()[j];
      if (!one.id().empty() && one.id() == other.id() && !(one.algorithms() & other.algorithms()).empty())
        __builtin_trap();
    }
  identity::OAuthClient client;
  client.fapi = true;
  for (const crypto::PublicKey& key : identity::usable_keys(client, set).keys())
    if ((key.algorithms() & identity::fapi_algorithms) != key.algorithms()) __builtin_trap();
}

/// The same set in a registration: taken, it is kept as it was given.
void check_registration(std::string_view set) {
  identity::OAuthClient client;
  client.client_id = "app";
  client.jwks = std::string(set);
  client.scope = "system/Patient.rs";
  const auto read = identity::parse_client(identity::to_json(client));
  if (!read) return;
  if (!read->jwks_uri.empty() || !crypto::KeySet::parse(read->jwks)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view document = text.substr(std::min(line + 1, text.size()));
  check_address(std::string(text.substr(0, line)));
  const auto set = crypto::KeySet::parse(document);
  if (set) check_set(*set);
  check_registration(document);
  // Nobody has signed anything with these keys.
  static const crypto::SigningKey own = crypto::SigningKey::generate(crypto::SigningKey::Kind::ed25519);
  static const std::string token = crypto::make_jwt(own, crypto::Algorithm::eddsa, "k1", "", R"({"sub":"app"})");
  if (set)
    if (auto proof = crypto::UnverifiedJwt::parse(token); proof && std::move(*proof).verify(*set)) __builtin_trap();
  return 0;
}
