#include "base/encoding.hpp"
#include "keys.hpp"
#include "master_key.hpp"
#include "seal.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>

namespace ward::crypto {
namespace {

// The file: this line, then the nonce and the sealed entries in base64, a line each. The entries
// are lines of `id purpose kind created-ms state secret-base64`, sealed with the first line as associated data.
constexpr std::string_view magic = "ward-key-ring 1";
constexpr std::size_t file_bytes_max = 4u << 20;
constexpr std::size_t entries_max = 4096;

constexpr std::array<std::string_view, 3> state_names{"current", "previous", "retired"};
struct KindName {
  SigningKey::Kind kind;
  std::string_view name;
};
constexpr std::array<KindName, 5> kind_names{{{SigningKey::Kind::ed25519, "ed25519"},
                                              {SigningKey::Kind::p256, "p256"},
                                              {SigningKey::Kind::p384, "p384"},
                                              {SigningKey::Kind::rsa2048, "rsa2048"},
                                              {SigningKey::Kind::rsa3072, "rsa3072"}}};

std::string_view name_of(SigningKey::Kind kind) { return std::ranges::find(kind_names, kind, &KindName::kind)->name; }

std::string secret_kind(std::size_t bytes) {
  return bytes == 32 ? "aes256" : bytes == 64 ? "siv512" : "bytes" + std::to_string(bytes);
}

struct Kept {
  KeyRing::Entry entry;
  Secret<std::string> secret;  // PEM of a signing key, or the bytes
  SigningKey key;              // of a signing key
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return parts;
}

bool is_purpose(std::string_view purpose) {
  return !purpose.empty() && purpose.size() <= 64 && std::ranges::all_of(purpose, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string write_entry(const Kept& kept) {
  const auto& e = kept.entry;
  return e.id + " " + e.purpose + " " + e.kind + " " + std::to_string(e.created.time_since_epoch().count()) + " " +
         std::string(state_names[static_cast<std::size_t>(e.state)]) + " " + base64_encode(kept.secret.reveal()) + "\n";
}

std::optional<Kept> read_entry(std::string_view line) {
  const auto fields = split(line, ' ');
  if (fields.size() != 6) return std::nullopt;
  std::int64_t created_ms = 0;
  const auto number = std::from_chars(fields[3].data(), fields[3].data() + fields[3].size(), created_ms);
  const auto state = std::ranges::find(state_names, fields[4]);
  auto secret = base64_decode(fields[5]);
  if (number.ec != std::errc() || state == state_names.end() || !secret) return std::nullopt;
  Kept kept{{std::string(fields[0]), std::string(fields[1]), std::string(fields[2]),
             WallTime(std::chrono::milliseconds(created_ms)), static_cast<KeyRing::State>(state - state_names.begin())},
            Secret<std::string>(std::move(*secret)),
            {}};
  if (std::ranges::find(kind_names, kept.entry.kind, &KindName::name) == kind_names.end()) return kept;
  auto key = SigningKey::from_pem(kept.secret);
  if (!key) return std::nullopt;
  kept.key = *key;
  return kept;
}

class FileKeyRing final : public KeyRing {
 public:
  FileKeyRing(std::filesystem::path file, Secret<std::string> master, Clock& clock, Random& random)
      : file_(std::move(file)), master_(std::move(master)), clock_(clock), random_(random) {}

  Result<void> load() {
    auto content = read_private_file(file_, file_bytes_max, "key ring");
    if (!content) return fail("key_ring", content.error().message());
    const auto lines = split(content->reveal(), '\n');
    const auto nonce = lines.size() == 3 ? base64_decode(lines[1]) : std::nullopt;
    const auto sealed = lines.size() == 3 ? base64_decode(lines[2]) : std::nullopt;
    if (!nonce || !sealed || lines[0] != magic) return damaged("it is not a key ring, or one of a newer version");
    auto opened = open_gcm(master_, *nonce, *sealed, magic);
    if (!opened) return damaged("it was changed, or the master key is not the one that it was made with");
    const Secret<std::string> plain(std::move(*opened));
    for (std::string_view line : split(plain.reveal(), '\n')) {
      auto kept = read_entry(line);
      if (!kept) return damaged("an entry in it cannot be read");
      entries_.push_back(std::move(*kept));
    }
    return {};
  }

  Result<void> save() const {
    std::string plain;
    for (const Kept& kept : entries_) {
      const Secret<std::string> line(write_entry(kept));
      if (plain.capacity() < plain.size() + line.reveal().size()) grow(plain, line.reveal().size());
      plain += line.reveal();
    }
    const Secret<std::string> whole(std::move(plain));
    const std::string nonce = random_.bytes(gcm_nonce_bytes);  // random: far below 2^32 writes under one master key
    const std::string sealed = seal_gcm(master_, nonce, whole.reveal(), magic);
    return replace_file(file_, std::string(magic) + "\n" + base64_encode(nonce) + "\n" + base64_encode(sealed) + "\n");
  }

  Result<std::pair<Entry, SigningKey>> signing(std::string_view purpose, SigningKey::Kind kind) override {
    const std::lock_guard lock(mutex_);
    const Kept* kept = current(purpose);
    if (kept == nullptr) {
      auto made = add(purpose, std::string(name_of(kind)));
      if (!made) return std::unexpected(made.error());
      kept = *made;
    }
    if (kept->entry.kind != name_of(kind)) return wrong_kind(kept->entry, name_of(kind));
    return std::pair(kept->entry, kept->key);
  }

  Result<std::pair<Entry, Secret<std::string>>> secret(std::string_view purpose, std::size_t bytes) override {
    const std::lock_guard lock(mutex_);
    const std::string kind = secret_kind(bytes);
    const Kept* kept = current(purpose);
    if (kept == nullptr) {
      auto made = add(purpose, kind, bytes);
      if (!made) return std::unexpected(made.error());
      kept = *made;
    }
    if (kept->entry.kind != kind) return wrong_kind(kept->entry, kind);
    return std::pair(kept->entry, kept->secret);
  }

  Result<Secret<std::string>> secret_by_id(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const Kept* kept = by_id(id);
    if (kept == nullptr || kept->key) return fail("not_found", "the key ring has no secret with this id");
    return kept->secret;
  }

  std::vector<std::pair<Entry, SigningKey>> all_signing(std::string_view purpose) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Entry, SigningKey>> found;
    for (State state : {State::current, State::previous})
      for (const Kept& kept : entries_)
        if (kept.key && kept.entry.purpose == purpose && kept.entry.state == state)
          found.emplace_back(kept.entry, kept.key);
    return found;
  }

  Result<Entry> rotate(std::string_view purpose) override {
    const std::lock_guard lock(mutex_);
    const Kept* before = current(purpose);
    if (before == nullptr) return fail("not_found", "the key ring has no key for the purpose " + std::string(purpose));
    const std::size_t bytes = before->key ? 0 : before->secret.reveal().size();
    const std::string kind = before->entry.kind;
    auto made = add(purpose, kind, bytes);
    if (!made) return std::unexpected(made.error());
    return (*made)->entry;
  }

  Result<void> retire(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    Kept* kept = by_id(id);
    if (kept == nullptr) return fail("not_found", "the key ring has no key with this id");
    if (kept->entry.state == State::current)
      return fail("key_current", "this key is the current one; rotate its purpose first");
    const State before = std::exchange(kept->entry.state, State::retired);
    auto saved = save();
    if (!saved) kept->entry.state = before;
    return saved;
  }

  std::vector<Entry> list() const override {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> entries;
    for (const Kept& kept : entries_) entries.push_back(kept.entry);
    return entries;
  }

 private:
  std::unexpected<Error> damaged(std::string_view why) const {
    return fail("key_ring", file_.string() + ": the key ring cannot be opened: " + std::string(why) +
                                "; put back the file and master key from a backup");
  }

  static std::unexpected<Error> wrong_kind(const Entry& entry, std::string_view wanted) {
    return fail("key_ring", "the key for " + entry.purpose + " is of kind " + entry.kind + ", and " +
                                std::string(wanted) + " was asked for");
  }

  // Moves to a larger string and wipes the smaller: a plain reallocation would leave key bytes in freed memory.
  static void grow(std::string& text, std::size_t more) {
    std::string larger;
    larger.reserve(2 * (text.size() + more));
    larger = text;
    wipe(text.data(), text.size());
    text.swap(larger);
  }

  Kept* current(std::string_view purpose) {
    for (Kept& kept : entries_)
      if (kept.entry.purpose == purpose && kept.entry.state == State::current) return &kept;
    return nullptr;
  }

  Kept* by_id(std::string_view id) {
    const auto found =
        std::ranges::find(entries_, id, [](const Kept& kept) -> std::string_view { return kept.entry.id; });
    return found == entries_.end() ? nullptr : &*found;
  }

  // Adds a current key; the one before becomes previous, the one before that retired. In memory only if on disk.
  Result<const Kept*> add(std::string_view purpose, const std::string& kind, std::size_t bytes = 0) {
    if (!is_purpose(purpose)) return fail("key_ring", "a purpose is 1 to 64 of a-z, 0-9 and -");
    if (entries_.size() >= entries_max) return fail("key_ring", "the key ring is full: 4096 keys");
    Kept kept{{random_.name(8), std::string(purpose), kind, clock_.wall(), State::current}, {}, {}};
    if (bytes > 0) {
      kept.secret = Secret<std::string>(random_.bytes(bytes));
    } else {
      kept.key = SigningKey::generate(std::ranges::find(kind_names, kind, &KindName::name)->kind);
      kept.secret = kept.key.to_pem();
    }
    std::vector<Kept> before = entries_;
    for (Kept& other : entries_) {
      if (other.entry.purpose != purpose) continue;
      other.entry.state = other.entry.state == State::current ? State::previous : State::retired;
    }
    entries_.push_back(std::move(kept));
    if (auto saved = save(); !saved) {
      entries_ = std::move(before);
      return std::unexpected(saved.error());
    }
    return &entries_.back();
  }

  const std::filesystem::path file_;
  const Secret<std::string> master_;
  Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::vector<Kept> entries_;
};

}  // namespace

Result<std::unique_ptr<KeyRing>> KeyRing::open(const std::filesystem::path& file, const MasterKeySource& source,
                                               bool create, Clock& clock, Random& random) {
  const bool exists = ::access(file.c_str(), F_OK) == 0;
  if (!exists && !create)
    return fail("key_ring", file.string() + ": there is no key ring; put it back from a backup, or run `ward init`");
  // A new master key beside an old ring would open nothing: it is made only together with the ring.
  auto master = read_master_key(source, create && !exists, random);
  if (!master) return std::unexpected(master.error());
  auto ring = std::make_unique<FileKeyRing>(file, std::move(*master), clock, random);
  auto ready = exists ? ring->load() : ring->save();
  if (!ready) return std::unexpected(ready.error());
  return ring;
}

}  // namespace ward::crypto
