#include "checkpoint.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace ward::audit {
namespace {

constexpr std::string_view dash = "\xE2\x80\x94 ";  // signed-note: U+2014 and a space begin a signature line
constexpr char type_ed25519 = 0x01;                 // signed-note: signature types

std::string key_hash(const VerifierKey& key) {
  const auto hash = crypto::sha256({key.name, "\n", {&type_ed25519, 1}, key.public_raw});
  return std::string(crypto::view(hash).substr(0, 4));
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  std::string text = fmt::format("{}\n{}\n{}\nlog {}\ntime {}\n", checkpoint.origin, checkpoint.count,
                                 base64_encode(crypto::view(checkpoint.chain)),
                                 hex_encode({checkpoint.log.data(), checkpoint.log.size()}), rfc3339(checkpoint.time));
  if (!checkpoint.open.empty()) text += fmt::format("open {}\n", fmt::join(checkpoint.open, " "));
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view take_line(std::string_view& text, char end = '\n') {
  const auto at = text.find(end);
  const auto line = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return line;
}

bool parse_extension(Checkpoint& out, std::string_view line) {
  const auto word = take_line(line, ' ');
  if (word == "log") {
    const auto id = hex_decode(line);
    if (!id || id->size() != out.log.size()) return false;
    std::memcpy(out.log.data(), id->data(), id->size());
  } else if (word == "time") {
    const auto time = parse_rfc3339(line);
    if (!time) return false;
    out.time = *time;
  } else if (word == "open") {
    while (!line.empty()) {
      const auto index = number(take_line(line, ' '));
      if (!index) return false;
      out.open.push_back(*index);
    }
  }
  return true;  // tlog-checkpoint: unknown extension lines are ignored
}

std::optional<Checkpoint> parse_text(std::string_view text) {
  Checkpoint out;
  out.origin = take_line(text);
  const auto count = number(take_line(text));
  const auto chain = base64_decode(take_line(text));
  if (out.origin.empty() || !count || !chain || chain->size() != out.chain.size()) return std::nullopt;
  out.count = *count;
  std::memcpy(out.chain.data(), chain->data(), chain->size());
  while (!text.empty())
    if (!parse_extension(out, take_line(text))) return std::nullopt;
  return out;
}

bool signed_by(std::string_view text, std::string_view signatures, const VerifierKey& key) {
  while (!signatures.empty()) {
    auto line = take_line(signatures);
    if (!line.starts_with(dash)) return false;
    line.remove_prefix(dash.size());
    if (take_line(line, ' ') != key.name) continue;
    const auto bytes = base64_decode(line);
    if (!bytes || bytes->size() != 4 + 64 || bytes->substr(0, 4) != key_hash(key)) continue;
    if (crypto::verify_ed25519(key.public_raw, text, std::string_view(*bytes).substr(4))) return true;
  }
  return false;
}

}  // namespace

std::string verifier_line(const VerifierKey& key) {
  return fmt::format("{}+{}+{}", key.name, hex_encode(key_hash(key)), base64_encode(type_ed25519 + key.public_raw));
}

std::optional<VerifierKey> parse_verifier(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  VerifierKey key;
  key.name = take_line(line, '+');
  const auto hash = hex_decode(take_line(line, '+'));
  const auto bytes = base64_decode(line);
  if (key.name.empty() || !hash || !bytes || bytes->size() != 33 || bytes->front() != type_ed25519) return std::nullopt;
  key.public_raw = bytes->substr(1);
  if (key_hash(key) != *hash) return std::nullopt;
  return key;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& signer) {
  const std::string text = checkpoint_text(checkpoint);
  const VerifierKey key{checkpoint.origin, signer.public_raw_ed25519()};
  const std::string signature = key_hash(key) + signer.sign_ed25519(text);
  return fmt::format("{}\n{}{} {}\n", text, dash, key.name, base64_encode(signature));
}

Result<Checkpoint> open_checkpoint(std::string_view note, const std::vector<VerifierKey>& keys) {
  const auto gap = note.rfind("\n\n");
  if (gap == std::string_view::npos) return fail("checkpoint_bad", "it is not a signed note");
  const auto text = note.substr(0, gap + 1), signatures = note.substr(gap + 2);
  const bool good =
      std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return signed_by(text, signatures, key); });
  if (!good) return fail("checkpoint_bad", "it has no valid signature by a known key");
  auto checkpoint = parse_text(text);
  if (!checkpoint) return fail("checkpoint_bad", "it is signed, but its text is malformed");
  return std::move(*checkpoint);
}

std::string_view claimed_origin(std::string_view note) { return note.substr(0, note.find('\n')); }

Result<void> keep_checkpoint(Disk& disk, const std::filesystem::path& directory, const std::string& note, WallTime time,
                             WallTime before) {
  const auto path = checkpoint_path(directory);
  const std::string day = rfc3339(before).substr(0, 10);
  if (before != WallTime{} && day != rfc3339(time).substr(0, 10)) {
    const auto kept = directory / "checkpoints" / day;
    if (::link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST)
      return fail_errno("log_failed", fmt::format("{}: link", kept.string()));
    if (auto synced = sync_directory(kept.parent_path()); !synced) return synced;
  }
  return replace_file(disk, path, note, 0644);
}

}  // namespace ward::audit
