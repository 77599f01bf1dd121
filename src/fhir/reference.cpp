#include "index.hpp"

#include "path/temporal.hpp"
#include "reference_walk.hpp"

namespace ward::fhir {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

/// "Type/id" or "Type/id/_history/3".
std::optional<ReferenceParts> split_relative(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos || !r4::is_resource_type(text.substr(0, slash))) return std::nullopt;
  ReferenceParts parts;
  parts.type = text.substr(0, slash);
  std::string_view rest = text.substr(slash + 1);
  const auto behind = rest.find('/');
  if (behind != rest.npos) {
    constexpr std::string_view history = "/_history/";
    if (!rest.substr(behind).starts_with(history)) return std::nullopt;
    parts.version = rest.substr(behind + history.size());
    if (!is_id(parts.version)) return std::nullopt;
    rest = rest.substr(0, behind);
  }
  if (!is_id(rest)) return std::nullopt;
  parts.id = rest;
  return parts;
}

}  // namespace

ReferenceParts split_reference(std::string_view reference, std::span<const std::string> own_bases) {
  if (reference.empty() || reference[0] == '#') return {};
  if (auto parts = split_relative(reference)) return std::move(*parts);
  for (const std::string& base : own_bases) {
    if (base.empty() || !reference.starts_with(base) || reference.size() <= base.size() + 1 ||
        reference[base.size()] != '/')
      continue;
    if (auto parts = split_relative(reference.substr(base.size() + 1))) return std::move(*parts);
  }
  ReferenceParts parts;
  parts.url = reference;
  return parts;
}

std::vector<std::string> literal_references(json::Value resource, std::string_view type) {
  std::vector<std::string> out;
  auto visit = [&](LinkKind kind, json::Value value) {
    if (kind == LinkKind::reference) out.push_back(value.text());
  };
  walk_links(resource, r4::find_definition(type), visit);
  return out;
}

std::optional<TimeInterval> time_interval(std::string_view text) {
  const auto value = path::parse_temporal(text, path::Temporal::date_time);
  if (!value) return std::nullopt;
  return TimeInterval{path::first_ms(*value), path::end_ms(*value)};
}

}  // namespace ward::fhir
