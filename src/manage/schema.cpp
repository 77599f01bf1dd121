#include "schema.hpp"

#include "json/json.hpp"

#include <algorithm>
#include <charconv>

namespace ward::manage {
namespace {

namespace strict = ward::json;
namespace json = boost::json;

constexpr strict::Limits limits{.depth_max = 16, .members_max = 4096};

/// RFC 6901 section 3 and 6.
std::string pointer_to(std::string_view name) {
  std::string pointer = "#/";
  for (const char c : name.substr(0, 64)) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += (c > 0x20 && c < 0x7f && c != '%' && c != '"' && c != '\\') ? c : '_';
  }
  return pointer;
}

std::string word_rule(const Field& field) {
  return "has 1 to " + std::to_string(field.length_max) + " of A-Z a-z 0-9 " + std::string(field.more);
}

/// What is wrong with one text; empty: nothing.
std::string text_problem(strict::Value value, const Field& field) {
  if (!value.is_string()) return "must be a text";
  std::string scratch;
  const std::string_view text = value.text(scratch);
  if (!field.choices.empty() && std::ranges::find(field.choices, text) == field.choices.end()) {
    std::string known = "must be one of";
    for (const std::string_view choice : field.choices) known += " " + std::string(choice);
    return known;
  }
  if (field.kind == Kind::word || field.kind == Kind::words)
    return is_word(text, field.more, field.length_max) ? "" : word_rule(field);
  if (text.size() > field.length_max) return "has at most " + std::to_string(field.length_max) + " bytes";
  if (text.size() < field.length_min) return "has at least " + std::to_string(field.length_min) + " characters";
  const bool control = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return control ? "has no control characters" : "";
}

void check_list(strict::Value value, const Field& field, std::vector<FieldProblem>& problems) {
  const std::string pointer = pointer_to(field.name);
  if (!value.is_array() || value.size() > field.items_max) {
    problems.push_back({pointer, "must be an array of at most " + std::to_string(field.items_max) + " texts"});
    return;
  }
  std::size_t at = 0;
  for (strict::Value one = value.first(); one; one = one.next(), ++at)
    if (std::string problem = text_problem(one, field); !problem.empty())
      problems.push_back({pointer + "/" + std::to_string(at), std::move(problem)});
}

std::string integer_problem(strict::Value value, const Field& field) {
  std::int64_t number = -1;
  if (value.type() == strict::Type::number) {
    const std::string_view raw = value.raw();
    const auto [end, failed] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    if (failed != std::errc() || end != raw.data() + raw.size()) number = -1;
  }
  if (number >= 0 && number <= field.integer_max) return "";
  return "must be a whole number from 0 to " + std::to_string(field.integer_max);
}

void check_field(strict::Value value, const Field& field, bool change, std::vector<FieldProblem>& problems) {
  if (value.type() == strict::Type::null && change && !field.required) return;
  std::string problem;
  switch (field.kind) {
    case Kind::texts:
    case Kind::words:
      check_list(value, field, problems);
      return;
    case Kind::boolean:
      if (value.type() != strict::Type::boolean) problem = "must be true or false";
      break;
    case Kind::integer:
      problem = integer_problem(value, field);
      break;
    case Kind::object:
      if (!value.is_object()) problem = "must be an object";
      break;
    default:
      problem = text_problem(value, field);
  }
  if (!problem.empty()) problems.push_back({pointer_to(field.name), std::move(problem)});
}

std::string pattern_of(const Field& field) {
  return "^[A-Za-z0-9" + std::string(field.more) + "]{1," + std::to_string(field.length_max) + "}$";
}

json::object text_schema(const Field& field) {
  json::object text{{"type", "string"}};
  if (field.kind == Kind::time) text["format"] = "date-time";
  if (field.kind == Kind::word || field.kind == Kind::words) text["pattern"] = pattern_of(field);
  if (field.kind == Kind::text || field.kind == Kind::texts) {
    text["maxLength"] = field.length_max;
    if (field.length_min > 0) text["minLength"] = field.length_min;
  }
  if (!field.choices.empty()) {
    json::array all;
    for (const std::string_view choice : field.choices) all.emplace_back(choice);
    text["enum"] = std::move(all);
  }
  return text;
}

json::object field_schema(const Field& field, bool nullable) {
  json::object one;
  switch (field.kind) {
    case Kind::texts:
    case Kind::words:
      one = {{"type", "array"}, {"maxItems", field.items_max}, {"items", text_schema(field)}};
      break;
    case Kind::boolean:
      one = {{"type", "boolean"}};
      break;
    case Kind::integer:
      one = {{"type", "integer"}, {"minimum", 0}, {"maximum", field.integer_max}};
      break;
    case Kind::object:
      one = {{"type", "object"}};
      break;
    default:
      one = text_schema(field);
  }
  if (nullable) one["type"] = json::array{one["type"], "null"};
  one["description"] = field.description;
  return one;
}

}  // namespace

bool is_word(std::string_view text, std::string_view more, std::size_t length_max) {
  return !text.empty() && text.size() <= length_max && std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

std::expected<json::object, std::vector<FieldProblem>> read_body(std::string_view text, const Schema& schema) {
  std::vector<FieldProblem> problems;
  const auto document = strict::Document::parse(text, limits);
  if (!document) return std::unexpected(std::vector<FieldProblem>{{"#", document.error().message()}});
  const strict::Value root = document->root();
  if (!root.is_object()) return std::unexpected(std::vector<FieldProblem>{{"#", "must be an object"}});
  for (strict::Value one = root.first(); one; one = one.next()) {
    const auto field = std::ranges::find(schema.fields, one.name(), &Field::name);
    if (field == schema.fields.end())
      problems.push_back({pointer_to(one.name()), "is not known here"});
    else
      check_field(one, *field, schema.change, problems);
    if (problems.size() >= list_max) break;
  }
  for (const Field& field : schema.fields)
    if (field.required && !schema.change && !root[field.name])
      problems.push_back({pointer_to(field.name), "is required"});
  if (schema.change && root.size() == 0) problems.push_back({"#", "says nothing to change"});
  if (!problems.empty()) return std::unexpected(std::move(problems));
  boost::system::error_code bad;
  json::value read = json::parse(text, bad);
  if (bad || !read.is_object()) return std::unexpected(std::vector<FieldProblem>{{"#", "cannot be read"}});
  return std::move(read.as_object());
}

json::object json_schema(const Schema& schema) {
  json::object properties;
  json::array required;
  for (const Field& field : schema.fields) {
    properties[field.name] = field_schema(field, schema.change && !field.required);
    if (field.required && !schema.change) required.emplace_back(field.name);
  }
  json::object all{{"type", "object"},
                   {"description", schema.description},
                   {"properties", std::move(properties)},
                   {"additionalProperties", false}};
  if (!required.empty()) all["required"] = std::move(required);
  if (schema.change) all["minProperties"] = 1;
  return all;
}

}  // namespace ward::manage
