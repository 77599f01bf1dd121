#include "history.hpp"

#include "records.hpp"

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
  const bool same = !list.empty() && !sign_in.good && !list.front().sign_in.good &&
                    list.front().sign_in.what == sign_in.what && list.front().sign_in.where == sign_in.where;
  if (same) {
    list.front().sign_in.at = sign_in.at;
    ++list.front().count;
  } else {
    list.push_front({std::move(sign_in), 1});
    if (list.size() > per_person_max) list.pop_back();
  }
  store_.queue({{space, std::string(username), encode(list)}});
}

std::optional<store::Queued> History::forget(std::string_view username) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return std::nullopt;
  all_.erase(found);
  return store_.queue({{space, std::string(username), std::nullopt}});
}

std::vector<SignIn> History::of_person(std::string_view username) const {
  const std::lock_guard lock(mutex_);
  std::vector<SignIn> list;
  const auto found = all_.find(username);
  if (found == all_.end()) return list;
  for (const Entry& one : found->second) {
    list.push_back(one.sign_in);
    if (one.count > 1) list.back().where += " × " + std::to_string(one.count);
  }
  return list;
}

std::string History::encode(const List& list) {
  std::string text = "[";
  for (const Entry& one : list) {
    std::string json;
    append_raw(json, "at", std::to_string(one.sign_in.at));
    append_member(json, "what", one.sign_in.what);
    append_member(json, "where", one.sign_in.where);
    append_raw(json, "good", one.sign_in.good ? "true" : "false");
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
    list.push_back({{whole<std::int64_t>(one["at"]), one.string("what"), one.string("where"),
                     good && good.type() == json::Type::boolean && good.boolean()},
                    whole<std::uint64_t>(one["count"])});
  }
  return list;
}

}  // namespace ward::identity
