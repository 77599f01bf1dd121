#include "form.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  auto decoded = percent_decode(text, true);
  if (!decoded || !is_utf8(*decoded) || decoded->find('\0') != decoded->npos) return std::nullopt;
  return decoded;
}

}  // namespace

Result<Form> Form::parse(std::string_view body) {
  if (body.size() > bytes_max) return fail("form", "the form is larger than 32 KiB");
  Form form;
  while (!body.empty()) {
    const auto end = body.find('&');
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(end == body.npos ? body.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode(pair.substr(0, equals));
    auto value = decode(equals == pair.npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value) return fail("form", "a parameter is not percent-encoded UTF-8");
    const bool twice = std::ranges::any_of(form.parameters_, [&](const auto& other) { return other.first == *name; });
    if (twice) return fail("form", "a parameter is there twice");
    if (form.parameters_.size() == parameters_max) return fail("form", "more than 64 parameters");
    form.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

Result<Form> Form::parse_json(std::string_view body) {
  if (body.size() > 3 * bytes_max) return fail("form", "the body is too large");
  const auto document = json::Document::parse(body, {.depth_max = 16, .members_max = 1024});
  if (!document || !document->root().is_object()) return fail("form", "the body is not a JSON object");
  Form form;
  for (json::Value one = document->root().first(); one; one = one.next()) {
    if (form.parameters_.size() == parameters_max) return fail("form", "more than 64 members");
    if (one.type() == json::Type::null) continue;
    form.parameters_.emplace_back(one.name(), one.is_string() ? one.text() : std::string(one.raw()));
  }
  return form;
}

std::optional<std::string> Form::get(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters_, name, [](const auto& pair) -> std::string_view { return pair.first; });
  if (found == parameters_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

bool is_form_type(std::string_view content_type) {
  const auto semicolon = content_type.find(';');
  if (!equal_ignoring_case(trim(content_type.substr(0, semicolon)), "application/x-www-form-urlencoded")) return false;
  if (semicolon == content_type.npos) return true;
  const std::string_view parameter = trim(content_type.substr(semicolon + 1));
  return equal_ignoring_case(parameter, "charset=utf-8") || equal_ignoring_case(parameter, "charset=\"utf-8\"");
}

}  // namespace ward::identity
