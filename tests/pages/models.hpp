// A full and a minimal model of each page, for the tests and for the preview.
#pragma once

#include "pages/pages.hpp"
#include "pages/scopes.hpp"

#include <functional>

namespace ward::pages {

struct Sample {
  std::string page;  // "login"
  std::string name;  // "login" or "login-problem"
  std::function<void(Model&, Language)> fill;
};

/// Every page at least once, with everything that it can show.
const std::vector<Sample>& samples();

/// The least that each page needs.
void fill_minimal(Model&);

}  // namespace ward::pages
