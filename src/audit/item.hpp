// One record on its way to the disk, and who waits for it.
#pragma once

#include "base/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ward::audit {

struct Item;

class Waiter {
 public:
  virtual ~Waiter() = default;
  /// Where `complete` must run; null: on any thread.
  virtual const boost::asio::any_io_executor* executor() const { return nullptr; }
  virtual void complete(std::unique_ptr<Item> item) = 0;
};

struct Item {
  enum class Kind : std::uint8_t { record, intent, outcome };
  std::vector<std::string> parts;
  Kind kind = Kind::record;
  std::uint64_t index = unnumbered;  // of the first part
  std::optional<Error> error;        // why it is not durable
  std::unique_ptr<Waiter> waiter;    // null: nobody waits

  static constexpr std::uint64_t unnumbered = UINT64_MAX;
  /// True if all its parts have an index below `next`.
  bool is_below(std::uint64_t next) const { return index != unnumbered && index + parts.size() <= next; }
};

/// Completes all of them, with one post per executor for as many as wait there.
void wake(std::vector<std::unique_ptr<Item>> items);

}  // namespace ward::audit
