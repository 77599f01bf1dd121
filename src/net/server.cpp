#include "server.hpp"

#include "base/log.hpp"
#include "connection.hpp"
#include "forwarded.hpp"
#include "redirect.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>

#include <sys/socket.h>
#include <csignal>

namespace ward::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

constexpr auto sweep_every = 250ms;
constexpr auto accept_pause = 100ms;  // when there are no more descriptors
constexpr auto kill_patience = 5s;    // for handlers to end after their sockets are gone

thread_local int current_core = -1;

void ended(Core& core, std::list<std::unique_ptr<Connection>>::iterator place, const asio::ip::address& address,
           bool threw) {
  if (threw) log::error("net_connection_failed", {{"what", "an exception ended a connection"}});
  core.connections.erase(place);
  core.shared.leave(address);
}

void admit(Core& core, tcp::socket socket, const Listener& listener) {
  boost::system::error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const asio::ip::address address = remote.address();
  if (const std::optional<std::string_view> full = core.shared.enter(address)) {
    return core.shared.observer.refused(address, *full, "too many connections");
  }
  SSL* ssl = listener.tls == nullptr ? nullptr : static_cast<SSL*>(listener.tls->native());
  if (listener.tls != nullptr && ssl == nullptr) return core.shared.leave(address);
  const auto place = core.connections.insert(core.connections.end(),
                                             std::make_unique<Connection>(core, std::move(socket), ssl, listener));
  Connection& connection = **place;
  connection.peer.address = address;
  connection.peer.port = remote.port();
  asio::co_spawn(core.io, connection.run(), [&core, place, address](const std::exception_ptr& thrown) {
    ended(core, place, address, thrown != nullptr);
  });
}

asio::awaitable<void> accept_all(Core& core, tcp::acceptor& acceptor, const Listener& listener) {
  asio::steady_timer pause(core.io);
  for (;;) {
    tcp::socket socket(core.io);
    boost::system::error_code error;
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || core.shared.draining) co_return;
    if (!error) {
      admit(core, std::move(socket), listener);
      continue;
    }
    if (error == asio::error::connection_aborted) continue;
    log::warning("net_accept_failed", {{"what", error.message()}});
    pause.expires_after(accept_pause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<void> sweep_for_ever(Core& core) {
  asio::steady_timer timer(core.io);
  for (;;) {
    timer.expires_after(sweep_every);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const MonoTime now = core.shared.clock.mono();
    for (const std::unique_ptr<Connection>& connection : core.connections) connection->sweep(now);
  }
}

Result<tcp::acceptor> open_acceptor(asio::io_context& io, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(io);
  boost::system::error_code error;
  const int on = 1;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    error.assign(errno, boost::system::system_category());
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1'024, error);
  if (error) {
    return fail("listen", fmt::format("cannot listen on {} port {}: {}; is the port taken, or below 1024?",
                                      endpoint.address().to_string(), endpoint.port(), error.message()));
  }
  return acceptor;
}

class AsioServer final : public Server {
 public:
  AsioServer(Options options, Observer& observer, Clock& clock) : shared_(std::move(options), observer, clock) {}

  ~AsioServer() override {
    if (!stopped_) stop(0ms);
  }

  Result<void> prepare(unsigned cores, const std::vector<std::string>& trusted) {
    for (const std::string& text : trusted) {
      Result<Prefix> prefix = parse_prefix(text);
      if (!prefix) return std::unexpected(prefix.error());
      shared_.trusted.push_back(*prefix);
    }
    if (cores == 0) cores = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned index = 0; index < cores; ++index) {
      cores_.push_back(std::make_unique<Core>(index, shared_));
      work_.emplace_back(cores_.back()->io.get_executor());
      asio::co_spawn(cores_.back()->io, sweep_for_ever(*cores_.back()), [](const std::exception_ptr&) {});
    }
    return {};
  }

  Result<std::uint16_t> listen_https(const Listen& where, TlsContext& tls, Handler handler) override {
    return listen(where, {Listener::Kind::https, &tls, std::move(handler)});
  }
  Result<std::uint16_t> listen_redirect(const Listen& where, std::uint16_t https_port) override {
    return listen(where, {Listener::Kind::redirect, nullptr, redirect_handler(shared_, https_port)});
  }
  Result<std::uint16_t> listen_plain(const Listen& where, Handler handler) override {
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(where.address, error);
    if (error || !address.is_loopback()) {
      return fail(
          "listen_plain",
          fmt::format("\"{}\" is not a loopback address; without TLS only 127.0.0.1 or ::1 may listen", where.address));
    }
    return listen(where, {Listener::Kind::plain, nullptr, std::move(handler)});
  }

  unsigned cores() const override { return static_cast<unsigned>(cores_.size()); }
  asio::io_context& core(unsigned index) override { return cores_.at(index)->io; }

  void start() override {
    for (const std::unique_ptr<Core>& core : cores_) threads_.emplace_back([&core = *core] { run(core); });
  }

  void drain() override { stop(shared_.limits()->drain_timeout); }
  std::size_t connections() const override { return shared_.connections; }
  void set_limits(const Limits& limits) override { shared_.set_limits(limits); }

 private:
  static void run(Core& core) {
    current_core = static_cast<int>(core.index);
    for (;;) {
      try {
        core.io.run();
        return;
      } catch (const std::exception&) {
        log::error("net_core_failed", {{"what", "an exception left a task of a core"}, {"core", core.index}});
      }
    }
  }

  Result<std::uint16_t> listen(const Listen& where, Listener description) {
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(where.address, error);
    if (error) return fail("listen", fmt::format("\"{}\" is not an IP address to listen on", where.address));
    tcp::endpoint endpoint(address, where.port);
    std::vector<tcp::acceptor> opened;
    for (const std::unique_ptr<Core>& core : cores_) {
      Result<tcp::acceptor> acceptor = open_acceptor(core->io, endpoint);
      if (!acceptor) return std::unexpected(acceptor.error());
      endpoint = acceptor->local_endpoint();  // port 0: the others take what the first was given
      opened.push_back(std::move(*acceptor));
    }
    const Listener& listener = *listeners_.emplace_back(std::make_unique<Listener>(std::move(description)));
    for (std::size_t index = 0; index < opened.size(); ++index) {
      Core& core = *cores_[index];
      // The lists of a core belong to its thread once that runs.
      asio::post(core.io, [&core, &listener, acceptor = std::make_shared<tcp::acceptor>(std::move(opened[index]))] {
        if (core.shared.draining) return;
        core.acceptors.push_back(std::move(*acceptor));
        asio::co_spawn(core.io, accept_all(core, core.acceptors.back(), listener), [](const std::exception_ptr&) {});
      });
    }
    return endpoint.port();
  }

  void stop(std::chrono::milliseconds patience) {
    if (std::exchange(stopped_, true)) return;
    shared_.draining = true;
    on_every_core([](Core& core) {
      for (tcp::acceptor& acceptor : core.acceptors) {
        boost::system::error_code ignored;
        acceptor.close(ignored);
      }
      for (const std::unique_ptr<Connection>& connection : core.connections) connection->drain();
    });
    if (!wait_for_connections(patience)) {
      on_every_core([](Core& core) {
        for (const std::unique_ptr<Connection>& connection : core.connections) connection->kill();
      });
      wait_for_connections(kill_patience);
    }
    for (const std::unique_ptr<Core>& core : cores_) core->io.stop();
    for (std::thread& thread : threads_) thread.join();
    for (std::unique_ptr<Core>& core : cores_) {
      if (core->connections.empty()) continue;
      log::error("net_drain_incomplete", {{"core", core->index}, {"connections", core->connections.size()}});
      (void)core.release();  // a handler that never ends still points into it; the process is about to end
    }
  }

  template <class Action>
  void on_every_core(Action action) {
    for (const std::unique_ptr<Core>& core : cores_) asio::post(core->io, [&core = *core, action] { action(core); });
  }

  bool wait_for_connections(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!threads_.empty() && shared_.connections > 0) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  Shared shared_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Options options, Observer& observer, Clock& clock) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2)
  const unsigned cores = options.cores;
  const std::vector<std::string> trusted = options.trusted_proxies;
  auto server = std::make_unique<AsioServer>(std::move(options), observer, clock);
  Result<void> prepared = server->prepare(cores, trusted);
  if (!prepared) return std::unexpected(prepared.error());
  return std::unique_ptr<Server>(std::move(server));
}

unsigned Server::this_core() {
  WARD_ASSERT(current_core >= 0);
  return static_cast<unsigned>(current_core);
}

}  // namespace ward::net
