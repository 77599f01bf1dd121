// One process at a time writes in a log's directory.
#pragma once

#include "disk.hpp"

namespace ward::audit {

/// Makes the directory if need be. Held while the File lives, and no longer than the process. Error "log_locked".
Result<File> lock_directory(const std::filesystem::path& directory);

}  // namespace ward::audit
