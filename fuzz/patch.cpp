// A patch from outside: the first line is the patch, the rest the document that it changes. What comes out is JSON again.
#include "patch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = input.find('\n');
  const ward::fhir::PatchLimits limits{.operations_max = 64, .bytes_max = 1 << 16, .work_max = 1 << 20};
  const auto patch = ward::fhir::read_json_patch(std::string_view(input).substr(0, line), limits);
  if (!patch) return 0;
  const auto done = (*patch)->apply(line == input.npos ? "{}" : std::string_view(input).substr(line + 1), limits);
  if (done && (!ward::json::Document::parse(done->view()) || done->size() > limits.bytes_max)) __builtin_trap();
  return 0;
}
