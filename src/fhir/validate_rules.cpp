// What FHIR's tables do not say: extensions, references, bindings, contained resources, the narrative's root element.
#include "path/types.hpp"
#include "validate_walk.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::fhir {

void Walk::rules(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container) {
  const std::string_view type = found.type->definition->name;
  if (type == "Extension") {
    extension(value, place);
    return extension_definition(value, place);
  }
  if (type == "Coding") coding(value, place);
  if (type == "Period") period(value, place);
  if (options_.warnings && path::is_quantity(type)) quantity(value, place);
  if (options_.warnings) weak_binding(value, type, *found.element, place);
  if (type == "Reference") return reference(value, *found.type, place, container);
  if (type == "Bundle.entry") return bundle_entry(value, place);
  if (found.element->value_set != nullptr) binding(value, type, *found.element, place);
}

/// ext-1: a value or extensions, never both.
void Walk::extension(json::Value value, const Place& place) {
  bool has_value = false;
  bool has_extensions = false;
  for (json::Value member = value.first(); member; member = member.next()) {
    const std::string_view name = member.name();
    has_extensions = has_extensions || name == "extension";
    has_value = has_value || name.starts_with("value") || name.starts_with("_value");
  }
  if (has_value == has_extensions) {
    issue(value, "invariant", place, "an extension must have either a value or extensions, and not both (ext-1)");
  }
}

// ---- References

namespace {

/// The resource type that a path segment names, as the constant of the tables; "" if none.
std::string_view known_type(std::string_view text) {
  const auto types = r4::resource_types();
  const auto found = std::ranges::lower_bound(types, text);
  return found != types.end() && *found == text ? *found : std::string_view();
}

/// Takes the last segment of a path, and the slash before it.
std::string_view take_last(std::string_view& path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  return last;
}

bool has_scheme(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon < text.find_first_of("/?#");
}

struct Literal {
  ReferenceKind kind = ReferenceKind::other;
  std::string_view type;
  std::string_view id;
  bool sound = true;  // false: a relative reference that names no resource
};

/// "Type/id", with "/_history/version" behind and perhaps a base before.
Literal read_type_and_id(std::string_view text, ReferenceKind kind) {
  std::string_view rest = text;
  std::string_view id = take_last(rest);
  std::string_view type = take_last(rest);
  if (type == "_history") {
    if (!is_id(id)) return {kind, {}, {}, false};
    id = take_last(rest);
    type = take_last(rest);
  }
  const std::string_view known = known_type(type);
  if (known.empty() || !is_id(id)) return {ReferenceKind::other, {}, {}, kind != ReferenceKind::relative};
  if (kind == ReferenceKind::relative && !rest.empty()) return {ReferenceKind::other, {}, {}, false};
  return {kind, known, id, true};
}

Literal read_literal(std::string_view text) {
  if (text.starts_with('#')) return {ReferenceKind::contained, {}, text.substr(1), true};
  if (text.starts_with("urn:")) return {ReferenceKind::urn, {}, {}, true};
  if (has_scheme(text)) {
    const bool http = text.starts_with("http://") || text.starts_with("https://");
    return http ? read_type_and_id(text.substr(0, text.find_first_of("#?|")), ReferenceKind::absolute) : Literal{};
  }
  if (const std::size_t query = text.find('?'); query != std::string_view::npos) {
    const std::string_view type = known_type(text.substr(0, query));
    return {ReferenceKind::conditional, type, {}, !type.empty() && query + 1 < text.size()};
  }
  return read_type_and_id(text.substr(0, text.find_first_of("#|")), ReferenceKind::relative);
}

}  // namespace

json::Value Container::contained(std::string_view id) {
  if (!is_listed_) {
    for (json::Value item = resource_["contained"].first(); item; item = item.next()) {
      contained_.emplace_back(item.string("id"), item);
    }
    std::ranges::sort(contained_, {}, &std::pair<std::string, json::Value>::first);
    is_listed_ = true;
  }
  const auto found = std::ranges::lower_bound(contained_, id, {}, &std::pair<std::string, json::Value>::first);
  return found == contained_.end() || found->first != id ? json::Value() : found->second;
}

void Walk::reference(json::Value value, const r4::ElementType& type, const Place& place, Container& container) {
  const json::Value given = value["type"];
  const std::string given_type = given.text();
  if (!known_type(given_type).empty()) target(given_type, given, type, place);
  const json::Value literal = value["reference"];
  if (!literal.is_string()) return;
  const std::string_view text = literal.text(scratch_);
  if (text.empty()) return;
  Literal read = read_literal(text);
  const Place inner{&place, "reference"};
  if (options_.warnings && read.kind == ReferenceKind::contained) container.use(read.id);
  if (!read.sound) {
    return issue(literal, "value", inner, "is neither Type/id of a FHIR R4 resource, nor an absolute URI, nor #id");
  }
  if (read.kind == ReferenceKind::contained) {
    const json::Value resource = read.id.empty() ? container.resource() : container.contained(read.id);
    if (!resource) return issue(literal, "invariant", inner, "names no contained resource (ref-1)");
    read.type = known_type(resource.string("resourceType"));
  }
  const bool is_typed = read.kind == ReferenceKind::relative || read.kind == ReferenceKind::contained ||
                        (read.kind == ReferenceKind::urn && !is_free(Primitive::uri, text));
  if (!is_typed) reading_.free_values.push_back({literal, "Reference.reference", false});
  reading_.references.push_back({read.kind, read.type, std::string(read.id), literal, place.expression()});
  if (read.type.empty()) return;
  target(read.type, literal, type, inner);
  if (!given_type.empty() && !known_type(given_type).empty() && given_type != read.type) {
    issue(given, "value", place, "type and reference name different resource types");
  }
}

void Walk::target(std::string_view type, json::Value at, const r4::ElementType& allowed, const Place& place) {
  if (allowed.targets.empty()) return;
  if (std::ranges::find(allowed.targets, type) != allowed.targets.end() || is_full()) return;
  issue(at, "value", place, fmt::format("must not refer to {}; allowed: {}", type, fmt::join(allowed.targets, ", ")));
}

/// R4 2.36.4: a fullUrl is absolute, and never a version of a resource.
void Walk::bundle_entry(json::Value value, const Place& place) {
  const json::Value full_url = value["fullUrl"];
  if (!full_url.is_string()) return;
  const std::string_view text = full_url.text(scratch_);
  const Place inner{&place, "fullUrl"};
  if (!has_scheme(text)) issue(full_url, "value", inner, "must be an absolute URI");
  if (text.contains("/_history/")) issue(full_url, "value", inner, "must not name a version (bdl-8)");
}

// ---- Bindings

void Walk::code_binding(json::Value value, std::string_view code, const r4::Element& element, const Place& place) {
  if (r4::contains(*element.value_set, {}, code) || is_full()) return;
  issue(value, "code-invalid", place,
        fmt::format("the code is not in the required value set {}", r4::url(*element.value_set)));
}

namespace {

bool coding_in(const r4::ValueSet& set, json::Value coding) {
  const std::string system = coding.string("system");
  return !system.empty() && r4::contains(set, system, coding.string("code"));
}

}  // namespace

void Walk::binding(json::Value value, std::string_view type, const r4::Element& element, const Place& place) {
  const r4::ValueSet& set = *element.value_set;
  const auto refuse = [&](json::Value at) {
    issue(at, "code-invalid", place, fmt::format("needs a coding from the required value set {}", r4::url(set)));
  };
  if (type == "Coding" && !coding_in(set, value) && !value["extension"]) return refuse(value);
  if (type != "CodeableConcept" || value["extension"]) return;
  for (json::Value coding = value["coding"].first(); coding; coding = coding.next()) {
    if (coding_in(set, coding)) return;
  }
  refuse(value);
}

// ---- Contained resources

void Walk::contained_resource(json::Value value, const Place& place, Container& container) {
  if (!value.is_object()) return issue(value, "structure", place, "a contained resource must be an object");
  if (const json::Value inner = value["contained"]) {
    issue(inner.name_begin(), "invariant", place, "a contained resource must not contain others (dom-2)");
  }
  for (const char* const name : {"versionId", "lastUpdated", "security"}) {
    if (const json::Value member = value["meta"][name]) {
      issue(member.name_begin(), "invariant", place,
            fmt::format("a contained resource must not have meta.{} (dom-4, dom-5)", name));
    }
  }
  resource(value, place, &container);
}

// ---- Narrative

namespace {

constexpr std::string_view space = " \t\r\n";

/// Without the white space at its beginning.
std::string_view without_space(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(space), text.size()));
}

std::string_view trimmed(std::string_view text) {
  text = without_space(text);
  return text.substr(0, text.find_last_not_of(space) + 1);
}

/// Where the tag that begins at `at` ends: behind its ">", quotes respected; npos if it does not.
std::size_t tag_end(std::string_view text, std::size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '>')
      return at + 1;
  }
  return std::string_view::npos;
}

/// xmlns = "http://www.w3.org/1999/xhtml" among the attributes of a tag, with white space as XML allows it.
bool has_xhtml_namespace(std::string_view tag) {
  for (std::size_t at = tag.find("xmlns"); at != std::string_view::npos; at = tag.find("xmlns", at + 5)) {
    std::string_view rest = without_space(tag.substr(at + 5));
    if (!rest.starts_with('=')) continue;
    rest = without_space(rest.substr(1));
    if (rest.empty()) return false;
    if (rest.substr(1).starts_with("http://www.w3.org/1999/xhtml") && rest.size() > 29 && rest[29] == rest[0])
      return true;
  }
  return false;
}

/// txt-2: some text that is not white space, or an image.
bool has_content(std::string_view inside) {
  std::size_t at = 0;
  while (at < inside.size()) {
    if (inside[at] == '<') {
      if (inside.substr(at).starts_with("<img")) return true;
      if (inside.substr(at).starts_with("<!--")) at = std::min(inside.find("-->", at), inside.size());
      at = tag_end(inside, at);
      if (at == std::string_view::npos) return false;
      continue;
    }
    if (!space.contains(inside[at])) return true;
    ++at;
  }
  return false;
}

const char* narrative_problem(std::string_view text) {
  text = trimmed(text);
  const std::size_t open_end = text.starts_with("<div") ? tag_end(text, 0) : std::string_view::npos;
  const bool is_div = open_end != std::string_view::npos && std::string_view(" \t\r\n/>").contains(text[4]);
  if (!is_div) return "must be one XHTML div element";
  if (!has_xhtml_namespace(text.substr(4, open_end - 4))) return "the div needs xmlns=\"http://www.w3.org/1999/xhtml\"";
  if (text[open_end - 2] == '/') return "must not be empty (txt-2)";
  if (!text.ends_with('>')) return "must be one XHTML div element";
  const std::size_t close = text.rfind("</div");
  if (close == std::string_view::npos || close < open_end || !trimmed(text.substr(close + 5)).starts_with('>')) {
    return "must be one XHTML div element";
  }
  return has_content(text.substr(open_end, close - open_end)) ? nullptr : "must not be empty (txt-2)";
}

}  // namespace

void Walk::narrative(json::Value div, const Place& place) {
  if (const char* const problem = narrative_problem(div.text(scratch_))) return issue(div, "invalid", place, problem);
  reading_.narratives.push_back({div.begin(), div.end() - div.begin(), div, place.expression()});
}

}  // namespace ward::fhir
