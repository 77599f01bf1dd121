#include "access/labels.hpp"

#include "base/encoding.hpp"
#include "label_files.hpp"
#include "rules.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::access {
namespace {

constexpr std::string_view act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
constexpr std::string_view confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
// The names of the same systems in older exports.
constexpr std::string_view act_codes[] = {act_code, "http://hl7.org/fhir/v3/ActCode", "urn:oid:2.16.840.1.113883.5.4"};
constexpr std::string_view confidentialities[] = {confidentiality, "http://hl7.org/fhir/v3/Confidentiality",
                                                  "urn:oid:2.16.840.1.113883.5.25"};

/// Marks are kept on disk by these names, so a name never changes its meaning.
struct Class {
  std::string_view name;
  std::vector<std::string_view> codes;  // v3 ActCode, sensitivity
};
const std::vector<Class>& classes() {
  static const std::vector<Class> all = {
      {"ETH", {"ETH", "SUD", "ETHUD", "OPIOIDUD"}},
      {"HIV", {"HIV"}},
      {"PSY", {"PSY", "MH", "BH", "EMOTDIS", "COGN"}},
      {"PSYTHPN", {"PSYTHPN"}},
      {"SEX", {"SEX", "PREGNANT", "SXH"}},
      {"STD", {"STD"}},
      {"GDIS", {"GDIS", "SCA"}},
      {"SDV", {"SDV", "DV", "DVD", "VIO", "MST"}},
      {"TBOO", {"TBOO"}},
      {"R", {}},  // v3 Confidentiality
      {"V", {}},
  };
  return all;
}

bool any_of(std::span<const std::string_view> systems, const std::string& system) {
  const std::string_view bare = std::string_view(system).substr(0, system.find('|'));
  return std::ranges::find(systems, bare) != systems.end();
}

Labels label_of(json::Value coding) {
  const std::string system = coding.string("system"), code = coding.string("code");
  if (any_of(confidentialities, system)) return code == "R" || code == "V" ? label_named(code) : 0;
  return any_of(act_codes, system) && code != "R" && code != "V" ? label_named(code) : 0;
}

bool has(json::Value security, std::string_view system, std::string_view code) {
  for (json::Value coding = security.first(); coding; coding = coding.next())
    if (coding.string("code") == code && coding.string("system") == system) return true;
  return false;
}

/// What `security` lacks, as JSON with commas between.
std::string missing_codings(json::Value security, Labels labels) {
  std::string out;
  const auto add = [&](std::string_view system, std::string_view code) {
    if (has(security, system, code)) return;
    out += fmt::format(R"({}{{"system":"{}","code":"{}"}})", out.empty() ? "" : ",", system, code);
  };
  for (std::size_t i = 0; i < classes().size(); ++i)
    if ((labels >> i & 1) != 0) add(act_code, classes()[i].name);
  if ((labels & label_named("ETH")) != 0) add(act_code, "NORDSCLCD");
  if (!has(security, confidentiality, "V")) add(confidentiality, "R");
  return out;
}

Buffer inserted(std::string_view source, std::size_t at, std::string_view text) {
  Buffer out;
  out.reserve(source.size() + text.size());
  out.append(source.substr(0, at));
  out.append(text);
  out.append(source.substr(at));
  return out;
}

}  // namespace

Labels label_named(std::string_view code) {
  for (std::size_t i = 0; i < classes().size(); ++i) {
    const Class& one = classes()[i];
    if (one.name == code || std::ranges::find(one.codes, code) != one.codes.end()) return Labels{1} << i;
  }
  return 0;
}

std::string_view name(Labels one) {
  for (std::size_t i = 0; i < classes().size(); ++i)
    if ((one >> i & 1) != 0) return classes()[i].name;
  return "";
}

std::vector<std::string> label_names() {
  std::vector<std::string> names;
  for (const Class& one : classes()) names.emplace_back(one.name);
  return names;
}

Labels all_labels() { return (Labels{1} << classes().size()) - 1; }
Labels sealed_by_law() { return label_named("ETH") | label_named("PSYTHPN"); }

std::span<const std::string> without_marks(std::span<const std::string> patients) {
  std::size_t ids = patients.size();
  while (ids > 0 && is_mark(patients[ids - 1])) --ids;
  return patients.first(ids);
}

void add_marks(Labels labels, std::vector<std::string>& patients) {
  for (std::string& mark : marks(labels)) patients.push_back(std::move(mark));
}

Labels labels_of(std::span<const std::string> patients) {
  Labels labels = 0;
  for (std::size_t i = patients.size(); i > 0 && is_mark(patients[i - 1]); --i)
    labels |= label_named(std::string_view(patients[i - 1]).substr(1));
  return labels;
}

std::vector<std::string> marks(Labels labels) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < classes().size(); ++i)
    if ((labels >> i & 1) != 0) out.push_back("#" + std::string(classes()[i].name));
  return out;
}

Labels labels_in(json::Value resource) {
  Labels labels = 0;
  for (json::Value coding = resource["meta"]["security"].first(); coding; coding = coding.next())
    labels |= label_of(coding);
  for (json::Value one = resource["contained"].first(); one; one = one.next()) labels |= labels_in(one);
  return labels;
}

Labels Labeller::Codes::find(std::string_view code) const {
  Labels labels = 0;
  if (const auto found = exact.find(code); found != exact.end()) labels |= found->second;
  for (const auto& [beginning, label] : beginnings)
    if (code.starts_with(beginning)) labels |= label;
  return labels;
}

Result<Labeller> Labeller::make(const std::vector<std::string>& wanted) {
  Labeller labeller;
  for (const std::string& one : wanted)
    if (label_named(one) == 0) return fail("label_unknown", fmt::format("\"{}\" is not a label", one));
  for (const std::string_view text : detail::label_files()) {
    const auto document = json::Document::parse(text);
    if (!document) return std::unexpected(document.error());
    const std::string label = document->root().string("label");
    if (std::ranges::find(wanted, label) == wanted.end()) continue;
    for (json::Value codes = document->root()["codes"].first(); codes; codes = codes.next()) {
      Codes& list = labeller.lists_[std::string(codes.name())];
      for (json::Value code = codes.first(); code; code = code.next()) {
        std::string value = code.text();
        if (value.ends_with('*'))
          list.beginnings.emplace_back(value.substr(0, value.size() - 1), label_named(label));
        else
          list.exact[value] |= label_named(label);
      }
    }
  }
  return labeller;
}

void Labeller::visit(json::Value value, Labels& found) const {
  if (value.is_object()) {
    const json::Value system = value["system"];
    if (system.is_string() && value["code"].is_string()) {
      std::string scratch;
      std::string_view url = system.text(scratch);
      url = url.substr(0, url.find('|'));
      if (const auto list = lists_.find(url); list != lists_.end()) found |= list->second.find(value.string("code"));
    }
  }
  for (json::Value child = value.first(); child; child = child.next())
    if (child.is_object() || child.is_array()) visit(child, found);
}

Labels Labeller::by_codes(json::Value resource) const {
  Labels found = 0;
  if (!active() || detail::about_nobody(resource.string("resourceType"))) return found;
  for (json::Value child = resource.first(); child; child = child.next())
    if ((child.is_object() || child.is_array()) && child.name() != "meta") visit(child, found);
  return found;
}

std::optional<Buffer> Labeller::label(json::Value resource) const {
  const Labels labels = by_codes(resource);
  if (labels == 0) return std::nullopt;
  const std::string_view source = resource.raw();
  const json::Value meta = resource["meta"], security = meta["security"];
  const std::string codings = missing_codings(security, labels);
  if (codings.empty()) return std::nullopt;
  const auto at = [&](json::Value value) { return value.begin() - resource.begin() + 1; };
  if (security.is_array()) return inserted(source, at(security), codings + (security.size() > 0 ? "," : ""));
  const std::string member = fmt::format(R"("security":[{}])", codings);
  if (meta.is_object()) return inserted(source, at(meta), member + (meta.size() > 0 ? "," : ""));
  if (meta) return std::nullopt;  // malformed: validation says so
  const std::size_t end = resource.end() - resource.begin() - 1;
  return inserted(source, end, fmt::format(R"(,"meta":{{{}}})", member));
}

}  // namespace ward::access
