// JSON Patch: read in one pass with all problems told, applied operation by operation to a draft.
#include "patch/draft.hpp"
#include "patch/equal.hpp"
#include "patch/pointer.hpp"
#include "patch/source.hpp"

#include <fmt/format.h>

namespace ward::fhir {
namespace {

using namespace patch;

enum class Op : std::uint8_t { add, remove, replace, move, copy, test };

/// RFC 6902 section 4: what each operation needs beside its path.
struct Shape {
  std::string_view name;
  Op op;
  bool value, from;
};
constexpr Shape shapes[] = {{"add", Op::add, true, false},         {"remove", Op::remove, false, false},
                            {"replace", Op::replace, true, false}, {"move", Op::move, false, true},
                            {"copy", Op::copy, false, true},       {"test", Op::test, true, false}};

struct Operation {
  Op op;
  Pointer path, from;
  json::Value value;
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
    const Why why = change(one);
    return draft_.spend(0) ? why : Why(beyond_limits);  // of looking, too, which is told by no one else
  }

  static constexpr std::string_view absent = "its path names nothing in the resource";
  static constexpr std::string_view unequal = "the test failed";

 private:
  static constexpr std::size_t passing = 16;  // what passing a value costs, in bytes of copying

  Why change(const Operation& one) {
    switch (one.op) {
      case Op::add:
        return add(one.path, one.value.raw());
      case Op::remove:
        return remove(one.path);
      case Op::replace:
        return replace(one.path, one.value.raw());
      case Op::move:
        return move(one);
      case Op::copy:
        return copy(one);
      case Op::test:
        return test(one);
    }
    return absent;
  }

  json::Value look(std::span<const std::string> path) {
    std::size_t passed = 0;
    const json::Value found = find(draft_.root(), path, &passed);
    draft_.spend(passed * passing);
    return found;
  }

  static Why limited(bool done) { return done ? Why() : Why(beyond_limits); }

  /// The container of the place that a pointer names; absent if there is none, or for the whole document.
  json::Value container_of(const Pointer& path) {
    if (path.empty()) return {};
    return look(std::span(path).first(path.size() - 1));
  }

  Why add(const Pointer& path, std::string_view raw) {
    if (path.empty()) return limited(draft_.replace(draft_.root(), raw));
    const json::Value container = container_of(path);
    if (container.is_array()) return insert(container, path.back(), raw);
    if (!container.is_object()) return absent;
    const json::Value old = container[path.back()];
    return limited(old ? draft_.replace(old, raw) : draft_.add_member(container, path.back(), raw));
  }

  Why insert(json::Value array, const std::string& token, std::string_view raw) {
    const auto index = token == "-" ? array.size() : array_index(token);
    if (!index || *index > array.size()) return absent;
    return limited(draft_.insert(array, *index, raw));
  }

  Why remove(const Pointer& path) {
    const json::Value container = container_of(path);
    const json::Value old = look(path);
    if (!container || !old) return absent;  // a document without a value is no resource any more
    return limited(draft_.remove(container, old));
  }

  Why replace(const Pointer& path, std::string_view raw) {
    const json::Value old = look(path);
    return old ? limited(draft_.replace(old, raw)) : absent;
  }

  Why move(const Operation& one) {
    const json::Value source = look(one.from);
    if (!source) return absent;
    if (one.from == one.path) return {};
    const Buffer raw(source.raw());
    if (Why why = remove(one.from)) return why;
    return add(one.path, raw.view());
  }

  Why copy(const Operation& one) {
    const json::Value source = look(one.from);
    return source ? add(one.path, source.raw()) : absent;
  }

  Why test(const Operation& one) {
    const json::Value found = look(one.path);
    if (!found) return absent;
    if (!draft_.spend(found.raw().size())) return beyond_limits;
    return equal(found, one.value) ? Why() : Why(unequal);
  }

  Draft draft_;
};

class JsonPatch final : public Patch {
 public:
  explicit JsonPatch(std::string_view source) : source_(source) {}

  Allowed<void> read(const PatchLimits& limits) {
    const auto parsed = source_.parse(limits.json);
    if (!parsed) return refuse(parsed.error());
    const json::Value root = *parsed;
    if (!root.is_array()) {
      wrong(root, "structure", "a JSON Patch is an array of operations");
    } else if (root.size() > limits.operations_max) {
      wrong(root, "too-costly", fmt::format("more than {} operations", limits.operations_max));
    } else {
      std::size_t index = 0;
      for (json::Value one = root.first(); one; one = one.next()) read_operation(one, index++);
    }
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
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const Run::Why why = run.run(operations_[i]);
      if (!why) continue;
      const bool tested = *why == Run::unequal || (operations_[i].op == Op::test && *why == Run::absent);
      // A test of what is not there fails like any other: the same code, so that neither tells more.
      const std::string_view code = tested                  ? "patch_test_failed"
                                    : *why == beyond_limits ? "patch_limit"
                                                            : "patch_failed";
      return refuse(failed_operation(i, code, tested ? Run::unequal : *why));
    }
    return std::move(run).take();
  }

  void wrong(json::Value where, std::string_view code, std::string said) {
    source_.wrong(where, code, std::move(said));
  }

  void read_operation(json::Value one, std::size_t index) {
    if (!one.is_object()) return wrong(one, "structure", fmt::format("operation {}: not an object", index));
    const std::string name = one.string("op");
    const auto* const shape = std::ranges::find(shapes, name, &Shape::name);
    if (shape == std::end(shapes))
      return wrong(one, one["op"] ? "value" : "required",
                   fmt::format("operation {}: op must be add, remove, replace, move, copy or test", index));
    Operation read{.op = shape->op, .path = {}, .from = {}, .value = one["value"]};
    read_pointer(one, "path", index, read.path);
    if (shape->from) read_pointer(one, "from", index, read.from);
    if (shape->value && !read.value) wrong(one, "required", fmt::format("operation {}: {} needs a value", index, name));
    const bool into_itself = read.op == Op::move && read.from.size() < read.path.size() &&
                             std::ranges::equal(read.from, std::span(read.path).first(read.from.size()));
    if (into_itself && one["from"] && one["path"])
      wrong(one, "invalid", fmt::format("operation {}: nothing can be moved into itself", index));
    operations_.push_back(std::move(read));
  }

  void read_pointer(json::Value one, std::string_view member, std::size_t index, Pointer& to) {
    const json::Value text = one[member];
    if (!text.is_string())
      return wrong(one, "required", fmt::format("operation {}: {} must be a JSON Pointer", index, member));
    auto pointer = parse_pointer(text.text());
    if (!pointer) return wrong(text, "value", fmt::format("operation {}: {} is no JSON Pointer", index, member));
    to = std::move(*pointer);
  }

  Source source_;
  std::vector<Operation> operations_;
};

}  // namespace

Allowed<PatchPtr> read_json_patch(std::string_view source, const PatchLimits& limits) {
  auto patch = std::make_unique<JsonPatch>(source);
  if (auto read = patch->read(limits); !read) return refuse(read.error());
  return patch;
}

}  // namespace ward::fhir
