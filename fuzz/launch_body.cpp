// What an EHR posts to begin a launch.
#include "json/json.hpp"
#include "launches.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto launch = ward::identity::parse_launch({reinterpret_cast<const char*>(data), size});
  if (!launch) return 0;
  // What is echoed into the token's answer must be members of an object.
  if (!launch->context.empty() && !ward::json::Document::parse("{" + launch->context + "}")) __builtin_trap();
  return 0;
}
