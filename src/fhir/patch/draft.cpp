#include "patch/draft.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace ward::fhir::patch {
namespace {

/// Where a child begins in its container: at the quote of its name, if it has one.
std::size_t begin_of(json::Value container, json::Value child) {
  return container.is_object() ? child.name_begin() : child.begin();
}

}  // namespace

Draft::Draft(std::string_view target, const PatchLimits& limits) : limits_(limits) { splice(0, 0, {target}); }

bool Draft::spend(std::size_t bytes) {
  use_.work += bytes;
  return use_.work <= limits_.work_max;
}

bool Draft::splice(std::size_t begin, std::size_t end, std::initializer_list<std::string_view> pieces) {
  const std::string_view old = text_.view();
  std::size_t size = old.size() - (end - begin);
  for (const std::string_view piece : pieces) size += piece.size();
  if (size > limits_.bytes_max || !spend(size)) return false;
  Buffer fresh;
  fresh.reserve(size);
  fresh.append(old.substr(0, begin));
  for (const std::string_view piece : pieces) fresh.append(piece);
  fresh.append(old.substr(end));
  document_.reset();
  text_ = std::move(fresh);  // a piece may have been of the old text: not before here
  auto document = json::Document::parse(text_.view(), limits_.json);
  if (!document) return false;
  document_ = std::move(*document);
  return true;
}

bool Draft::replace(json::Value old, std::string_view raw) { return splice(old.begin(), old.end(), {raw}); }

bool Draft::add_member(json::Value object, std::string_view name, std::string_view raw) {
  const std::string quoted = json_string(name);
  const std::size_t at = object.end() - 1;
  return splice(at, at, {object.size() == 0 ? "" : ",", quoted, ":", raw});
}

bool Draft::insert(json::Value array, std::size_t index, std::string_view raw) {
  use_.moved_items = true;
  std::size_t at = array.end() - 1;
  if (index == array.size()) return splice(at, at, {index == 0 ? "" : ",", raw});
  json::Value next = array.first();
  while (index-- > 0) next = next.next();
  at = next.begin();
  return splice(at, at, {raw, ","});
}

bool Draft::remove(json::Value container, json::Value child) {
  use_.moved_items = use_.moved_items || container.is_array();
  const std::size_t begin = begin_of(container, child);
  if (const json::Value next = child.next()) return splice(begin, begin_of(container, next), {});
  json::Value before;
  for (json::Value one = container.first(); one.begin() != child.begin(); one = one.next()) before = one;
  return splice(before ? before.end() : begin, child.end(), {});
}

Refusal failed_operation(std::size_t index, std::string_view code, std::string_view said) {
  return {.status = 422,
          .code = std::string(code),
          .kind = CauseKind::validation,
          .cause = fmt::format("operation {}", index),
          .issues = {{.code = code == "patch_limit" ? "too-costly" : "processing",
                      .diagnostics = fmt::format("operation {}: {}", index, said)}}};
}

}  // namespace ward::fhir::patch
