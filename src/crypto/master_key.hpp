// The master key that wraps all others, from its file or command.
#pragma once

#include "keys.hpp"

namespace ward::crypto {

/// Reads the key; with `create`, an absent file is made (32 random bytes, mode 0600, fsync of file and folder).
Result<Secret<std::string>> read_master_key(const MasterKeySource& source, bool create, Random& random);

/// Replaces (or makes) a file in one step: what lies there after a crash is the old content or the new. Mode 0600.
Result<void> replace_file(const std::filesystem::path& file, std::string_view content);

/// A file of at most `bytes_max` bytes; refused if it is not a plain file of ours (or root's), or others may read it.
Result<Secret<std::string>> read_private_file(const std::filesystem::path& file, std::size_t bytes_max,
                                              std::string_view what);

}  // namespace ward::crypto
