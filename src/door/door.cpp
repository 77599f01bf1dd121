#include "door.hpp"

#include "base/log.hpp"
#include "pipeline.hpp"

namespace ward::door {

struct Door::Inside {
  Inside(Services parts, net::Server& net_server, std::shared_ptr<const Live> first)
      : services(std::move(parts)), server(net_server), live(std::move(first)) {}

  Services services;
  net::Server& server;
  std::vector<std::unique_ptr<Core>> cores;
  std::mutex mutex;
  std::shared_ptr<const Live> live;
  std::atomic<bool> draining{false};
};

Counters::Counters()
    : requests_ok("ward_door_requests_total", "Answers by outcome.", {{"outcome", "ok"}}),
      requests_refused("ward_door_requests_total", "Answers by outcome.", {{"outcome", "refused"}}),
      requests_failed("ward_door_requests_total", "Answers by outcome.", {{"outcome", "failed"}}),
      firewall_blocks("ward_shield_blocks_total", "Requests that the firewall blocked."),
      limited("ward_shield_limited_total", "Requests refused for their rate."),
      shed("ward_door_shed_total", "Requests refused because too many ran."),
      seconds("ward_door_request_seconds", "From the first byte of a request to its answer.") {}

Door::Door(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Door::~Door() = default;

Result<std::unique_ptr<Door>> Door::create(Services services, net::Server& server, std::shared_ptr<const Live> live) {
  auto inside = std::make_unique<Inside>(std::move(services), server, live);
  for (unsigned i = 0; i < server.cores(); ++i) {
    auto core = std::make_unique<Core>();
    auto reader = inside->services.store.reader();
    if (!reader) return std::unexpected(std::move(reader.error()));
    core->reader = std::move(*reader);
    core->authenticator = inside->services.identity.authenticator();
    core->live = live;
    inside->cores.push_back(std::move(core));
  }
  return std::unique_ptr<Door>(new Door(std::move(inside)));
}

boost::asio::awaitable<void> Door::handle(net::Stream& stream) {
  Core& core = *inside_->cores[net::Server::this_core()];
  Exchange exchange{.stream = stream,
                    .services = inside_->services,
                    .core = core,
                    .live = core.live,
                    .began = inside_->services.clock.mono()};
  ++core.running;
  co_await walk(exchange);
  --core.running;
}

void Door::replace(std::shared_ptr<const Live> live) {
  {
    const std::lock_guard lock(inside_->mutex);
    inside_->live = live;
  }
  for (unsigned i = 0; i < inside_->server.cores(); ++i)
    boost::asio::post(inside_->server.core(i), [core = inside_->cores[i].get(), live] {
      core->live = live;
      core->grants.clear();
    });
}

std::shared_ptr<const Live> Door::live() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->live;
}

void Door::begin_drain() { inside_->draining = true; }

boost::asio::awaitable<void> Door::handle_admin(net::Stream& stream) {
  const std::string_view path = stream.head().path;
  const bool ready = !inside_->draining && inside_->services.log.is_open() && inside_->services.store.healthy();
  net::ResponseHead head{.status = 200, .headers = {{"content-type", "text/plain; charset=utf-8"}}};
  std::string body;
  if (path == "/livez") {
    body = "alive\n";
  } else if (path == "/readyz") {
    head.status = ready ? 200 : 503;
    body = ready                              ? "ready\n"
           : inside_->draining                ? "draining\n"
           : !inside_->services.log.is_open() ? "audit log closed\n"
                                              : "store not writable\n";
  } else if (path == "/metrics") {
    head.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    body = metrics::render();
  } else {
    head.status = 404;
    body = "try /livez, /readyz or /metrics\n";
  }
  const auto sent = co_await stream.send(std::move(head), Buffer(body), audit::no_phi("admin").permit());
  static_cast<void>(sent);
}

// ---- what never became a request ----

void ProtocolObserver::refused(const boost::asio::ip::address& address, std::string_view what,
                               std::string_view detail) {
  constexpr auto record_every = std::chrono::seconds(1);  // per kind; the rest is counted
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    Count& seen = counts_[std::string(what)];
    ++seen.since_last;
    const MonoTime now = clock_.mono();
    if (seen.last_record != MonoTime{} && now - seen.last_record < record_every) return;
    seen.last_record = now;
    count = std::exchange(seen.since_last, 0);
  }
  const bool handshake = what.starts_with("handshake") || what.starts_with("tls");
  audit::Record record{.event = std::string(handshake ? audit::event::handshake_failed : audit::event::malformed),
                       .outcome = audit::Outcome::refused,
                       .ip = address.to_string(),
                       .cause = std::string(what)};
  record.detail = {{"count", std::to_string(count)}, {"detail", std::string(detail)}};
  log_.append_later(std::move(record));
}

SendPermit ProtocolObserver::fixed_answer(std::string_view what) { return audit::no_phi(what).permit(); }

}  // namespace ward::door
