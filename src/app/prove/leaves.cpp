#include "prove/leaves.hpp"

#include <algorithm>
#include <string_view>

namespace ward::prove {
namespace {

namespace json = boost::json;
using Ask = std::function<Leaf(const std::string& place)>;

bool never_asked(std::string_view name) { return name == "resourceType" || name == "id" || name == "reference"; }

bool is_date(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
         std::ranges::all_of(text.substr(0, 4), [](char c) { return c >= '0' && c <= '9'; });
}

/// Another text of the same length and kind.
std::string changed_text(std::string text) {
  if (is_date(text)) {
    const int day = (text[8] - '0') * 10 + (text[9] - '0');
    const int other = day % 28 + 1;
    text[8] = static_cast<char>('0' + other / 10);
    text[9] = static_cast<char>('0' + other % 10);
    return text;
  }
  for (char& c : text) {
    if (c >= '0' && c <= '9') c = static_cast<char>('0' + (c - '0' + 1) % 10);
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 1) % 26);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 1) % 26);
  }
  return text;
}

void change(json::value& leaf) {
  if (leaf.is_bool())
    leaf = !leaf.as_bool();
  else if (leaf.is_int64())
    leaf = leaf.as_int64() + 1;
  else if (leaf.is_double())
    leaf = leaf.as_double() * 1.5;
  else if (leaf.is_string())
    leaf = changed_text(std::string(leaf.as_string()));
}

std::string mark_of(const json::value& item) {
  if (!item.is_object()) return "[]";
  std::string mark;
  for (const std::string_view name : {"system", "url", "use"})
    if (const json::value* value = item.as_object().if_contains(name); value != nullptr && value->is_string())
      mark += (mark.empty() ? "" : ",") + std::string(value->as_string());
  return "[" + mark + "]";
}

/// False: the value is to go.
bool edit(json::value& value, const std::string& place, const Ask& ask);

bool edit_object(json::object& object, const std::string& place, const Ask& ask) {
  std::vector<std::string> gone;
  for (auto& member : object) {
    const std::string_view name = member.key();
    if (never_asked(name)) continue;
    if (!edit(member.value(), place + "." + std::string(name), ask)) gone.emplace_back(name);
  }
  for (const std::string& name : gone) object.erase(name);
  return !object.empty();
}

bool edit_array(json::array& array, const std::string& place, const Ask& ask) {
  // The marks of all items before any of them changes.
  std::vector<std::string> marks;
  for (const json::value& item : array) marks.push_back(mark_of(item));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!edit(array[i], place + marks[i], ask)) continue;
    if (kept != i) array[kept] = std::move(array[i]);
    ++kept;
  }
  array.resize(kept);
  return kept > 0;
}

bool edit(json::value& value, const std::string& place, const Ask& ask) {
  if (value.is_object()) return edit_object(value.as_object(), place, ask);
  if (value.is_array()) return edit_array(value.as_array(), place, ask);
  const Leaf what = ask(place);
  if (what == Leaf::change) change(value);
  return what != Leaf::remove;
}

}  // namespace

void edit_leaves(json::value& resource, const Ask& ask) {
  if (!resource.is_object()) return;
  const json::value* type = resource.as_object().if_contains("resourceType");
  edit_object(resource.as_object(), type != nullptr ? std::string(type->as_string()) : "", ask);
}

}  // namespace ward::prove
