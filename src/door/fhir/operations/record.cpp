#include "fhir/operations/record.hpp"

#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/shared.hpp"
#include "render.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {

Allowed<void> RecordPart::add(const access::Grant& grant, store::Version version, std::string_view mode) {
  if (!known_.insert(version.type + "/" + version.id).second) return {};
  note_subjects(x_.record, version);
  const std::string type = version.type, id = version.id;
  auto shown = shown_part(x_, grant, std::move(version));
  if (!shown) return refuse(shown.error());
  count_type(x_.record, type);
  bytes_ += shown->size();
  entries_.push_back({type, id, mode, std::move(*shown)});
  return {};
}

bool RecordPart::has(std::string_view type, std::string_view id) const {
  return known_.contains(fmt::format("{}/{}", type, id));
}

RecordPart::Named RecordPart::named_since(std::size_t from) const {
  Named named;
  for (std::size_t i = from; i < entries_.size(); ++i) {
    const auto document = json::Document::parse(entries_[i].shown.view());
    if (!document) continue;
    for (const std::string& text : fhir::literal_references(document->root(), entries_[i].type)) {
      const fhir::ReferenceParts parts = fhir::split_reference(text, x_.live->own_bases);
      if (parts.local() && !has(parts.type, parts.id)) named[parts.type].insert(parts.id);
    }
  }
  return named;
}

access::Sendable RecordPart::bundle(const std::vector<std::pair<std::string, std::string>>& links,
                                    std::optional<std::size_t> total, const std::vector<Issue>& notes) const {
  constexpr std::size_t frame_bytes = 192;
  access::Assembly assembly;
  assembly.reserve(4096 + bytes_ + entries_.size() * frame_bytes);
  std::string head = R"({"resourceType":"Bundle","type":"searchset")";
  if (total) head += fmt::format(",\"total\":{}", *total);
  head += ",\"link\":[";
  for (std::size_t i = 0; i < links.size(); ++i)
    head += fmt::format(R"({}{{"relation":"{}","url":{}}})", i > 0 ? "," : "", links[i].first,
                        json_string(links[i].second));
  assembly.frame(head + "]");
  const char* before = ",\"entry\":[";
  for (const Entry& entry : entries_) {
    assembly.frame(
        fmt::format(R"({}{{"fullUrl":"{}/{}/{}","resource":)", before, x_.route->base, entry.type, entry.id));
    assembly.minimised(entry.shown);
    assembly.frame(fmt::format(R"(,"search":{{"mode":"{}"}}}})", entry.mode));
    before = ",";
  }
  if (!notes.empty()) {
    assembly.frame(fmt::format(R"({}{{"resource":)", before));
    assembly.frame(outcome(notes).view());
    assembly.frame(R"(,"search":{"mode":"outcome"}})");
    before = ",";
  }
  assembly.frame(std::string_view(before) == "," ? "]}" : "}");
  return std::move(assembly).finish();
}

}  // namespace ward::door
