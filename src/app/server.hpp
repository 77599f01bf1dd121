// One running Ward: everything opened in order, wired, served, and closed in order.
#pragma once

#include "configuration.hpp"
#include "data_directory.hpp"
#include "door/door.hpp"
#include "manage/administration.hpp"

#include "base/random.hpp"

namespace ward::app {

struct ServerOptions {
  Paths paths;
  std::filesystem::path configuration;
  std::vector<std::filesystem::path> overlays;
  bool demo = false;
};

/// What the commands that work on a data directory share, with a server or without: keys, log, store, people.
/// Opened in this order; members are closed in the reverse one.
struct Installation {
  Paths paths;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<crypto::KeyRing> keys;
  std::unique_ptr<audit::Log> log;
  std::unique_ptr<store::Store> store;
  access::Consents consents;                     // those in the store
  std::shared_ptr<const access::Policy> policy;  // whose code lists put labels on what is imported

  /// Opens keys, log and store, and settles the intents that a crash left open. The caller has the directory's lock.
  static Result<std::unique_ptr<Installation>> open(const Paths& paths, const Configuration& configuration);
};

class Server {
 public:
  /// Opens and binds everything; serves after `start`. Errors are written for the operator.
  static Result<std::unique_ptr<Server>> create(ServerOptions options, Configuration configuration);
  ~Server();

  void start();
  /// Waits for SIGTERM or SIGINT, reloads on SIGHUP, then stops gracefully.
  void run_until_signal();

  /// Applies the files anew. A bad set changes nothing and is said in the error.
  Result<std::string> reload();

  std::uint16_t https_port() const;
  std::uint16_t http_port() const;
  std::uint16_t admin_port() const;
  std::uint16_t mtls_port() const;  // 0: off
  std::string base() const;         // "https://localhost:8443"
  std::string mtls_base() const;    // "https://localhost:8444"; empty: off
  std::string fhir_base() const;

  Installation& installation();
  identity::Identity& identity();
  manage::Administration& administration();
  door::Door& door();
  net::Server& net();
  const Configuration& configuration() const;

 private:
  struct Inside;
  explicit Server(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace ward::app
