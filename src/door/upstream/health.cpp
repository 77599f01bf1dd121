#include "upstream/health.hpp"

#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace ward::door {

using namespace std::chrono_literals;

namespace {

/// A check that takes longer than this says that the address is not well.
net::ClientOptions impatient(net::ClientOptions options) {
  options.connections_max = 1;
  options.first_byte_timeout = std::min<std::chrono::milliseconds>(options.first_byte_timeout, 5s);
  options.between_bytes_timeout = std::min<std::chrono::milliseconds>(options.between_bytes_timeout, 5s);
  return options;
}

/// It answers, and not that it is broken. That it does not know us, or the path, is an answer.
bool is_alive(int status) { return status < 400 || status == 401 || status == 403 || status == 404; }

}  // namespace

Health::Health(const UpstreamSettings& settings, std::shared_ptr<Balance> balance, boost::asio::io_context& io,
               Secret<std::string> bearer)
    : settings_(settings),
      balance_(std::move(balance)),
      io_(io),
      timer_(io),
      bearer_(std::move(bearer)),
      gauge_("ward_door_upstream_healthy", "Addresses of an upstream that are healthy now.",
             {{"upstream", settings.name}}) {
  known_.assign(balance_->size(), true);
  gauge_.set(static_cast<double>(balance_->healthy()));
}

Result<std::shared_ptr<Health>> Health::create(const UpstreamSettings& settings, std::shared_ptr<Balance> balance,
                                               boost::asio::io_context& io, Secret<std::string> bearer) {
  std::shared_ptr<Health> health(new Health(settings, std::move(balance), io, std::move(bearer)));
  for (const std::string& origin : settings.addresses) {
    auto client = net::Client::create(io, origin, impatient(settings.client));
    if (!client) return std::unexpected(std::move(client.error()));
    health->clients_.push_back(std::move(*client));
  }
  return health;
}

void Health::start() {
  if (settings_.health_every == 0ms) return;
  boost::asio::co_spawn(io_, run(shared_from_this()), [](const std::exception_ptr&) {});
}

void Health::stop() {
  stopping_ = true;
  boost::asio::post(io_, [self = shared_from_this()] { self->timer_.cancel(); });
}

boost::asio::awaitable<void> Health::run(std::shared_ptr<Health> self) {
  while (!self->stopping_) {
    for (std::size_t i = 0; i < self->clients_.size() && !self->stopping_; ++i) {
      const bool alive = co_await self->ask(i);
      if (self->stopping_) break;
      self->balance_->checked(i, alive);
      if (alive != self->known_[i])
        log::warning(alive ? "upstream_back" : "upstream_down",
                     {{"upstream", self->settings_.name}, {"address", self->balance_->origin(i)}});
      self->known_[i] = alive;
    }
    self->gauge_.set(static_cast<double>(self->balance_->healthy()));
    if (self->stopping_) break;
    self->timer_.expires_after(self->settings_.health_every);
    boost::system::error_code ignored;
    co_await self->timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  self->clients_.clear();  // on their own core
}

boost::asio::awaitable<bool> Health::ask(std::size_t index) {
  net::ClientRequest request{.method = "GET",
                             .path_and_query = settings_.path + settings_.health_path,
                             .authority = "",
                             .headers = {{"accept", "*/*"}},
                             .body = {}};
  if (!bearer_.reveal().empty()) request.headers.emplace_back("authorization", "Bearer " + bearer_.reveal());
  const auto answer = co_await clients_[index]->request(std::move(request));
  co_return answer.has_value() && is_alive(answer->status);
}

}  // namespace ward::door
