// A patch from outside: the first line is the patch of either kind, the rest what it changes. What comes out is JSON.
#include "patch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = input.find('\n');
  const ward::fhir::PatchLimits limits{.operations_max = 64, .bytes_max = 1 << 16, .work_max = 1 << 20};
  const std::string_view first = std::string_view(input).substr(0, line);
  const auto patch =
      first.starts_with('{') ? ward::fhir::read_path_patch(first, limits) : ward::fhir::read_json_patch(first, limits);
  if (!patch) return 0;
  const auto done = (*patch)->apply(line == input.npos ? "{}" : std::string_view(input).substr(line + 1), limits);
  if (done && (!ward::json::Document::parse(done->view()) || done->size() > limits.bytes_max)) __builtin_trap();
  return 0;
}
