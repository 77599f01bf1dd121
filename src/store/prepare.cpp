#include "apply.hpp"

#include <cmath>

namespace ward::store {
namespace {

constexpr std::size_t changes_max = 10'000;   // per set
constexpr std::size_t entries_max = 100'000;  // per resource
constexpr std::size_t value_bytes_max = 1 << 20;
constexpr std::size_t name_bytes_max = 512;

bool is_type(std::string_view type) {
  return !type.empty() && type.size() <= 64 &&
         std::ranges::all_of(type, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }) &&
         type != url_type;
}

/// R4 datatypes, id: [A-Za-z0-9\-\.]{1,64}
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool is_id_or_mark(std::string_view text) { return is_id(text.starts_with('#') ? text.substr(1) : text); }

/// Open sides are infinite; NaN compares to nothing.
bool is_interval(double low, double high) { return low <= high; }

constexpr std::size_t words_bytes_max = 1 << 20;  // of one resource

/// Empty if good; else what is wrong. Never a value: it would be PHI.
std::string_view wrong_in(const IndexEntries& index) {
  const std::size_t count = index.tokens.size() + index.strings.size() + index.dates.size() + index.numbers.size() +
                            index.quantities.size() + index.references.size() + index.uris.size() +
                            index.patients.size();
  if (count > entries_max) return "it has too many index entries";
  const auto nameless = [](const auto& list) {
    return std::ranges::any_of(list, [](const auto& e) { return e.param.empty() || e.param.size() > name_bytes_max; });
  };
  if (nameless(index.tokens) || nameless(index.strings) || nameless(index.dates) || nameless(index.numbers) ||
      nameless(index.quantities) || nameless(index.references) || nameless(index.uris))
    return "an index entry has no proper parameter name";
  if (std::ranges::any_of(index.dates, [](const auto& e) { return e.low > e.high; }))
    return "a date's interval is reversed";
  if (std::ranges::any_of(index.numbers, [](const auto& e) { return !is_interval(e.low, e.high); }) ||
      std::ranges::any_of(index.quantities, [](const auto& e) { return !is_interval(e.low, e.high); }))
    return "a number's interval is reversed";
  if (!std::ranges::all_of(index.references, [](const auto& e) {
        return e.type.empty() ? !e.url.empty() && e.id.empty() : is_type(e.type) && is_id(e.id);
      }))
    return "a reference entry is neither local nor a URL";
  if (index.narrative.size() + index.content.size() > words_bytes_max) return "it has too many words to index";
  if (!std::ranges::all_of(index.patients, is_id_or_mark)) return "a patient's id is malformed";
  return {};
}

/// An id, or for memberships the group itself: "Organization/2".
bool is_patient_or_group(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash == std::string_view::npos ? is_id(text)
                                         : is_type(text.substr(0, slash)) && is_id(text.substr(slash + 1));
}

std::string_view wrong_in(const Change& change) {
  if (!is_type(change.type)) return "its type is malformed";
  if (!is_id(change.id)) return "its id is malformed";
  for (const Relationship& r : change.relationships)
    if (r.person.empty() || r.kind.empty() || !is_patient_or_group(r.patient)) return "a relationship is malformed";
  return wrong_in(change.index);
}

std::size_t bytes_of(const Change& change) {
  const auto& index = change.index;
  const std::size_t entries = index.tokens.size() + index.strings.size() + index.dates.size() + index.references.size();
  return change.body.size() + index.narrative.size() + index.content.size() + 100 * entries + 500;
}

}  // namespace

Result<ChangeSet> prepare(std::vector<Change> changes, std::uint64_t intent) {
  if (changes.size() > changes_max)
    return fail("invalid_change",
                fmt::format("store: a change set has {} changes; at most {} go together", changes.size(), changes_max));
  ChangeSet set;
  set.intent = intent;
  set.changes.reserve(changes.size());
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Change& change = changes[i];
    const std::string_view wrong = wrong_in(change);
    if (!wrong.empty()) return fail("invalid_change", fmt::format("store: change {} of the set: {}", i + 1, wrong));
    PreparedChange prepared{.change = std::move(change), .spans = std::nullopt};
    if (prepared.change.operation != Operation::remove) {
      auto spans = MetaSpans::find(prepared.change.body.view());
      if (!spans) return std::unexpected(spans.error());
      prepared.spans = std::move(*spans);
    }
    set.bytes += bytes_of(prepared.change);
    set.changes.push_back(std::move(prepared));
  }
  for (const PreparedChange& prepared : set.changes)
    if (!seen.emplace(prepared.change.type, prepared.change.id).second)
      return fail("invalid_change", "store: one resource appears twice in a change set");
  return set;
}

Result<ChangeSet> prepare(std::vector<Store::Entry> values) {
  ChangeSet set;
  for (const Store::Entry& entry : values) {
    const std::size_t bytes = entry.value ? entry.value->size() : 0;
    if (bytes > value_bytes_max || entry.key.size() > name_bytes_max || entry.space.size() > name_bytes_max)
      return fail("invalid_change",
                  fmt::format("store: a value of space {} is larger than {} bytes, or its key than {}", entry.space,
                              value_bytes_max, name_bytes_max));
    set.bytes += bytes + 500;
  }
  set.values = std::move(values);
  return set;
}

}  // namespace ward::store
