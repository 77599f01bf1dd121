// Bulk export: one NDJSON file per type in a new folder, as it is stored or without what says whose it is.
#pragma once

#include "server.hpp"

#include "deidentify/deidentifier.hpp"

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <optional>

namespace ward::app {

struct ExportRequest {
  std::filesystem::path directory;  // new or empty, or of an export that was interrupted
  std::vector<std::string> types;   // empty: all
  std::optional<WallTime> since;    // written then or later
  std::string patient;              // id; empty: everybody
  bool deidentify = false;
  deidentify::Settings settings;
  bool zst = false;
  std::size_t batch = 200;  // resources of one page and one record

  /// Of JSON members as the command sends them. Error "invalid_request" names the member.
  static Result<ExportRequest> read(const boost::json::object& members);
};

struct ExportProgress {
  std::uint64_t done = 0, of = 0;
  std::string unit;
};

/// What manifest.json says too.
struct ExportReport {
  struct File {
    std::string type, name, sha256;
    std::uint64_t count = 0, bytes = 0;
  };
  std::vector<File> files;
  std::map<std::string, std::uint64_t> left_out;  // why, and how many
  deidentify::Counts counts;
  double seconds = 0;
  boost::json::object json(const ExportRequest& request, WallTime at) const;
};

/// Exports. Each page of resources is a record in the log, with their names, before a byte of it is written; a log that
/// is closed ends the export. Memory is that of one page. Files have mode 0600 in a folder of mode 0700; manifest.json
/// comes last, so a folder without one is not whole, and the next run into it begins anew.
/// Errors: "not_empty", "export_failed" (disk), those of the log and the store.
Result<ExportReport> export_files(Installation& installation, const ExportRequest& request,
                                  const std::function<void(const ExportProgress&)>& progress);

}  // namespace ward::app
