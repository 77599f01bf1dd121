// What identity costs, beside OpenSSL's own signatures and Keycloak's published figure: one run, one table.
// The figures wanted are those of the design (docs/plan.md, "Costs").
#include "crypto/hash.hpp"
#include "place.hpp"
#include "token/refresh_token.hpp"

#include <fmt/format.h>
#include <cstdio>

namespace ward::bench {

Secret<std::string> refresh_key(Place& place) { return place.keys->secret("refresh-seal", 64)->second; }

identity::Agreement agreement_for(Place& place, const identity::Person& person, const identity::OAuthClient& app,
                                  const std::string& refresh_token) {
  const std::int64_t now = place.now();
  const auto random_hash = [&] { return hex_encode(crypto::view(crypto::sha256(place.random.bytes(32)))); };
  identity::Agreement made;
  made.id = place.random.token(16);
  made.username = person.username;
  made.client_id = app.client_id;
  made.scope = app.scope;
  made.patient = "p1";
  made.session = random_hash().substr(0, 32);
  made.acr = "urn:ward:aal2";
  made.amr = "pwd otp mfa";
  made.auth_time = made.created = made.refreshed = now;
  made.nonce = place.random.token(16);
  made.person_generation = person.generation;
  made.client_generation = app.generation;
  made.ends = now + identity::refresh_idle;
  made.ends_at_last = now + identity::refresh_ends_at_last;
  made.code_hash = random_hash();
  made.redirect_uri = app.redirect_uris.front();
  made.code_challenge = place.random.token(32);
  made.code_ends = now + 60;
  made.code_used = true;
  made.refresh_number = 2;
  made.refresh_hash = identity::hash_refresh_token(refresh_token);
  made.previous_hash = random_hash();
  made.successor = identity::seal_successor(place.random.token(90), refresh_token);
  return made;
}

namespace {

void print(const Row& row) {
  std::puts(fmt::format("{:<40}  {:>15}  {:<34}  {:>6}  {:>10}", row.what, row.ours, row.beside, row.ratio, row.wanted)
                .c_str());
}

struct Part {
  std::string_view name;
  void (*measure)(Table&);
};
// Memory first: what others free would be used again, and not seen to grow.
constexpr Part parts[] = {{"memory", measure_memory},
                          {"checks", measure_checks},
                          {"token", measure_token_endpoint},
                          {"refresh", measure_refresh}};

void run(std::string_view only) {
  Table table{{"identity", "ward", "beside, or the same otherwise", "ratio", "wanted"}};
  for (const Part& part : parts)
    if (only.empty() || only == part.name) part.measure(table);
  for (const Row& row : table) print(row);
}

}  // namespace
}  // namespace ward::bench

// One part alone, for a profiler: bench_identity [memory | checks | token | refresh]
int main(int count, char** arguments) { ward::bench::run(count > 1 ? arguments[1] : ""); }
