// A synthetic clinic: people and five years of plausible records, the same for the same seed. No real person.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ward::demo {

struct Resource {
  std::string type, id, json;
};

/// Somebody who can sign in.
struct Member {
  std::string username, role, fhir_user;
};

struct Clinic {
  std::vector<Resource> resources;  // in an order in which every reference points backwards
  std::vector<Member> members;
  std::vector<std::string> patients;  // ids; the first may be seen by physician, front desk and billing
};

/// `patients` of them, with encounters in the five years before `today`.
Clinic make_clinic(std::uint64_t seed, WallTime today, unsigned patients = 60);

}  // namespace ward::demo
