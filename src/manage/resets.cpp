#include "resets.hpp"

#include "administrators.hpp"
#include "change.hpp"
#include "json/json.hpp"
#include "operations.hpp"

#include <charconv>

namespace ward::manage {

namespace json = boost::json;

namespace {

constexpr const char* space = "manage.reset";
constexpr std::size_t resets_max = 10'000;

std::int64_t seconds_now(const Administration& all) { return unix_seconds(all.parts.clock.wall()); }

json::object told(const ResetRequest& request, std::string_view confirmed_by) {
  json::object object{{"id", request.id},
                      {"username", request.username},
                      {"requested_by", request.requested_by},
                      {"state", confirmed_by.empty() ? "requested" : "done"}};
  if (confirmed_by.empty())
    object["expires"] = time_text(request.expires);
  else
    object["confirmed_by"] = confirmed_by;
  return object;
}

std::expected<void, Problem> keep(Administration& all, const ResetRequest& request) {
  json::object stored{{"id", request.id}, {"requested_by", request.requested_by}, {"expires", request.expires}};
  if (auto put = all.parts.store.put({{space, request.username, json::serialize(stored)}}); !put)
    return of_error(put.error());
  all.resets.insert_or_assign(request.username, request);
  return {};
}

std::int64_t asked_at(const ResetRequest& request) { return request.expires - reset_lifetime; }

/// One that still counts: in time, and of somebody who is an administrator since before it, and is the same one.
const ResetRequest* waiting(Administration& all, std::string_view username) {
  const auto found = all.resets.find(username);
  if (found == all.resets.end() || found->second.expires <= seconds_now(all)) return nullptr;
  const auto asker = all.parts.identity.person(found->second.requested_by);
  const bool counts =
      asker && is_administrator(*asker) && in_office_since(all, found->second.requested_by, asked_at(found->second));
  return counts ? &found->second : nullptr;
}

void forget_old(Administration& all) {
  const std::int64_t now = seconds_now(all);
  std::vector<store::Store::Entry> entries;
  std::erase_if(all.resets, [&](const auto& one) {
    if (one.second.expires > now) return false;
    entries.push_back({space, one.first, std::nullopt});
    return true;
  });
  if (!entries.empty()) all.parts.store.queue(std::move(entries));
}

/// Two people, and neither is the one whose factors go: who could confirm alone, or for themselves, would make the
/// second factor worth as little as one administrator's word.
std::expected<void, Problem> may_take_part(const Actor& actor, std::string_view username) {
  if (actor.username.empty())
    return refuse(403, "administrator_needed", "two administrators decide this; a machine is none");
  if (actor.username == username)
    return refuse(403, "own_factors", "nobody takes part in the reset of their own factors");
  return {};
}

/// Somebody could make a second administrator, or take over another one's account, and confirm what they asked for.
std::expected<void, Problem> may_confirm(Administration& all, const Actor& actor, const ResetRequest& request) {
  if (request.requested_by == actor.username)
    return refuse(403, "second_administrator_needed", "you asked for this reset; another administrator confirms it");
  if (!in_office_since(all, actor.username, asked_at(request)))
    return refuse(
        403, "administrator_new",
        "you became an administrator, or got another password, after this was asked for; another one confirms "
        "it, or withdraw it and ask anew");
  if (let_in_by_one(all, actor.username, request.requested_by))
    return refuse(403, "administrator_new",
                  "one of you made the other one an administrator, or set their password, within a day; another one "
                  "confirms it");
  return {};
}

Outcome request_reset(Administration& all, const Call& call) {
  forget_old(all);
  if (all.resets.size() >= resets_max)
    return refuse(503, "resets_full", "too many resets wait for a second administrator");
  const ResetRequest request{all.parts.random.token(12), call.id, call.actor.username,
                             seconds_now(all) + reset_lifetime};
  if (auto kept = all.record(call.actor, {audit::event::reset_requested, 'C', call.id, {}, told(request, "")}); !kept)
    return std::unexpected(kept.error());
  if (auto kept = keep(all, request); !kept) return std::unexpected(kept.error());
  return Reply{202, told(request, "")};
}

/// Factors, and whatever was signed in with them.
std::expected<void, Problem> take_factors(Administration& all, const Actor& actor, const ResetRequest& request,
                                          const std::string& confirmed_by) {
  const json::object before{{"second_factor", all.parts.identity.has_second_factor(request.username)}};
  const json::object after{
      {"second_factor", false}, {"requested_by", request.requested_by}, {"confirmed_by", confirmed_by}};
  if (auto kept = all.record(actor, {audit::event::factor_changed, 'D', request.username, before, after, "reset"});
      !kept)
    return kept;
  if (auto done = all.parts.identity.reset_factors(request.username); !done) return of_error(done.error());
  if (auto done = all.parts.identity.revoke_person_tokens(request.username); !done) return of_error(done.error());
  if (auto done = all.parts.identity.end_sessions(request.username); !done) return of_error(done.error());
  return drop_reset(all, request.username);
}

std::expected<void, Problem> known_person(Administration& all, std::string_view username) {
  if (!all.parts.identity.person(username)) return not_found("person");
  return {};
}

}  // namespace

Result<std::map<std::string, ResetRequest, std::less<>>> load_resets(store::Store& store) {
  auto reader = store.reader();
  if (!reader) return std::unexpected(reader.error());
  auto page = (*reader)->list(space, "", resets_max);
  if (!page) return std::unexpected(page.error());
  std::map<std::string, ResetRequest, std::less<>> all;
  for (const auto& [username, text] : *page) {
    const auto document = ward::json::Document::parse(text);
    if (!document) continue;  // who waits for it asks again
    ResetRequest request{document->root().string("id"), username, document->root().string("requested_by"), 0};
    if (const auto expires = document->root()["expires"])
      std::from_chars(expires.raw().data(), expires.raw().data() + expires.raw().size(), request.expires);
    all.emplace(username, std::move(request));
  }
  return all;
}

std::expected<void, Problem> drop_reset(Administration& all, const std::string& username) {
  if (!all.resets.contains(username)) return {};
  if (auto put = all.parts.store.put({{space, username, std::nullopt}}); !put) return of_error(put.error());
  all.resets.erase(username);
  return {};
}

Outcome reset_factors(Administration& all, const Call& call) {
  if (auto known = known_person(all, call.id); !known) return std::unexpected(known.error());
  if (auto may = may_take_part(call.actor, call.id); !may) return std::unexpected(may.error());
  const ResetRequest* found = waiting(all, call.id);
  if (found == nullptr) return request_reset(all, call);
  const ResetRequest request = *found;
  if (auto may = may_confirm(all, call.actor, request); !may) return std::unexpected(may.error());
  if (auto done = take_factors(all, call.actor, request, call.actor.username); !done)
    return std::unexpected(done.error());
  return Reply{200, told(request, call.actor.username)};
}

Outcome get_reset(Administration& all, const Call& call) {
  const ResetRequest* found = waiting(all, call.id);
  if (found == nullptr) return not_found("reset that waits for a person");
  return Reply{200, told(*found, "")};
}

Outcome withdraw_reset(Administration& all, const Call& call) {
  const auto found = all.resets.find(call.id);
  if (found == all.resets.end()) return not_found("reset that waits for a person");
  const json::object before = told(found->second, "");
  if (auto kept = all.record(call.actor, {audit::event::reset_requested, 'D', call.id, before, {}, "withdrawn"}); !kept)
    return std::unexpected(kept.error());
  if (auto dropped = drop_reset(all, call.id); !dropped) return std::unexpected(dropped.error());
  return Reply{204, nullptr};
}

Outcome reset_by_root(Administration& all, std::string_view username, std::string_view first, std::string_view second) {
  if (auto known = known_person(all, username); !known) return std::unexpected(known.error());
  if (first == second) return refuse(403, "second_administrator_needed", "--by and --with must be two administrators");
  for (const std::string_view name : {first, second}) {
    const auto person = all.parts.identity.person(name);
    if (!person || !is_administrator(*person))
      return refuse(403, "administrator_needed", std::string(name) + " is no administrator, or is disabled");
    if (auto may = may_take_part({.username = std::string(name)}, username); !may) return std::unexpected(may.error());
  }
  const ResetRequest request{all.parts.random.token(12), std::string(username), std::string(first), 0};
  const Actor root{.root = true};
  if (auto done = take_factors(all, root, request, std::string(second)); !done) return std::unexpected(done.error());
  return Reply{200, told(request, second)};
}

}  // namespace ward::manage
