// The pool of one origin on one core.
#include "client.hpp"

#include "base/encoding.hpp"
#include "client/http1.hpp"
#include "client/http2.hpp"
#include "target.hpp"

#include <deque>

namespace ward::net {
namespace client {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t waiting_max = 1'024;
constexpr auto idle_max = 30s;  // kept longer, a connection is likely closed by the peer just as it is used

Client::Failure unsent(Error error) { return {std::move(error), false}; }

bool is_path(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

/// The request is built of parts that others may have chosen: nothing of it may end a line or frame a body.
Result<void> check(const ClientRequest& request) {
  if (!is_token(request.method) || request.method == "CONNECT")
    return fail("request_invalid", "the method is no token");
  if (!is_path(request.path_and_query))
    return fail("request_invalid", "the path has a byte that must be percent-encoded");
  if (!request.authority.empty() && !is_authority(request.authority))
    return fail("request_invalid", "the authority is malformed");
  for (const auto& [name, value] : request.headers) {
    const bool named = is_token(name) && name == ascii_lower(name);
    if (!named || is_hop_by_hop(name) || name == "host" || name == "content-length" || name == "expect")
      return fail("request_invalid", "a header name is malformed, or is the connection's own");
    if (!is_field_value(value)) return fail("request_invalid", "a header value has a control character");
  }
  return {};
}

class Pool final : public Client {
 public:
  Pool(asio::io_context& io, Origin origin, ClientOptions options, TlsSettings tls)
      : sweeper_(std::make_shared<Sweeper>(io)),
        origin_(std::move(origin)),
        options_(std::move(options)),
        tls_(std::move(tls)) {}
  ~Pool() override {
    if (http2_) http2_->close();
  }

  asio::awaitable<std::expected<ClientResponse, Failure>> request(ClientRequest request) override {
    const Result<void> checked = check(request);
    if (!checked) co_return std::unexpected(unsent(checked.error()));
    const Result<void> entered = co_await enter();
    if (!entered) co_return std::unexpected(unsent(entered.error()));
    const Slot slot{*this};
    Tried tried = co_await try_once(request, false);
    if (!tried.answer && tried.stale && may_repeat(request, tried)) tried = co_await try_once(request, true);
    co_return std::move(tried.answer);
  }

 private:
  enum class Speaks : std::uint8_t { unknown, http1, http2 };

  struct Slot {
    Pool& pool;
    ~Slot() { pool.leave(); }
  };

  static bool may_repeat(const ClientRequest& request, const Tried& tried) {
    return !tried.answer.error().sent ||
           ((request.method == "GET" || request.method == "HEAD") && request.body.empty());
  }

  asio::awaitable<Result<void>> enter() {
    if (running_ < options_.connections_max && waiting_.empty()) {
      ++running_;
      co_return Result<void>{};
    }
    if (waiting_.size() >= waiting_max)
      co_return fail("upstream_connect",
                     fmt::format("too many requests wait for a connection to {}", origin_.authority));
    TimedSignal turn(*sweeper_, sweeper_->now() + options_.connect_timeout);
    Listed listed(waiting_, turn);
    const bool granted = co_await turn.wait();
    if (granted) co_return Result<void>{};  // `leave` has kept the place for us
    co_return fail("upstream_timeout", fmt::format("no connection to {} became free in time", origin_.authority));
  }

  void leave() {
    if (waiting_.empty()) return void(--running_);
    TimedSignal* next = waiting_.front();
    waiting_.pop_front();
    next->notify();
  }

  /// In a queue for as long as it lives.
  struct Listed {
    Listed(std::deque<TimedSignal*>& list_in, TimedSignal& one_in) : list(list_in), one(one_in) {
      list.push_back(&one);
    }
    ~Listed() { std::erase(list, &one); }
    std::deque<TimedSignal*>& list;
    TimedSignal& one;
  };

  asio::awaitable<Tried> try_once(const ClientRequest& request, bool fresh) {
    Result<std::unique_ptr<Http1Connection>> got = co_await take(fresh);
    if (!got) co_return Tried{.answer = std::unexpected(unsent(got.error()))};
    if (*got == nullptr) {
      const std::shared_ptr<Http2Connection> shared = http2_;
      Tried tried = co_await shared->exchange(request);
      co_return tried;
    }
    Http1Connection& connection = **got;
    Tried tried = co_await exchange(*sweeper_, connection, origin_, request, options_);
    tried.stale = tried.stale && connection.reused;
    if (tried.reusable && idle_.size() < options_.connections_max) {
      connection.reused = true;
      connection.idle_since = sweeper_->now();
      idle_.push_back(std::move(*got));
    }
    co_return tried;
  }

  std::unique_ptr<Http1Connection> take_idle() {
    const MonoTime now = sweeper_->now();
    while (!idle_.empty() && now - idle_.front()->idle_since > idle_max) idle_.pop_front();
    while (!idle_.empty()) {
      std::unique_ptr<Http1Connection> last = std::move(idle_.back());
      idle_.pop_back();
      if (last->is_quiet()) return last;
    }
    return nullptr;
  }

  /// A connection for one request; null means the shared HTTP/2 one.
  asio::awaitable<Result<std::unique_ptr<Http1Connection>>> take(bool fresh) {
    for (;;) {
      if (http2_ && !http2_->usable()) http2_.reset();
      if (http2_) co_return std::unique_ptr<Http1Connection>();
      if (!fresh) {
        std::unique_ptr<Http1Connection> idle = take_idle();
        if (idle) co_return std::move(idle);
      }
      if (!connecting_) break;
      TimedSignal there(*sweeper_,
                        sweeper_->now() + options_.resolve_timeout + options_.connect_timeout + options_.tls_timeout);
      Listed listed(connecting_waiters_, there);
      const bool in_time = co_await there.wait();
      if (!in_time)
        co_return fail("upstream_timeout", fmt::format("no connection to {} came up in time", origin_.authority));
    }
    Result<std::unique_ptr<Http1Connection>> connected = co_await open();
    co_return connected;
  }

  /// While the origin may speak HTTP/2 one connection is tried alone, for all may share it.
  asio::awaitable<Result<std::unique_ptr<Http1Connection>>> open() {
    struct Alone {
      Pool& pool;
      bool alone;
      ~Alone() {
        if (!alone) return;
        pool.connecting_ = false;
        for (TimedSignal* waiter : pool.connecting_waiters_) waiter->notify();
      }
    } alone{*this, tls_ != nullptr && options_.http2 && speaks_ != Speaks::http1};
    connecting_ = connecting_ || alone.alone;
    Result<Connected> connected = co_await connect(*sweeper_, origin_, tls_.get(), options_);
    if (!connected) co_return std::unexpected(connected.error());
    speaks_ = connected->http2 ? Speaks::http2 : Speaks::http1;
    if (connected->http2) {
      http2_ = std::make_shared<Http2Connection>(*sweeper_, std::move(connected->socket), origin_, options_);
      const Result<void> started = http2_->start();
      if (started) co_return std::unique_ptr<Http1Connection>();
      http2_.reset();
      co_return std::unexpected(started.error());
    }
    auto connection = std::make_unique<Http1Connection>();
    connection->socket = std::move(connected->socket);
    co_return std::move(connection);
  }

  std::shared_ptr<Sweeper> sweeper_;
  const Origin origin_;
  const ClientOptions options_;
  const TlsSettings tls_;
  std::size_t running_ = 0;
  std::deque<TimedSignal*> waiting_, connecting_waiters_;
  std::deque<std::unique_ptr<Http1Connection>> idle_;  // the newest at the back
  std::shared_ptr<Http2Connection> http2_;
  Speaks speaks_ = Speaks::unknown;
  bool connecting_ = false;
};

}  // namespace
}  // namespace client

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [one, value] : headers)
    if (one == name) return value;
  return {};
}

Result<std::unique_ptr<Client>> Client::create(boost::asio::io_context& io, std::string_view origin,
                                               const ClientOptions& options) {
  auto parsed = client::parse_origin(origin);
  if (!parsed) return std::unexpected(parsed.error());
  client::TlsSettings tls;
  if (parsed->tls) {
    auto made = client::make_tls(options.tls, options.http2);
    if (!made) return std::unexpected(made.error());
    tls = std::move(*made);
  }
  return std::unique_ptr<Client>(std::make_unique<client::Pool>(io, std::move(*parsed), options, std::move(tls)));
}

}  // namespace ward::net
