// Refresh grants as a server serves them: many at a time, each rotated on disk and recorded in the log before its
// answer.
#include "audit/audit.hpp"
#include "place.hpp"
#include "token/refresh_token.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace ward::bench {
namespace {

// Keycloak, "Concepts for sizing CPU and memory resources": 120 refresh token requests per second for each vCPU.
constexpr double keycloak_per_core = 120;
constexpr int at_a_time = 64, each = 40, rounds = 5;

struct App {
  Place place;
  std::unique_ptr<audit::Log> log;
  identity::Person person;
  identity::OAuthClient client;
  std::string authorization;
};

void prepare(App& app) {
  app.log = audit::Log::open(app.place.root / "log", {}, *app.place.keys, app.place.clock, app.place.random).value();
  app.client.client_id = app.client.name = "portal";
  app.client.authentication = identity::ClientAuthentication::client_secret_basic;
  app.client.secret_hash = identity::hash_client_secret("a-long-random-secret");
  app.client.grant_types = {"authorization_code", "refresh_token"};
  app.client.redirect_uris = {"https://portal.example/callback"};
  app.client.scope = "openid fhirUser offline_access patient/*.rs";
  const auto client_put = app.place.identity->put_client(app.client);
  const auto person_put = app.place.identity->put_person({"paul", "", {"patient"}, "Patient/p1", {}});
  WARD_ASSERT(client_put && person_put);
  app.client = *app.place.identity->client("portal");
  app.person = *app.place.identity->person("paul");
  app.authorization = "Basic " + base64_encode("portal:a-long-random-secret");
}

std::string refresh_token_of(const identity::Answer& answer) {
  constexpr std::string_view name = R"("refresh_token":")";
  const auto from = answer.body.find(name) + name.size();
  return answer.body.substr(from, answer.body.find('"', from) - from);
}

audit::Record record_of(const identity::Event& event) {
  audit::Record made{.event = std::string(audit::event::token_issued), .action = 'E'};
  made.method = "POST";
  made.route = "/oauth/token";
  made.status = 200;
  made.actor = event.actor;
  made.client = event.client_id;
  made.jti = event.token_id;
  made.ip = "192.0.2.7";
  made.request_id = "0123456789abcdef";
  return made;
}

/// One app of one person, that refreshes again and again.
boost::asio::awaitable<void> refresh_some(App& app, std::string& token) {
  for (int i = 0; i < each; ++i) {
    const std::string body = "grant_type=refresh_token&refresh_token=" + token;
    const identity::FormRequest request = token_request(body, app.authorization);
    const identity::Answer answer = co_await app.place.identity->serve(request);
    WARD_ASSERT(answer.status == 200);
    audit::Record record = record_of(answer.event);
    const auto receipt = co_await app.log->append(std::move(record));
    WARD_ASSERT(receipt);
    token = refresh_token_of(answer);
  }
}

struct Rates {
  double per_cpu_second, per_second;
};
Rates refresh_all(App& app, std::vector<std::string>& current) {
  boost::asio::io_context loop(1);
  for (std::string& token : current)
    boost::asio::co_spawn(loop, refresh_some(app, token), [](std::exception_ptr failed) { WARD_ASSERT(!failed); });
  const auto began = std::chrono::steady_clock::now();
  const double cpu = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);  // the loop's, the store's writer's and the log's
  loop.run();
  const double cpu_s = (cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  const double count = at_a_time * each;
  return {count / cpu_s, count / wall.count()};
}

}  // namespace

void measure_refresh(Table& table) {
  App app;
  prepare(app);
  std::vector<std::string> current;
  for (int i = 0; i < at_a_time; ++i) {
    const std::string id = app.place.random.token(16);
    current.push_back(identity::make_refresh_token({id, 1}, refresh_key(app.place), app.place.random));
    identity::Agreement agreement = agreement_for(app.place, app.person, app.client, current.back());
    agreement.id = id;
    auto queued = app.place.room().agreements().add(std::move(agreement), app.place.now());
    WARD_ASSERT(queued && queued->wait());
  }
  std::vector<double> per_core, per_second;
  for (int i = 0; i <= rounds; ++i) {
    const Rates rates = refresh_all(app, current);
    if (i == 0) continue;
    per_core.push_back(rates.per_cpu_second);
    per_second.push_back(rates.per_second);
  }
  table.push_back({"refresh grants, on disk and recorded", fmt::format("{:.0f} /s per core", median(per_core)),
                   fmt::format("Keycloak's sizing {:.0f} /s per vCPU", keycloak_per_core),
                   fmt::format("{:.0f}x", median(per_core) / keycloak_per_core), "> 1x"});
  table.push_back({fmt::format("  the same by the wall clock, {} at a time", at_a_time),
                   fmt::format("{:.0f} /s", median(per_second)), "", "", ""});
}

}  // namespace ward::bench
