// Changes to a resource as spans, applied in one copy.
#pragma once

#include "base/buffer.hpp"
#include "json/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir::bundle {

class Edits {
 public:
  explicit Edits(json::Value resource) : resource_(resource) {}

  /// Replaces the value's bytes. In order of the source; spans must not overlap.
  void replace(json::Value value, std::string text) { edits_.push_back({value.begin(), value.end(), std::move(text)}); }
  void insert(std::size_t offset, std::string text) { edits_.push_back({offset, offset, std::move(text)}); }
  Buffer apply() const;

 private:
  struct Edit {
    std::size_t begin, end;
    std::string text;
  };
  json::Value resource_;
  std::vector<Edit> edits_;
};

}  // namespace ward::fhir::bundle
