// Transaction and batch Bundles, and every change by span: what comes out is JSON again.
#include "bundle.hpp"
#include "index.hpp"

namespace {

void must_parse(const ward::Buffer& buffer) {
  ward::json::Limits limits;
  limits.depth_max = 80;
  if (!ward::json::Document::parse(buffer.view(), limits)) __builtin_trap();
}

void reshape(ward::json::Value resource) {
  using namespace ward::fhir;
  const std::string type = resource.string("resourceType");
  if (!resource.is_object() || !ward::r4::is_resource_type(type)) return;
  const std::vector<std::string> names{"status", "name"};
  must_parse(set_id(resource, "x"));
  must_parse(rewrite_references(resource, type, {{"urn:uuid:1", "Patient/1"}, {"Patient/1", "Patient/\"2"}},
                                "https://x/Patient/1"));
  for (const auto summary : {Summary::yes, Summary::text, Summary::data})
    must_parse(summarize(resource, type, summary));
  must_parse(only_elements(resource, type, names));
  (void)literal_references(resource, type);
  (void)conditional_references(resource, type);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string source(reinterpret_cast<const char*>(bytes), size);
  const auto document = ward::json::Document::parse(source);
  if (!document) return 0;
  reshape(document->root());
  const std::string type = document->root().string("resourceType");
  if (ward::r4::is_resource_type(type)) (void)ward::fhir::index(*document, type, "x");
  const auto requests = ward::fhir::read_bundle(*document);
  if (!requests) return 0;
  for (const std::size_t i : ward::fhir::processing_order(*requests)) reshape(requests->entries[i].resource);
  return 0;
}
