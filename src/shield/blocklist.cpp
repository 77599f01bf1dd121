#include "abuse.hpp"

#include <charconv>

namespace ward::shield {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr std::size_t entries_max = 10'000;
constexpr unsigned v4_bits = 96;  // of the prefix ::ffff:0:0/96 in which IPv4 lives here

Bytes bytes_of(const boost::asio::ip::address& address) {
  if (address.is_v6()) return address.to_v6().to_bytes();
  return boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4()).to_bytes();
}

Bytes masked(Bytes bytes, unsigned length) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::clamp<int>(static_cast<int>(length) - static_cast<int>(i * 8), 0, 8);
    bytes[i] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return bytes;
}

struct Prefix {
  Bytes bytes{};
  unsigned length = 0;
  auto operator<=>(const Prefix&) const = default;
};

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(text.substr(0, slash)), error);
  if (error) return std::nullopt;
  const unsigned offset = address.is_v4() ? v4_bits : 0;
  unsigned length = 128 - offset;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned asked = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), asked);
    if (bad != std::errc{} || end != digits.data() + digits.size() || asked > length || asked == 0) return std::nullopt;
    length = asked;
  }
  return Prefix{masked(bytes_of(address), length + offset), length + offset};
}

struct Entry {
  std::int64_t until_ms = 0;  // 0: for ever
  std::string text;
  std::string reason;

  bool holds(WallTime now) const { return until_ms == 0 || now.time_since_epoch().count() < until_ms; }
};

struct Snapshot {
  std::map<Prefix, Entry> entries;
  std::set<unsigned> lengths;

  bool blocked(const Bytes& bytes, WallTime now) const {
    return std::ranges::any_of(lengths, [&](unsigned length) {
      const auto found = entries.find(Prefix{masked(bytes, length), length});
      return found != entries.end() && found->second.holds(now);
    });
  }
};

}  // namespace

/// Readers announce themselves in one of two counters and read the snapshot of the moment; a writer that replaced it
/// waits until both counters were empty once before it frees the old one.
struct Blocklist::Inside {
  struct alignas(64) Readers {
    std::array<std::atomic<std::uint32_t>, 2> count{};
  };

  std::mutex writing;
  std::atomic<const Snapshot*> current{new Snapshot};
  std::atomic<bool> empty{true};
  std::atomic<unsigned> turn{0};
  mutable std::array<Readers, 16> readers;

  ~Inside() { delete current.load(); }

  template <class Read>
  auto read(Read&& look) const {
    Readers& mine = readers[std::hash<std::thread::id>()(std::this_thread::get_id()) % readers.size()];
    auto& count = mine.count[turn.load() & 1];
    count.fetch_add(1);
    auto result = look(*current.load());
    count.fetch_sub(1);
    return result;
  }

  void wait_for(unsigned side) const {
    for (const Readers& reader : readers) {
      while (reader.count[side].load() != 0) std::this_thread::yield();
    }
  }

  /// Under `writing`.
  void replace(std::unique_ptr<Snapshot> next) {
    next->lengths.clear();
    for (const auto& [prefix, entry] : next->entries) next->lengths.insert(prefix.length);
    empty = next->entries.empty();
    const Snapshot* old = current.exchange(next.release());
    const unsigned before = turn.load() & 1;
    wait_for(1 - before);
    turn.store(1 - before);
    wait_for(before);
    delete old;
  }
};

Blocklist::Blocklist() : inside_(std::make_unique<Inside>()) {}
Blocklist::~Blocklist() = default;

Result<void> Blocklist::add(std::string_view text, std::optional<WallTime> until, std::string_view reason) {
  const auto prefix = parse_prefix(text);
  if (!prefix)
    return fail("blocklist_prefix", "not an address or prefix such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64");
  const std::lock_guard lock(inside_->writing);
  auto next = std::make_unique<Snapshot>(*inside_->current.load());
  // What has expired goes when the list changes; `now` is not known here, so only by the new entry's time at the
  // latest.
  if (next->entries.size() >= entries_max && !next->entries.contains(*prefix)) {
    return fail(
        "blocklist_full",
        fmt::format("the blocklist holds {} entries already; remove some, or block a wider prefix", entries_max));
  }
  next->entries[*prefix] = Entry{until ? std::max<std::int64_t>(1, until->time_since_epoch().count()) : 0,
                                 std::string(text), std::string(reason)};
  inside_->replace(std::move(next));
  return {};
}

bool Blocklist::remove(std::string_view text) {
  const auto prefix = parse_prefix(text);
  if (!prefix) return false;
  const std::lock_guard lock(inside_->writing);
  auto next = std::make_unique<Snapshot>(*inside_->current.load());
  if (next->entries.erase(*prefix) == 0) return false;
  inside_->replace(std::move(next));
  return true;
}

std::vector<BlockedPrefix> Blocklist::list(WallTime now) const {
  return inside_->read([&](const Snapshot& snapshot) {
    std::vector<BlockedPrefix> all;
    for (const auto& [prefix, entry] : snapshot.entries) {
      if (!entry.holds(now)) continue;
      std::optional<WallTime> until;
      if (entry.until_ms != 0) until = WallTime(std::chrono::milliseconds(entry.until_ms));
      all.push_back({entry.text, until, entry.reason});
    }
    return all;
  });
}

bool Blocklist::blocked(const boost::asio::ip::address& address, WallTime now) const {
  if (inside_->empty.load(std::memory_order_relaxed)) return false;
  const Bytes bytes = bytes_of(address);
  return inside_->read([&](const Snapshot& snapshot) { return snapshot.blocked(bytes, now); });
}

}  // namespace ward::shield
