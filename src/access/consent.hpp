// What patients forbid: FHIR R4 Consents of scope patient-privacy, compiled when they are written.
//
// A Consent never widens what role and relationship give. Of the provisions of one Consent that fit, the most deeply
// nested decides, and of two as deep a deny; of several Consents, one that denies is enough. What cannot be judged (a
// team as actor, a resource without a date) fits a deny and never a permit.
#pragma once

#include "access/labels.hpp"
#include "base/clock.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access {

/// Who asks, as a Consent names people.
struct Asker {
  std::string person;               // "Practitioner/3"; may be empty
  std::vector<std::string> groups;  // "Organization/2", "PractitionerRole/4"
  std::vector<std::string> roles;   // of the policy, in the caller's token
  std::string purpose;              // v3 PurposeOfUse
  bool writes = false;              // the interaction changes something
};

/// One version of a resource. The body is looked at only if a Consent of one of its patients needs it.
struct Asked {
  std::string_view type, id;
  std::span<const std::string> patients;  // with marks
  std::string_view body;                  // empty: not known (deleted)
};

namespace detail {
struct CompiledConsent;
}

/// The Consents of one store or of one server behind a route. Any thread.
class Consents {
 public:
  Consents();
  ~Consents();

  /// The current version of a Consent: replaces older ones, is ignored if there was a newer one. An empty body: it was
  /// deleted. A body that cannot be read denies, if it names a patient; else nothing is known of it.
  void put(std::string_view id, std::uint64_t version, std::string_view body);
  /// Takes over all that `fresh` holds, and forgets the rest.
  void replace(Consents& fresh);

  /// True if any Consent is in force. One load.
  bool any() const { return count_.load(std::memory_order_acquire) != 0; }
  /// Grows with every change.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// The Consent that denies ("Consent/12"), or "". What is the asker's own is never denied to them.
  std::string denied_by(const Asker& asker, const Asked& asked, WallTime now) const;
  bool denies(const Asker& asker, const Asked& asked, WallTime now) const {
    return any() && !denied_by(asker, asked, now).empty();
  }

 private:
  struct Known {
    std::uint64_t version = 0;
    std::string patient;
    std::shared_ptr<const detail::CompiledConsent> compiled;  // null: not in force
  };
  void forget(const std::string& id, Known& known);

  mutable std::shared_mutex mutex_;
  std::map<std::string, Known, std::less<>> by_id_;
  std::map<std::string, std::vector<std::string>, std::less<>> by_patient_;  // ids of those in force
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace ward::access
