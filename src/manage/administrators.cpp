#include "administrators.hpp"

#include "change.hpp"
#include "json/json.hpp"

#include <charconv>

namespace ward::manage {

namespace json = boost::json;

namespace {

constexpr const char* space = "manage.let_in";

struct LetIn {
  std::int64_t at = 0;  // seconds since 1970; 0: nothing is known, so long ago
  std::string by;       // empty: whoever has the machine
};

std::int64_t seconds_now(const Administration& all) { return unix_seconds(all.parts.clock.wall()); }

/// What cannot be read counts as of this moment.
LetIn let_in(Administration& all, std::string_view username) {
  auto reader = all.parts.store.reader();
  if (!reader) return {seconds_now(all), {}};
  const auto text = (*reader)->get(space, username);
  if (!text) return {seconds_now(all), {}};
  if (!*text) return {};
  const auto document = ward::json::Document::parse(**text);
  if (!document) return {seconds_now(all), {}};
  LetIn found{0, document->root().string("by")};
  if (const auto at = document->root()["at"])
    std::from_chars(at.raw().data(), at.raw().data() + at.raw().size(), found.at);
  return found;
}

/// Who stands behind somebody: whoever let them in, for a day.
std::string behind(Administration& all, const std::string& username) {
  const LetIn found = let_in(all, username);
  const bool lasts = found.at + let_in_lasts > seconds_now(all);
  return lasts && !found.by.empty() ? found.by : username;
}

}  // namespace

std::expected<void, Problem> note_let_in(Administration& all, const Actor& actor, const std::string& username) {
  const std::string by = actor.username.empty() ? "" : behind(all, actor.username);
  const json::object stored{{"at", seconds_now(all)}, {"by", by}};
  if (auto put = all.parts.store.put({{space, username, json::serialize(stored)}}); !put) return of_error(put.error());
  return {};
}

void forget_let_in(Administration& all, const std::string& username) {
  all.parts.store.queue({{space, username, std::nullopt}});
}

bool in_office_since(Administration& all, std::string_view username, std::int64_t seconds) {
  return let_in(all, username).at <= seconds;
}

bool let_in_by_one(Administration& all, const std::string& first, const std::string& second) {
  return behind(all, first) == behind(all, second);
}

}  // namespace ward::manage
