// A new epoch that was begun and not finished leaves this folder; the log does not open while it is there.
#pragma once

#include <filesystem>

namespace ward::audit {

inline std::filesystem::path epoch_begun_path(const std::filesystem::path& directory) {
  return directory / "epoch.begun";
}

}  // namespace ward::audit
