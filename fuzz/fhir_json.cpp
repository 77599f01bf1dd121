// Any bytes as a FHIR resource: parse, validate, and answer with an OperationOutcome that is itself valid.
#include "fhir/outcome.hpp"
#include "fhir/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto document = ward::json::Document::parse(source);
  if (!document) {
    ward::fhir::json_issue(document.error());
    return 0;
  }
  const ward::fhir::Reading reading = ward::fhir::read_resource(*document);
  for (const auto& narrative : reading.narratives) {
    if (narrative.begin + narrative.size > size) __builtin_trap();
  }
  if (reading.ok()) return 0;
  const std::string outcome = ward::fhir::operation_outcome(reading.issues);
  const auto again = ward::json::Document::parse(outcome);
  if (!again || !ward::fhir::read_resource(*again).ok()) __builtin_trap();
  return 0;
}
