#include "model.hpp"

#include "address.hpp"
#include "base/encoding.hpp"
#include "base/error.hpp"

namespace ward::pages {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Marks that turn or hide the direction of text: U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069, U+061C.
bool turns_direction(std::string_view sequence) {
  if (sequence == "\xD8\x9C") return true;
  if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(sequence[1]), third = static_cast<unsigned char>(sequence[2]);
  if (second == 0x80) return third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

std::size_t sequence_length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::string_view sequence = text.substr(at, sequence_length(lead));
    const bool control = (lead < 0x20 && lead != '\n' && lead != '\r' && lead != '\t') || lead == 0x7F;
    if (control || !is_utf8(sequence)) {
      out += replacement;
      ++at;
      continue;
    }
    if (!turns_direction(sequence)) out += sequence;
    at += sequence.size();
  }
  return out;
}

bool allowed(std::string_view name, std::string_view value) {
  if (name.ends_with("logo_url")) return is_path(value) || value.starts_with("data:image/");
  if (name.ends_with("_url") || name == "action") return is_path(value) || has_allowed_scheme(value);
  return true;
}

void check_name(std::string_view name) {
  WARD_ASSERT(!name.empty() && name.find_first_of(".@{} ") == std::string_view::npos);
}

}  // namespace

Model& Model::set(std::string_view name, std::string_view text) {
  check_name(name);
  std::string cleaned = clean(text);
  if (cleaned.empty() || !allowed(name, cleaned)) return set_bool(name, false);
  values_.insert_or_assign(std::string(name), std::move(cleaned));
  return *this;
}

Model& Model::set_bool(std::string_view name, bool value) {
  check_name(name);
  values_.insert_or_assign(std::string(name), value);
  return *this;
}

Model& Model::set_safe(std::string_view name, Html html) {
  check_name(name);
  values_.insert_or_assign(std::string(name), std::move(html));
  return *this;
}

Model& Model::add(std::string_view name) {
  check_name(name);
  auto& value = values_.try_emplace(std::string(name), List()).first->second;
  WARD_ASSERT(std::holds_alternative<List>(value));
  auto& list = std::get<List>(value);
  WARD_ASSERT(list.size() < items_max);
  return *list.emplace_back(std::make_unique<Model>());
}

mustache::data ModelReader::data_of(const Model& model) {
  mustache::data result;
  for (const auto& [name, value] : model.values_) {
    if (const auto* text = std::get_if<std::string>(&value)) result.set(name, *text);
    if (const auto* flag = std::get_if<bool>(&value)) result.set(name, *flag);
    if (const auto* html = std::get_if<Html>(&value)) result.set("safe." + name, html->text);
    if (const auto* list = std::get_if<Model::List>(&value)) {
      mustache::data items(mustache::data::type::list);
      for (const auto& item : *list) items.push_back(data_of(*item));
      result.set(name, items);
      result.set("has_" + name, !list->empty());
    }
  }
  return result;
}

}  // namespace ward::pages
