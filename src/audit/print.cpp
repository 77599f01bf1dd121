#include "audit/reader.hpp"
#include "base/encoding.hpp"
#include "clear_writer.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

void open_json(std::string& out, const Entry& entry) {
  out = fmt::format(R"({{"index":{},"time":"{}")", entry.index, rfc3339(entry.time));
  ClearWriter writer(out);
  writer.text("node", entry.node);
  writer.text("event", entry.record.event);
  if (entry.record.intent) writer.number("intent", *entry.record.intent);
  writer.fields(entry.record);
  if (entry.cut && !writer.cut()) writer.flag("cut", true);
  if (entry.parts > 1) out += fmt::format(",\"part\":[{},{}]", entry.part, entry.parts);
  if (entry.sealed) writer.flag("sealed", !entry.opened);
}

/// A value for a terminal: quoted where it holds more than plain letters.
std::string shown(std::string_view value) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return std::all_of(value.begin(), value.end(), plain) ? std::string(value) : json_string(value);
}

void field(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out += fmt::format(" {}={}", name, shown(value));
}

}  // namespace

std::string clear_json(const Entry& entry) {
  std::string out;
  open_json(out, entry);
  return out + "}";
}

Phi<std::string> full_json(const Entry& entry) {
  std::string out;
  open_json(out, entry);
  const Subjects& subjects = entry.record.subjects.inside();
  if (!subjects.of.empty()) {
    out += ",\"subjects\":";
    char before = '[';
    for (const auto& subject : subjects.of) {
      out += std::exchange(before, ',');
      out += "{\"patient\":" + json_string(subject.patient) + ",\"resources\":[";
      std::string_view comma;
      for (const auto& resource : subject.resources) {
        out += std::exchange(comma, ",");
        append_json_string(out, resource);
      }
      out += "]}";
    }
    out += ']';
  }
  if (!subjects.query.empty()) out += ",\"query\":" + json_string(subjects.query);
  if (!subjects.text.empty()) out += ",\"text\":" + json_string(subjects.text);
  return Phi<std::string>(out + "}");
}

std::string text_line(const Entry& entry) {
  const Record& record = entry.record;
  std::string out =
      fmt::format("{} {} {} {}", entry.index, rfc3339(entry.time), shown(record.event), name(record.outcome));
  if (!record.method.empty()) out += fmt::format(" {} {}", shown(record.method), shown(record.route));
  if (record.status != 0) out += fmt::format(" {}", record.status);
  field(out, "actor", record.actor);
  for (const auto& role : record.roles) field(out, "role", role);
  field(out, "client", record.client);
  field(out, "ip", record.ip);
  for (const auto& [type, count] : record.types) out += fmt::format(" {}:{}", shown(type), count);
  field(out, "purpose", record.purpose);
  field(out, "cause", record.cause);
  field(out, "request", record.request_id);
  if (record.intent) out += fmt::format(" intent={}", *record.intent);
  if (record.complete) out += fmt::format(" complete={}", *record.complete);
  if (record.duration_us != 0) out += fmt::format(" us={}", record.duration_us);
  if (record.bytes != 0) out += fmt::format(" bytes={}", record.bytes);
  for (const auto& [key, value] : record.detail) field(out, shown(key), value);
  if (entry.cut) out += " cut=true";
  if (entry.parts > 1) out += fmt::format(" part={}/{}", entry.part, entry.parts);
  return out;
}

}  // namespace ward::audit
