// A generated request, in parts that can be left out one by one.
#pragma once

#include "prove/memory_stream.hpp"

#include <optional>

namespace ward::prove {

struct Call {
  std::string method = "GET";
  std::string path;                                        // below the route: "Observation", "Patient/7/_history/1"
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  bool form = false;                                       // a search by POST: the query travels in the body
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// As it is asked below `route` ("/fhir").
  Asked asked(std::string_view route) const;
  /// For people: "GET Observation?code=...".
  std::string text() const;
  /// Query items and headers.
  std::size_t parts() const { return query.size() + headers.size(); }
  /// Without the part of that number.
  Call without(std::size_t part) const;
};

}  // namespace ward::prove
