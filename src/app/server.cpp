#include "server.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "crypto/hash.hpp"

#include <systemd/sd-daemon.h>
#include <csignal>

namespace ward::app {
namespace {

std::string version_of(const Configuration& configuration) {
  return hex_encode(crypto::view(crypto::sha256(configuration.text))).substr(0, 16);
}

std::vector<boost::asio::io_context*> cores_of(net::Server& net) {
  std::vector<boost::asio::io_context*> all;
  for (unsigned i = 0; i < net.cores(); ++i) all.push_back(&net.core(i));
  return all;
}

std::string base_of(const std::string& host, std::uint16_t port) {
  return "https://" + host + (port == 443 ? "" : ":" + std::to_string(port));
}

/// What lies below our base lies below that of the mtls listener too: references may be absolute to either.
void add_mtls_bases(door::Live& live, const std::string& base, const std::string& mtls_base) {
  if (mtls_base.empty()) return;
  const std::vector<std::string> known = live.own_bases;
  for (const std::string& one : known)
    if (one.starts_with(base)) live.own_bases.push_back(mtls_base + one.substr(base.size()));
}

std::string problem_list(const std::vector<config::Problem>& problems) {
  std::string text;
  for (const config::Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
  return text;
}

/// What a reload cannot change while connections, the log and the keys are open.
std::string needs_restart(const Configuration& before, const Configuration& after) {
  const auto differ = [](const net::Listen& a, const net::Listen& b) {
    return a.address != b.address || a.port != b.port;
  };
  std::vector<std::string_view> keys;
  if (differ(before.https, after.https) || differ(before.http, after.http) || differ(before.admin, after.admin) ||
      differ(before.mtls, after.mtls) || before.mtls_on != after.mtls_on || before.http_on != after.http_on ||
      before.admin_on != after.admin_on)
    keys.emplace_back("[listen]");
  if (before.host != after.host || before.hosts != after.hosts || before.cores != after.cores ||
      before.trusted_proxies != after.trusted_proxies || before.public_url != after.public_url ||
      before.mtls_public_url != after.mtls_public_url)
    keys.emplace_back("[server]");
  if (before.audit.host != after.audit.host || before.audit.node != after.audit.node ||
      before.audit.segment_bytes != after.audit.segment_bytes)
    keys.emplace_back("[audit]");
  if (before.master.file != after.master.file || before.master.command != after.master.command)
    keys.emplace_back("[keys]");
  if (before.log_file != after.log_file || before.log_level != after.log_level) keys.emplace_back("[log]");
  return keys.empty() ? "" : fmt::format("; changed, but taken only at the next start: {}", fmt::join(keys, ", "));
}

/// Keeps quota counts over a restart, in the store.
shield::Quotas make_quotas(store::Store& store) {
  const auto load = [&store](std::string_view client) -> std::optional<shield::QuotaCount> {
    const auto reader = store.reader();
    if (!reader) return std::nullopt;
    const auto value = (*reader)->get("quota", client);
    shield::QuotaCount count{.client = std::string(client)};
    unsigned long long in_day = 0, in_month = 0;
    if (!value || !*value ||
        std::sscanf((*value)->c_str(), "%d %d %llu %llu", &count.day, &count.month, &in_day, &in_month) != 4)
      return std::nullopt;
    count.in_day = in_day;
    count.in_month = in_month;
    return count;
  };
  const auto keep = [&store](const shield::QuotaCount& count) {
    const auto kept = store.put(
        {{"quota", count.client, fmt::format("{} {} {} {}", count.day, count.month, count.in_day, count.in_month)}});
    if (!kept) log::error("quota_not_kept", kept.error());
  };
  return shield::Quotas(load, keep);
}

}  // namespace

struct Server::Inside {
  ServerOptions options;
  Configuration configuration;
  std::string base, mtls_base;
  std::uint16_t https_port = 0, http_port = 0, admin_port = 0, mtls_port = 0;
  std::uint64_t generation = 1;
  std::mutex reload_mutex;

  // In the order in which they are made; destroyed in the reverse one, after `stop`.
  std::unique_ptr<Installation> installation;
  std::unique_ptr<identity::Identity> identity;
  std::unique_ptr<manage::Administration> administration;
  std::unique_ptr<manage::Api> api;
  std::unique_ptr<door::ProtocolObserver> observer;
  std::unique_ptr<net::TlsContext> tls, mtls_tls;
  std::unique_ptr<net::Server> net;
  std::unique_ptr<shield::Abuse> abuse;
  shield::Blocklist blocklist;
  std::unique_ptr<shield::Quotas> quotas;
  std::unique_ptr<door::SlowReaders> slow_readers;
  std::unique_ptr<door::Emergencies> emergencies;
  door::Counters counters;
  std::vector<std::shared_ptr<door::Upstream>> upstreams;
  std::unique_ptr<door::Door> door;
  bool running = false;
  MonoTime keys_looked_at{};

  Result<void> build();
  Result<void> bind();
  Result<void> bind_mtls();
  Result<void> open_door();
  void stop();
  void look_after_keys();
  void record(std::string_view event, std::vector<std::pair<std::string, std::string>> detail,
              audit::Outcome outcome = audit::Outcome::success);
};

Result<void> Server::Inside::build() {
  auto opened = Installation::open(options.paths, configuration);
  if (!opened) return std::unexpected(std::move(opened.error()));
  installation = std::move(*opened);
  observer = std::make_unique<door::ProtocolObserver>(*installation->log, installation->clock);
  auto made_tls = net::TlsContext::create(configuration.tls, installation->clock);
  if (!made_tls) return std::unexpected(std::move(made_tls.error()));
  tls = std::move(*made_tls);
  for (const net::CertificateFinding& finding : tls->findings())
    log::warning("certificate", {{"file", finding.file.string()}, {"message", finding.message}});
  if (configuration.mtls_on) {
    auto asking = net::TlsContext::create(configuration.mtls_tls(), installation->clock);
    if (!asking) return std::unexpected(std::move(asking.error()));
    mtls_tls = std::move(*asking);
  }
  auto made_net = net::Server::create({.cores = configuration.cores,
                                       .limits = configuration.protocol,
                                       .hosts = configuration.hosts,
                                       .trusted_proxies = configuration.trusted_proxies},
                                      *observer, installation->clock);
  if (!made_net) return std::unexpected(std::move(made_net.error()));
  net = std::move(*made_net);
  return {};
}

Result<void> Server::Inside::bind() {
  const auto port =
      net->listen_https(configuration.https, *tls, [this](net::Stream& stream) { return door->handle(stream); });
  if (!port) return std::unexpected(port.error());
  https_port = *port;
  base = configuration.public_url.empty() ? base_of(configuration.host, https_port) : configuration.public_url;
  if (configuration.http_on) {
    const auto redirect = net->listen_redirect(configuration.http, https_port);
    if (!redirect) return std::unexpected(redirect.error());
    http_port = *redirect;
  }
  if (configuration.admin_on) {
    const auto plain =
        net->listen_plain(configuration.admin, [this](net::Stream& stream) { return door->handle_admin(stream); });
    if (!plain) return std::unexpected(plain.error());
    admin_port = *plain;
  }
  return {};
}

/// The same door. Who comes in by this one may show a certificate.
Result<void> Server::Inside::bind_mtls() {
  if (!configuration.mtls_on) return {};
  const auto port =
      net->listen_https(configuration.mtls, *mtls_tls, [this](net::Stream& stream) { return door->handle(stream); });
  if (!port) return std::unexpected(port.error());
  mtls_port = *port;
  mtls_base =
      configuration.mtls_public_url.empty() ? base_of(configuration.host, mtls_port) : configuration.mtls_public_url;
  return {};
}

Result<void> Server::Inside::open_door() {
  Installation& in = *installation;
  identity::Settings settings = configuration.identity;
  if (settings.issuer.empty()) settings.issuer = base;
  settings.fhir_base = base + configuration.fhir_path;
  settings.mtls_base = mtls_base;
  auto opened = identity::Identity::open(settings, *in.store, *in.keys, in.clock, in.random);
  if (!opened) return std::unexpected(std::move(opened.error()));
  identity = std::move(*opened);
  auto managed = manage::Administration::open({*identity, *in.keys, *in.log, *in.store, in.clock, in.random});
  if (!managed) return std::unexpected(std::move(managed.error()));
  administration = std::move(*managed);
  auto served = manage::Api::open(*administration);
  if (!served) return std::unexpected(std::move(served.error()));
  api = std::move(*served);
  abuse = std::make_unique<shield::Abuse>(configuration.abuse);
  quotas.reset(new shield::Quotas(make_quotas(*in.store)));
  slow_readers = std::make_unique<door::SlowReaders>(*in.store, std::max(2U, net->cores()));
  auto emergencies_kept = door::Emergencies::open(*in.store, in.clock);
  if (!emergencies_kept) return std::unexpected(std::move(emergencies_kept.error()));
  emergencies = std::move(*emergencies_kept);
  administration->emergencies = emergencies.get();
  auto link_key = in.keys->secret("link-seal", 64);
  if (!link_key) return std::unexpected(std::move(link_key.error()));
  auto live = make_live(configuration, base, cores_of(*net), in.clock, generation, upstreams);
  if (!live) return std::unexpected(std::move(live.error()));
  add_mtls_bases(**live, base, mtls_base);
  door::Services services{.clock = in.clock,
                          .random = in.random,
                          .log = *in.log,
                          .store = *in.store,
                          .identity = *identity,
                          .manage = *api,
                          .keys = *in.keys,
                          .abuse = *abuse,
                          .blocklist = blocklist,
                          .quotas = *quotas,
                          .slow_readers = *slow_readers,
                          .emergencies = *emergencies,
                          .consents = in.consents,
                          .counters = counters,
                          .link_key = std::move(link_key->second)};
  auto made = door::Door::create(std::move(services), *net, std::move(*live));
  if (!made) return std::unexpected(std::move(made.error()));
  door = std::move(*made);
  return {};
}

void Server::Inside::record(std::string_view event, std::vector<std::pair<std::string, std::string>> detail,
                            audit::Outcome outcome) {
  audit::Record record{.event = std::string(event), .action = 'E', .outcome = outcome};
  record.detail = std::move(detail);
  const auto receipt = installation->log->append_blocking(std::move(record));
  if (!receipt) log::error("event_not_recorded", receipt.error());
}

void Server::Inside::stop() {
  if (!running) return;
  running = false;
  sd_notify(0, "STOPPING=1");
  door->begin_drain();
  for (const auto& upstream : upstreams) upstream->stop();
  net->drain();
  quotas->flush();
  record(audit::event::stop, {});
  installation->log->stop();
  log::info("stopped");
}

Server::Server(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Server::~Server() { inside_->stop(); }

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, Configuration configuration) {
  if (!configuration.problems.empty()) return fail("configuration", problem_list(configuration.problems));
  auto inside = std::make_unique<Inside>();
  inside->options = std::move(options);
  inside->configuration = std::move(configuration);
  log::open(inside->configuration.log_file, inside->configuration.log_level);
  for (const auto step : {&Inside::build, &Inside::bind, &Inside::bind_mtls, &Inside::open_door})
    if (auto done = (*inside.*step)(); !done) return std::unexpected(std::move(done.error()));
  return std::unique_ptr<Server>(new Server(std::move(inside)));
}

void Server::start() {
  inside_->record(audit::event::start, {{"configuration", version_of(inside_->configuration)},
                                        {"firewall", inside_->door->live()->firewall->description()}});
  inside_->running = true;
  inside_->net->start();
  sd_notify(0, "READY=1");
  log::info("started",
            {{"base", inside_->base}, {"cores", inside_->net->cores()}, {"admin_port", inside_->admin_port}});
}

/// Once a minute: keys that sign tokens rotate on a schedule.
void Server::Inside::look_after_keys() {
  const MonoTime now = installation->clock.mono();
  if (keys_looked_at != MonoTime{} && now - keys_looked_at < std::chrono::minutes(1)) return;
  keys_looked_at = now;
  std::chrono::seconds age{};
  {
    const std::lock_guard lock(reload_mutex);
    age = configuration.identity.key_rotation;
  }
  if (auto done = administration->rotate_due_keys(age); !done) log::error("key_rotation", done.error());
}

void Server::run_until_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  while (true) {
    int received = 0;
    const timespec beat{.tv_sec = 5, .tv_nsec = 0};
    received = sigtimedwait(&signals, nullptr, &beat);
    if (received == SIGTERM || received == SIGINT) break;
    if (received == SIGHUP) {
      const auto done = reload();
      if (!done) log::error("reload", done.error());
    }
    inside_->quotas->flush();
    inside_->look_after_keys();
  }
  inside_->stop();
}

Result<std::string> Server::reload() {
  const std::lock_guard lock(inside_->reload_mutex);
  Inside& in = *inside_;
  Configuration fresh = read_configuration(in.options.configuration, in.options.overlays, in.options.paths.directory);
  const std::string before = version_of(in.configuration), after = version_of(fresh);
  const auto refused = [&](std::string why) -> Result<std::string> {
    in.record(audit::event::config_reload, {{"before", before}, {"after", before}, {"refused", after}},
              audit::Outcome::refused);
    return fail("configuration", std::move(why));
  };
  if (!fresh.problems.empty()) return refused(problem_list(fresh.problems));
  std::vector<std::shared_ptr<door::Upstream>> upstreams;
  auto live = make_live(fresh, in.base, cores_of(*in.net), in.installation->clock, in.generation + 1, upstreams);
  if (!live) return refused(live.error().text());
  add_mtls_bases(**live, in.base, in.mtls_base);
  // The stricter one first: what it takes, the other takes too.
  if (in.mtls_tls)
    if (auto reloaded = in.mtls_tls->reload(fresh.mtls_tls()); !reloaded) return refused(reloaded.error().text());
  if (auto reloaded = in.tls->reload(fresh.tls); !reloaded) return refused(reloaded.error().text());
  identity::Settings settings = fresh.identity;
  if (settings.issuer.empty()) settings.issuer = in.base;
  settings.fhir_base = in.base + fresh.fhir_path;
  settings.mtls_base = in.mtls_base;
  if (auto done = in.identity->reconfigure(settings); !done) return refused(done.error().text());
  in.net->set_limits(fresh.protocol);
  ++in.generation;
  in.door->replace(std::move(*live));
  for (const auto& old : in.upstreams) old->stop();
  in.upstreams = std::move(upstreams);
  in.installation->policy = fresh.policy;
  const std::string later = needs_restart(in.configuration, fresh);
  in.configuration = std::move(fresh);
  in.record(audit::event::config_reload, {{"before", before}, {"after", after}});
  log::info("reloaded", {{"before", before}, {"after", after}});
  return fmt::format("configuration {} is in place (before: {}){}", after, before, later);
}

std::uint16_t Server::https_port() const { return inside_->https_port; }
std::uint16_t Server::http_port() const { return inside_->http_port; }
std::uint16_t Server::admin_port() const { return inside_->admin_port; }
std::uint16_t Server::mtls_port() const { return inside_->mtls_port; }
std::string Server::base() const { return inside_->base; }
std::string Server::mtls_base() const { return inside_->mtls_base; }
std::string Server::fhir_base() const { return inside_->base + inside_->configuration.fhir_path; }
Installation& Server::installation() { return *inside_->installation; }
identity::Identity& Server::identity() { return *inside_->identity; }
manage::Administration& Server::administration() { return *inside_->administration; }
door::Door& Server::door() { return *inside_->door; }
net::Server& Server::net() { return *inside_->net; }
const Configuration& Server::configuration() const { return inside_->configuration; }

}  // namespace ward::app
