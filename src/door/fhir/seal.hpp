// What seals a record beside the Grant's branches: labels that are put on, and Consents of patients.
#pragma once

#include "exchange.hpp"
#include "store/store.hpp"

namespace ward::door {

/// Labels by the code lists; `body` is replaced and true given if it got any. `resource` is read from `body`.
bool put_labels(const Exchange& x, json::Value resource, Buffer& body);

/// Whether a patient's Consent denies this version to the caller.
bool is_denied(const Exchange& x, const access::Grant& grant, const store::Version& version);
/// The same as a part of a query. Lives no longer than the exchange.
void seal_by_consents(const Exchange& x, const access::Grant& grant, store::Visible& visible);

/// Whether Consents are in force here at all: then even who sees "all" may not see some.
bool consents_in_force(const Exchange& x);

/// The Consents among changes, taken over once they are written: what was acknowledged holds for the next request.
class WrittenConsents {
 public:
  explicit WrittenConsents(const std::vector<store::Change>& changes);
  /// Change `index` became this version.
  void take(const Exchange& x, std::size_t index, std::string_view id, std::uint64_t version) const;

 private:
  struct One {
    std::size_t index;
    Phi<Buffer> body;  // empty: removed
  };
  std::vector<One> all_;
};

/// For a route in front of another server: asks it for the Consents in force, if what is known of them is older than
/// half a minute. Refuses (503) where they cannot be known: then nothing is shown.
boost::asio::awaitable<Allowed<void>> know_consents(Exchange& x);

}  // namespace ward::door
