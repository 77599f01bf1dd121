// Which element of a resource a value stands in, for composite parameters (store.hpp, "group").
#pragma once

#include "json/json.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ward::fhir::index_plan {

class Groups {
 public:
  /// The elements that the type's composite parameters name: components, useContext, ...
  Groups(json::Value resource, std::string_view type);

  /// 1 for what stands in the first of them, and so on; 0 for what stands in none.
  std::uint32_t of(json::Value value) const;

 private:
  struct Span {
    std::size_t begin, end;
  };
  std::vector<Span> spans_;  // in the order of the document
};

}  // namespace ward::fhir::index_plan
