// A configuration is written by people: whatever they write is read, or is a problem with a line.
#include "configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  const auto document = config::Document::parse({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (!document) {
    if (document.error().empty()) __builtin_trap();
    return 0;
  }
  const app::Configuration all = app::read_configuration(*document, "fuzz.toml", "/nonexistent");
  // Without a certificate nothing starts, and here none is on disk.
  if (all.problems.empty()) __builtin_trap();
  for (const config::Problem& problem : all.problems)
    if (problem.message.empty()) __builtin_trap();
  return 0;
}
