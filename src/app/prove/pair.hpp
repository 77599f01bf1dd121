// Two sets of records that differ only in what a role may not see.
#pragma once

#include "prove/world.hpp"

#include <functional>
#include <set>

namespace ward::prove {

struct Pair {
  Seat seat;
  std::vector<demo::Resource> one, other;
  std::vector<demo::Resource> hidden;    // of either set: what is not told, and so is worth asking for
  std::size_t seen = 0;                  // records of `one` that the seat can read
  std::size_t removed = 0, changed = 0;  // what `other` lacks, and what it has otherwise
  std::set<std::string> places;          // hidden elements: "Patient.identifier[urn:mrn].value"
  bool same() const { return removed == 0 && changed == 0; }
};

/// What a role may not see is found by reading: a record that cannot be read, and elements whose change leaves what is
/// read as it was. Reading by id is taken for the truth here (views have tests of their own); everything else that
/// FHIR offers is proven against it. Progress goes to `say`. Errors: a World that cannot be opened, or sets that the
/// role can tell apart by reading whatever is put back.
Result<Pair> make_pair(const WorldOptions& options, const demo::Clinic& clinic, std::uint64_t seed,
                       const std::function<void(std::string_view)>& say);

/// Opens one World for each set.
struct Worlds {
  std::unique_ptr<World> one, other;
};
Result<Worlds> open_worlds(const WorldOptions& options, const Pair& pair);

}  // namespace ward::prove
