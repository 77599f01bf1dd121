#include "key_fetch.hpp"

#include "base/encoding.hpp"
#include "net/client.hpp"
#include "public_address.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <map>
#include <mutex>
#include <thread>

namespace ward::identity {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

struct Target {
  std::string origin, path_and_query;
};

Result<Target> parse_uri(const std::string& uri) {
  constexpr std::string_view scheme = "https://";
  const bool clean = uri.size() <= KeyFetch::uri_bytes_max &&
                     std::ranges::all_of(uri, [](char c) { return c > ' ' && c < '\x7f' && c != '#' && c != '\\'; });
  if (!clean || !equal_ignoring_case(std::string_view(uri).substr(0, scheme.size()), scheme))
    return fail("jwks_uri", "jwks_uri must be an https URL of at most 1024 ASCII characters, without a fragment");
  const auto end = std::min(uri.find_first_of("/?", scheme.size()), uri.size());
  const std::string authority = uri.substr(scheme.size(), end - scheme.size());
  if (authority.empty() || authority.find('@') != authority.npos)
    return fail("jwks_uri", "jwks_uri needs a host, and no user information");
  const std::string rest = uri.substr(end);
  return Target{std::string(scheme) + authority, rest.starts_with('/') ? rest : "/" + rest};
}

/// RFC 9111 section 5.2.2.1, within our bounds.
std::chrono::seconds freshness(std::string_view cache_control) {
  constexpr std::string_view name = "max-age=";
  const std::string lower = ascii_lower(cache_control);
  const auto at = lower.find(name);
  unsigned seconds = 0;
  if (at != lower.npos) std::from_chars(lower.data() + at + name.size(), lower.data() + lower.size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), KeyFetch::fresh_min, KeyFetch::fresh_max);
}

}  // namespace

struct KeyFetch::Inside {
  struct Entry {
    std::optional<crypto::KeySet> keys;
    std::optional<Error> problem;  // of the last fetch
    MonoTime fetched{}, fresh_until{}, tried{};
    std::shared_ptr<asio::steady_timer> fetching;  // cancelled when it is done; used on our thread alone
  };
  struct Fetched {
    crypto::KeySet keys;
    std::chrono::seconds fresh;
  };

  Inside(Options options_in, Clock& clock_in) : options(std::move(options_in)), clock(clock_in) {}

  void start() {
    const std::lock_guard lock(mutex);
    if (!thread.joinable()) thread = std::thread([this] { io.run(); });
  }

  std::optional<Result<crypto::KeySet>> known(const std::string& uri, Want want);
  asio::awaitable<Result<crypto::KeySet>> fetch_once(std::string uri, Want want);
  asio::awaitable<Result<Fetched>> fetch(std::string uri);
  std::shared_ptr<asio::steady_timer> running_fetch(const std::string& uri);
  bool begin(const std::string& uri);
  void finish(const std::string& uri, Result<Fetched> result);
  void make_room();

  const Options options;
  Clock& clock;
  std::mutex mutex;
  std::map<std::string, Entry> entries;
  std::size_t running = 0;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

KeyFetch::KeyFetch(Options options, Clock& clock) : inside_(std::make_unique<Inside>(std::move(options), clock)) {}

KeyFetch::~KeyFetch() {
  inside_->io.stop();
  if (inside_->thread.joinable()) inside_->thread.join();
}

Result<void> KeyFetch::check_uri(const std::string& uri) {
  auto target = parse_uri(uri);
  if (!target) return std::unexpected(std::move(target.error()));
  return {};
}

asio::awaitable<Result<crypto::KeySet>> KeyFetch::keys(std::string uri, Want want) {
  Result<void> checked = check_uri(uri);
  if (!checked) co_return std::unexpected(std::move(checked.error()));
  std::optional<Result<crypto::KeySet>> known = inside_->known(uri, want);
  if (known) co_return std::move(*known);
  inside_->start();
  Result<crypto::KeySet> fetched =
      co_await asio::co_spawn(inside_->io, inside_->fetch_once(std::move(uri), want), asio::use_awaitable);
  co_return fetched;
}

/// What can be answered without a fetch, if anything.
std::optional<Result<crypto::KeySet>> KeyFetch::Inside::known(const std::string& uri, Want want) {
  const std::lock_guard lock(mutex);
  const auto found = entries.find(uri);
  if (found == entries.end()) return std::nullopt;
  const Entry& entry = found->second;
  const MonoTime now = clock.mono();
  if (want == Want::any && entry.keys && now < entry.fresh_until) return *entry.keys;
  if (entry.fetching || now - entry.tried >= between_fetches) return std::nullopt;
  if (entry.keys && now - entry.fetched < fresh_max) return *entry.keys;
  if (entry.problem) return std::unexpected(*entry.problem);
  return std::nullopt;
}

/// On our thread. Those who ask for the same while it is fetched wait for that one.
asio::awaitable<Result<crypto::KeySet>> KeyFetch::Inside::fetch_once(std::string uri, Want want) {
  for (;;) {
    const std::shared_ptr<asio::steady_timer> other = running_fetch(uri);
    if (!other) break;
    boost::system::error_code ignored;
    co_await other->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  std::optional<Result<crypto::KeySet>> answer = known(uri, want);
  if (answer) co_return std::move(*answer);
  if (!begin(uri)) co_return fail("jwks_busy", "too many key sets are being fetched; try again in a moment");
  Result<Fetched> result = fail("jwks_unreachable", "the keys at jwks_uri could not be fetched");
  try {
    result = co_await fetch(uri);
  } catch (const std::exception&) {  // out of memory: others may try again
  }
  const std::optional<crypto::KeySet> fresh = result ? std::optional(result->keys) : std::nullopt;
  const std::optional<Error> problem = result ? std::nullopt : std::optional(result.error());
  finish(uri, std::move(result));
  if (fresh) co_return *fresh;
  answer = known(uri, want);
  if (answer) co_return std::move(*answer);
  co_return std::unexpected(*problem);
}

asio::awaitable<Result<KeyFetch::Inside::Fetched>> KeyFetch::Inside::fetch(std::string uri) {
  Result<Target> target = parse_uri(uri);
  if (!target) co_return std::unexpected(std::move(target.error()));
  net::ClientOptions client_options{.resolve_timeout = 1'500ms,  // five seconds together
                                    .connect_timeout = 1'500ms,
                                    .tls_timeout = 1'000ms,
                                    .send_timeout = 500ms,
                                    .body_bytes_max = crypto::KeySet::bytes_max,
                                    .http2 = false,
                                    .answer_timeout = 1'000ms};
  client_options.tls.ca = options.ca;
  client_options.address_allowed = [loopback = options.allow_loopback](const asio::ip::address& address) {
    return is_public_address(address) || (loopback && address.is_loopback());
  };
  Result<std::unique_ptr<net::Client>> client = net::Client::create(io, target->origin, client_options);
  if (!client) co_return fail("jwks_uri", "jwks_uri names no host that can be connected to");
  net::ClientRequest request;
  request.method = "GET";
  request.path_and_query = target->path_and_query;
  request.headers.emplace_back("accept", "application/jwk-set+json, application/json");
  const auto answer = co_await (*client)->request(std::move(request));
  if (!answer && answer.error().error.is("upstream_address"))
    co_return fail("jwks_address", "the host of jwks_uri has an address that is not public");
  if (!answer)
    co_return std::unexpected(
        Error("jwks_unreachable", "the keys at jwks_uri could not be fetched").because_of(answer.error().error));
  if (answer->status != 200)
    co_return fail("jwks_answer",
                   "jwks_uri answers with status " + std::to_string(answer->status) + " and not with 200");
  auto keys = crypto::KeySet::parse(answer->body.view());
  if (!keys) co_return std::unexpected(Error("jwks_answer", "jwks_uri gives no key set").because_of(keys.error()));
  co_return Fetched{std::move(*keys), freshness(answer->header("cache-control"))};
}

std::shared_ptr<asio::steady_timer> KeyFetch::Inside::running_fetch(const std::string& uri) {
  const std::lock_guard lock(mutex);
  const auto found = entries.find(uri);
  return found == entries.end() ? nullptr : found->second.fetching;
}

bool KeyFetch::Inside::begin(const std::string& uri) {
  const std::lock_guard lock(mutex);
  if (running >= fetches_max) return false;
  if (!entries.contains(uri)) make_room();
  Entry& entry = entries[uri];
  entry.tried = clock.mono();
  entry.fetching = std::make_shared<asio::steady_timer>(io, asio::steady_timer::time_point::max());
  ++running;
  return true;
}

void KeyFetch::Inside::finish(const std::string& uri, Result<Fetched> result) {
  const std::lock_guard lock(mutex);
  Entry& entry = entries[uri];
  --running;
  entry.fetching->cancel();
  entry.fetching.reset();
  if (!result) {
    entry.problem = std::move(result.error());
    return;
  }
  entry.problem.reset();
  entry.keys = std::move(result->keys);
  entry.fetched = clock.mono();
  entry.fresh_until = entry.fetched + result->fresh;
}

/// Drops the one that was tried longest ago.
void KeyFetch::Inside::make_room() {
  if (entries.size() < options.entries_max) return;
  auto oldest = entries.end();
  for (auto one = entries.begin(); one != entries.end(); ++one)
    if (!one->second.fetching && (oldest == entries.end() || one->second.tried < oldest->second.tried)) oldest = one;
  if (oldest != entries.end()) entries.erase(oldest);
}

}  // namespace ward::identity
