// The types that have a rule of their own.
#include "walk.hpp"

#include "terminology.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <cstdlib>

namespace ward::deidentify {
namespace {

constexpr std::string_view observation_value = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
constexpr std::size_t unit_most = 24;

json::Value items(json::Value value) { return value.is_array() ? value.first() : json::Value(); }

/// The short name of a part of an extension: "ombCategory".
bool is_part_name(std::string_view url) {
  return !url.empty() && url.size() <= 32 &&
         std::ranges::all_of(url, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; });
}

}  // namespace

bool Walk::dropped_name(json::Value) {
  counts_.add(Identifier::name);
  return false;
}

bool Walk::dropped_contact(json::Value value) {
  counts_.add(class_of_contact(value));
  return false;
}

bool Walk::identifier(json::Value value) {
  counts_.add(class_of_identifier(value));
  const std::string number = value.string("value");
  if (!in_.settings.keep_identifiers || number.empty()) return false;
  begin('{');
  text("system", "urn:ward:pseudonym");
  text("value", in_.pseudonym("identifier", value.string("system"), number));
  end('}');
  return true;
}

bool Walk::address(json::Value value) {
  const bool limited = in_.settings.form == Form::limited;
  const std::string country = value.string("country"), state = value.string("state"), zip = value.string("postalCode");
  const bool american = is_united_states(country);
  const std::size_t before = mark();
  begin('{');
  bool any = false;
  const auto keep = [&](std::string_view part, std::string_view what) {
    if (what.empty()) return;
    text(part, what);
    any = true;
  };
  if (limited) keep("city", value.string("city"));
  keep("state", american && is_state(state) ? state : "");
  keep("postalCode", american ? (limited && !zip3_of(zip).empty() ? zip : zip3_of(zip)) : "");
  const bool is_country = american || (country.size() <= 30 && std::ranges::none_of(country, [](char c) {
                                         return (c >= '0' && c <= '9') || c == ',' || c == '@';
                                       }));
  keep("country", is_country && harmless(country) ? country : "");
  for (const std::string_view gone : {"line", "text", "city", "district", "postalCode"})
    if (value[gone] && !(limited && (gone == "city" || gone == "postalCode"))) counts_.add(Identifier::geography);
  if (!any) return back(before);
  end('}');
  return true;
}

bool Walk::reference(json::Value value) {
  const std::size_t before = mark();
  begin('{');
  bool any = false;
  if (const std::string given = value.string("reference"); !given.empty()) {
    counts_.add(given.find("://") != std::string::npos ? Identifier::url : Identifier::other);
    if (const std::string written = reference_text(given); !written.empty()) {
      text("reference", written);
      any = true;
    }
  }
  if (const std::string type = value.string("type"); r4::is_resource_type(type)) {
    text("type", type);
    any = true;
  }
  if (value["identifier"].is_object()) {
    const std::size_t there = mark();
    name("identifier");
    if (identifier(value["identifier"]))
      any = true;
    else
      back(there);
  }
  if (value["display"]) counts_.add(Identifier::name);  // goes, scanned or not: it is somebody's name
  if (!any) return back(before);
  end('}');
  return true;
}

/// A code means nothing without its system; one of a system that is not public may mean anybody.
bool Walk::coding(json::Value value) {
  const std::string system = value.string("system"), code_text = value.string("code");
  const bool known =
      is_terminology(system) || std::ranges::find(in_.settings.code_systems, system) != in_.settings.code_systems.end();
  if (!known || code_text.empty() || code_text.size() > 64 || !harmless(code_text) || !harmless(system)) {
    counts_.add(Identifier::other);
    if (value["display"]) ++counts_.free_text;
    return false;
  }
  begin('{');
  text("system", system);
  text("code", code_text);
  if (const json::Value display = value["display"]; display.is_string()) {
    if (in_.settings.text == FreeText::scan)
      text("display", scanned(display.text()));
    else
      ++counts_.free_text;
  }
  if (const json::Value selected = value["userSelected"]; selected && selected.type() == json::Type::boolean) {
    name("userSelected");
    raw(selected.raw());
  }
  end('}');
  return true;
}

/// Ages of 90 and more become 90, and more.
bool Walk::quantity(json::Value value) {
  const bool in_range = around_ == "Range";
  const std::string unit = value.string("unit"), system = value.string("system"), code_text = value.string("code");
  const json::Value amount = value["value"];
  const double per_unit = years_per_unit(code_text.empty() ? unit : code_text);
  if (in_.settings.form == Form::safe_harbor && amount && amount.type() == json::Type::number &&
      std::strtod(std::string(amount.raw()).c_str(), nullptr) * per_unit >= 90) {
    counts_.add(Identifier::date);
    raw(in_range ? R"({"value":90,"system":"http://unitsofmeasure.org","code":"a"})"
                 : R"({"value":90,"comparator":">=","system":"http://unitsofmeasure.org","code":"a"})");
    return true;
  }
  const std::size_t before = mark();
  begin('{');
  bool any = false;
  if (amount) {
    name("value");
    any = number(amount) || back(mark() - std::string_view("\"value\":").size());
  }
  if (const std::string comparator = value.string("comparator");
      comparator == "<" || comparator == "<=" || comparator == ">" || comparator == ">=")
    text("comparator", comparator);
  if (!unit.empty() && unit.size() <= unit_most && harmless(unit)) {
    text("unit", unit);
    any = true;
  }
  if (is_terminology(system) && !code_text.empty() && code_text.size() <= 64 && harmless(code_text)) {
    text("system", system);
    text("code", code_text);
    any = true;
  }
  if (!any) return back(before);
  end('}');
  return true;
}

bool Walk::narrative(json::Value value) {
  if (in_.settings.text == FreeText::drop) {
    ++counts_.free_text;
    return false;
  }
  const std::string status = value.string("status");
  const std::string div = narrative_of(scanned(narrative_text(value.string("div"))));
  const bool known = status == "generated" || status == "extensions" || status == "additional" || status == "empty";
  if (div.empty() || !known) return false;
  begin('{');
  text("status", status);
  text("div", div);
  end('}');
  return true;
}

bool Walk::attachment(json::Value value) {
  const std::string type = value.string("contentType"), data = value.string("data");
  const Identifier what =
      type.starts_with("image/") || type.starts_with("video/") ? Identifier::photo : Identifier::other;
  std::string kept;
  if (in_.settings.text == FreeText::scan && type.starts_with("text/plain"))
    if (const auto decoded = base64_decode(data); decoded && is_utf8(*decoded)) kept = base64_encode(scanned(*decoded));
  for (const std::string_view gone : {"data", "title", "hash"})
    if (value[gone] && !(gone == "data" && !kept.empty())) counts_.add(gone == "data" ? what : Identifier::other);
  if (value["url"]) counts_.add(Identifier::url);
  const r4::Definition* const definition = r4::find_definition("Attachment");
  const std::size_t before = mark();
  begin('{');
  bool any = false;
  for (const std::string_view part : {"contentType", "language", "creation"}) {
    const json::Value member_value = value[part];
    const auto found = definition->find(part);
    if (member_value && found) any |= member(member_value, {definition, found->element}, *found->type);
  }
  if (!kept.empty()) text("data", kept);
  if (!any && kept.empty()) return back(before);
  end('}');
  return true;
}

bool Walk::extension(json::Value value) { return extension_of(value, false); }

void Walk::count_extension(json::Value value) {
  static constexpr std::pair<std::string_view, Identifier> classes[] = {{"valueHumanName", Identifier::name},
                                                                        {"valueAddress", Identifier::geography},
                                                                        {"valueAttachment", Identifier::photo},
                                                                        {"valueDate", Identifier::date},
                                                                        {"valueDateTime", Identifier::date},
                                                                        {"valueInstant", Identifier::date},
                                                                        {"valueUrl", Identifier::url},
                                                                        {"valueUri", Identifier::url},
                                                                        {"valueSignature", Identifier::biometric}};
  if (value["valueContactPoint"]) return counts_.add(class_of_contact(value["valueContactPoint"]));
  if (value["valueIdentifier"]) return counts_.add(class_of_identifier(value["valueIdentifier"]));
  for (const auto& [member_name, what] : classes)
    if (value[member_name]) return counts_.add(what);
  const bool is_name = value.string("url").find("Name") != std::string::npos;
  counts_.add(is_name ? Identifier::name : Identifier::other);
}

bool Walk::extension_of(json::Value value, bool nested) {
  const std::string url = value.string("url");
  if (nested ? !is_part_name(url) || !harmless(url) : !is_kept_extension(url)) {
    count_extension(value);
    for (json::Value part = items(value["extension"]); part; part = part.next()) count_extension(part);
    return false;
  }
  const r4::Definition* const definition = r4::find_definition("Extension");
  const std::size_t before = mark();
  begin('{');
  bool any = false;
  for (json::Value child = value.first(); child; child = child.next()) {
    if (child.name() == "extension" && child.is_array()) {
      const std::size_t there = mark();
      name("extension");
      begin('[');
      bool parts = false;
      for (json::Value part = child.first(); part; part = part.next())
        parts |= part.is_object() && extension_of(part, true);
      if (parts) end(']');
      any |= parts || back(there);
    } else if (child.name().starts_with("value")) {
      const auto found = definition->find(child.name());
      any |= found && member(child, {definition, found->element}, *found->type);
    }
  }
  if (!any) return back(before);
  text("url", url);
  end('}');
  return true;
}

/// "extension": what stays of a list of them. False, and nothing written, if none does.
bool Walk::extensions(json::Value value) {
  const std::size_t before = mark();
  name("extension");
  begin('[');
  bool any = false;
  for (json::Value one = items(value); one; one = one.next()) any |= one.is_object() && extension(one);
  if (!any) return back(before);
  end(']');
  return true;
}

void Walk::codings(std::string_view list, json::Value value, std::string_view tail) {
  const std::size_t before = mark();
  name(list);
  begin('[');
  bool any = !tail.empty();
  for (json::Value one = items(value); one; one = one.next()) {
    const std::string code_text = one.string("code");
    const bool ours = one.string("system") == observation_value && tail.find('"' + code_text + '"') != tail.npos;
    any |= one.is_object() && !ours && coding(one);
  }
  if (!any) return void(back(before));
  if (!tail.empty()) raw(tail);
  end(']');
}

void Walk::meta(json::Value value) {
  static constexpr std::string_view safe_harbor =
      R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"ANONYED"},)"
      R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"})";
  static constexpr std::string_view limited =
      R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"PSEUDED"},)"
      R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"})";
  begin('{');
  const std::size_t before = mark();
  bool any = false;
  name("profile");
  begin('[');
  for (json::Value one = items(value["profile"]); one; one = one.next())
    if (const std::string url = one.text(); is_terminology(url) && harmless(url)) {
      raw(json_string(url));
      any = true;
    }
  if (any)
    end(']');
  else
    back(before);
  if (value["lastUpdated"]) counts_.add(Identifier::date);
  if (value["source"]) counts_.add(Identifier::url);
  codings("security", value["security"], in_.settings.form == Form::limited ? limited : safe_harbor);
  codings("tag", value["tag"], {});
  end('}');
}

}  // namespace ward::deidentify
