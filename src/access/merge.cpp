// PUT through a view: what the writer cannot see stays as it is.
#include "access/minimise.hpp"

#include "base/encoding.hpp"
#include "forms.hpp"
#include "json/json.hpp"
#include "walk.hpp"

#include <unordered_map>
#include <unordered_set>

namespace ward::access {
namespace {

using namespace detail;

constexpr unsigned depth_max = 64;

/// Writes members with commas between.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  std::string& member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  bool end() {
    out_ += '}';
    return !first_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

class Merge {
 public:
  Merge(const std::function<bool(std::string_view type)>& contained_shown, bool moved)
      : contained_shown_(contained_shown), moved_(moved) {}

  bool ambiguous() const { return ambiguous_; }

  /// False if nothing is left of the object.
  bool object(std::string& out, const r4::Definition* definition, const Spec& spec, json::Value current,
              json::Value submitted, unsigned depth) {
    if (depth > depth_max) ambiguous_ = true;
    if (ambiguous_ || definition == nullptr) return false;
    Members members(out);
    for (json::Value one = submitted.first(); one; one = one.next()) {
      const Spec child = child_of(*definition, spec, one.name());
      if (hidden(child)) continue;
      std::string text;
      if (member(text, *definition, child, one.name(), current[one.name()], one, depth))
        members.member(one.name()) += text;
    }
    for (json::Value one = current.first(); one; one = one.next()) {
      if (submitted[one.name()] && !hidden(child_of(*definition, spec, one.name()))) continue;
      std::string text;
      if (unseen(text, *definition, child_of(*definition, spec, one.name()), one, depth))
        members.member(one.name()) += text;
    }
    return members.end();
  }

 private:
  bool member(std::string& text, const r4::Definition& definition, const Spec& child, std::string_view name,
              json::Value current, json::Value submitted, unsigned depth) {
    if (definition.name == "Meta" && name == "security") return without_tags(text, submitted);
    const auto found = definition.find(name);
    const r4::Definition* inner = found ? found->type->definition : nullptr;
    if (found && found->type->code == "Meta") return object(text, inner, child, current, submitted, depth + 1);
    if (name == "contained") return contained(text, current, submitted);
    if (child.keeps_all()) {
      keep(text, current, submitted, depth);
      return true;
    }
    if (!child.cases.empty() || !child.alternatives.empty()) return items(text, child, current, submitted, depth);
    if (submitted.is_object()) return object(text, inner, child, current, submitted, depth + 1);
    return pairs(text, inner, child, current, submitted, depth);
  }

  /// What stays of a member that the writer did not send, or may not.
  bool unseen(std::string& text, const r4::Definition& definition, const Spec& child, json::Value current,
              unsigned depth) {
    if (current.name() == "contained" && child.keeps_all()) return contained(text, current, {});
    if (child.keeps_all()) return false;  // seen and taken away
    if (hidden(child)) {
      text += current.raw();
      return true;
    }
    if (!child.cases.empty() || !child.alternatives.empty()) return items(text, child, current, {}, depth);
    const auto found = definition.find(current.name());
    if (current.is_object())
      return object(text, found ? found->type->definition : nullptr, child, current, {}, depth + 1);
    ambiguous_ = true;  // a list whose items are half seen was taken away
    return false;
  }

  bool pairs(std::string& text, const r4::Definition* inner, const Spec& child, json::Value current,
             json::Value submitted, unsigned depth) {
    if (!submitted.is_array() || (current && current.size() != submitted.size())) {
      ambiguous_ = true;
      return false;
    }
    if (current && mixed_up(inner, child, current, submitted)) {
      ambiguous_ = true;
      return false;
    }
    text += '[';
    json::Value other = current.first();
    bool first = true;
    for (json::Value one = submitted.first(); one; one = one.next()) {
      std::string item;
      if (object(item, inner, child, other, one, depth + 1)) {
        if (!first) text += ',';
        first = false;
        text += item;
      }
      if (other) other = other.next();
    }
    text += ']';
    return !first;
  }

  /// Whether an item stands where another one was: what is hidden of the one must not come to the other. One that was
  /// changed in its place is not told from a new one, unless the caller says that items came, went or moved.
  bool mixed_up(const r4::Definition* inner, const Spec& child, json::Value current, json::Value submitted) const {
    std::vector<std::string> before;
    for (json::Value one = current.first(); one; one = one.next()) before.push_back(shown_form(inner, child, one));
    const std::unordered_set<std::string_view> known(before.begin(), before.end());
    auto own = before.begin();
    for (json::Value one = submitted.first(); one; one = one.next(), ++own) {
      const std::string form = shown_form(inner, child, one);
      if (form != *own && (moved_ || known.contains(form))) return true;
    }
    return false;
  }

  /// Items by a condition: shown ones as submitted, the others as they are.
  bool items(std::string& text, const Spec& spec, json::Value current, json::Value submitted, unsigned depth) {
    (void)depth;
    text += '[';
    bool first = true;
    const auto put = [&](json::Value one) {
      if (!first) text += ',';
      first = false;
      text += one.raw();
    };
    for (json::Value one = submitted.first(); one; one = one.next()) {
      if (item_state(spec, one) == State::shown) put(one);
    }
    for (json::Value one = current.first(); one; one = one.next()) {
      const State state = item_state(spec, one);
      if (state == State::hidden) put(one);
      if (state == State::partial) ambiguous_ = true;
    }
    text += ']';
    return !first;
  }

  enum class State : std::uint8_t { hidden, partial, shown };
  static State of(const Spec& spec) {
    return spec.keeps_all() ? State::shown : hidden(spec) ? State::hidden : State::partial;
  }

  static State item_state(const Spec& spec, json::Value item) {
    if (!spec.alternatives.empty()) {
      State widest = State::hidden;
      for (const Spec& one : spec.alternatives) widest = std::max(widest, item_state(one, item));
      return widest;
    }
    Spec base = spec;
    base.cases.clear();
    State state = of(base);
    for (const Case& each : spec.cases) {
      if (item.string(each.when.name) != each.when.literal) continue;
      state = spec.narrowing ? std::min(state, of(each.then)) : std::max(state, of(each.then));
    }
    return state;
  }

  bool contained(std::string& text, json::Value current, json::Value submitted) {
    text += '[';
    bool first = true;
    const auto put = [&](json::Value one) {
      if (!first) text += ',';
      first = false;
      text += one.raw();
    };
    for (json::Value one = submitted.first(); one; one = one.next()) put(one);
    for (json::Value one = current.first(); one; one = one.next()) {
      if (!contained_shown_(one.string("resourceType"))) put(one);
    }
    text += ']';
    return !first;
  }

  static bool without_tags(std::string& text, json::Value security) {
    text += '[';
    bool first = true;
    for (json::Value one = security.first(); one; one = one.next()) {
      const std::string code = one.string("code");
      const bool ours = one.string("system") == "http://terminology.hl7.org/CodeSystem/v3-ObservationValue" &&
                        (code == "REDACTED" || code == "SUBSETTED");
      if (ours) continue;
      if (!first) text += ',';
      first = false;
      text += one.raw();
    }
    text += ']';
    return !first;
  }

  /// As submitted, but a reference that still names the same keeps the display that its reader was not shown.
  void keep(std::string& text, json::Value current, json::Value submitted, unsigned depth) {
    const bool alike = current && current.type() == submitted.type() && depth < depth_max;
    if (!alike || submitted.raw().find("\"reference\"") == std::string_view::npos) {
      text += submitted.raw();
      return;
    }
    if (submitted.is_array()) return keep_items(text, current, submitted, depth);
    Members members(text);
    for (json::Value one = submitted.first(); one; one = one.next())
      keep(members.member(one.name()), current[one.name()], one, depth + 1);
    const bool same = submitted["reference"] && submitted["reference"].raw() == current["reference"].raw();
    if (same && !submitted["display"] && current["display"]) members.member("display") += current["display"].raw();
    members.end();
  }

  /// Items are found again by what they refer to; those that now refer to something else, by their place.
  void keep_items(std::string& text, json::Value current, json::Value submitted, unsigned depth) {
    std::unordered_multimap<std::string, json::Value> known;
    for (json::Value one = current.first(); one; one = one.next()) known.emplace(references_in(one), one);
    text += '[';
    json::Value other = current.first();
    for (json::Value one = submitted.first(); one; one = one.next()) {
      if (text.back() != '[') text += ',';
      const std::string own = references_in(one);
      const auto found = known.find(own);
      const bool in_place = found == known.end() || (other && references_in(other) == own);
      keep(text, in_place ? other : found->second, one, depth + 1);
      if (other) other = other.next();
    }
    text += ']';
  }

  const std::function<bool(std::string_view)>& contained_shown_;
  const bool moved_;
  bool ambiguous_ = false;
};

Refusal refusal(int status, std::string code, CauseKind kind, std::string cause, std::string issue) {
  return {.status = status,
          .code = std::move(code),
          .kind = kind,
          .cause = std::move(cause),
          .issues = {{.code = std::move(issue)}},
          .headers = {}};
}

}  // namespace

Allowed<Buffer> merge(const Phi<Buffer>& current, Buffer submitted, const Grant& grant,
                      std::span<const std::string> patients, bool moved) {
  const GrantBody& body = grant.body();
  if (body.policy == nullptr)
    return body.whole ? Allowed<Buffer>(std::move(submitted))
                      : refuse(refusal(403, "writes_refused", CauseKind::policy, grant.cause_text(), "forbidden"));
  if (grant.unrestricted()) return submitted;
  const auto before = json::Document::parse(current.inside().view());
  const auto after = json::Document::parse(submitted.view());
  if (!before || !after)
    return refuse(
        refusal(400, "body_malformed", CauseKind::validation, "the body is not well-formed JSON", "structure"));

  const Facts facts{.patients = patients, .visible = true};
  Picker picker(body, facts);
  const std::string type = before->root().string("resourceType");
  const Picker::Picked picked = picker.pick(type, current.inside().view(), &patients);
  if (picked.view == nullptr)
    return refuse(refusal(404, "not_visible", CauseKind::record, "outside of the grant", "not-found"));
  if (picked.view->tagged && grant.writes() == Writes::refuse) {
    return refuse(refusal(403, "writes_refused", CauseKind::policy,
                          grant.cause_text() + ": writes through a view are refused", "forbidden"));
  }
  Spec spec = picked.view->spec.root;
  if (picked.view->tagged) {
    spec.children["id"] = Spec{};
    spec.children["text"] = Spec{};
    spec.children["text"].self = Treatment::drop;
  }
  const std::uint64_t roles = picker.roles();
  const std::function<bool(std::string_view)> contained_shown = [&](std::string_view inner) {
    return picker.contained(inner, roles).view != nullptr;
  };
  Merge merge(contained_shown, moved);
  std::string out;
  merge.object(out, r4::find_definition(type), spec, before->root(), after->root(), 0);
  if (merge.ambiguous()) {
    wipe(out.data(), out.size());
    return refuse(refusal(409, "merge_ambiguous", CauseKind::validation,
                          "list items that are partly hidden from the writer cannot be matched with the stored ones; "
                          "send as many as were read, in their order",
                          "conflict"));
  }
  Buffer merged{out};
  wipe(out.data(), out.size());
  return merged;
}

}  // namespace ward::access
