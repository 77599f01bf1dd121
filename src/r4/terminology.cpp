#include "terminology_tables.hpp"

#include <algorithm>

namespace ward::r4 {
namespace {

std::string_view text(std::uint32_t offset) { return term_texts + offset; }

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

/// By url; what stands behind "|" must be the version. Some of HL7's own urls have a "|" in them.
template <typename T>
const T* find_by_url(std::span<const T> all, std::string_view url) {
  const auto exact = std::ranges::lower_bound(all, url, {}, &T::url);
  if (exact != all.end() && exact->url() == url) return &*exact;
  const auto bar = url.find('|');
  const std::string_view plain = url.substr(0, bar);
  const auto found = std::ranges::lower_bound(all, plain, {}, &T::url);
  if (found == all.end() || found->url() != plain) return nullptr;
  return bar == url.npos || found->version() == url.substr(bar + 1) ? &*found : nullptr;
}

}  // namespace

std::string_view CodeSystem::url() const { return text(url_at); }
std::string_view CodeSystem::version() const { return text(version_at); }
std::string_view CodeSystem::name() const { return text(name_at); }
std::string_view CodeSystem::title() const { return text(title_at); }

Concept CodeSystem::at(std::size_t index) const {
  const TermConcept& row = term_concepts[first + index];
  return {text(row.code), text(row.display), text(row.definition), row.parent};
}

std::optional<std::size_t> CodeSystem::find(std::string_view code) const {
  const std::span<const std::uint32_t> order(term_order + first, count);
  const auto code_of = [&](std::uint32_t index) { return text(term_concepts[first + index].code); };
  const auto found = std::ranges::lower_bound(order, code, {}, code_of);
  if (found != order.end() && code_of(*found) == code) return *found;
  if (case_sensitive) return std::nullopt;
  const auto alike =
      std::ranges::find_if(order, [&](std::uint32_t index) { return same_letters(code_of(index), code); });
  return alike == order.end() ? std::nullopt : std::optional<std::size_t>(*alike);
}

bool CodeSystem::is_below(std::size_t index, std::size_t ancestor) const {
  for (int at = static_cast<int>(index); at >= 0; at = term_concepts[first + static_cast<std::size_t>(at)].parent)
    if (static_cast<std::size_t>(at) == ancestor) return true;
  return false;
}

const CodeSystem* find_code_system(std::string_view url) { return find_by_url(code_systems(), url); }
std::span<const CodeSystem> code_systems() { return {term_systems, term_system_count}; }

std::string_view Expansion::url() const { return text(url_at); }
std::string_view Expansion::version() const { return text(version_at); }
std::string_view Expansion::name() const { return text(name_at); }
std::string_view Expansion::title() const { return text(title_at); }

Coding Expansion::at(std::size_t index) const {
  const TermEntry& row = term_entries[first + index];
  return {text(row.system), text(row.code), text(row.display)};
}

std::optional<Coding> Expansion::find(std::string_view system, std::string_view code) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Coding coding = at(i);
    if (coding.code == code && (system.empty() || coding.system == system)) return coding;
  }
  return std::nullopt;
}

const Expansion* find_expansion(std::string_view url) { return find_by_url(expansions(), url); }
std::span<const Expansion> expansions() { return {term_sets, term_set_count}; }

std::string_view ExtensionDefinition::url() const { return text(url_at); }
std::string_view ExtensionDefinition::context(std::size_t index) const {
  return text(term_names[contexts_first + index]);
}
std::string_view ExtensionDefinition::type(std::size_t index) const { return text(term_names[types_first + index]); }

const ExtensionDefinition* find_extension(std::string_view url) {
  const std::span<const ExtensionDefinition> all(term_extensions, term_extension_count);
  const auto found = std::ranges::lower_bound(all, url, {}, &ExtensionDefinition::url);
  return found == all.end() || found->url() != url ? nullptr : &*found;
}

}  // namespace ward::r4
