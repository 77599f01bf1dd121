// FHIRPath Patch (R4 fhirpatch.html): the operations of a Parameters resource, each at what a FHIRPath names.
#include "patch/draft.hpp"
#include "patch/parameter_value.hpp"
#include "patch/place.hpp"
#include "patch/source.hpp"
#include "path.hpp"

#include <fmt/format.h>
#include <charconv>

namespace ward::fhir {
namespace {

using namespace patch;

constexpr std::size_t operations_max = 200;       // each reads the resource by an expression of its own
constexpr unsigned steps_max = 100'000;           // of one expression
constexpr std::size_t path_bytes_max = 2 * 1024;  // of its text
constexpr std::size_t evaluation = 16 * 1024;     // what it costs beside its walk, in bytes of copying

enum class Op : std::uint8_t { add, insert, remove, replace, move };

/// The table of fhirpatch.html: what each type of operation needs beside its path.
struct Shape {
  std::string_view type;
  Op op;
  bool name, value, index, places;
};
constexpr Shape shapes[] = {{"add", Op::add, true, true, false, false},
                            {"insert", Op::insert, false, true, true, false},
                            {"delete", Op::remove, false, false, false, false},
                            {"replace", Op::replace, false, true, false, false},
                            {"move", Op::move, false, false, false, true}};

struct Operation {
  Op op;
  PathExpression path;
  std::string name;
  json::Value value;  // the part
  std::size_t index = 0, source = 0, destination = 0;
};

/// One application. Each step returns why it cannot be done; nothing if it was.
class Run {
 public:
  using Why = std::optional<std::string_view>;

  Run(std::string_view target, const PatchLimits& limits) : draft_(target, limits) {}

  bool ok() const { return draft_.ok(); }
  Buffer take() && { return std::move(draft_).take(); }

  const PatchUse& use() const { return draft_.use(); }

  Why run(const Operation& one) {
    const json::Value root = draft_.root();
    if (!draft_.spend(root.raw().size() + evaluation)) return beyond_limits;
    auto items = one.path.evaluate(
        {.resource = root, .resource_type = {}, .limits = {.steps_max = steps_max, .text_max = 1 << 16}});
    if (!items) return "its path cannot be evaluated";
    switch (one.op) {
      case Op::add:
        return add(one, *items);
      case Op::insert:
        return insert(one, *items);
      case Op::remove:
        return remove(*items);
      case Op::replace:
        return replace(one, *items);
      case Op::move:
        return move(one, *items);
    }
    return not_one;
  }

 private:
  static constexpr std::string_view not_one = "its path must name one element of the resource";
  static constexpr std::string_view not_list = "its path must name one list of the resource, as a whole";
  static constexpr std::string_view wrong_value = "its value does not fit the element";

  static Why limited(bool done) { return done ? Why() : Why(beyond_limits); }

  /// The place of an item; nothing for what was computed, and for the resource itself.
  std::optional<Pointer> place_of(const PathItem& item) const {
    const json::Value stands = item.value ? item.value : item.extras;
    if (item.type.empty() || !stands) return std::nullopt;
    auto place = locate(draft_.root(), stands);
    return place && !place->empty() ? place : std::nullopt;
  }

  Why add(const Operation& one, const PathItems& items) {
    if (items.size() != 1) return not_one;
    const PathItem& to = items.front();
    if (to.type.empty() || to.definition == nullptr || !to.value.is_object())
      return "nothing can be added to its element";
    const auto member = member_for(*to.definition, one.name, one.value);
    if (!member) return "the element cannot have what is to be added";
    const auto raw = value_text(one.value, member->definition);
    if (!raw) return wrong_value;
    if (member->list()) return append(to.value, *member, *raw);
    if (has(*to.definition, to.value, *member->element)) return "the element exists already";
    return limited(draft_.add_member(to.value, member->name, *raw));
  }

  Why append(json::Value object, const Member& member, const std::string& raw) {
    auto list = locate(draft_.root(), object);
    if (!list) return not_one;
    list->push_back(member.name);
    const json::Value old = object[member.name];
    if (old.is_array()) return limited(insert_item(draft_, *list, old.size(), raw));
    return old ? Why(not_list) : limited(draft_.add_member(object, member.name, "[" + raw + "]"));
  }

  /// Of a choice: in whichever type.
  static bool has(const r4::Definition& definition, json::Value object, const r4::Element& element) {
    for (json::Value one = object.first(); one; one = one.next()) {
      const std::string_view name = one.name().starts_with('_') ? one.name().substr(1) : one.name();
      const auto found = definition.find(name);
      if (found && found->element == &element) return true;
    }
    return false;
  }

  /// The list that the items are, all of it and nothing else.
  std::optional<Pointer> whole_list(const PathItems& items) const {
    const auto place = items.empty() ? std::nullopt : place_of(items.front());
    auto list = place ? list_of(draft_.root(), *place) : std::nullopt;
    if (!list) return std::nullopt;
    const json::Value values = find(draft_.root(), *list);
    if (values.size() != items.size()) return std::nullopt;
    json::Value value = values.first(), twin = find(draft_.root(), twin_of(*list)).first();
    for (const PathItem& item : items) {  // both are in the order of the document
      if (!stands_at(item, value, twin)) return std::nullopt;
      value = value.next();
      if (twin) twin = twin.next();
    }
    return list;
  }

  static bool stands_at(const PathItem& item, json::Value value, json::Value twin) {
    if (item.type.empty()) return false;
    if (item.value) return item.value.begin() == value.begin();
    return item.extras && twin && item.extras.begin() == twin.begin();
  }

  Why insert(const Operation& one, const PathItems& items) {
    const auto list = whole_list(items);
    if (!list) return not_list;
    if (one.index > items.size()) return "its index is behind the end of the list";
    const auto raw = value_text(one.value, items.front().definition);
    return raw ? limited(insert_item(draft_, *list, one.index, *raw)) : wrong_value;
  }

  Why move(const Operation& one, const PathItems& items) {
    const auto list = whole_list(items);
    if (!list) return not_list;
    if (one.source >= items.size() || one.destination >= items.size()) return "it moves from or to beyond the list";
    return limited(move_item(draft_, *list, one.source, one.destination));
  }

  Why remove(const PathItems& items) {
    if (items.empty()) return {};  // "if found"
    const auto place = items.size() == 1 ? place_of(items.front()) : std::nullopt;
    if (!place) return not_one;
    if (const auto list = list_of(draft_.root(), *place))
      return limited(remove_item(draft_, *list, *array_index(place->back())));
    const json::Value root = draft_.root();
    if (!find(root, *place) && !find(root, twin_of(*place))) return not_one;
    return limited(remove_member(draft_, *place));
  }

  Why replace(const Operation& one, const PathItems& items) {
    const auto place = items.size() == 1 ? place_of(items.front()) : std::nullopt;
    if (!place) return not_one;
    if (const auto list = list_of(draft_.root(), *place)) return replace_item(one, items.front(), *list, place->back());
    return replace_member(one, items.front(), *place);
  }

  Why replace_item(const Operation& one, const PathItem& item, const Pointer& list, const std::string& token) {
    const auto raw = value_text(one.value, item.definition);
    if (!raw) return wrong_value;
    Pointer place = list;
    place.push_back(token);
    if (!draft_.replace(find(draft_.root(), place), *raw)) return beyond_limits;
    Pointer twin = twin_of(list);
    twin.push_back(token);
    const json::Value old = find(draft_.root(), twin);
    return old ? limited(draft_.replace(old, "null")) : Why();
  }

  /// A choice may change its type, and so its name.
  Why replace_member(const Operation& one, const PathItem& item, const Pointer& place) {
    const Pointer parent(place.begin(), place.end() - 1);
    const r4::Definition* const definition = definition_at(draft_.root(), parent);
    if (definition == nullptr) return not_one;
    const auto found = definition->find(place.back());
    const bool choice = found && found->element->choice;
    const auto member =
        member_for(*definition, choice ? found->element->name : std::string_view(place.back()), one.value);
    if (!member) return wrong_value;
    const auto raw = value_text(one.value, choice ? member->definition : item.definition);
    if (!raw) return wrong_value;
    const json::Value old = find(draft_.root(), place);
    if (old && member->name == place.back() && !find(draft_.root(), twin_of(place)))
      return limited(draft_.replace(old, *raw));
    if (!remove_member(draft_, place)) return beyond_limits;
    return limited(draft_.add_member(find(draft_.root(), parent), member->name, *raw));
  }

  Draft draft_;
};

class PathPatch final : public Patch {
 public:
  explicit PathPatch(std::string_view source) : source_(source) {}

  Allowed<void> read(const PatchLimits& limits) {
    const auto parsed = source_.parse(limits.json);
    if (!parsed) return refuse(parsed.error());
    const json::Value root = *parsed;
    const json::Value all = root["parameter"];
    if (root.string("resourceType") != "Parameters")
      wrong(root, "structure", "a FHIRPath Patch is a Parameters resource");
    else if (all.size() > operations_max)
      wrong(all, "too-costly", fmt::format("more than {} operations", operations_max));
    else
      read_all(all);
    return source_.judged();
  }

  Allowed<Buffer> apply(std::string_view target, const PatchLimits& limits, PatchUse* use) const override {
    Run run(target, limits);
    auto done = apply(run);
    if (use != nullptr) *use = run.use();
    return done;
  }

 private:
  Allowed<Buffer> apply(Run& run) const {
    if (!run.ok()) return refuse(failed_operation(0, "patch_limit", beyond_limits));
    for (std::size_t i = 0; i < operations_.size(); ++i)
      if (const Run::Why why = run.run(operations_[i]))
        return refuse(failed_operation(i, *why == beyond_limits ? "patch_limit" : "patch_failed", *why));
    return std::move(run).take();
  }

  void wrong(json::Value where, std::string_view code, std::string said) {
    source_.wrong(where, code, std::move(said),
                  index_ ? fmt::format("Parameters.parameter[{}]", *index_) : std::string("Parameters"));
  }

  void read_all(json::Value all) {
    std::size_t index = 0;
    for (json::Value one = all.first(); one; one = one.next()) {
      index_ = index++;
      read_operation(one);
    }
  }

  static json::Value part(json::Value operation, std::string_view name) {
    for (json::Value one = operation["part"].first(); one; one = one.next())
      if (one.string("name") == name) return one;
    return {};
  }

  void read_operation(json::Value one) {
    if (one.string("name") != "operation") return wrong(one, "value", "each parameter must be named operation");
    const std::string type = part(one, "type").string("valueCode");
    const auto* const shape = std::ranges::find(shapes, type, &Shape::type);
    if (shape == std::end(shapes)) return wrong(one, "value", "type must be add, insert, delete, replace or move");
    const std::string text = part(one, "path").string("valueString");
    if (text.empty() || text.size() > path_bytes_max) return wrong(one, "required", "path must be a FHIRPath");
    auto path = PathExpression::compile(text);
    if (!path)
      return wrong(one, "value", "path is no FHIRPath that is known here: " + std::string(path.error().code()));
    Operation read{.op = shape->op,
                   .path = std::move(*path),
                   .name = part(one, "name").string("valueString"),
                   .value = part(one, "value")};
    if (shape->name && read.name.empty()) wrong(one, "required", type + " needs a name");
    if (shape->value && !read.value) wrong(one, "required", type + " needs a value");
    if (shape->index) read_number(one, "index", read.index);
    if (shape->places) {
      read_number(one, "source", read.source);
      read_number(one, "destination", read.destination);
    }
    operations_.push_back(std::move(read));
  }

  void read_number(json::Value one, std::string_view name, std::size_t& to) {
    const json::Value value = part(one, name)["valueInteger"];
    const std::string_view text = value && value.type() == json::Type::number ? value.raw() : std::string_view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
      wrong(one, "required", fmt::format("{} must be a whole number from 0", name));
  }

  Source source_;
  std::vector<Operation> operations_;
  std::optional<std::size_t> index_;  // of the operation that is being read
};

}  // namespace

Allowed<PatchPtr> read_path_patch(std::string_view source, const PatchLimits& limits) {
  auto patch = std::make_unique<PathPatch>(source);
  if (auto read = patch->read(limits); !read) return refuse(read.error());
  return patch;
}

}  // namespace ward::fhir
