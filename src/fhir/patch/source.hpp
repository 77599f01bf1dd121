// The document of a patch, and all that is wrong with it.
#pragma once

#include "patch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ward::fhir::patch {

/// Stays where it is: the document points into its text.
class Source {
 public:
  explicit Source(std::string_view text) : text_(text) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// A refusal if it is no JSON.
  Allowed<json::Value> parse(const json::Limits& limits);
  /// Keeps a problem and its place; more than a hundred are not told.
  void wrong(json::Value where, std::string_view code, std::string said, std::string expression = {});
  /// 400 "patch_malformed" with every problem, if there was one.
  Allowed<void> judged();

 private:
  Buffer text_;
  std::optional<json::Document> document_;
  std::vector<Issue> issues_;
};

}  // namespace ward::fhir::patch
