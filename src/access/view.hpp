// Compiled views: per type a trie of member names, with what happens to each.
#pragma once

#include "spec.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access::detail {

struct Node;
struct Conditional;

enum class Act : std::uint8_t {
  drop,
  copy,          // the span as it is
  copy_checked,  // as it is, unless it holds an extension: then by the node
  descend,
  conditional,  // list items by their content
  year,
  zip3,
  resource,   // by the view of its own type
  type_name,  // "resourceType"
  meta,       // of a resource: its security gets the view's tags
  tags,       // meta.security
  display,    // of a Reference: kept if its target's type may be named
};

struct Action {
  Act act = Act::drop;
  const Node* node = nullptr;
  const Conditional* conditional = nullptr;
};

struct ConditionalCase {
  Condition when;
  Action then;
};
struct Alternative {
  bool narrowing = false;
  Action otherwise;
  std::vector<ConditionalCase> cases;
};
/// The widest of the alternatives' actions holds for an item.
struct Conditional {
  std::vector<Alternative> alternatives;
};

/// Members of one kind of object. `find` is a hash over the first and last eight bytes of a name.
struct Node {
  struct Entry {
    std::string name;
    Action action;
  };
  std::vector<Entry> entries;
  std::string masked;  // members put in place of required or masked ones: "\"_status\":{...}"; empty: none
  Action unknown;      // names that are not in the table
  struct Slot {
    std::uint64_t first = 0, last = 0;  // the first and last eight bytes of the name
    std::size_t size = 0;
    const Entry* entry = nullptr;
  };
  std::vector<Slot> slots;
  unsigned shift = 0;

  void seal();  // builds the hash; entries must not change afterwards
  /// `name` must have 8 readable bytes behind it.
  const Action& find(std::string_view name) const;
};

/// How resources of one type leave.
struct View {
  bool readable = false;
  bool whole = true;           // as they are, byte for byte
  bool tagged = false;         // something of the type itself is hidden: REDACTED, SUBSETTED
  const Node* root = nullptr;  // unless whole
  std::string tags;            // the codings, comma between
  TypeView spec;               // for `hides` and `merge`
};

/// All views of a set of roles. Immutable.
class ViewSet {
 public:
  const View& of(std::string_view type) const;
  bool all_whole() const { return all_whole_; }
  bool names(std::string_view type) const {
    return nameable_.contains(type);
  }  // may a reference to it keep its display

 private:
  friend class Compiler;
  std::map<std::string, View, std::less<>> views_;
  std::set<std::string, std::less<>> nameable_;
  std::deque<Node> nodes_;
  std::deque<Conditional> conditionals_;
  View none_;
  bool all_whole_ = false;
};

struct TypeInput {
  bool readable = false;
  TypeView view;
};
/// `input` tells for each resource type what the roles say together; `every_type_in_scope` is false if the token's
/// scopes do not cover every type, so that references and contained resources must be looked at.
std::shared_ptr<const ViewSet> compile(const std::function<TypeInput(std::string_view type)>& input,
                                       bool every_type_in_scope);

/// For bodies without a contract: only these or all but these fields.
struct FieldView {
  std::deque<Node> nodes;
  const Node* root = nullptr;
};
std::shared_ptr<const FieldView> compile_fields(const Spec&);

/// The node of a Bundle that answers a request. `sure`: every entry stays, so that totals are true.
const Node& container_node(bool sure);

}  // namespace ward::access::detail
