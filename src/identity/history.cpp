#include "history.hpp"

#include "records.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

constexpr const char* space = "identity.history";
constexpr std::size_t page_size = 500;

template <class T>
T whole(json::Value value) {
  T number = 0;
  if (value && value.type() == json::Type::number)
    std::from_chars(value.raw().data(), value.raw().data() + value.raw().size(), number);
  return number;
}

}  // namespace

Result<void> History::load() {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page) all_[key] = decode(value);
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

void History::note(std::string_view username, SignIn sign_in) {
  const std::lock_guard lock(mutex_);
  List& list = all_[std::string(username)];
  if (sign_in.good)
    list.push_front(std::move(sign_in));
  else
    note_failure(list, std::move(sign_in));
  if (list.size() > per_person_max) list.pop_back();
  store_.queue({{space, std::string(username), encode(list)}});
}

std::optional<store::Queued> History::forget(std::string_view username) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return std::nullopt;
  all_.erase(found);
  return store_.queue({{space, std::string(username), std::nullopt}});
}

void History::note_failure(List& list, SignIn failure) {
  const auto last_good = std::ranges::find(list, true, &SignIn::good);
  const auto same = [&] {
    return std::find_if(list.begin(), last_good,
                        [&](const SignIn& one) { return one.what == failure.what && one.where == failure.where; });
  };
  auto known = same();
  if (known == last_good && static_cast<std::size_t>(last_good - list.begin()) >= places_max) {
    failure.where.clear();
    known = same();
  }
  if (known == last_good) {
    list.push_front(std::move(failure));
    return;
  }
  ++known->count;
  known->at = failure.at;
  std::rotate(list.begin(), known, known + 1);  // the newest first
}

std::vector<SignIn> History::of_person(std::string_view username) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  return found == all_.end() ? std::vector<SignIn>() : std::vector<SignIn>(found->second.begin(), found->second.end());
}

std::string History::encode(const List& list) {
  std::string text = "[";
  for (const SignIn& one : list) {
    std::string json;
    append_raw(json, "at", std::to_string(one.at));
    append_member(json, "what", one.what);
    append_member(json, "where", one.where);
    append_raw(json, "good", one.good ? "true" : "false");
    append_raw(json, "count", std::to_string(one.count));
    text += (text.size() > 1 ? "," : "") + json + "}";
  }
  return text + "]";
}

History::List History::decode(std::string_view text) {
  List list;
  const auto document = json::Document::parse(text);
  if (!document) return list;  // what a person may look at is no reason not to start
  for (json::Value one = document->root().first(); one; one = one.next()) {
    const json::Value good = one["good"];
    list.push_back({.at = whole<std::int64_t>(one["at"]),
                    .what = one.string("what"),
                    .where = one.string("where"),
                    .good = good && good.type() == json::Type::boolean && good.boolean(),
                    .count = whole<std::uint64_t>(one["count"])});
  }
  return list;
}

}  // namespace ward::identity
