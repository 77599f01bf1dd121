#include "clear_writer.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

constexpr std::size_t text_bytes_max = 512;          // of one clear text, before escaping
constexpr std::size_t detail_bytes_max = 16u << 10;  // of all details, escaped
constexpr std::size_t roles_max = 16, types_max = 64, role_bytes_max = 64, type_bytes_max = 32;

}  // namespace

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::success:
      return "success";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
    case Outcome::unknown:
      break;
  }
  return "unknown";
}

void ClearWriter::fields(const Record& record) {
  if (record.action != 0) text("action", {&record.action, 1});
  text("outcome", audit::name(record.outcome));
  text("method", record.method);
  text("route", record.route);
  if (record.status > 0) number("status", static_cast<std::uint64_t>(record.status));
  text("actor", record.actor);
  roles(record.roles);
  text("client", record.client);
  text("ip", record.ip);
  text("session", record.session);
  text("jti", record.jti);
  text("request", record.request_id);
  text("trace", record.traceparent);
  types(record.types);
  text("purpose", record.purpose);
  text("cause", record.cause);
  if (record.duration_us != 0) number("us", record.duration_us);
  if (record.bytes != 0) number("bytes", record.bytes);
  if (record.complete) flag("complete", *record.complete);
  detail(record.detail);
  if (cut_) flag("cut", true);
}

void ClearWriter::text(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  key(name);
  string(value, text_bytes_max);
}

void ClearWriter::number(std::string_view name, std::uint64_t value) {
  key(name);
  const fmt::format_int digits(value);
  out_.append(digits.data(), digits.size());
}

void ClearWriter::flag(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void ClearWriter::roles(const std::vector<std::string>& roles) {
  if (roles.empty()) return;
  key("roles");
  char before = '[';
  for (const auto& role : std::span(roles).first(kept(roles.size(), roles_max))) {
    out_ += std::exchange(before, ',');
    string(role, role_bytes_max);
  }
  out_ += ']';
}

void ClearWriter::types(const std::vector<std::pair<std::string, std::uint64_t>>& types) {
  if (types.empty()) return;
  key("types");
  char before = '[';  // pairs: a name twice would be no I-JSON object
  for (const auto& [type, count] : std::span(types).first(kept(types.size(), types_max))) {
    out_ += std::exchange(before, ',');
    out_ += '[';
    string(type, type_bytes_max);
    out_ += ',';
    const fmt::format_int digits(count);
    out_.append(digits.data(), digits.size());
    out_ += ']';
  }
  out_ += ']';
}

void ClearWriter::detail(const std::vector<std::pair<std::string, std::string>>& detail) {
  if (detail.empty()) return;
  key("detail");
  const std::size_t begin = out_.size();
  out_ += '[';
  for (const auto& [name, value] : detail) {
    const std::size_t before = out_.size();
    pair(name, value);
    if (out_.size() - begin < detail_bytes_max) continue;
    out_.resize(before);
    cut_ = true;
    break;
  }
  if (out_.back() == ',') out_.pop_back();
  out_ += ']';
}

void ClearWriter::pair(std::string_view name, std::string_view value) {
  out_ += '[';
  string(name, role_bytes_max);
  out_ += ',';
  string(value, detail_bytes_max / 8);
  out_ += "],";
}

void ClearWriter::key(std::string_view name) {
  out_ += ",\"";
  out_ += name;
  out_ += "\":";
}

void ClearWriter::string(std::string_view value, std::size_t bytes_max) {
  if (value.size() > bytes_max) {
    value = value.substr(0, bytes_max);
    cut_ = true;
  }
  const auto plain = [](char c) { return static_cast<signed char>(c) >= 0x20 && c != 0x7f && c != '"' && c != '\\'; };
  if (!std::all_of(value.begin(), value.end(), plain)) return escaped(value, bytes_max);
  out_ += '"';
  out_ += value;
  out_ += '"';
}

/// Escaping makes a byte at most six; what would more than double the bound is cut further.
void ClearWriter::escaped(std::string_view value, std::size_t bytes_max) {
  const std::size_t before = out_.size();
  append_json_string(out_, value);
  if (out_.size() - before <= 2 * bytes_max) return;
  out_.resize(before);
  append_json_string(out_, value.substr(0, bytes_max / 6));
  cut_ = true;
}

std::size_t ClearWriter::kept(std::size_t count, std::size_t most) {
  cut_ = cut_ || count > most;
  return std::min(count, most);
}

}  // namespace ward::audit
