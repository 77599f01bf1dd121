// Bulk import: bundles and NDJSON, references in any order, resumable, with a report of what was refused and where.
#pragma once

#include "server.hpp"

#include <boost/json.hpp>
#include <functional>

namespace ward::app {

struct ImportRequest {
  std::vector<std::filesystem::path> files;  // or folders, whose *.json, *.ndjson and *.gz are taken
  std::vector<std::string> own_bases;
  std::size_t batch = 200;  // resources in one change set and INTENT
};

struct ImportProgress {
  std::uint64_t done = 0, of = 0;
  std::string unit;  // "read" | "stored"
};

struct ImportReport {
  std::uint64_t created = 0, updated = 0, unchanged = 0, refused = 0, narratives_cleaned = 0;
  std::vector<std::string> new_versions;  // Type/id met again with other content
  std::vector<std::string> refusals;      // "FILE:LINE entry 3 Observation/7: Observation.status: ..."
  std::vector<std::string> cleaned;       // Type/id: what was removed
  std::vector<std::string> dangling;      // references to what is not there
  double seconds = 0;
  boost::json::object json() const;
};

/// Imports. Idempotent: content that is stored already is passed over, so that a run that was interrupted is resumed by
/// running it again. Errors: a file that cannot be read, a disk that fails.
Result<ImportReport> import_files(Installation& installation, const ImportRequest& request,
                                  const std::function<void(const ImportProgress&)>& progress);

}  // namespace ward::app
