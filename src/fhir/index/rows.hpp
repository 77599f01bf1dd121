// From an element to rows of the index, by the parameter's type and the element's (R4 search.html, 3.1.1.4.4 to .14).
#pragma once

#include "index.hpp"
#include "index/groups.hpp"
#include "index/plan.hpp"

namespace ward::fhir::index_plan {

class Rows {
 public:
  Rows(const IndexOptions& options, Groups groups) : options_(options), groups_(std::move(groups)) {}

  /// An element of `type` that a parameter's expression has given.
  void add(const Param& param, std::string_view type, json::Value value);
  /// A computed value (a boolean expression).
  void add_computed(const Param& param, const PathItem& item);
  void add_patient(std::string_view id);

  bool too_many() const { return rows_ > options_.entries_max; }
  /// Without duplicates.
  store::IndexEntries finish() &&;

 private:
  void token(std::string_view code, std::string_view type, json::Value value);
  void string(std::string_view code, std::string_view type, json::Value value);
  void date(std::string_view code, std::string_view type, json::Value value);
  void number(std::string_view code, json::Value value);
  void quantity(std::string_view code, std::string_view type, json::Value value);
  void reference(const Param& param, std::string_view type, json::Value value);
  void uri(std::string_view code, json::Value value);
  void position(std::string_view code, json::Value value);

  void add_token(std::string_view code, std::string system, std::string text);
  void add_text(std::string_view code, json::Value text);
  void add_string(std::string_view code, json::Value value);
  void add_interval(std::string_view code, std::string_view low, std::string_view high);

  const IndexOptions& options_;
  const Groups groups_;
  std::uint32_t group_ = 0;  // of the value that is being added
  store::IndexEntries entries_;
  std::size_t rows_ = 0;
};

}  // namespace ward::fhir::index_plan
