#include "walk.hpp"

#include <cstring>

namespace ward::access::detail {
namespace {

constexpr unsigned depth_max = 64;

// The ZIP3 areas of at most 20,000 people (2000 Census), as the guidance to 45 CFR 164.514(b)(2)(i)(B) lists them.
constexpr std::string_view small_zip3[] = {"036", "059", "063", "102", "203", "556", "692", "790", "821",
                                           "823", "830", "831", "878", "879", "884", "890", "893"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

/// What a token does to the depth.
constexpr auto nesting = [] {
  std::array<std::int8_t, 256> out{};
  out['{'] = out['['] = 1;
  out['}'] = out[']'] = -1;
  return out;
}();

int rank(const Action& action) {
  switch (action.act) {
    case Act::drop:
      return 0;
    case Act::descend:
      return 1;
    case Act::copy_checked:
      return 2;
    case Act::copy:
      return 3;
    default:
      return 1;
  }
}

/// Whether `text`, which begins with `first`, is between. What is compared may run into the padding behind a body.
bool holds(const char* at, const char* end, char first, std::string_view text) {
  while (at < end &&
         (at = static_cast<const char*>(std::memchr(at, first, static_cast<std::size_t>(end - at)))) != nullptr) {
    if (std::memcmp(at, text.data(), text.size()) == 0) return true;
    ++at;
  }
  return false;
}

/// Where `"resourceType"` stands in a text. memchr for the rare letter is quick.
std::vector<std::uint32_t> resources_in(std::string_view text) {
  constexpr std::string_view before = "\"resource", behind = "ype\"";
  std::vector<std::uint32_t> found;
  const char *at = text.data(), *const end = at + text.size();
  while (at < end &&
         (at = static_cast<const char*>(std::memchr(at, 'T', static_cast<std::size_t>(end - at)))) != nullptr) {
    const auto offset = static_cast<std::size_t>(at - text.data());
    if (offset >= before.size() && text.substr(offset - before.size(), before.size()) == before &&
        text.substr(offset + 1, behind.size()) == behind)
      found.push_back(static_cast<std::uint32_t>(offset));
    ++at;
  }
  return found;
}

/// The type that a reference names: "Practitioner/1", also absolute and with a version; empty if it does not tell.
std::string_view referenced_type(std::string_view reference) {
  if (const auto history = reference.find("/_history/"); history != std::string_view::npos)
    reference = reference.substr(0, history);
  const std::size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  const std::string_view before = reference.substr(0, slash);
  return before.substr(before.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

Walk::Walk(std::string_view body, const Scan& scan, Buffer& out, Picker& picker)
    : body_(body),
      source_(body.data()),
      index_(scan.index()),
      count_(scan.count()),
      out_(out, body.data()),
      picker_(picker) {
  extensions_ = holds_extension(0, static_cast<std::uint32_t>(body.size()));
  resources_ = resources_in(body);
  escapes_ = holds(body.data(), body.data() + body.size(), '\\', "\\u");
}

Outcome Walk::resource_of(std::span<const std::string> patients) {
  const std::string_view type = type_at(0);
  if (type.empty()) return Outcome::malformed;
  const Picker::Picked picked = picker_.pick(type, body_, &patients);
  if (picked.view == nullptr) return Outcome::nothing;
  const Outcome outcome = resource_under(picked, type, picker_.roles(), 0);
  out_.flush();
  return outcome == Outcome::written && !whole_body_read() ? Outcome::malformed : outcome;
}

Outcome Walk::container(bool sure, bool visible) {
  if (type_at(0) != "Bundle") return Outcome::malformed;
  in_container_ = true;
  entry_denied_ = false;
  frame_ = {.view = nullptr, .set = nullptr, .type = "Bundle", .roles = 0};
  visible_ = visible;
  const Outcome outcome = object(container_node(sure), 0);
  out_.flush();
  return outcome == Outcome::written && !whole_body_read() ? Outcome::malformed : outcome;
}

Outcome Walk::fields(const Node& root) {
  const Outcome outcome = at(0) == '[' ? array({Act::descend, &root}, 0) : item({Act::descend, &root}, 0);
  out_.flush();
  if (outcome == Outcome::nothing) out_.text(at(0) == '[' ? "[]" : "{}");
  return outcome == Outcome::malformed || !whole_body_read() ? Outcome::malformed : Outcome::written;
}

/// Moves behind the value that begins at the present token.
bool Walk::skip() {
  if (i_ >= count_) return false;
  const char first = at(i_++);
  if (first != '{' && first != '[') return first != '}' && first != ']' && first != ',' && first != ':';
  int depth = 1;
  std::uint32_t i = i_;
  while (depth > 0 && i < count_) depth += nesting[static_cast<unsigned char>(source_[index_[i++]])];
  i_ = i;
  return depth == 0;
}

std::string_view Walk::key(std::uint32_t i) const {
  const std::uint32_t begin = index_[i] + 1;
  std::uint32_t end = index_[i + 1];
  while (end > begin && source_[end - 1] != '"') --end;
  return {source_ + begin, end > begin ? end - 1 - begin : 0};
}

/// The bytes of a string value between its quotes; nothing if the value is not a string.
std::optional<std::string_view> Walk::string_at(std::uint32_t i) const {
  if (i + 1 > count_ || at(i) != '"') return std::nullopt;
  const std::uint32_t begin = index_[i] + 1;
  std::uint32_t end = i + 1 < count_ ? index_[i + 1] : static_cast<std::uint32_t>(body_.size());
  while (end > begin && source_[end - 1] != '"') --end;
  if (end == begin) return std::nullopt;
  return std::string_view(source_ + begin, end - 1 - begin);
}

/// resourceType of the object at a token; empty if it is not the one plain string that it must be.
std::string_view Walk::type_at(std::uint32_t i) const {
  if (i >= count_ || at(i) != '{') return {};
  int depth = 0;
  for (std::uint32_t t = i; t + 2 < count_; ++t) {
    const char c = at(t);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 0) return {};
    if (depth == 1 && c == '"' && at(t + 1) == ':' && key(t) == "resourceType") return string_at(t + 2).value_or("");
  }
  return {};
}

bool Walk::holds_extension(std::uint32_t begin, std::uint32_t end) const {
  // An escape in a name could spell "extension" differently. memchr for a rare letter is ten times as fast as memmem.
  return holds(source_ + begin, source_ + end, 'x', "xtension\"") || holds(source_ + begin, source_ + end, '\\', "\\u");
}

/// Whether a value that is to be copied as it is holds a resource, where none may be: in an element that R4 does not
/// know, or in the place of a text. Its own view would not be asked. A name with an escape counts as one.
bool Walk::hides_resource(std::uint32_t from, std::uint32_t to) const {
  if (frame_.view == nullptr && !in_container_) return false;
  if (!escapes_) {
    const auto next = std::ranges::lower_bound(resources_, index_[from]);
    const std::uint32_t end = to < count_ ? index_[to] : static_cast<std::uint32_t>(body_.size());
    if (next == resources_.end() || *next >= end) return false;
  }
  for (std::uint32_t t = from; t + 1 < to; ++t) {
    if (at(t) != '"' || at(t + 1) != ':') continue;
    const std::string_view name = key(t);
    if (name == "resourceType" || name.find('\\') != std::string_view::npos) return true;
  }
  return false;
}

Outcome Walk::object(const Node& node, unsigned depth) {
  if (depth > depth_max) return Outcome::malformed;
  const std::uint32_t around = open_;
  open_ = i_;
  const Writer::Mark mark = out_.mark();
  std::uint32_t count = 0;
  const Outcome outcome = members(node, depth, count);
  open_ = around;
  if (outcome == Outcome::malformed) return outcome;
  if (count == 0) {
    out_.back_to(mark);
    return Outcome::nothing;
  }
  return Outcome::written;
}

/// From the opening to the closing brace; `count` members were written.
Outcome Walk::members(const Node& node, unsigned depth, std::uint32_t& count) {
  const std::uint32_t open = index_[i_];
  out_.copy(open, open + 1);
  if (++i_ >= count_) return Outcome::malformed;
  while (at(i_) != '}') {
    if (i_ + 2 >= count_ || at(i_) != '"' || at(i_ + 1) != ':') return Outcome::malformed;
    const std::uint32_t before = index_[i_ - 1];
    const std::uint32_t begin = count > 0 ? before : before == open ? open + 1 : index_[i_];
    const std::string_view name = key(i_);
    const Action& known = node.find(name);
    // An escape could spell a hidden name; FHIR's names have none, and elsewhere such a member is not worth the risk.
    const bool disguised = &known == &node.unknown && name.find('\\') != std::string_view::npos;
    const Action action = disguised ? Action{} : known;
    i_ += 2;
    const Outcome outcome = member(action, begin, depth);
    if (outcome == Outcome::malformed || i_ >= count_) return Outcome::malformed;
    if (outcome == Outcome::written) ++count;
    if (at(i_) == ',') {
      if (++i_ >= count_ || at(i_) == '}') return Outcome::malformed;
    } else if (at(i_) != '}') {
      return Outcome::malformed;
    }
  }
  if (!node.masked.empty()) {
    if (count > 0) out_.text(",");
    out_.text(node.masked);
    ++count;
  }
  if (frame_.view != nullptr && frame_.view->root == &node && frame_.view->tagged && !tags_written_) {
    if (count > 0) out_.text(",");
    out_.text("\"meta\":{\"security\":[");
    out_.text(frame_.view->tags);
    out_.text("]}");
    ++count;
  }
  out_.copy(index_[i_], index_[i_] + 1);
  ++i_;
  return Outcome::written;
}

/// `begin`: where the member's text starts, a comma before it included where one is needed.
Outcome Walk::member(const Action& action, std::uint32_t begin, unsigned depth) {
  const std::uint32_t value_begin = index_[i_];
  switch (action.act) {
    case Act::drop:
      return skip() ? Outcome::nothing : Outcome::malformed;
    case Act::copy: {
      const std::uint32_t from = i_;
      if (!skip() || i_ >= count_) return Outcome::malformed;
      if (hides_resource(from, i_)) return Outcome::nothing;
      out_.copy(begin, index_[i_]);
      return Outcome::written;
    }
    case Act::copy_checked: {
      const std::uint32_t from = i_;
      if (!skip() || i_ >= count_) return Outcome::malformed;
      if ((!extensions_ || !holds_extension(value_begin, index_[i_])) && !hides_resource(from, i_)) {
        out_.copy(begin, index_[i_]);
        return Outcome::written;
      }
      i_ = from;
      break;
    }
    case Act::type_name: {
      const auto type = string_at(i_);
      if (!type || *type != frame_.type || !skip() || i_ >= count_) return Outcome::malformed;
      out_.copy(begin, index_[i_]);
      return Outcome::written;
    }
    case Act::display: {
      const bool allowed = display_allowed(open_);
      if (!skip() || i_ >= count_) return Outcome::malformed;
      if (!allowed) return Outcome::nothing;
      out_.copy(begin, index_[i_]);
      return Outcome::written;
    }
    case Act::year:
    case Act::zip3:
      return treated(action, begin);
    default:
      break;
  }
  const Writer::Mark mark = out_.mark();
  out_.copy(begin, value_begin);
  const Outcome outcome = value(action, depth);
  if (outcome == Outcome::nothing) out_.back_to(mark);
  return outcome;
}

Outcome Walk::value(const Action& action, unsigned depth) {
  if (action.act == Act::meta) return meta(*action.node, depth);
  if (action.act == Act::tags) return tags(action, depth);
  return at(i_) == '[' ? array(action, depth) : item(action, depth);
}

/// `tail`: items of our own behind the others.
Outcome Walk::array(const Action& action, unsigned depth, std::string_view tail) {
  if (depth > depth_max) return Outcome::malformed;
  const std::uint32_t open = index_[i_];
  const Writer::Mark mark = out_.mark();
  out_.copy(open, open + 1);
  std::uint32_t count = 0;
  if (++i_ >= count_) return Outcome::malformed;
  while (at(i_) != ']') {
    const std::uint32_t before = index_[i_ - 1];
    const std::uint32_t begin = count > 0 ? before : before == open ? open + 1 : index_[i_];
    const Writer::Mark item_mark = out_.mark();
    out_.copy(begin, index_[i_]);
    const Outcome outcome = at(i_) == '[' ? array(action, depth + 1) : item(action, depth);
    if (outcome == Outcome::malformed || i_ >= count_) return Outcome::malformed;
    if (outcome == Outcome::written) {
      ++count;
    } else {
      out_.back_to(item_mark);
    }
    if (at(i_) == ',') {
      if (++i_ >= count_ || at(i_) == ']') return Outcome::malformed;
    } else if (at(i_) != ']') {
      return Outcome::malformed;
    }
  }
  if (!tail.empty()) {
    if (count > 0) out_.text(",");
    out_.text(tail);
  } else if (count == 0) {
    ++i_;
    out_.back_to(mark);
    return Outcome::nothing;
  }
  out_.copy(index_[i_], index_[i_] + 1);
  ++i_;
  return Outcome::written;
}

/// The value as it is, whatever is in it.
Outcome Walk::whole() {
  const std::uint32_t begin = index_[i_];
  if (!skip()) return Outcome::malformed;
  out_.copy(begin, i_ < count_ ? index_[i_] : static_cast<std::uint32_t>(body_.size()));
  return Outcome::written;
}

/// One value that is not a list.
Outcome Walk::item(const Action& action, unsigned depth) {
  switch (action.act) {
    case Act::conditional:
      return at(i_) == '{' ? item(choose(*action.conditional), depth)
                           : (skip() ? Outcome::nothing : Outcome::malformed);
    case Act::drop:
    case Act::year:
    case Act::zip3:
      return skip() ? Outcome::nothing : Outcome::malformed;
    case Act::resource:
      return resource(depth + 1);
    case Act::copy: {
      const std::uint32_t from = i_;
      const Writer::Mark mark = out_.mark();
      const Outcome outcome = whole();
      if (outcome != Outcome::written || !hides_resource(from, i_)) return outcome;
      out_.back_to(mark);
      return Outcome::nothing;
    }
    default:
      break;
  }
  if (at(i_) == '{') {
    const bool entry = in_container_ && depth == 0 && action.act == Act::descend;
    if (!entry) return object(*action.node, depth + 1);
    entry_denied_ = false;
    entry_has_resource_ = false;
    const Writer::Mark mark = out_.mark();
    const Outcome outcome = object(*action.node, depth + 1);
    // An entry without a resource (a deletion, a status) tells that something exists; only the store's own may.
    if (outcome == Outcome::written && (entry_denied_ || (!entry_has_resource_ && !visible_))) {
      out_.back_to(mark);
      return Outcome::nothing;
    }
    return outcome;
  }
  // A null keeps the places of a list of primitives and of their extensions together; other scalars are out of place.
  const std::uint32_t begin = index_[i_];
  if (source_[begin] != 'n') return skip() ? Outcome::nothing : Outcome::malformed;
  if (!skip()) return Outcome::malformed;
  out_.copy(begin, begin + 4);
  return Outcome::written;
}

Outcome Walk::resource(unsigned depth) {
  if (depth > depth_max) return Outcome::malformed;
  const std::string_view type = type_at(i_);
  const std::uint32_t from = i_;
  entry_has_resource_ = true;
  Picker::Picked picked;
  std::uint64_t roles = frame_.roles;
  if (!type.empty() && frame_.view != nullptr) {
    picked = picker_.contained(type, roles);
  } else if (!type.empty()) {
    if (!skip()) return Outcome::malformed;
    const std::uint32_t end = i_ < count_ ? index_[i_] : static_cast<std::uint32_t>(body_.size());
    picked = picker_.pick(type, {source_ + index_[from], static_cast<std::size_t>(end - index_[from])}, nullptr);
    roles = picker_.roles();
    i_ = from;
  }
  if (picked.view == nullptr) {
    entry_denied_ = true;
    return skip() ? Outcome::nothing : Outcome::malformed;
  }
  return resource_under(picked, type, roles, depth);
}

Outcome Walk::resource_under(const Picker::Picked& picked, std::string_view type, std::uint64_t roles, unsigned depth) {
  if (picked.view->whole) return whole();
  const Frame around = frame_;
  const bool tags_around = tags_written_;
  const bool container_around = in_container_;
  frame_ = {.view = picked.view, .set = picked.set, .type = type, .roles = roles};
  tags_written_ = false;
  in_container_ = false;
  const Outcome outcome = object(*picked.view->root, depth + 1);
  frame_ = around;
  tags_written_ = tags_around;
  in_container_ = container_around;
  return outcome;
}

/// A resource's meta. Every resource under a view carries the view's tags, whatever it held.
Outcome Walk::meta(const Node& node, unsigned depth) {
  if (tags_written_ || at(i_) != '{') return skip() ? Outcome::nothing : Outcome::malformed;
  std::uint32_t count = 0;
  const std::uint32_t open = index_[i_];
  const std::uint32_t around = open_;
  open_ = i_;
  out_.copy(open, open + 1);
  if (++i_ >= count_) return Outcome::malformed;
  while (at(i_) != '}') {
    if (i_ + 2 >= count_ || at(i_) != '"' || at(i_ + 1) != ':') return Outcome::malformed;
    const std::uint32_t before = index_[i_ - 1];
    const std::uint32_t begin = count > 0 ? before : before == open ? open + 1 : index_[i_];
    const Action& action = node.find(key(i_));
    i_ += 2;
    const Outcome outcome = member(action, begin, depth + 1);
    if (outcome == Outcome::malformed || i_ >= count_) return Outcome::malformed;
    if (outcome == Outcome::written) ++count;
    if (at(i_) == ',') {
      if (++i_ >= count_ || at(i_) == '}') return Outcome::malformed;
    } else if (at(i_) != '}') {
      return Outcome::malformed;
    }
  }
  if (!tags_written_) {
    if (count > 0) out_.text(",");
    out_.text("\"security\":[");
    out_.text(frame_.view->tags);
    out_.text("]");
    tags_written_ = true;
  }
  open_ = around;
  out_.copy(index_[i_], index_[i_] + 1);
  ++i_;
  return Outcome::written;
}

Outcome Walk::tags(const Action& action, unsigned depth) {
  if (tags_written_ || at(i_) != '[') return skip() ? Outcome::nothing : Outcome::malformed;
  tags_written_ = true;
  return array({action.node != nullptr ? Act::descend : Act::copy, action.node}, depth, frame_.view->tags);
}

/// A date to its year, a postal code to its first three digits; what does not look like one goes.
Outcome Walk::treated(const Action& action, std::uint32_t begin) {
  const std::uint32_t value_begin = index_[i_];
  const auto text = string_at(i_);
  if (!skip()) return Outcome::malformed;
  const std::size_t length = action.act == Act::year ? 4 : 3;
  if (!text || text->size() < length || !digits(text->substr(0, length))) return Outcome::nothing;
  std::string_view kept = text->substr(0, length);
  if (action.act == Act::zip3 && std::ranges::find(small_zip3, kept) != std::end(small_zip3)) kept = "000";
  out_.copy(begin, value_begin);
  out_.text("\"");
  out_.text(kept);
  out_.text("\"");
  return Outcome::written;
}

Action Walk::choose(const Conditional& conditional) const {
  Action best;
  int best_rank = -1;
  for (const Alternative& alternative : conditional.alternatives) {
    Action action = alternative.otherwise;
    for (const ConditionalCase& each : alternative.cases) {
      if (!matches(each.when, alternative.narrowing)) continue;
      const bool better = alternative.narrowing ? rank(each.then) < rank(action) : rank(each.then) > rank(action);
      if (better) action = each.then;
    }
    if (rank(action) > best_rank) {
      best = action;
      best_rank = rank(action);
    }
  }
  return best;
}

/// Whether the object at the present token has name = literal. A value with an escape, a second value, or something
/// that is not a string leaves it unsure.
bool Walk::matches(const Condition& condition, bool when_unsure) const {
  int depth = 0;
  bool found = false;
  bool unsure = false;
  bool other = false;
  for (std::uint32_t t = i_; t + 2 < count_; ++t) {
    const char c = at(t);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 0) break;
    if (depth != 1 || c != '"' || at(t + 1) != ':') continue;
    const std::string_view name = key(t);
    if (name.find('\\') != std::string_view::npos) unsure = true;
    if (name != condition.name) continue;
    const auto text = string_at(t + 2);
    if (!text || text->find('\\') != std::string_view::npos) {
      unsure = true;
    } else if (*text == condition.literal) {
      found = true;
    } else {
      other = true;
    }
  }
  if (unsure || (found && other)) return when_unsure;
  return found;
}

bool Walk::display_allowed(std::uint32_t open) const {
  int depth = 0;
  bool told = false;
  for (std::uint32_t t = open; t + 2 < count_; ++t) {
    const char c = at(t);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 0) break;
    if (depth != 1 || c != '"' || at(t + 1) != ':') continue;
    const std::string_view name = key(t);
    const bool reference = name == "reference";
    if (!reference && name != "type") continue;
    const auto text = string_at(t + 2);
    const std::string_view type = !text ? "" : reference ? referenced_type(*text) : *text;
    if (frame_.set == nullptr || !frame_.set->names(type) || !picker_.may_read(type)) return false;
    told = true;
  }
  return told;
}

}  // namespace ward::access::detail
