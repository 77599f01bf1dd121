#include "bundle.hpp"
#include "bundle/edits.hpp"
#include "reference_walk.hpp"

#include "base/encoding.hpp"

namespace ward::fhir {
namespace {

/// "https://x/fhir" of "https://x/fhir/Patient/1"; empty if the fullUrl is not of that form.
std::string_view base_of(std::string_view full_url) {
  const auto id = full_url.rfind('/');
  if (!full_url.starts_with("http") || id == full_url.npos || id == 0) return {};
  const auto type = full_url.rfind('/', id - 1);
  if (type == full_url.npos || !r4::is_resource_type(full_url.substr(type + 1, id - type - 1))) return {};
  return full_url.substr(0, type);
}

class Lookup {
 public:
  Lookup(const ReferenceMap& map, std::string_view full_url) : map_(map), base_(base_of(full_url)) {}

  const std::string* find(LinkKind kind, std::string_view text) const {
    const bool urn = text.starts_with("urn:uuid:") || text.starts_with("urn:oid:");
    if (kind == LinkKind::uri && !urn) return nullptr;
    if (const auto found = map_.find(text); found != map_.end()) return &found->second;
    const bool relative = !base_.empty() && !text.empty() && text[0] != '#' && text.find(':') == text.npos;
    if (!relative) return nullptr;
    const auto found = map_.find(fmt::format("{}/{}", base_, text));
    return found == map_.end() ? nullptr : &found->second;
  }

 private:
  const ReferenceMap& map_;
  std::string_view base_;
};

}  // namespace

Buffer rewrite_references(json::Value resource, std::string_view type, const ReferenceMap& map,
                          std::string_view full_url) {
  bundle::Edits edits(resource);
  const Lookup lookup(map, full_url);
  std::string scratch;
  auto visit = [&](LinkKind kind, json::Value text) {
    if (const std::string* target = lookup.find(kind, text.text(scratch))) edits.replace(text, json_string(*target));
  };
  walk_links(resource, r4::find_definition(type), visit);
  return edits.apply();
}

std::vector<std::string> conditional_references(json::Value resource, std::string_view type) {
  std::vector<std::string> out;
  std::string scratch;
  auto visit = [&](LinkKind kind, json::Value value) {
    if (kind != LinkKind::reference) return;
    const std::string_view text = value.text(scratch);
    const auto question = text.find('?');
    if (question != text.npos && r4::is_resource_type(text.substr(0, question))) out.emplace_back(text);
  };
  walk_links(resource, r4::find_definition(type), visit);
  return out;
}

}  // namespace ward::fhir
