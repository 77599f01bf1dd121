// Import files as resources: plain or gzipped, one JSON document or one a line, bundles taken apart.
#pragma once

#include "base/buffer.hpp"
#include "base/error.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ward::app {

/// One JSON document of a file: a bundle or a resource.
struct SourceDocument {
  std::string file;
  std::size_t line = 1;  // of its first byte
  Buffer bytes;

  /// "patients.ndjson.gz:12": the line of the byte at `offset`.
  std::string where(std::size_t offset = 0) const;
};

/// The files that a request names, folders opened, sorted by name. Error names what is not there.
Result<std::vector<std::filesystem::path>> find_sources(const std::vector<std::filesystem::path>& given);

/// Calls `each` for every document of a file, in order, until it fails. A file is NDJSON if its name says so
/// (.ndjson, .jsonl, also with .gz), else one document.
Result<void> each_document(const std::filesystem::path& file, const std::function<Result<void>(SourceDocument)>& each);

}  // namespace ward::app
