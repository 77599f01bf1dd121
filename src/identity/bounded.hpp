// Tables of token ids that outsiders make grow: bounded, with an end for each entry.
#pragma once

#include "crypto/hash.hpp"

#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ward::identity {

/// SHA-256 is as good as random where the one who chose the input cannot choose the output.
struct DigestHash {
  std::size_t operator()(const crypto::Sha256& digest) const {
    std::size_t first;
    std::memcpy(&first, digest.data(), sizeof first);
    return first;
  }
};

/// Token ids that were seen, until they end. A full table refuses: an id that cannot be kept could come again. Any
/// thread.
class SeenIds {
 public:
  enum class Outcome : std::uint8_t { fresh, seen, full };
  SeenIds(std::size_t entries_max, std::size_t per_owner_max)
      : entries_max_(entries_max), per_owner_max_(per_owner_max) {}

  /// Takes the id of an owner (a client), in one step with the look-up. Times in seconds.
  Outcome take(std::string_view owner, std::string_view id, std::int64_t ends, std::int64_t now);
  bool has(std::string_view owner, std::string_view id) const;
  std::size_t size() const;

 private:
  struct Entry {
    std::string owner;
    std::int64_t ends;
  };
  static crypto::Sha256 key(std::string_view owner, std::string_view id);
  void drop_ended(std::int64_t now);

  const std::size_t entries_max_, per_owner_max_;
  mutable std::mutex mutex_;
  std::unordered_map<crypto::Sha256, Entry, DigestHash> entries_;
  std::unordered_map<std::string, std::size_t> per_owner_;
  std::int64_t swept_ = 0;
};

}  // namespace ward::identity
