// The tables, and how a file comes to have them.
#pragma once

#include "sqlite.hpp"

namespace ward::store {

inline constexpr std::int64_t schema_version = 3;

/// Makes the tables of a new file, migrates an older one, refuses a newer or a foreign one. Throws Failure.
Result<void> prepare_schema(Connection& connection, const std::filesystem::path& file);

}  // namespace ward::store
