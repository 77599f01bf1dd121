// A scope as the parts that a person is asked about, each in their words.
#pragma once

#include "pages/scopes.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {

struct ScopePart {
  std::string scope;
  pages::Part part;
  bool required = false;  // without it the app would not know whom it serves: always included once the person agrees
};

/// The parts of `scope` for the person of the visit, where `patient` (an id, or empty) is whose record it is about.
/// Empty if `scope` cannot be read.
std::vector<ScopePart> scope_parts(const Visit& visit, std::string_view scope, std::string_view patient);

}  // namespace ward::identity::web
