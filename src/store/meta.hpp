// Sets meta.versionId and meta.lastUpdated in a resource by span: every other byte stays as it came.
#pragma once

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ward::store {

/// Where the two values go in one body. Made once, in the request's own thread; applied by the writer, who knows them.
class MetaSpans {
 public:
  /// `body` is a JSON object that was already read strictly; what is not one is "invalid_change".
  static Result<MetaSpans> find(std::string_view body);

  Buffer apply(std::string_view body, std::uint64_t version, WallTime updated) const;

 private:
  enum class Put : std::uint8_t { whole_meta, meta_value, both_members, version_member, updated_member, version, updated };
  struct Edit {
    std::size_t begin, end;  // these bytes of the body are replaced
    Put put;
    bool comma_before, comma_after;
  };
  friend class MetaFinder;
  std::vector<Edit> edits_;  // ascending
};

}  // namespace ward::store
