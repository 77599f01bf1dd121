// What the store says of a resource's people, for scanning its text.
#pragma once

#include "deidentify/known.hpp"
#include "store/store.hpp"

#include <map>
#include <memory>
#include <string>

namespace ward::app {

/// Known values of patients (their own record and those of related persons), made when asked for and kept for a while;
/// and those of the staff. Memory is bounded; a staff too large to be known is an error, not a gap.
class People {
 public:
  explicit People(store::Reader& reader) : reader_(reader) {}

  /// Names of all Practitioners and Persons. Error "too_many_people".
  Result<void> learn_staff();
  const deidentify::Known& staff() const { return staff_; }
  Result<std::shared_ptr<const deidentify::Known>> patient(const std::string& id);

 private:
  Result<void> learn(store::Query query, deidentify::Known& known);

  store::Reader& reader_;
  deidentify::Known staff_;
  std::map<std::string, std::shared_ptr<const deidentify::Known>> patients_;
};

}  // namespace ward::app
