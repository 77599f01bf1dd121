#include "upstream/resource.hpp"

#include "base/encoding.hpp"
#include "door/upstream.hpp"
#include "fhir/bundle.hpp"
#include "fhir/index.hpp"
#include "fhir/seal.hpp"
#include "services.hpp"
#include "shield/narrative.hpp"

#include <charconv>

namespace ward::door {
namespace {

constexpr std::string_view withheld =
    R"(<div xmlns="http://www.w3.org/1999/xhtml">The narrative was withheld: it is not well-formed XHTML.</div>)";

std::unexpected<Error> malformed(std::string what) { return fail("upstream_malformed", std::move(what)); }

/// Spans to be replaced, in the order of the document.
using Replacements = std::vector<std::pair<json::Value, std::string>>;

/// R4 has `div` in Narrative alone, wherever that stands: a resource, a contained one, a section of a Composition.
Result<void> clean(json::Value value, Replacements& out) {
  for (json::Value child = value.first(); child; child = child.next()) {
    if (value.is_object() && child.name() == "div") {
      if (!child.is_string()) return malformed("a narrative that is no text");
      const shield::Narrative judged = shield::check_narrative(child.text());
      if (const auto* cleaned = std::get_if<shield::NarrativeCleaned>(&judged)) out.emplace_back(child, cleaned->xhtml);
      if (std::holds_alternative<shield::NarrativeRefused>(judged)) out.emplace_back(child, std::string(withheld));
      continue;
    }
    if (child.is_object() || child.is_array())
      if (auto done = clean(child, out); !done) return done;
  }
  return {};
}

Buffer replaced(std::string_view source, const Replacements& replacements) {
  Buffer fresh;
  fresh.reserve(source.size());
  std::size_t from = 0;
  for (const auto& [value, text] : replacements) {
    fresh.append(source.substr(from, value.begin() - from));
    fresh.append(json_string(text));
    from = value.end();
  }
  fresh.append(source.substr(from));
  return fresh;
}

/// Absolute references to the upstream itself, or to our route in front of it, are local there.
std::vector<std::string> bases_of(const Exchange& x) {
  const UpstreamSettings& upstream = x.route->upstream->settings();
  std::vector<std::string> bases{x.route->base};
  for (const std::string& address : upstream.addresses) bases.push_back(address + upstream.path);
  return bases;
}

/// The upstream may name its own resources by its address. From here on they are local, whoever looks at the body.
Buffer with_local_references(const UpstreamSettings& upstream, Buffer body, std::string_view type) {
  const auto document = json::Document::parse(body.view());
  if (!document) return body;
  fhir::ReferenceMap local;
  for (const std::string& text : fhir::literal_references(document->root(), type))
    for (const std::string& address : upstream.addresses)
      if (const std::string base = address + upstream.path + "/"; text.starts_with(base))
        local.emplace(text, text.substr(base.size()));
  return local.empty() ? std::move(body) : fhir::rewrite_references(document->root(), type, local);
}

}  // namespace

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

std::optional<std::uint64_t> version_number(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Taken> take_resource(const Exchange& x, std::string_view type, std::string_view id, std::string_view resource) {
  Buffer body = with_local_references(x.route->upstream->settings(), Buffer(resource), type);
  auto document = json::Document::parse(body.view());
  if (document && put_labels(x, document->root(), body)) document = json::Document::parse(body.view());
  if (!document) return malformed("the resource is not JSON");
  const json::Value root = document->root();
  if (root.string("resourceType") != type) return malformed("the resource is of another type");
  const std::string own_id = root.string("id");
  if (!is_id(own_id) || (!id.empty() && own_id != id)) return malformed("the resource has another id");
  const std::vector<std::string> bases = bases_of(x);
  auto index = fhir::index(*document, type, own_id, {.own_bases = bases, .words = false});
  if (!index) return malformed("the resource cannot be indexed");
  Replacements replacements;
  if (auto cleaned = clean(root, replacements); !cleaned) return std::unexpected(cleaned.error());

  Taken taken;
  taken.version.type = type;
  taken.version.id = own_id;
  taken.version.version = version_number(root["meta"].string("versionId")).value_or(1);
  const auto updated = fhir::time_interval(root["meta"].string("lastUpdated"));
  taken.version.updated = updated ? WallTime(std::chrono::milliseconds(updated->low)) : x.services.clock.wall();
  access::add_marks(access::labels_in(root), index->patients);
  taken.version.patients = index->patients;
  taken.version.body = Phi<Buffer>(replacements.empty() ? body.clone() : replaced(body.view(), replacements));
  taken.index = std::move(*index);
  return taken;
}

}  // namespace ward::door
