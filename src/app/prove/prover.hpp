// The proof that a role learns nothing of what it may not see: the same walk over two sets of records that differ
// only in that, and no answer that differs.
#pragma once

#include "access/policy.hpp"
#include "prove/call.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ward::prove {

struct ProofOptions {
  std::shared_ptr<const access::Policy> policy;
  std::string role;
  std::filesystem::path directory;  // for what is made meanwhile; everything below it is removed
  std::uint64_t seed = 1;
  std::uint64_t requests_max = 0;     // 0: until the time is up
  std::chrono::milliseconds time{0};  // 0: until the requests are asked
  bool proxied = false;
  unsigned patients = 12;
};

/// A request whose answers differ, cut down to what it takes for that.
struct Difference {
  Call smallest;
  std::string one, other;  // the answers, as told
};

struct Proof {
  std::string role, seat;  // of whom: "Practitioner/dr-adams", or "a client"
  std::size_t records = 0, seen = 0, removed = 0, changed = 0;
  std::vector<std::string> elements;  // hidden ones: "Patient.identifier[urn:mrn].value"
  std::uint64_t requests = 0;
  std::uint64_t found = 0;              // requests that were answered with records: what the walk is worth
  std::vector<Difference> differences;  // at most `differences_max`
  bool nothing_hidden = false;          // the role sees everything: there is nothing to prove
};
inline constexpr std::size_t differences_max = 5;

struct ProofProgress {
  std::string what;
  std::uint64_t done = 0, of = 0;
};

/// Blocks until the walk is over. Errors: Worlds that cannot be made.
Result<Proof> prove(const ProofOptions& options, const std::function<void(const ProofProgress&)>& progress);

}  // namespace ward::prove
