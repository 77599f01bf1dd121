// The Bundle of a history: of a resource, a type, or the system.
#pragma once

#include "fhir/backend.hpp"

#include "access/minimise.hpp"

namespace ward::door {

class HistoryBundle {
 public:
  /// `grant`: of one of the types. `next`: "" for none.
  HistoryBundle(Exchange& x, const access::Grant& grant, std::string_view self, std::string_view next,
                std::optional<std::size_t> total);

  /// Adds a version that the grant of its type sees, and notes it in the record.
  Allowed<void> add(const access::Grant& grant, store::Version& version);
  access::Sendable finish() &&;

 private:
  Exchange& x_;
  access::Assembly assembly_;
  const char* before_ = ",\"entry\":[";
};

}  // namespace ward::door
