#include "index/rows.hpp"

#include "path/types.hpp"

#include <charconv>
#include <limits>

namespace ward::fhir::index_plan {
namespace {

constexpr std::size_t string_bytes_max = 1024;  // of an indexed string; a search value is shorter than that

template <class Each>
void for_each(json::Value value, Each each) {
  if (value.is_array()) {
    for (json::Value element = value.first(); element; element = element.next()) each(element);
  } else if (value) {
    each(value);
  }
}

std::optional<double> to_double(json::Value value) {
  if (!value || value.type() != json::Type::number) return std::nullopt;
  const auto raw = value.raw();
  double result = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), result);
  return error == std::errc() ? std::optional(result) : std::nullopt;
}

std::string cut(std::string text) {
  if (text.size() <= string_bytes_max) return text;
  std::size_t size = string_bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text;
}

/// value[x] of an Extension.
std::pair<std::string_view, json::Value> extension_value(json::Value extension) {
  static const r4::Definition* definition = r4::find_definition("Extension");
  for (json::Value member = extension.first(); member; member = member.next()) {
    if (!member.name().starts_with("value")) continue;
    if (const auto found = definition->find(member.name()); found && found->type) return {found->type->code, member};
  }
  return {};
}

}  // namespace

void Rows::add(const Param& param, std::string_view type, json::Value value) {
  if (!value || value.type() == json::Type::null || too_many()) return;
  if (type == "Extension") {
    const auto [inner_type, inner] = extension_value(value);
    if (inner && inner_type != "Extension") add(param, inner_type, inner);
    return;
  }
  const std::string_view code = param.param->code;
  group_ = groups_.of(value);
  switch (param.param->type) {
    case r4::ParamType::token:
      return token(code, type, value);
    case r4::ParamType::string:
      return string(code, type, value);
    case r4::ParamType::date:
      return date(code, type, value);
    case r4::ParamType::number:
      return number(code, value);
    case r4::ParamType::quantity:
      return quantity(code, type, value);
    case r4::ParamType::reference:
      return reference(param, type, value);
    case r4::ParamType::uri:
      return uri(code, value);
    case r4::ParamType::special:
      return position(code, value);
    default:
      return;
  }
}

void Rows::add_computed(const Param& param, const PathItem& item) {
  if (param.param->type != r4::ParamType::token) return;
  group_ = 0;
  if (auto text = path_text(item)) add_token(param.param->code, {}, std::move(*text));
}

void Rows::add_patient(std::string_view id) {
  if (!id.empty()) entries_.patients.emplace_back(id);
}

void Rows::token(std::string_view code, std::string_view type, json::Value value) {
  if (type == "CodeableConcept") {
    for_each(value["coding"], [&](json::Value coding) { token(code, "Coding", coding); });
    add_text(code, value["text"]);
  } else if (type == "Coding") {
    add_token(code, value.string("system"), value.string("code"));
    add_text(code, value["display"]);
  } else if (type == "Identifier") {
    const json::Value kind = value["type"];
    add_token(code, value.string("system"), value.string("value"));
    add_text(code, kind["text"]);
    for_each(kind["coding"], [&](json::Value coding) {
      add_token(std::string(code) + ":of-type", coding.string("system"),
                coding.string("code") + "|" + value.string("value"));
    });
  } else if (type == "ContactPoint") {
    add_token(code, {}, value.string("value"));
  } else if (value.is_string()) {
    add_token(code, {}, value.text());
  } else if (value.type() == json::Type::boolean || value.type() == json::Type::number) {
    add_token(code, {}, std::string(value.raw()));
  }
}

void Rows::add_token(std::string_view code, std::string system, std::string text) {
  if (system.empty() && text.empty()) return;
  ++rows_;
  entries_.tokens.push_back({std::string(code), std::move(system), std::move(text), group_});
}

/// What stands beside a code for people, for `:text`.
void Rows::add_text(std::string_view code, json::Value text) {
  if (!text || !text.is_string()) return;
  std::string folded = fold(cut(text.text()));
  if (folded.empty()) return;
  ++rows_;
  entries_.strings.push_back({std::string(code) + ":text", std::move(folded), {}, group_});
}

void Rows::string(std::string_view code, std::string_view type, json::Value value) {
  static constexpr std::string_view name_parts[] = {"text", "family", "given", "prefix", "suffix"};
  static constexpr std::string_view address_parts[] = {"text",  "line",       "city",   "district",
                                                       "state", "postalCode", "country"};
  const auto parts = [&](std::span<const std::string_view> names) {
    for (const auto name : names) for_each(value[name], [&](json::Value part) { add_string(code, part); });
  };
  if (type == "HumanName") return parts(name_parts);
  if (type == "Address") return parts(address_parts);
  if (type == "ContactPoint") return add_string(code, value["value"]);
  if (type == "Annotation" || type == "CodeableConcept") return add_string(code, value["text"]);
  add_string(code, value);
}

void Rows::add_string(std::string_view code, json::Value value) {
  if (!value.is_string()) return;
  std::string text = cut(value.text());
  if (text.empty()) return;
  ++rows_;
  std::string folded = fold(text);
  entries_.strings.push_back({std::string(code), std::move(folded), std::move(text), group_});
}

void Rows::date(std::string_view code, std::string_view type, json::Value value) {
  if (type == "Period") {
    const std::string start = value.string("start"), end = value.string("end");
    if (!start.empty() || !end.empty()) add_interval(code, start, end);
  } else if (type == "Timing") {
    for_each(value["event"], [&](json::Value event) { date(code, "dateTime", event); });
    date(code, "Period", value["repeat"]["boundsPeriod"]);
  } else if (value.is_string()) {
    const std::string text = value.text();
    add_interval(code, text, text);
  }
}

void Rows::add_interval(std::string_view code, std::string_view low, std::string_view high) {
  store::DateEntry entry{std::string(code), INT64_MIN, INT64_MAX, group_};
  if (!low.empty()) {
    const auto interval = time_interval(low);
    if (!interval) return;
    entry.low = interval->low;
  }
  if (!high.empty()) {
    const auto interval = time_interval(high);
    if (!interval) return;
    entry.high = interval->high;
  }
  ++rows_;
  entries_.dates.push_back(std::move(entry));
}

void Rows::number(std::string_view code, json::Value value) {
  const auto number = to_double(value);
  if (!number) return;
  ++rows_;
  entries_.numbers.push_back({std::string(code), *number, *number, group_});
}

void Rows::quantity(std::string_view code, std::string_view type, json::Value value) {
  store::QuantityEntry entry;
  entry.param = code;
  entry.group = group_;
  if (type == "Range") {
    const json::Value low = value["low"], high = value["high"];
    const auto from = to_double(low["value"]), to = to_double(high["value"]);
    if (!from && !to) return;
    // A number is searched by the middle of its interval, so an open end stands where the known one does.
    entry.low = from ? *from : *to;
    entry.high = to ? *to : *from;
    const json::Value side = from ? low : high;
    entry.system = side.string("system"), entry.code = side.string("code"), entry.unit = side.string("unit");
  } else if (type == "Money" || path::is_quantity(type)) {
    const auto number = to_double(value["value"]);
    if (!number) return;
    entry.low = entry.high = *number;
    entry.system = value.string("system"), entry.code = value.string("code"), entry.unit = value.string("unit");
    if (type == "Money") entry.system = "urn:iso:std:iso:4217", entry.code = value.string("currency");
  } else {
    return;
  }
  ++rows_;
  entries_.quantities.push_back(std::move(entry));
}

void Rows::reference(const Param& param, std::string_view type, json::Value value) {
  const std::string_view code = param.param->code;
  std::string text;
  if (type == "Reference") {
    text = value.string("reference");
    if (const json::Value identifier = value["identifier"]; identifier.is_object()) {
      const std::string name = std::string(code) + ":identifier";
      add_token(name, identifier.string("system"), identifier.string("value"));
    }
  } else if (value.is_string()) {
    text = value.text();
  }
  if (text.empty()) return;
  ReferenceParts parts = split_reference(text, options_.own_bases);
  if (!parts.local() && parts.url.empty()) return;
  if (param.compartment && parts.type == "Patient") add_patient(parts.id);
  ++rows_;
  const auto bar = parts.url.rfind('|');
  if (bar != std::string::npos && bar > 0) {
    ++rows_;
    entries_.references.push_back({std::string(code), {}, {}, parts.url.substr(0, bar), group_});
  }
  entries_.references.push_back(
      {std::string(code), std::move(parts.type), std::move(parts.id), std::move(parts.url), group_});
}

void Rows::uri(std::string_view code, json::Value value) {
  if (!value.is_string()) return;
  ++rows_;
  entries_.uris.push_back({std::string(code), value.text(), group_});
}

/// Location.position, for `near`.
void Rows::position(std::string_view code, json::Value value) {
  const auto latitude = to_double(value["latitude"]), longitude = to_double(value["longitude"]);
  if (!latitude || !longitude) return;
  rows_ += 2;
  entries_.numbers.push_back({std::string(code), *latitude, *latitude, group_});
  entries_.numbers.push_back({std::string(code) + ":longitude", *longitude, *longitude, group_});
}

store::IndexEntries Rows::finish() && {
  const auto unique = [](auto& rows, auto key) {
    std::ranges::sort(rows, {}, key);
    const auto rest = std::ranges::unique(rows, {}, key);
    rows.erase(rest.begin(), rest.end());
  };
  unique(entries_.tokens, [](const store::TokenEntry& e) { return std::tie(e.param, e.system, e.code, e.group); });
  unique(entries_.strings, [](const store::StringEntry& e) { return std::tie(e.param, e.folded, e.exact, e.group); });
  unique(entries_.dates, [](const store::DateEntry& e) { return std::tie(e.param, e.low, e.high, e.group); });
  unique(entries_.numbers, [](const store::NumberEntry& e) { return std::tie(e.param, e.low, e.high, e.group); });
  unique(entries_.quantities, [](const store::QuantityEntry& e) {
    return std::tie(e.param, e.system, e.code, e.unit, e.low, e.high, e.group);
  });
  unique(entries_.references,
         [](const store::ReferenceEntry& e) { return std::tie(e.param, e.type, e.id, e.url, e.group); });
  unique(entries_.uris, [](const store::UriEntry& e) { return std::tie(e.param, e.value, e.group); });
  unique(entries_.patients, [](const std::string& id) -> const std::string& { return id; });
  return std::move(entries_);
}

}  // namespace ward::fhir::index_plan
