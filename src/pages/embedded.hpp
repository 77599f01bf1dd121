// The files of web/ and locales/ as they were when the binary was built (embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace ward::pages {

struct EmbeddedFile {
  std::string_view name;  // without folder: "login.mustache"
  std::string_view hash;  // 16 hex digits of the SHA-256 of the content
  std::string_view content;
};

/// All of them, sorted by name.
std::span<const EmbeddedFile> embedded_files();
/// One, or null.
const EmbeddedFile* embedded_file(std::string_view name);

}  // namespace ward::pages
