// Putting synthetic records into a store.
#pragma once

#include "demo/clinic.hpp"
#include "server.hpp"

#include <span>

namespace ward::demo {

/// Writes them in one piece, recorded as an import. Errors: a record that cannot be read; or what is there already
/// (`create`), or not there (`update`).
Result<void> fill(app::Installation& in, std::span<const Resource> resources, const std::vector<std::string>& own_bases,
                  store::Operation operation = store::Operation::create);

}  // namespace ward::demo
