// Walking over a log's entries across its segments, for readers.
#pragma once

#include "audit/record.hpp"
#include "segment.hpp"

#include <functional>
#include <map>
#include <set>

namespace ward::audit {

/// Calls `each` for the frames from index `first` on, until it returns false or the log ends. What a running server is
/// just writing counts as the end. Error "log_damaged".
Result<void> walk_log(const std::filesystem::path& directory, std::uint64_t first,
                      const std::function<bool(const Header&, const Frame&)>& each);

/// Index of the next entry, as far as the files say.
Result<std::uint64_t> end_of_log(const std::filesystem::path& directory);

/// Clear fields of some entries.
Result<std::map<std::uint64_t, Record>> find_entries(const std::filesystem::path& directory,
                                                     const std::set<std::uint64_t>& indexes);

}  // namespace ward::audit
