// People and clients in memory, and in the store.
#pragma once

#include "client_certificate.hpp"
#include "crypto/jose.hpp"
#include "identity.hpp"
#include "store/store.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

namespace ward::identity {

/// A client with what is parsed from it once.
struct KnownClient {
  OAuthClient client;
  crypto::KeySet keys;
  scope::ScopeSet scope;
  std::optional<CertificateName> certificate_name;  // of tls_client_auth
};

/// One state of the directory. Never changes.
struct Snapshot {
  std::map<std::string, std::shared_ptr<const Person>, std::less<>> people;
  std::map<std::string, std::shared_ptr<const KnownClient>, std::less<>> clients;
  const Person* person(std::string_view username) const;
  const KnownClient* client(std::string_view client_id) const;
};

/// Copies on write; a change is in the store before it is seen. Any thread.
class Directory {
 public:
  static constexpr std::size_t entries_max = 1'000'000;

  Directory(store::Store& store, Clock& clock) : store_(store), clock_(clock), now_(std::make_shared<Snapshot>()) {}
  Result<void> load();
  std::shared_ptr<const Snapshot> now() const;
  /// Grows with each change.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  /// True if something changed.
  /// With `before`: only if the person is still that (errors "not_found", "changed_meanwhile").
  Result<bool> put(Person person, const Person* before = nullptr);
  Result<bool> put(OAuthClient client);
  Result<void> remove_person(std::string_view username);
  Result<void> remove_client(std::string_view client_id);
  Result<void> raise_person(std::string_view username);
  Result<void> raise_client(std::string_view client_id);

 private:
  Result<void> write(std::string space, std::string key, std::optional<std::string> value,
                     const std::function<void(Snapshot&)>& change);
  std::uint64_t next_generation(std::uint64_t before);  // under `writing_`

  store::Store& store_;
  Clock& clock_;
  std::mutex writing_;
  std::uint64_t last_generation_ = 0;
  mutable std::mutex reading_;
  std::shared_ptr<const Snapshot> now_;
  std::atomic<std::uint64_t> epoch_{1};
};

}  // namespace ward::identity
