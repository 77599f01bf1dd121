#include "door/upstream.hpp"

#include "base/guarded.hpp"
#include "base/metrics.hpp"
#include "upstream/balance.hpp"
#include "upstream/health.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ward::door {
namespace {

constexpr std::size_t bearer_bytes_max = 16u << 10;

Result<Secret<std::string>> read_bearer(const std::filesystem::path& file) {
  if (file.empty()) return Secret<std::string>();
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno("upstream_bearer", fmt::format("{}: bearer_file cannot be read", file.string()));
  struct stat status{};
  const bool known = ::fstat(fd, &status) == 0;
  std::string text(bearer_bytes_max + 1, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  Secret<std::string> token(std::move(text));
  if (!known || !S_ISREG(status.st_mode))
    return fail("upstream_bearer", fmt::format("{}: bearer_file is no plain file", file.string()));
  if ((status.st_mode & 077) != 0)
    return fail("upstream_bearer", fmt::format("{}: others than its owner may read the token; run: chmod 600 {}",
                                               file.string(), file.string()));
  const std::string& inside = token.reveal();
  const bool shaped = !inside.empty() && inside.size() <= bearer_bytes_max &&
                      std::all_of(inside.begin(), inside.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!shaped)
    return fail("upstream_bearer", fmt::format("{}: bearer_file must hold one token and nothing else", file.string()));
  return token;
}

net::ClientRequest copy_of(const net::ClientRequest& request) {
  return {.method = request.method,
          .path_and_query = request.path_and_query,
          .authority = request.authority,
          .headers = request.headers,
          .body = request.body.clone()};
}

/// The upstream as a whole does not work; a 500 may be about the one request and must not let one caller close it to
/// all.
bool is_outage(int status) { return status >= 502 && status <= 504; }

Refusal unavailable(const std::string& name) {
  return {.status = 503,
          .code = "upstream_unavailable",
          .kind = CauseKind::upstream,
          .cause = "upstream " + name + ": no healthy address",
          .issues = {{.severity = "fatal",
                      .code = "transient",
                      .diagnostics = "the system behind this address does not answer now; try again later"}},
          .headers = {{"retry-after", "5"}}};
}

Refusal failed(const std::string& name, const net::Client::Failure& failure, bool repeatable) {
  const bool late = failure.error.is("upstream_timeout");
  const bool unknown = failure.sent && !repeatable;
  std::string said = late ? "the system behind this address did not answer in time"
                          : "the system behind this address could not be used";
  if (unknown) said += "; it is not known whether the change was made: read it again before you repeat it";
  return {.status = late ? 504 : 502,
          .code = late ? "upstream_timeout" : "upstream_failed",
          .kind = CauseKind::upstream,
          .cause = fmt::format("upstream {}: {}: {}{}", name, failure.error.code(), failure.error.text(),
                               unknown ? "; outcome unknown" : ""),
          .issues = {{.severity = "fatal", .code = late ? "timeout" : "transient", .diagnostics = std::move(said)}}};
}

struct Outcomes {
  explicit Outcomes(const std::string& name)
      : ok(counter(name, "ok")),
        failed(counter(name, "failed")),
        timed_out(counter(name, "timeout")),
        unavailable(counter(name, "unavailable")),
        shed(counter(name, "shed")),
        retried(counter(name, "retried")) {}
  static metrics::Counter counter(const std::string& name, const std::string& outcome) {
    return {"ward_door_upstream_requests_total",
            "Requests to upstreams, by outcome.",
            {{"upstream", name}, {"outcome", outcome}}};
  }
  metrics::Counter ok, failed, timed_out, unavailable, shed, retried;
};

class Pooled final : public Upstream {
 public:
  Pooled(UpstreamSettings settings, std::span<boost::asio::io_context* const> cores, Clock& clock,
         Secret<std::string> bearer)
      : settings_(std::move(settings)),
        cores_(cores.begin(), cores.end()),
        balance_(std::make_shared<Balance>(settings_, clock)),
        gate_(settings_.name, settings_.gate),
        bearer_(std::move(bearer)),
        outcomes_(settings_.name) {}

  ~Pooled() override {
    stop();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (cores_[i]->stopped()) continue;  // its threads are gone
      auto on_its_core = std::make_shared<Clients>(std::move(clients_[i]));
      boost::asio::post(*cores_[i], [clients = std::move(on_its_core)] {});
    }
  }

  Result<void> prepare() {
    for (boost::asio::io_context* core : cores_) {
      Clients& clients = clients_.emplace_back();
      for (const std::string& origin : settings_.addresses) {
        auto client = net::Client::create(*core, origin, settings_.client);
        if (!client) return fail("upstream", fmt::format("{}: {}", settings_.where, client.error().text()));
        clients.push_back(std::move(*client));
      }
    }
    auto health = Health::create(settings_, balance_, *cores_.front(), bearer_);
    if (!health) return std::unexpected(std::move(health.error()));
    health_ = std::move(*health);
    health_->start();
    return {};
  }

  boost::asio::awaitable<Allowed<net::ClientResponse>> request(net::ClientRequest request, bool repeatable,
                                                               shield::Class of) override {
    auto place = co_await gate_.enter(of);
    if (!place) {
      outcomes_.shed.add();
      co_return refuse(place.error());
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    Clients& clients = clients_of(executor);
    request.path_and_query = settings_.path + request.path_and_query;
    if (!bearer_.reveal().empty()) request.headers.emplace_back("authorization", "Bearer " + bearer_.reveal());
    balance_->earn_retry();
    std::optional<std::size_t> but;
    for (unsigned attempt = 0;; ++attempt) {
      auto turn = balance_->choose(but);
      if (!turn) {
        outcomes_.unavailable.add();
        co_return refuse(unavailable(settings_.name));
      }
      net::ClientRequest sent = attempt < settings_.retries_max ? copy_of(request) : std::move(request);
      auto answer = co_await clients[turn->index()]->request(std::move(sent));
      turn->report(answer ? !is_outage(answer->status) : !is_our_fault(answer.error()));
      if (answer) {
        outcomes_.ok.add();
        co_return std::move(*answer);
      }
      const net::Client::Failure& failure = answer.error();
      const bool safe = !failure.sent || repeatable;
      if (!safe || attempt >= settings_.retries_max || is_our_fault(failure) || !balance_->take_retry()) {
        (failure.error.is("upstream_timeout") ? outcomes_.timed_out : outcomes_.failed).add();
        co_return refuse(failed(settings_.name, failure, repeatable));
      }
      outcomes_.retried.add();
      but = turn->index();
    }
  }

  const UpstreamSettings& settings() const override { return settings_; }
  std::size_t healthy() const override { return balance_->healthy(); }
  void stop() override {
    if (health_ != nullptr && !stopped_.exchange(true)) health_->stop();
  }

 private:
  using Clients = std::vector<std::unique_ptr<net::Client>>;

  /// Says nothing about the address: a second try would end the same.
  static bool is_our_fault(const net::Client::Failure& failure) {
    return failure.error.is("request_invalid") || failure.error.is("upstream_too_large");
  }

  Clients& clients_of(const boost::asio::any_io_executor& executor) {
    const boost::asio::execution_context* context = &boost::asio::query(executor, boost::asio::execution::context);
    for (std::size_t i = 0; i < cores_.size(); ++i)
      if (cores_[i] == context) return clients_[i];
    WARD_ASSERT(!"an upstream is asked from one of its cores");
    return clients_.front();
  }

  const UpstreamSettings settings_;
  const std::vector<boost::asio::io_context*> cores_;
  const std::shared_ptr<Balance> balance_;
  shield::Gate gate_;
  const Secret<std::string> bearer_;
  Outcomes outcomes_;
  std::vector<Clients> clients_;  // by core, by address
  std::shared_ptr<Health> health_;
  std::atomic<bool> stopped_{false};
};

}  // namespace

Result<std::shared_ptr<Upstream>> Upstream::create(UpstreamSettings settings,
                                                   std::span<boost::asio::io_context* const> cores, Clock& clock) {
  WARD_ASSERT(!cores.empty());
  auto bearer = read_bearer(settings.bearer_file);
  if (!bearer) return std::unexpected(std::move(bearer.error()));
  auto pooled = std::make_shared<Pooled>(std::move(settings), cores, clock, std::move(*bearer));
  if (auto prepared = pooled->prepare(); !prepared) return std::unexpected(std::move(prepared.error()));
  return std::shared_ptr<Upstream>(std::move(pooled));
}

}  // namespace ward::door
