#include "factor_book.hpp"

#include "base/encoding.hpp"
#include "crypto/seal.hpp"
#include "factors/recovery.hpp"
#include "factors/totp.hpp"
#include "records.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

constexpr const char* space = "identity.factors";
constexpr std::size_t page_size = 500;
constexpr std::string_view associated = "ward totp 1";

std::int64_t whole(json::Value value) {
  std::int64_t number = 0;
  if (value && value.type() == json::Type::number)
    std::from_chars(value.raw().data(), value.raw().data() + value.raw().size(), number);
  return number;
}

std::string encode(const Passkey& passkey) {
  std::string json;
  const factors::Credential& credential = passkey.credential;
  append_member(json, "id", base64url_encode(credential.id));
  append_member(json, "key", base64url_encode(credential.public_key));
  append_raw(json, "alg", std::to_string(credential.algorithm));
  append_raw(json, "counter", std::to_string(credential.counter));
  append_raw(json, "eligible", credential.backup_eligible ? "true" : "false");
  append_raw(json, "backed_up", credential.backed_up ? "true" : "false");
  append_member(json, "transports", credential.transports);
  append_member(json, "aaguid", base64url_encode(credential.aaguid));
  append_member(json, "label", passkey.label);
  append_raw(json, "added", std::to_string(passkey.added));
  append_raw(json, "used", std::to_string(passkey.used));
  return json + "}";
}

bool is_true(json::Value value) { return value && value.type() == json::Type::boolean && value.boolean(); }

Passkey decode(json::Value value) {
  Passkey passkey;
  factors::Credential& credential = passkey.credential;
  credential.id = base64url_decode(value.string("id")).value_or("");
  credential.public_key = base64url_decode(value.string("key")).value_or("");
  credential.algorithm = static_cast<int>(whole(value["alg"]));
  credential.counter = static_cast<std::uint32_t>(whole(value["counter"]));
  credential.backup_eligible = is_true(value["eligible"]);
  credential.backed_up = is_true(value["backed_up"]);
  credential.transports =
      texts(value["transports"], "transports", "record_malformed").value_or(std::vector<std::string>{});
  credential.aaguid = base64url_decode(value.string("aaguid")).value_or("");
  passkey.label = value.string("label");
  passkey.added = whole(value["added"]);
  passkey.used = whole(value["used"]);
  return passkey;
}

std::string encode(const Factors& factors) {
  std::string json;
  append_member(json, "username", factors.username);
  append_member(json, "totp", factors.totp_secret);
  append_raw(json, "totp_step", std::to_string(factors.totp_last_step));
  append_raw(json, "totp_added", std::to_string(factors.totp_added));
  append_raw(json, "totp_used", std::to_string(factors.totp_used));
  append_member(json, "recovery", factors.recovery);
  append_member(json, "handle", factors.user_handle);
  append_member(json, "devices", factors.devices);
  std::string list;
  for (const Passkey& one : factors.passkeys) list += (list.empty() ? "[" : ",") + encode(one);
  append_raw(json, "passkeys", list.empty() ? "[]" : list + "]");
  return json + "}";
}

Result<Factors> decode_factors(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document || document->root().string("username").empty())
    return fail("record_malformed", "a record of factors is malformed");
  const json::Value root = document->root();
  Factors factors;
  factors.username = root.string("username");
  factors.totp_secret = root.string("totp");
  factors.totp_last_step = whole(root["totp_step"]);
  factors.totp_added = whole(root["totp_added"]);
  factors.totp_used = whole(root["totp_used"]);
  factors.user_handle = root.string("handle");
  for (auto [name, list] : {std::pair("recovery", &factors.recovery), std::pair("devices", &factors.devices)}) {
    auto read = texts(root[name], name, "record_malformed");
    if (!read) return std::unexpected(read.error());
    *list = std::move(*read);
  }
  for (json::Value one = root["passkeys"].first(); one; one = one.next()) factors.passkeys.push_back(decode(one));
  return factors;
}

}  // namespace

Result<void> FactorBook::load(Secret<std::string> key) {
  key_ = std::move(key);
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [name, value] : *page) {
      auto read = decode_factors(value);
      if (!read) return std::unexpected(read.error());
      for (const Passkey& one : read->passkeys) owners_[one.credential.id] = read->username;
      all_[read->username] = std::move(*read);
    }
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

std::optional<Factors> FactorBook::find(std::string_view username) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  return found == all_.end() ? std::nullopt : std::optional(found->second);
}

std::string FactorBook::owner_of(std::string_view credential_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(credential_id);
  return found == owners_.end() ? std::string() : found->second;
}

Factors& FactorBook::of(std::string_view username) {
  Factors& factors = all_[std::string(username)];
  factors.username = username;
  return factors;
}

store::Queued FactorBook::queue(const Factors& factors) {
  return store_.queue({{space, factors.username, encode(factors)}});
}

Secret<std::string> FactorBook::open(std::string_view sealed) const {
  const auto bytes = base64url_decode(sealed);
  if (!bytes || bytes->size() <= crypto::gcm_nonce_bytes) return {};
  auto plain = crypto::open_gcm(key_, bytes->substr(0, crypto::gcm_nonce_bytes), bytes->substr(crypto::gcm_nonce_bytes),
                                associated);
  return plain ? Secret<std::string>(std::move(*plain)) : Secret<std::string>();
}

FactorBook::Taken FactorBook::take_totp(std::string_view username, std::string_view code, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end() || found->second.totp_secret.empty()) return {};
  const Secret<std::string> secret = open(found->second.totp_secret);
  if (secret.reveal().empty()) return {};
  const auto step = factors::totp_step(secret, code, now, found->second.totp_last_step);
  if (!step) return {};
  found->second.totp_last_step = *step;
  found->second.totp_used = unix_seconds(now);
  return {true, queue(found->second)};
}

FactorBook::Taken FactorBook::take_recovery(std::string_view username, std::string_view code) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return {};
  const auto index = factors::find_recovery_code(found->second.recovery, code);
  if (!index) return {};
  found->second.recovery.erase(found->second.recovery.begin() + static_cast<std::ptrdiff_t>(*index));
  return {true, queue(found->second)};
}

// The counter is looked at again: two assertions that were checked at the same time must not both count.
FactorBook::Taken FactorBook::take_passkey(std::string_view username, std::string_view credential_id,
                                           const factors::Assertion& assertion, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return {};
  const auto passkey = std::ranges::find_if(found->second.passkeys,
                                            [&](const Passkey& one) { return one.credential.id == credential_id; });
  if (passkey == found->second.passkeys.end()) return {};
  const bool grew = assertion.counter > passkey->credential.counter;
  if (!grew && (assertion.counter != 0 || passkey->credential.counter != 0)) return {};
  passkey->credential.counter = assertion.counter;
  passkey->credential.backed_up = assertion.backed_up;
  passkey->used = now;
  return {true, queue(found->second)};
}

store::Queued FactorBook::put_totp(std::string_view username, const Secret<std::string>& secret, std::int64_t step,
                                   std::int64_t now) {
  const std::string nonce = random_.bytes(crypto::gcm_nonce_bytes);
  const std::lock_guard lock(mutex_);
  Factors& factors = of(username);
  factors.totp_secret = base64url_encode(nonce + crypto::seal_gcm(key_, nonce, secret.reveal(), associated));
  factors.totp_last_step = step;
  factors.totp_added = now;
  return queue(factors);
}

store::Queued FactorBook::put_recovery(std::string_view username, std::vector<std::string> hashes) {
  const std::lock_guard lock(mutex_);
  Factors& factors = of(username);
  factors.recovery = std::move(hashes);
  return queue(factors);
}

Result<store::Queued> FactorBook::add_passkey(std::string_view username, Passkey passkey) {
  const std::lock_guard lock(mutex_);
  if (owners_.contains(passkey.credential.id)) return fail("passkey_known", "this passkey is registered already");
  Factors& factors = of(username);
  if (factors.passkeys.size() >= passkeys_max) return fail("passkeys_full", "there are twenty passkeys already");
  owners_.emplace(passkey.credential.id, factors.username);
  factors.passkeys.push_back(std::move(passkey));
  return queue(factors);
}

std::optional<store::Queued> FactorBook::remove(std::string_view username, std::string_view factor_id) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return std::nullopt;
  Factors& factors = found->second;
  if (factor_id == "totp" && !factors.totp_secret.empty()) {
    factors.totp_secret.clear();
    return queue(factors);
  }
  const auto id = base64url_decode(factor_id);
  const auto gone =
      std::ranges::find_if(factors.passkeys, [&](const Passkey& one) { return id && one.credential.id == *id; });
  if (gone == factors.passkeys.end()) return std::nullopt;
  owners_.erase(gone->credential.id);
  factors.passkeys.erase(gone);
  return queue(factors);
}

std::optional<store::Queued> FactorBook::reset(std::string_view username) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  if (found == all_.end()) return std::nullopt;
  for (const Passkey& one : found->second.passkeys) owners_.erase(one.credential.id);
  all_.erase(found);
  return store_.queue({{space, std::string(username), std::nullopt}});
}

std::string FactorBook::user_handle(std::string_view username) {
  const std::lock_guard lock(mutex_);
  Factors& factors = of(username);
  if (factors.user_handle.empty()) {
    factors.user_handle = random_.token(32);
    queue(factors);
  }
  return factors.user_handle;
}

bool FactorBook::knows_device(std::string_view username, std::string_view browser) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(username);
  return found != all_.end() && std::ranges::find(found->second.devices, browser) != found->second.devices.end();
}

store::Queued FactorBook::remember_device(std::string_view username, std::string_view browser) {
  const std::lock_guard lock(mutex_);
  Factors& factors = of(username);
  std::erase(factors.devices, browser);
  factors.devices.emplace_back(browser);
  if (factors.devices.size() > devices_max) factors.devices.erase(factors.devices.begin());
  return queue(factors);
}

}  // namespace ward::identity
