// A part of a record that grows entry by entry: each minimised under the Grant of its own type, before anything of it
// is followed further.
#pragma once

#include "fhir/backend.hpp"

#include <map>
#include <set>

namespace ward::door {

class RecordPart {
 public:
  explicit RecordPart(Exchange& x) : x_(x) {}

  /// Adds what was found, as `mode` (match, include). The version must have been seen by the grant.
  Allowed<void> add(const access::Grant& grant, store::Version version, std::string_view mode);
  bool has(std::string_view type, std::string_view id) const;
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

  /// Ids by type that the shown parts of the entries from `from` on refer to, and that are not in here yet.
  using Named = std::map<std::string, std::set<std::string>>;
  Named named_since(std::size_t from) const;

  /// The searchset Bundle. `links`: relation and URL. `notes` become an OperationOutcome of mode "outcome".
  access::Sendable bundle(const std::vector<std::pair<std::string, std::string>>& links,
                          std::optional<std::size_t> total, const std::vector<Issue>& notes) const;

 private:
  struct Entry {
    std::string type, id;
    std::string_view mode;
    access::Sendable shown;
  };
  Exchange& x_;
  std::vector<Entry> entries_;
  std::set<std::string, std::less<>> known_;  // "Type/id"
  std::size_t bytes_ = 0;
};

}  // namespace ward::door
