// Keys that sign tokens: list, rotate, retire. Others of the ring are listed, and left alone: what they sealed would
// be lost with them.
#include "base/encoding.hpp"
#include "change.hpp"
#include "operations.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;
using crypto::KeyRing;

namespace {

constexpr std::string_view rotating[] = {"token-sign", "id-token-sign"};
constexpr std::chrono::seconds token_lifetime_max{3600};  // identity.md: never more than 60 minutes

bool rotates(std::string_view purpose) { return std::ranges::find(rotating, purpose) != std::end(rotating); }

json::object shown_key(const KeyRing::Entry& entry) {
  static constexpr std::string_view states[] = {"current", "previous", "retired"};
  return {{"kid", entry.id},
          {"purpose", entry.purpose},
          {"kind", entry.kind},
          {"created", rfc3339(entry.created)},
          {"state", states[static_cast<std::size_t>(entry.state)]}};
}

std::optional<KeyRing::Entry> find_key(const std::vector<KeyRing::Entry>& all, std::string_view purpose,
                                       KeyRing::State state) {
  const auto found = std::ranges::find_if(
      all, [&](const KeyRing::Entry& one) { return one.purpose == purpose && one.state == state; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

/// A rotation takes the key before the current one away. Tokens that it signed may live until an hour after the
/// current one came.
std::expected<void, Problem> keep_overlap(const Administration& all, const std::vector<KeyRing::Entry>& keys,
                                          std::string_view purpose) {
  const auto current = find_key(keys, purpose, KeyRing::State::current);
  if (!current) return refuse(409, "key_missing", "there is no such key yet; the first one is made when it is needed");
  if (!find_key(keys, purpose, KeyRing::State::previous)) return {};
  const WallTime over = current->created + token_lifetime_max;
  if (all.parts.clock.wall() >= over) return {};
  return refuse(409, "key_overlap",
                "tokens of the key before may still be valid: rotate again after " + rfc3339(over) +
                    ", or retire that key first, which ends them");
}

}  // namespace

Outcome list_keys(Administration& all, const Call& call) {
  auto keys = all.parts.keys.list();
  std::ranges::sort(keys, {}, &KeyRing::Entry::id);
  std::erase_if(keys, [&](const KeyRing::Entry& one) { return one.id <= call.after; });
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < keys.size() && i < call.limit; ++i) reply.body.as_array().push_back(shown_key(keys[i]));
  if (keys.size() > call.limit) reply.next = keys[call.limit - 1].id;
  return reply;
}

Outcome rotate_key(Administration& all, const Call& call) {
  const std::string purpose = text_of(call.body, "purpose");
  if (!rotates(purpose)) return refuse(409, "key_purpose", "only token-sign and id-token-sign are rotated here");
  const auto keys = all.parts.keys.list();
  if (auto kept = keep_overlap(all, keys, purpose); !kept) return std::unexpected(kept.error());
  const auto before = find_key(keys, purpose, KeyRing::State::current);
  const json::object after{{"purpose", purpose}, {"state", "current"}};
  if (auto kept = all.record(call.actor, {audit::event::key_rotated, 'C', purpose, shown_key(*before), after}); !kept)
    return std::unexpected(kept.error());
  auto made = all.parts.keys.rotate(purpose);
  if (!made) return of_error(made.error());
  all.parts.identity.jwks();  // the room looks at the ring: what the oldest key signed is over from here on
  return Reply{201, shown_key(*made)};
}

Result<void> Administration::rotate_due_keys(std::chrono::seconds age) {
  Result<void> first;
  for (const KeyRing::Entry& one : parts.keys.list()) {
    const bool due = one.state == KeyRing::State::current && parts.clock.wall() - one.created >= age;
    if (!due || !rotates(one.purpose)) continue;
    const Call call{.actor = {.root = true, .recorded = "schedule"}, .id = {}, .body = {{"purpose", one.purpose}}};
    const Outcome done = run("rotateKey", call);
    if (!done && first) first = std::unexpected(done.error().error());
  }
  return first;
}

Outcome retire_key(Administration& all, const Call& call) {
  const auto keys = all.parts.keys.list();
  const auto found = std::ranges::find(keys, call.id, &KeyRing::Entry::id);
  if (found == keys.end()) return not_found("key");
  if (!rotates(found->purpose))
    return refuse(409, "key_purpose", "only keys for token-sign and id-token-sign are retired here");
  if (found->state == KeyRing::State::current)
    return refuse(409, "key_current", "this key signs at this moment: rotate first, then retire it");
  KeyRing::Entry retired = *found;
  retired.state = KeyRing::State::retired;
  if (auto kept =
          all.record(call.actor, {audit::event::key_retired, 'D', call.id, shown_key(*found), shown_key(retired)});
      !kept)
    return std::unexpected(kept.error());
  if (auto done = all.parts.keys.retire(call.id); !done) return of_error(done.error());
  all.parts.identity.jwks();  // the room looks at the ring: tokens of this key are over from here on
  return Reply{200, shown_key(retired)};
}

}  // namespace ward::manage
