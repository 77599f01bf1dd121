#include "prove/world.hpp"

#include "demo/fill.hpp"
#include "demo/prepare.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

namespace ward::prove {
namespace {

constexpr std::string_view person = "prover", client = "prover-client";

/// Everything that would hold a request back or cost time, and has no say in who sees what, is off.
void lift_limits(app::Configuration& configuration) {
  configuration.limits.policies.clear();
  configuration.quota = {};
  configuration.abuse.slow_at = configuration.abuse.report_at = 1e300;
  configuration.firewall.mode = shield::FirewallMode::off;
  configuration.log_level = log::Level::error;
  configuration.public_url = base;
  configuration.identity.access_token_lifetime = std::chrono::hours(1);
  configuration.http_on = configuration.admin_on = configuration.mtls_on = false;
}

identity::OAuthClient client_of(const Seat& seat, std::string scope) {
  identity::OAuthClient made{.client_id = std::string(client),
                             .name = "Prover",
                             .authentication = identity::ClientAuthentication::client_secret_basic,
                             .secret_hash = identity::hash_client_secret("never used: tokens are minted"),
                             .jwks = {},
                             .jwks_uri = {},
                             .scope = std::move(scope),
                             .roles = {seat.role}};
  made.access_token_lifetime = std::chrono::hours(1);
  return made;
}

}  // namespace

World::~World() {
  server_.reset();
  behind_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<World>> World::open(const WorldOptions& options, std::span<const demo::Resource> resources) {
  std::unique_ptr<World> world(new World());
  world->directory_ = options.directory;
  if (options.proxied) {
    WorldOptions behind = options;
    behind.proxied = false;
    behind.policy = nullptr;
    behind.seat = {.role = "backend", .fhir_user = ""};
    behind.directory += "-behind";
    auto opened = World::open(behind, {});  // `fill` below fills both
    if (!opened) return std::unexpected(std::move(opened.error()));
    world->behind_ = std::move(*opened);
    world->path_ = "/front";
  }
  if (auto started = world->start(options); !started) return std::unexpected(std::move(started.error()));
  if (auto filled = world->fill(resources); !filled) return std::unexpected(std::move(filled.error()));
  if (auto seated = world->take_seat(options.seat); !seated) return std::unexpected(std::move(seated.error()));
  return world;
}

Result<void> World::start(const WorldOptions& options) {
  const app::Paths paths{directory_};
  auto overlays = demo::prepare_files(
      paths, {.data = directory_.string(), .port = 0, .http_port = 0, .admin_port = 0, .extra = {}, .app_url = {}});
  if (!overlays) return std::unexpected(std::move(overlays.error()));
  auto configuration = app::read_configuration(paths.configuration(), *overlays, directory_);
  lift_limits(configuration);
  if (options.policy) configuration.policy = options.policy;
  if (behind_) {
    auto route = route_to_behind();
    if (!route) return std::unexpected(std::move(route.error()));
    configuration.routes.push_back(std::move(*route));
  }
  auto server =
      app::Server::create({.paths = paths, .configuration = paths.configuration(), .overlays = std::move(*overlays)},
                          std::move(configuration));
  if (!server) return std::unexpected(std::move(server.error()));
  server_ = std::move(*server);
  server_->start();
  return {};
}

Result<app::RouteSettings> World::route_to_behind() const {
  const auto bearer = directory_ / "behind.token";
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  if (auto written = app::write_file(bearer, behind_->token_); !written)
    return std::unexpected(std::move(written.error()));
  app::RouteSettings settings;
  settings.route = {.name = "front",
                    .path = {"front"},
                    .kind = door::RouteKind::fhir,
                    .unchecked_references = true,
                    .where = "the proof's own configuration"};
  settings.route.firewall.mode = shield::FirewallMode::off;
  settings.upstream = door::UpstreamSettings{};
  settings.upstream->name = "behind";
  settings.upstream->addresses = {"https://localhost:" + std::to_string(behind_->server_->https_port())};
  settings.upstream->path = "/fhir";
  settings.upstream->client.tls.ca = behind_->directory_ / "tls" / "ca.pem";
  settings.upstream->bearer_file = bearer;
  return settings;
}

Result<void> World::fill(std::span<const demo::Resource> resources) {
  if (behind_)
    if (auto filled = behind_->fill(resources); !filled) return filled;
  app::Installation& in = server_->installation();
  for (const demo::Resource& resource : resources) {
    if (auto filled = demo::fill(in, {&resource, 1}, {server_->fhir_base()}); !filled) return filled;
    const WallTime written = in.clock.wall();
    while (in.clock.wall() == written) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return {};
}

Result<void> World::replace(const demo::Resource& resource) {
  if (behind_)
    if (auto replaced = behind_->replace(resource); !replaced) return replaced;
  return demo::fill(server_->installation(), {&resource, 1}, {server_->fhir_base()}, store::Operation::update);
}

Result<void> World::take_seat(const Seat& seat) {
  identity::Identity& identity = server_->identity();
  if (seat.fhir_user.empty()) {
    const std::string scope = "system/*.cruds";
    if (auto put = identity.put_client(client_of(seat, scope)); !put) return std::unexpected(std::move(put.error()));
    auto minted = identity.mint_client(client, scope);
    if (!minted) return std::unexpected(std::move(minted.error()));
    token_ = minted->token;
    return {};
  }
  identity::Person sitting{.username = std::string(person),
                           .password_hash = {},
                           .roles = {seat.role},
                           .fhir_user = seat.fhir_user,
                           .purposes = {}};
  if (auto put = identity.put_person(std::move(sitting)); !put) return std::unexpected(std::move(put.error()));
  auto minted = identity.mint_person(person, "");
  if (!minted) return std::unexpected(std::move(minted.error()));
  token_ = minted->token;
  return {};
}

std::vector<Reply> World::ask(std::span<const Asked> requests) {
  std::vector<std::future<Reply>> waiting;
  waiting.reserve(requests.size());
  net::Server& net = server_->net();
  for (std::size_t i = 0; i < requests.size(); ++i)
    waiting.push_back(boost::asio::co_spawn(net.core(static_cast<unsigned>(i % net.cores())), ask_one(requests[i]),
                                            boost::asio::use_future));
  std::vector<Reply> replies;
  replies.reserve(requests.size());
  for (std::future<Reply>& one : waiting) replies.push_back(one.get());
  return replies;
}

boost::asio::awaitable<Reply> World::ask_one(Asked request) {
  request.headers.emplace_back("authorization", "Bearer " + token_);
  MemoryStream stream(request, base.substr(std::string_view("https://").size()));
  co_await server_->door().handle(stream);
  co_return stream.take();
}

}  // namespace ward::prove
