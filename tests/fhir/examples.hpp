// Where HL7's examples and the shared test data are; tests that need them skip, with a line, where they are absent.
#pragma once

#include "base/error.hpp"
#include "json/json.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace ward::fhir {

inline std::filesystem::path example_folder() {
  const char* packages = std::getenv("WARD_R4_PACKAGES");
  return std::filesystem::path(packages ? packages : WARD_R4_PACKAGES) / "hl7.fhir.r4.examples";
}

inline std::filesystem::path shared_data() {
  const char* folder = std::getenv("WARD_SHARED_DATA");
  return folder ? folder : std::filesystem::path(WARD_SOURCE_DIR) / ".." / "shared" / "data";
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Source and document together; the document points into the source.
struct Parsed {
  std::string source;
  json::Document document;
};

inline std::unique_ptr<Parsed> parse(std::string source) {
  auto first = json::Document::parse(source);
  if (!first) return nullptr;
  auto parsed = std::unique_ptr<Parsed>(new Parsed{std::move(source), std::move(*first)});
  // Once more, where the source stays: moving a short string moves its bytes.
  parsed->document = std::move(*json::Document::parse(parsed->source));
  return parsed;
}

}  // namespace ward::fhir
