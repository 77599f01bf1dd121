// Requests, generated from the tables that Ward's own search, operations and compartments are made of.
#pragma once

#include "prove/call.hpp"
#include "prove/words.hpp"

namespace ward::prove {

/// A walk through what FHIR lets one ask: seeded, so that the same seed asks the same. Not thread-safe.
class Grammar {
 public:
  Grammar(const Words& words, std::uint64_t seed) : words_(words), chance_(seed) {}

  /// One that changes nothing.
  Call question();
  /// One that would change something: it may end a set's being like the other only if something is wrong.
  Call change();

 private:
  Call search();
  Call read();
  Call history();
  Call compartment();
  Call operation();
  Call batch();

  const std::string& type() { return chance_.pick(words_.types()); }
  void add_condition(Call& call, const std::string& type);
  void add_chain(Call& call, const std::string& type);
  void add_reverse_chain(Call& call, const std::string& type);
  void add_include(Call& call, const std::string& type);
  void add_result(Call& call, const std::string& type);
  std::string condition_of(const std::string& type, std::string& value);

  const Words& words_;
  demo::Chance chance_;
};

}  // namespace ward::prove
