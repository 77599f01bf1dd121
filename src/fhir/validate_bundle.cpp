// What a whole resource must keep to beyond its elements: Bundles (bdl-1 to bdl-12), contained resources (dom-3), the
// resources that define things.
#include "validate_walk.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

namespace ward::fhir {
namespace {

bool is_absolute(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  return colon != std::string_view::npos && colon > 0 && colon < uri.find_first_of("/?#");
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> these) {
  return std::ranges::find(these, text) != these.end();
}

/// "http://x/fhir/Patient/1" of a Patient with id 1; what does not look like that is not judged.
bool names_another(std::string_view url, json::Value resource) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return false;
  const std::size_t slash = url.rfind('/');
  const std::string_view before = url.substr(0, slash);
  const std::string_view type = before.substr(before.rfind('/') + 1);
  const std::string id = resource.string("id");
  if (!r4::is_resource_type(type) || id.empty()) return false;
  return type != resource.string("resourceType") || url.substr(slash + 1) != id;
}

}  // namespace

void Walk::whole(json::Value value, const r4::Definition& definition, const Place& place) {
  if (definition.name == "Bundle") bundle(value, place);
  if (definition.name == "CodeSystem") code_system(value, place);
  if (definition.name == "ValueSet") value_set(value, place);
  if (definition.name == "CapabilityStatement") capabilities(value, place);
  // R4 canonical resources: their own url is a name for the whole world.
  const json::Value url = value["url"];
  if (!url.is_string() || !definition.find("status")) return;
  const auto found = definition.find("url");
  if (found && found->type->code == "uri" && !is_absolute(url.text(scratch_)))
    issue(url, "invalid", {&place, "url"}, "must be an absolute URI");
}

void Walk::bundle(json::Value value, const Place& place) {
  const std::string type = value.string("type");
  if (value["total"] && !is_one_of(type, {"searchset", "history"}))
    issue(value["total"], "invariant", {&place, "total"}, "belongs to searchset and history (bdl-1)");
  std::set<std::string> relations;
  int index = 0;
  for (json::Value link = value["link"].first(); link; link = link.next(), ++index) {
    const std::string relation = link.string("relation");
    if (is_one_of(relation, {"self", "first", "previous", "prev", "next", "last"}) &&
        !relations.insert(relation).second)
      issue(link, "invalid", {&place, "link", index}, "this relation was given already");
  }
  if (type == "document") {
    if (!value["identifier"]["system"] || !value["identifier"]["value"])
      issue(value, "invariant", place, "a document needs an identifier with system and value (bdl-9)");
    if (!value["timestamp"]) issue(value, "invariant", place, "a document needs a timestamp (bdl-10)");
  }
  const std::string first = value["entry"].first()["resource"].string("resourceType");
  if (type == "document" && first != "Composition")
    issue(value, "invariant", place, "a document begins with a Composition (bdl-11)");
  if (type == "message" && first != "MessageHeader")
    issue(value, "invariant", place, "a message begins with a MessageHeader (bdl-12)");
  bundle_entries(value, type, place);
  if (type == "document") whole_in_itself(value, {"subject", "author", "encounter", "custodian"}, place);
  if (type == "message") whole_in_itself(value, {"focus"}, place);
}

/// R4 3.3.1: what the first resource of a document or message refers to by these is in the bundle.
void Walk::whole_in_itself(json::Value value, std::initializer_list<std::string_view> members, const Place& place) {
  std::set<std::string> urls;
  for (json::Value entry = value["entry"].first(); entry; entry = entry.next()) urls.insert(entry.string("fullUrl"));
  const json::Value first = value["entry"].first();
  const json::Value resource = first["resource"];
  const std::string own = first.string("fullUrl");
  // ".../Composition/1" gives the base of relative references.
  const std::string tail = "/" + resource.string("resourceType") + "/";
  const std::size_t at = own.rfind(tail);
  const std::string base = at == own.npos || !own.starts_with("http") ? std::string() : own.substr(0, at + 1);
  const Place list{&place, "entry", 0};
  const Place here{&list, "resource"};
  for (const std::string_view name : members) {
    const json::Value member = resource[name];
    for (json::Value one = member.is_array() ? member.first() : member; one;
         one = member.is_array() ? one.next() : json::Value()) {
      const std::string text = one.string("reference");
      if (text.empty() || text.starts_with('#') || urls.contains(text)) continue;
      const bool may_be_elsewhere = text.starts_with("http");
      if (may_be_elsewhere || (!is_absolute(text) && urls.contains(base + text))) continue;
      issue(one, "invalid", {&here, name}, "is not in the bundle");
    }
  }
}

void Walk::bundle_entries(json::Value value, std::string_view type, const Place& place) {
  std::set<std::string> known;
  int index = 0;
  for (json::Value entry = value["entry"].first(); entry; entry = entry.next(), ++index) {
    if (!entry.is_object() || is_full()) continue;
    const Place list{&place, "entry", index};
    if (entry["search"] && type != "searchset")
      issue(entry["search"], "invariant", {&list, "search"}, "belongs to a searchset (bdl-2)");
    const json::Value resource = entry["resource"];
    if (!resource && !entry["request"] && !entry["response"])
      issue(entry, "invariant", list, "needs a resource, a request or a response (bdl-5)");
    if (type == "searchset" && entry["search"].string("mode") == "outcome" && resource &&
        resource.string("resourceType") != "OperationOutcome")
      issue(resource, "invalid", {&list, "resource"}, "an entry of mode outcome holds an OperationOutcome");
    const std::string url = entry.string("fullUrl");
    if (url.empty()) continue;
    // Versions of one resource may stand side by side in a history.
    const std::string key = url + " " + resource["meta"].string("versionId");
    if (type != "history" && !known.insert(key).second)
      issue(entry["fullUrl"], "invariant", {&list, "fullUrl"}, "was given already (bdl-7)");
    if (names_another(url, resource))
      warn(entry["fullUrl"], "invalid", {&list, "fullUrl"}, "names another resource than the entry holds");
  }
}

/// dom-3: what is contained is referred to, or refers to what contains it. Only where problems are looked for: who
/// writes through a view may not see the element that refers.
void Walk::unused_contained(json::Value value, const Container& container, const Place& place) {
  int index = 0;
  for (json::Value one = value["contained"].first(); one; one = one.next(), ++index) {
    const std::string id = one.string("id");
    if (id.empty() || container.is_used(id) || one.raw().contains("\"#\"")) continue;
    issue(one, "invariant", {&place, "contained", index}, "nothing in the resource refers to it (dom-3)");
  }
}

void Walk::code_system(json::Value value, const Place& place) {
  std::set<std::string> codes;
  int index = 0;
  for (json::Value property = value["property"].first(); property; property = property.next(), ++index) {
    const std::string code = property.string("code");
    if (!code.empty() && !codes.insert(code).second)
      issue(property, "business-rule", {&place, "property", index}, "a property of this code was defined already");
  }
}

void Walk::value_set(json::Value value, const Place& place) {
  const Place compose{&place, "compose"};
  for (const std::string_view part : {"include", "exclude"}) {
    int index = 0;
    for (json::Value one = value["compose"][part].first(); one; one = one.next(), ++index) {
      const json::Value system = one["system"];
      const Place inner{&compose, part, index};
      if (system.is_string() && !is_absolute(system.text(scratch_)))
        issue(system, "invalid", {&inner, "system"}, "must be an absolute URI");
    }
  }
}

/// A search parameter of R4 keeps its type.
void Walk::capabilities(json::Value value, const Place& place) {
  static constexpr std::string_view types[] = {"number",    "date",     "string", "token",  "reference",
                                               "composite", "quantity", "uri",    "special"};
  int rest_index = 0;
  for (json::Value rest = value["rest"].first(); rest; rest = rest.next(), ++rest_index) {
    const Place at{&place, "rest", rest_index};
    int index = 0;
    for (json::Value resource = rest["resource"].first(); resource; resource = resource.next(), ++index) {
      const Place inner{&at, "resource", index};
      int number = 0;
      for (json::Value param = resource["searchParam"].first(); param; param = param.next(), ++number) {
        const auto* known = r4::find_param(resource.string("type"), param.string("name"));
        std::string definition = param.string("definition");
        definition.resize(std::min(definition.find('|'), definition.size()));
        if (known == nullptr || definition != known->url) continue;
        const std::string_view right = types[static_cast<std::size_t>(known->type)];
        if (param.string("type") != right)
          issue(param, "invalid", {&inner, "searchParam", number},
                fmt::format("R4 defines it with the type {}", right));
      }
    }
  }
}

}  // namespace ward::fhir
