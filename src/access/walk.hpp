// One walk over a body beside a compiled view.
#pragma once

#include "access/minimise.hpp"
#include "rules.hpp"
#include "scan.hpp"
#include "writer.hpp"

namespace ward::access::detail {

/// Picks views for resources and remembers what it picked; one per response.
class Picker {
 public:
  Picker(const GrantBody& body, const Facts& facts) : body_(body), facts_(facts) {}

  struct Picked {
    const View* view = nullptr;  // null: may not be seen
    const ViewSet* set = nullptr;
  };
  /// `own`: the patients are known to be these.
  Picked pick(std::string_view type, std::string_view resource, const std::span<const std::string>* own);
  /// For contained resources: they belong to what they are in, so only the type counts.
  Picked contained(std::string_view type, std::uint64_t roles);
  bool may_read(std::string_view type);
  std::uint64_t roles() const { return roles_; }

 private:
  struct Known {
    std::string type;
    std::vector<Branch> branches;
  };
  const std::vector<Branch>& branches(std::string_view type);
  const ViewSet& set(std::uint64_t mask, bool narrow);

  const GrantBody& body_;
  const Facts& facts_;
  std::deque<Known> known_;
  std::map<std::pair<std::uint64_t, bool>, std::shared_ptr<const ViewSet>> sets_;
  std::uint64_t roles_ = 0;  // of the last pick
};

enum class Outcome : std::uint8_t { written, nothing, malformed };

class Walk {
 public:
  /// `body` with its index from `scan`; output is appended to `out`.
  Walk(std::string_view body, const Scan& scan, Buffer& out, Picker& picker);

  /// One resource whose patients are `patients`.
  Outcome resource_of(std::span<const std::string> patients);
  /// A Bundle that answers; entries are decided one by one.
  Outcome container(bool sure, bool visible);
  /// A body without a contract.
  Outcome fields(const Node& root);

 private:
  struct Frame {
    const View* view = nullptr;  // of the resource around
    const ViewSet* set = nullptr;
    std::string_view type;
    std::uint64_t roles = 0;
  };

  char at(std::uint32_t i) const { return source_[index_[i]]; }
  bool skip();
  bool whole_body_read() const { return i_ == count_; }
  std::string_view key(std::uint32_t i) const;
  std::optional<std::string_view> string_at(std::uint32_t i) const;
  std::string_view type_at(std::uint32_t i) const;
  std::string_view span_of_value();
  bool holds_extension(std::uint32_t begin, std::uint32_t end) const;
  bool hides_resource(std::uint32_t from, std::uint32_t to) const;

  Outcome object(const Node& node, unsigned depth);
  Outcome members(const Node& node, unsigned depth, std::uint32_t& count);
  Outcome member(const Action& action, std::uint32_t begin, unsigned depth);
  Outcome value(const Action& action, unsigned depth);
  Outcome array(const Action& action, unsigned depth, std::string_view tail = {});
  Outcome item(const Action& action, unsigned depth);
  Outcome whole();
  Outcome resource(unsigned depth);
  Outcome resource_under(const Picker::Picked& picked, std::string_view type, std::uint64_t roles, unsigned depth);
  Outcome meta(const Node& node, unsigned depth);
  Outcome tags(const Action& action, unsigned depth);
  Outcome treated(const Action& action, std::uint32_t begin);
  Action choose(const Conditional& conditional) const;
  bool matches(const Condition& condition, bool when_unsure) const;
  bool display_allowed(std::uint32_t open) const;

  std::string_view body_;
  const char* source_;
  const std::uint32_t* index_;
  std::uint32_t count_;
  std::uint32_t i_ = 0;
  Writer out_;
  Picker& picker_;
  Frame frame_;
  std::uint32_t open_ = 0;                // index of the '{' of the object being walked
  bool extensions_ = false;               // somewhere in the body
  bool escapes_ = false;                  // names could be disguised
  std::vector<std::uint32_t> resources_;  // where "resourceType" stands
  bool in_container_ = false;
  bool visible_ = false;
  bool entry_denied_ = false;
  bool entry_has_resource_ = false;
  bool tags_written_ = false;
};

}  // namespace ward::access::detail
