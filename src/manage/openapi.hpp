#pragma once

#include <string>

namespace ward::manage {

/// Written from the table of operations and the tables of what goes in and comes out.
std::string openapi();

}  // namespace ward::manage
