// UCUM codes from outside: bounded, and a unit is commensurable with itself unless it is on a scale of its own.
#include "ucum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view code(reinterpret_cast<const char*>(bytes), size);
  const auto unit = ward::fhir::parse_ucum(code);
  if (unit.has_value() != ward::fhir::is_ucum(code)) __builtin_trap();
  if (unit && unit->scale != ward::fhir::UcumUnit::Scale::other && !ward::fhir::commensurable(*unit, *unit))
    __builtin_trap();
  return 0;
}
