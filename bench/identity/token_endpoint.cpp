// The token endpoint for backend services: client_credentials with private_key_jwt (SMART App Launch 2.2
// section 4.1.5).
#include "openssl.hpp"
#include "place.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace ward::bench {
namespace {

constexpr int rounds = 11, each = 100;

struct Backend {
  const char* name;
  crypto::Algorithm algorithm;
  const EVP_MD* digest;
  crypto::SigningKey key;
};

void enrol(Place& place, const Backend& backend) {
  identity::OAuthClient client;
  client.client_id = client.name = backend.name;
  client.jwks = crypto::KeySet({crypto::PublicKey::of(backend.key, "k1")}).text();
  client.scope = "system/Patient.rs system/Observation.rs";
  client.roles = {"system"};
  client.purpose = "TREAT";
  const auto put = place.identity->put_client(client);
  WARD_ASSERT(put);
}

std::string assertion(Place& place, const Backend& backend) {
  const std::string claims = fmt::format(R"({{"iss":"{0}","sub":"{0}","aud":"{1}/oauth/token","exp":{2},"jti":"{3}"}})",
                                         backend.name, issuer, place.now() + 240, place.random.token(12));
  return crypto::make_jwt(backend.key, backend.algorithm, "k1", "JWT", claims);
}

std::string body(const std::string& assertion) {
  return "grant_type=client_credentials&scope=system%2FPatient.rs&client_assertion_type="
         "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" +
         assertion;
}

boost::asio::awaitable<void> ask(identity::Identity& identity, const std::vector<std::string>& bodies) {
  for (const std::string& one : bodies) {
    const identity::FormRequest request = token_request(one);
    const identity::Answer answer = co_await identity.serve(request);
    WARD_ASSERT(answer.status == 200);
  }
}

double ask_all(Place& place, const Backend& backend) {
  std::vector<std::string> bodies;  // each assertion is good once; making them is the client's work
  for (int i = 0; i < each; ++i) bodies.push_back(body(assertion(place, backend)));
  boost::asio::io_context loop(1);
  boost::asio::co_spawn(loop, ask(*place.identity, bodies), [](std::exception_ptr failed) { WARD_ASSERT(!failed); });
  return ns_each(1, [&] { loop.run(); }) / each;
}

Row measure(Place& place, const Backend& backend) {
  enrol(place, backend);
  const std::string shown = assertion(place, backend), proof = shown.substr(0, shown.rfind('.'));
  const std::string signature = bare_sign(backend.key.native(), backend.digest, proof);
  const std::string minted = place.identity->mint_client(backend.name, "")->token,
                    token = minted.substr(0, minted.rfind('.'));
  const crypto::SigningKey own = place.keys->signing("token-sign", crypto::SigningKey::Kind::p256)->second;
  const Paired both = in_turns(
      rounds, [&] { return ask_all(place, backend); },
      [&] {
        return ns_each(each, [&] {
          bare_verify(backend.key.native(), backend.digest, proof, signature);
          bare_sign(own.native(), EVP_sha256(), token);
        });
      });
  return {fmt::format("token endpoint, private_key_jwt {}", crypto::name(backend.algorithm)),
          fmt::format("{:.1f} us", both.ours_ns / 1e3),
          fmt::format("verify + ES256 sign {:.1f} us", both.beside_ns / 1e3), fmt::format("{:.2f}x", both.ratio),
          "<= 2x"};
}

}  // namespace

void measure_token_endpoint(Table& table) {
  using Kind = crypto::SigningKey::Kind;
  Place place;
  for (const Backend& backend :
       {Backend{"es256", crypto::Algorithm::es256, EVP_sha256(), crypto::SigningKey::generate(Kind::p256)},
        Backend{"es384", crypto::Algorithm::es384, EVP_sha384(), crypto::SigningKey::generate(Kind::p384)},
        Backend{"rs384", crypto::Algorithm::rs384, EVP_sha384(), crypto::SigningKey::generate(Kind::rsa2048)}})
    table.push_back(measure(place, backend));
}

}  // namespace ward::bench
