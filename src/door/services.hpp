// What the corridor works with: made once by app, handed to every Exchange by reference.
#pragma once

#include "door/emergency.hpp"
#include "door/routes.hpp"

#include "access/consent.hpp"
#include "access/policy.hpp"
#include "audit/audit.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "crypto/keys.hpp"
#include "identity/identity.hpp"
#include "manage/api.hpp"
#include "net/server.hpp"
#include "shield/abuse.hpp"
#include "shield/firewall.hpp"
#include "shield/limits.hpp"
#include "store/store.hpp"

#include <boost/asio/thread_pool.hpp>

namespace ward::door {

/// Everything that a reload replaces, as one immutable set. A request keeps the set that it began with.
struct Live {
  std::uint64_t generation = 1;
  Routes routes;
  std::shared_ptr<const access::Policy> policy;
  std::shared_ptr<shield::Limits> limits;
  std::shared_ptr<const shield::Firewall> firewall;
  shield::Quota quota;
  std::string fhir_base;               // of the embedded store
  std::vector<std::string> own_bases;  // addresses that references may be absolute to
  net::Limits protocol;
  std::size_t requests_max = 2048;  // at one time and core; more are shed with 503
  shield::FirewallRoute unrouted;   // for paths that no route has
};

/// What belongs to one core and is touched by it alone.
struct Core {
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<identity::Authenticator> authenticator;
  std::shared_ptr<const Live> live;
  std::size_t running = 0;  // requests on this core now
  struct CachedGrant {
    std::uint64_t policy_generation, relationship_generation;
    WallTime valid_until;
    access::Grant grant;
  };
  std::unordered_map<std::string, CachedGrant> grants;  // bounded; see stages/authorise.cpp
  std::size_t slowed = 0;  // requests held back by a rate or for probing; not among `running`
};

/// Readers on threads of their own, for what may take long (searches, histories of types).
class SlowReaders {
 public:
  SlowReaders(store::Store& store, unsigned threads) : store_(store), pool_(threads) {}
  ~SlowReaders() { pool_.join(); }
  boost::asio::awaitable<Result<store::Page>> search(const store::Query& query);
  boost::asio::awaitable<Result<store::HistoryPage>> recent(const store::History& asked);

 private:
  template <class Answer>
  boost::asio::awaitable<Result<Answer>> ask(const std::function<Result<Answer>(store::Reader&)>& question);
  store::Store& store_;
  boost::asio::thread_pool pool_;
};

struct Counters {
  metrics::Counter requests_ok, requests_refused, requests_failed, firewall_blocks, limited, shed;
  metrics::Histogram seconds;
  Counters();
};

/// Long-lived parts. All references outlive the server's threads.
struct Services {
  Clock& clock;
  Random& random;
  audit::Log& log;
  store::Store& store;
  identity::Identity& identity;
  manage::Api& manage;
  crypto::KeyRing& keys;
  shield::Abuse& abuse;
  shield::Blocklist& blocklist;
  shield::Quotas& quotas;
  SlowReaders& slow_readers;
  Emergencies& emergencies;
  access::Consents& consents;  // of the embedded store
  Counters& counters;
  Secret<std::string> link_key;  // AES-SIV, for sealed paging links
};

}  // namespace ward::door
