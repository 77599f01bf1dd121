#include "scope/scope.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <tuple>

namespace ward::scope {
namespace {

constexpr std::size_t text_bytes_max = 16 * 1024;
constexpr std::size_t scopes_max = 256;
constexpr std::size_t constraints_max = 16;
constexpr std::size_t type_letters_max = 64;

constexpr std::string_view context_names[] = {"patient", "user", "system"};

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ).
bool is_scope_token(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return c >= 0x21 && c <= 0x7E && c != '"' && c != '\\'; });
}

bool is_type(std::string_view type) {
  if (type == "*") return true;
  return !type.empty() && type.size() <= type_letters_max && type[0] >= 'A' && type[0] <= 'Z' &&
         std::ranges::all_of(type, is_letter);
}

bool is_param_name(std::string_view name) {
  if (name.empty() || !(is_letter(name[0]) || name[0] == '_')) return false;
  return std::ranges::all_of(
      name, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == ':' || c == '.'; });
}

std::optional<Actions> parse_v1_permission(std::string_view text) {
  if (text == "read") return Actions{.read = true, .search = true};
  if (text == "write") return Actions{.create = true, .update = true, .remove = true};
  if (text == "*") return Actions{.create = true, .read = true, .update = true, .remove = true, .search = true};
  return std::nullopt;
}

/// SMART 2.2 section 3.0.2.1: a subset of c r u d s, in this order.
std::optional<Actions> parse_v2_permission(std::string_view text) {
  Actions actions;
  const std::pair<char, bool*> letters[] = {{'c', &actions.create},
                                            {'r', &actions.read},
                                            {'u', &actions.update},
                                            {'d', &actions.remove},
                                            {'s', &actions.search}};
  std::size_t at = 0;
  for (const auto& [letter, bit] : letters) {
    if (at < text.size() && text[at] == letter) {
      *bit = true;
      ++at;
    }
  }
  if (at == 0 || at != text.size()) return std::nullopt;
  return actions;
}

std::string letters_of(const Actions& actions) {
  std::string out;
  if (actions.create) out += 'c';
  if (actions.read) out += 'r';
  if (actions.update) out += 'u';
  if (actions.remove) out += 'd';
  if (actions.search) out += 's';
  return out;
}

Actions both(const Actions& a, const Actions& b) {
  return {a.create && b.create, a.read && b.read, a.update && b.update, a.remove && b.remove, a.search && b.search};
}
Actions either(const Actions& a, const Actions& b) {
  return {a.create || b.create, a.read || b.read, a.update || b.update, a.remove || b.remove, a.search || b.search};
}

/// Scopes come from callers: an error may name one only as far as it is plain and short.
std::string quoted(std::string_view word) {
  std::string out = "\"";
  for (const char c : word.substr(0, 80)) out += c > 0x20 && c < 0x7F ? c : '?';
  if (word.size() > 80) out += "...";
  return out + "\"";
}

std::unexpected<Error> malformed(std::string_view word, std::string_view why) {
  return fail("scope_malformed", fmt::format("scope {} is malformed: {}", quoted(word), why));
}

Result<std::vector<std::pair<std::string, std::string>>> parse_constraints(std::string_view word,
                                                                           std::string_view text) {
  std::vector<std::pair<std::string, std::string>> constraints;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string_view pair = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return malformed(word, "each constraint is name=value");
    const auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(pair.substr(equals + 1));
    if (!name || !is_param_name(*name)) return malformed(word, "the name of a constraint is a search parameter");
    if (!value || value->empty() || !is_utf8(*value))
      return malformed(word, "a constraint needs a value, percent-encoded UTF-8");
    if (std::ranges::any_of(*value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
      return malformed(word, "a constraint has a control character");
    }
    constraints.emplace_back(*name, std::move(*value));
    if (constraints.size() > constraints_max) return malformed(word, "more than 16 constraints");
  }
  std::ranges::sort(constraints);
  constraints.erase(std::unique(constraints.begin(), constraints.end()), constraints.end());
  return constraints;
}

Result<ResourceScope> parse_resource(Context context, std::string_view word, std::string_view rest) {
  const std::size_t question = rest.find('?');
  const std::string_view head = rest.substr(0, question);
  const std::size_t dot = head.find('.');
  if (dot == std::string_view::npos) return malformed(word, "write it as context/Type.cruds");
  ResourceScope scope{.context = context, .type = std::string(head.substr(0, dot)), .actions = {}, .constraints = {}};
  if (!is_type(scope.type)) return malformed(word, "the type is a FHIR resource type or *");

  const std::string_view permission = head.substr(dot + 1);
  if (const auto v1 = parse_v1_permission(permission)) {
    if (question != std::string_view::npos) return malformed(word, "constraints need a v2 permission (such as .rs)");
    scope.actions = *v1;
    return scope;
  }
  const auto v2 = parse_v2_permission(permission);
  if (!v2) return malformed(word, "the permission is read, write, *, or some of c r u d s in this order");
  scope.actions = *v2;
  if (question == std::string_view::npos) return scope;
  auto constraints = parse_constraints(word, rest.substr(question + 1));
  if (!constraints) return std::unexpected(std::move(constraints.error()));
  scope.constraints = std::move(*constraints);
  return scope;
}

auto key(const ResourceScope& scope) { return std::tie(scope.context, scope.type, scope.constraints); }

/// Sorted, one scope for each (context, type, constraints).
void settle(std::vector<ResourceScope>& scopes) {
  std::ranges::sort(scopes, [](const auto& a, const auto& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (kept > 0 && key(scopes[kept - 1]) == key(scopes[i])) {
      scopes[kept - 1].actions = either(scopes[kept - 1].actions, scopes[i].actions);
    } else {
      if (kept != i) scopes[kept] = std::move(scopes[i]);
      ++kept;
    }
  }
  scopes.erase(scopes.begin() + static_cast<std::ptrdiff_t>(kept), scopes.end());
}

void settle(std::vector<std::string>& words) {
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

/// Keeps readable what is safe in a scope token and in a query value; the rest is percent-encoded.
void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (is_letter(c) || is_digit(c) || std::string_view("-._~|:/,$@!*()';").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

std::optional<std::string> common_type(const std::string& allowed, const std::string& asked) {
  if (allowed == "*") return asked;
  if (asked == "*" || asked == allowed) return allowed;
  return std::nullopt;
}

}  // namespace

bool Actions::includes(const Actions& other) const { return both(*this, other) == other; }

Result<ScopeSet> ScopeSet::parse(std::string_view text) {
  if (text.size() > text_bytes_max) return fail("scope_too_long", "scope is longer than 16 KiB");
  ScopeSet set;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;  // two spaces: RFC 6749 has one, but providers differ and nothing depends on it
    if (++count > scopes_max) return fail("scope_too_long", "more than 256 scopes");
    if (!is_scope_token(word)) return malformed(word, "a character that RFC 6749 section 3.3 does not allow");
    bool resource = false;
    for (std::size_t i = 0; i < std::size(context_names); ++i) {
      const std::string_view name = context_names[i];
      if (word.size() <= name.size() || !word.starts_with(name) || word[name.size()] != '/') continue;
      auto scope = parse_resource(static_cast<Context>(i), word, word.substr(name.size() + 1));
      if (!scope) return std::unexpected(std::move(scope.error()));
      set.resources_.push_back(std::move(*scope));
      resource = true;
      break;
    }
    if (!resource) set.words_.emplace_back(word);
  }
  settle(set.resources_);
  settle(set.words_);
  return set;
}

bool ScopeSet::has(std::string_view word) const { return std::ranges::find(words_, word) != words_.end(); }

ScopeSet ScopeSet::narrow(const ScopeSet& asked) const {
  ScopeSet out;
  for (const std::string& word : asked.words_) {
    if (has(word)) out.words_.push_back(word);
  }
  for (const ResourceScope& wish : asked.resources_) {
    for (const ResourceScope& allowed : resources_) {
      if (allowed.context != wish.context) continue;
      const auto type = common_type(allowed.type, wish.type);
      const Actions actions = both(allowed.actions, wish.actions);
      if (!type || actions == Actions{}) continue;
      ResourceScope scope{.context = wish.context, .type = *type, .actions = actions, .constraints = wish.constraints};
      scope.constraints.insert(scope.constraints.end(), allowed.constraints.begin(), allowed.constraints.end());
      std::ranges::sort(scope.constraints);
      scope.constraints.erase(std::unique(scope.constraints.begin(), scope.constraints.end()), scope.constraints.end());
      out.resources_.push_back(std::move(scope));
    }
  }
  settle(out.resources_);
  return out;
}

std::string ScopeSet::text() const {
  std::string out;
  for (const std::string& word : words_) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  for (const ResourceScope& scope : resources_) {
    if (!out.empty()) out += ' ';
    out += scope::text(scope);
  }
  return out;
}

std::string text(const ResourceScope& scope) {
  std::string out = fmt::format("{}/{}.{}", context_names[static_cast<std::size_t>(scope.context)], scope.type,
                                letters_of(scope.actions));
  char separator = '?';
  for (const auto& [name, value] : scope.constraints) {
    out += separator;
    out += name;
    out += '=';
    append_value(out, value);
    separator = '&';
  }
  return out;
}

}  // namespace ward::scope
