// Memory of what lives long: people's sessions, and what they agreed to with its refresh tokens.
#include "crypto/hash.hpp"
#include "place.hpp"
#include "token/refresh_token.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>
#include <fstream>

namespace ward::bench {
namespace {

constexpr int live = 100'000;
constexpr int waiting_max = 2'000;               // of the store's queue
constexpr std::uint64_t small_cache = 4u << 20;  // of SQLite, or its pages would be what is measured

double resident_bytes() {
  ::malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string hash_of(std::string_view text) { return hex_encode(crypto::view(crypto::sha256(text))); }

/// What `add(i)` leaves in memory, once all of it is on disk too.
template <class Add>
double grown(Add add) {
  const double before = resident_bytes();
  for (int i = 0; i < live; ++i) {
    Result<store::Queued> queued = add(i);
    WARD_ASSERT(queued);
    if (i % waiting_max == waiting_max - 1) WARD_ASSERT(queued->wait());
  }
  return resident_bytes() - before;
}

Result<store::Queued> begin_session(Place& place, int i) {
  const std::int64_t now = place.now();
  identity::Session session;
  session.hash = hash_of(place.random.bytes(32));
  session.id = session.hash.substr(0, 32);
  session.username = fmt::format("person{:06}@clinic.example", i);
  session.generation = 1;
  session.amr = "pwd otp mfa";
  session.complete = true;
  session.created = session.seen = session.auth_time = now;
  session.idle = 15 * 60;
  session.ends = now + 12 * 3600;
  session.device = "Firefox on Windows";
  session.network = "192.0.2.0/24";
  return place.room().sessions().begin(std::move(session), "", now);
}

Result<store::Queued> agree(Place& place, const identity::OAuthClient& app, int i) {
  identity::Person person;
  person.username = fmt::format("person{:06}@clinic.example", i);
  person.generation = 1;
  return place.room().agreements().add(agreement_for(place, person, app, place.random.token(90)), place.now());
}

Row row(std::string what, double bytes, std::string wanted) {
  return {std::move(what), fmt::format("{:.0f} MB", bytes / 1e6), fmt::format("{:.0f} bytes each", bytes / live), "",
          std::move(wanted)};
}

}  // namespace

void measure_memory(Table& table) {
  Place place(small_cache);
  identity::OAuthClient app;
  app.client_id = "portal";
  app.generation = 1;
  app.scope = "openid fhirUser offline_access launch/patient patient/Patient.rs patient/Observation.rs";
  app.redirect_uris = {"https://portal.example/callback"};
  table.push_back(row("100,000 live sessions", grown([&](int i) { return begin_session(place, i); }), "<= 100 MB"));
  table.push_back(
      row("100,000 agreements with a refresh token", grown([&](int i) { return agree(place, app, i); }), ""));
}

}  // namespace ward::bench
