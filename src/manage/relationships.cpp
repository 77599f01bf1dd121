#include "relationships.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "json/json.hpp"

#include <fmt/format.h>
#include <charconv>

namespace ward::manage {
namespace {

constexpr const char* space = "access.relationship";
constexpr std::size_t page_size = 500;
constexpr std::size_t id_bytes = 18;  // of a SHA-256

std::string encode(const PushedRelationship& one) {
  return fmt::format(R"({{"person":{},"patient":{},"kind":{},"source":{},"from":"{}","until":"{}"}})",
                     json_string(one.person), json_string(one.patient), json_string(one.kind), json_string(one.source),
                     one.from_ms, one.until_ms);
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<PushedRelationship> decode(const std::string& id, std::string_view text) {
  const auto document = ward::json::Document::parse(text);
  if (!document) return std::nullopt;
  const ward::json::Value root = document->root();
  return PushedRelationship{id,
                            root.string("person"),
                            root.string("patient"),
                            root.string("kind"),
                            root.string("source"),
                            number(root.string("from")),
                            number(root.string("until"))};
}

}  // namespace

std::string Relationships::key_of(std::string_view person, std::string_view kind) {
  return fmt::format("{}|{}", person, kind);
}

std::string Relationships::id_of(std::string_view person, std::string_view patient, std::string_view kind) {
  const auto hash = crypto::sha256({person, "|", patient, "|", kind});
  return base64url_encode(std::string_view(reinterpret_cast<const char*>(hash.data()), id_bytes));
}

Result<std::unique_ptr<Relationships>> Relationships::open(store::Store& store) {
  auto all = std::make_unique<Relationships>(store);
  if (auto loaded = all->load(); !loaded) return std::unexpected(loaded.error());
  return all;
}

Result<void> Relationships::load() {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [id, value] : *page)
      if (auto one = decode(id, value)) {
        by_person_[key_of(one->person, one->kind)].insert(id);
        all_.emplace(id, std::move(*one));
      }
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

Result<void> Relationships::put(PushedRelationship one) {
  {
    const std::lock_guard lock(mutex_);
    if (all_.size() >= all_max && !all_.contains(one.id))
      return fail("directory_full", "there are too many relationships; end some that are over");
  }
  if (auto kept = store_.put({{space, one.id, encode(one)}}); !kept) return kept;
  const std::lock_guard lock(mutex_);
  by_person_[key_of(one.person, one.kind)].insert(one.id);
  const std::string id = one.id;
  all_.insert_or_assign(id, std::move(one));
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> Relationships::remove(const std::string& id) {
  if (auto kept = store_.put({{space, id, std::nullopt}}); !kept) return kept;
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(id);
  if (found == all_.end()) return {};
  const auto listed = by_person_.find(key_of(found->second.person, found->second.kind));
  if (listed != by_person_.end() && listed->second.erase(id) > 0 && listed->second.empty()) by_person_.erase(listed);
  all_.erase(found);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

std::optional<PushedRelationship> Relationships::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(id);
  return found == all_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<PushedRelationship> Relationships::after(std::string_view id, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<PushedRelationship> page;
  for (auto one = all_.upper_bound(id); one != all_.end() && page.size() < limit; ++one) page.push_back(one->second);
  return page;
}

std::vector<std::string> Relationships::related(std::string_view person, std::string_view kind, WallTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  if (all_.empty()) return found;
  const auto listed = by_person_.find(key_of(person, kind));
  if (listed == by_person_.end()) return found;
  const std::int64_t now_ms = now.time_since_epoch().count();
  for (const std::string& id : listed->second) {
    const PushedRelationship& one = all_.find(id)->second;
    if (one.from_ms <= now_ms && now_ms < one.until_ms) found.push_back(one.patient);
  }
  return found;
}

}  // namespace ward::manage
