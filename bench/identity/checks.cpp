// Access tokens at the door: one that this core knows already, and one that it sees for the first time.
#include "openssl.hpp"
#include "place.hpp"

#include <fmt/format.h>

namespace ward::bench {
namespace {

constexpr int tokens = 1'000;  // a core's cache holds 4,096

std::vector<std::string> mint(Place& place) {
  const auto put = place.identity->put_person({"dora", "", {"physician"}, "Practitioner/d1", {"TREAT", "HOPERAT"}});
  WARD_ASSERT(put);
  std::vector<std::string> headers;
  for (int i = 0; i < tokens; ++i)
    headers.push_back("Bearer " + place.identity->mint_person("dora", "user/*.cruds")->token);
  return headers;
}

/// CPU time of one check, of tokens in turn.
double check_all(identity::Authenticator& gate, const std::vector<std::string>& headers, int count) {
  std::size_t next = 0;
  return ns_each(count, [&] {
    const auto caller = gate.authenticate(headers[next++ % headers.size()]);
    WARD_ASSERT(caller);
  });
}

}  // namespace

void measure_checks(Table& table) {
  Place place;
  const std::vector<std::string> headers = mint(place);

  const auto warm = place.identity->authenticator();
  check_all(*warm, headers, tokens);
  std::vector<double> rounds;
  for (int i = 0; i < 15; ++i) rounds.push_back(check_all(*warm, headers, 20'000));
  const double cached = median(rounds);
  table.push_back({"token check, cached", fmt::format("{:.0f} ns", cached), fmt::format("{:.2f} M/s", 1e3 / cached), "",
                   "<= 1000 ns"});

  const auto cold = place.identity->authenticator(1);  // with more than one token in turn, none is found
  const crypto::SigningKey key = place.keys->signing("token-sign", crypto::SigningKey::Kind::p256)->second;
  const std::string message = headers.front().substr(7, headers.front().rfind('.') - 7);
  const std::string signature = bare_sign(key.native(), EVP_sha256(), message);
  const Paired both = in_turns(
      15, [&] { return check_all(*cold, headers, 500); },
      [&] { return ns_each(500, [&] { bare_verify(key.native(), EVP_sha256(), message, signature); }); });
  table.push_back({"token check, ES256 verified", fmt::format("{:.1f} us", both.ours_ns / 1e3),
                   fmt::format("EVP_DigestVerify {:.1f} us", both.beside_ns / 1e3), fmt::format("{:.2f}x", both.ratio),
                   "<= 1.3x"});
}

}  // namespace ward::bench
