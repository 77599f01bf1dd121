#include "view.hpp"

#include <fmt/format.h>

namespace ward::access::detail {
namespace {

constexpr std::string_view masked_extension =
    R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}])";
constexpr std::string_view redacted_tag =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"})";
constexpr std::string_view subsetted_tag =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"subsetted"})";
constexpr unsigned nesting_max = 8;

/// What the display of a reference usually repeats: it may stay only if all of these that a type has are shown whole.
constexpr std::string_view label_elements[] = {"name", "title", "code", "description", "type", "deviceName", "alias"};

bool is_primitive(const r4::ElementType& type) {
  return type.definition != nullptr && type.definition->kind == r4::Kind::primitive;
}

/// A member without its value: an extension says "masked", and its own required members are masked likewise.
std::string masked_object(const r4::Definition* definition, unsigned depth);

std::string masked_member(const r4::Element& element, const Member& member, unsigned depth) {
  if (is_primitive(*member.type)) {
    const std::string value = fmt::format("{{{}}}", masked_extension);
    return fmt::format(R"("_{}":{})", member.name, element.max > 1 ? "[" + value + "]" : value);
  }
  const std::string value = masked_object(member.type->definition, depth);
  return fmt::format(R"("{}":{})", member.name, element.max > 1 ? "[" + value + "]" : value);
}

std::string masked_object(const r4::Definition* definition, unsigned depth) {
  std::string out = fmt::format("{{{}", masked_extension);
  if (definition != nullptr && depth < nesting_max) {
    for (const r4::Element& element : definition->elements) {
      if (element.min == 0 || element.types.empty()) continue;
      out += ',';
      out += masked_member(element, members(element).front(), depth + 1);
    }
  }
  return out + "}";
}

bool shows_label(std::string_view type, const TypeView& view) {
  if (view.whole) return true;
  const r4::Definition* definition = r4::find_definition(type);
  if (definition == nullptr) return false;
  for (const r4::Element& element : definition->elements) {
    if (std::ranges::find(label_elements, element.name) == std::end(label_elements)) continue;
    if (!view.root.child(element.choice ? std::string(element.name) + "[x]" : std::string(element.name), "")
             .keeps_all())
      return false;
  }
  return true;
}

}  // namespace

class Compiler {
 public:
  Compiler(const std::function<TypeInput(std::string_view)>& input, bool every_type_in_scope)
      : set_(std::make_shared<ViewSet>()), input_(input), every_type_in_scope_(every_type_in_scope) {}

  std::shared_ptr<const ViewSet> run() {
    bool all_readable = true;
    bool all_whole = true;
    std::vector<std::pair<std::string_view, TypeInput>> types;
    for (const std::string_view type : r4::resource_types()) {
      TypeInput one = input_(type);
      all_readable = all_readable && one.readable;
      all_whole = all_whole && one.view.whole;
      if (one.readable && shows_label(type, one.view)) set_->nameable_.emplace(type);
      types.emplace_back(type, std::move(one));
    }
    set_->all_whole_ = all_readable && all_whole && every_type_in_scope_;
    displays_free_ = every_type_in_scope_ && set_->nameable_.size() == types.size();
    for (auto& [type, one] : types) set_->views_.emplace(type, view_of(type, std::move(one)));
    return set_;
  }

 private:
  View view_of(std::string_view type, TypeInput&& one) {
    View view;
    view.readable = one.readable;
    view.tagged = !one.view.whole;
    view.spec = std::move(one.view);
    view.whole = set_->all_whole_;
    if (view.spec.subsetted) view.tags += subsetted_tag;
    if (view.spec.redacted) view.tags += (view.tags.empty() ? "" : ",") + std::string(redacted_tag);
    const r4::Definition* definition = r4::find_definition(type);
    if (!view.readable || view.whole || definition == nullptr) return view;
    attachments_free_ = !view.tagged;
    view.root = root_node(*definition, view);
    return view;
  }

  const Node* root_node(const r4::Definition& definition, const View& view) {
    Spec spec = view.spec.root;
    if (view.tagged) {
      spec.children["id"] = Spec{};
      Spec gone;
      gone.self = Treatment::drop;
      spec.children["text"] = gone;  // narrative repeats what is hidden
    }
    Node& node = fill(definition, spec);
    node.entries.push_back({"resourceType", {Act::type_name}});
    if (view.tagged) tag(node, spec.child("meta", ""));
    node.seal();
    return &node;
  }

  /// The root's `meta`: what the view leaves of it, and the tags.
  void tag(Node& root, const Spec& spec) {
    const r4::Definition* definition = r4::find_definition("Meta");
    Spec inner = spec;
    if (inner.plain() && inner.self != Treatment::keep) inner.self = Treatment::drop;
    Node& meta = fill(*definition, inner);
    for (Node::Entry& entry : meta.entries) {
      if (entry.name != "security") continue;
      const bool shown = entry.action.act == Act::copy || entry.action.act == Act::copy_checked;
      entry.action.act = shown ? Act::tags : Act::drop;
    }
    meta.masked.clear();
    meta.seal();
    for (Node::Entry& entry : root.entries) {
      if (entry.name == "meta") entry.action = {Act::meta, &meta};
    }
  }

  /// A node for the members of a definition under a spec; not sealed.
  Node& fill(const r4::Definition& definition, const Spec& spec) {
    Node& node = set_->nodes_.emplace_back();
    for (const r4::Element& element : definition.elements) fill_element(node, definition, element, spec);
    return node;
  }

  void fill_element(Node& node, const r4::Definition& definition, const r4::Element& element, const Spec& spec) {
    const std::string choice = element.choice ? std::string(element.name) + "[x]" : "";
    const std::vector<Member> all = members(element);
    std::size_t gone = 0;
    bool masked = false;
    for (const Member& member : all) {
      const Spec child = spec.child(member.name, choice);
      const bool dropped = child.plain() && (child.self == Treatment::drop || child.self == Treatment::mask);
      gone += dropped ? 1 : 0;
      masked = masked || (dropped && child.self == Treatment::mask);
      const Action action =
          definition.name == "Reference" && member.name == "display" && child.keeps_all() && !displays_free_
              ? Action{Act::display}
              : action_for(*member.type, child);
      node.entries.push_back({member.name, action});
      if (is_primitive(*member.type)) {
        node.entries.push_back(
            {"_" + member.name, child.keeps_all() ? plain_or_copy(primitive_extension()) : Action{}});
      }
    }
    if (!all.empty() && gone == all.size() && (masked || element.min > 0)) {
      if (!node.masked.empty()) node.masked += ',';
      node.masked += masked_member(element, all.front(), 0);
    }
  }

  Action action_for(const r4::ElementType& type, const Spec& spec) {
    if (!spec.cases.empty() || !spec.alternatives.empty()) return conditional(type, spec);
    if (!spec.children.empty() && type.definition != nullptr) {
      Node& node = fill(*type.definition, spec);
      node.seal();
      return {Act::descend, &node};
    }
    switch (spec.self) {
      case Treatment::year:
        return {Act::year};
      case Treatment::zip3:
        return {Act::zip3};
      case Treatment::keep:
        break;
      case Treatment::drop:
      case Treatment::mask:
        return {};
    }
    if (type.definition == nullptr) return {Act::resource};
    if (type.definition->kind == r4::Kind::primitive) return {Act::copy};
    if (spec.named && type.code == "Attachment") return {Act::copy};
    return plain_or_copy(type.definition);
  }

  Action conditional(const r4::ElementType& type, const Spec& spec) {
    Conditional& out = set_->conditionals_.emplace_back();
    const std::vector<Spec> alternatives = spec.alternatives.empty() ? std::vector<Spec>{spec} : spec.alternatives;
    for (const Spec& one : alternatives) {
      Spec base = one;
      base.cases.clear();
      Alternative alternative{.narrowing = one.narrowing, .otherwise = action_for(type, base), .cases = {}};
      for (const Case& each : one.cases) alternative.cases.push_back({each.when, action_for(type, each.then)});
      out.alternatives.push_back(std::move(alternative));
    }
    return {Act::conditional, nullptr, &out};
  }

  /// What is shown whole still may hold references, attachments and contained resources that are decided by themselves.
  Action plain_or_copy(const r4::Definition* definition) {
    if (displays_free_ && attachments_free_ && !holds_resource(*definition)) return {Act::copy};
    const Node* node = plain(*definition);
    return {sensitive(*definition) ? Act::descend : Act::copy_checked, node};
  }

  const Node* plain(const r4::Definition& definition) {
    const auto key = std::pair(&definition, attachments_free_);
    if (const auto found = plain_.find(key); found != plain_.end()) return found->second;
    Node& node = set_->nodes_.emplace_back();
    plain_.emplace(key, &node);
    Spec spec;
    if (definition.name == "Attachment" && !attachments_free_) {
      spec.children["data"].self = Treatment::drop;
      spec.children["url"].self = Treatment::drop;
    }
    for (const r4::Element& element : definition.elements) fill_element(node, definition, element, spec);
    node.seal();
    return &node;
  }

  /// True if an object of this kind may hold a reference, an attachment or a resource other than in an extension.
  bool sensitive(const r4::Definition& definition) {
    if (definition.name == "Reference" || definition.name == "Attachment") return true;
    if (const auto found = sensitive_.find(&definition); found != sensitive_.end()) return found->second;
    sensitive_[&definition] = true;  // while unknown: looking is safe, copying is not
    bool answer = false;
    for (const r4::Element& element : definition.elements) {
      if (element.name == "extension" || element.name == "modifierExtension") continue;
      for (const r4::ElementType& type : element.types) {
        answer = answer || type.definition == nullptr ||
                 (type.definition->kind != r4::Kind::primitive && sensitive(*type.definition));
      }
    }
    return sensitive_[&definition] = answer;
  }

  /// True if an object of this kind may hold a resource (Bundle.entry, Parameters.parameter).
  bool holds_resource(const r4::Definition& definition) {
    if (const auto found = holding_.find(&definition); found != holding_.end()) return found->second;
    holding_[&definition] = false;  // while unknown: who asks for it again adds nothing
    bool answer = false;
    for (const r4::Element& element : definition.elements)
      for (const r4::ElementType& type : element.types)
        answer = answer || type.definition == nullptr ||
                 (type.definition->kind == r4::Kind::backbone && holds_resource(*type.definition));
    return holding_[&definition] = answer;
  }

  const r4::Definition* primitive_extension() {
    static const r4::Definition* const element = [] {
      const r4::Definition* found = r4::find_definition("Element");
      return found != nullptr ? found : r4::find_definition("Coding");  // Coding has what Element has, and no reference
    }();
    return element;
  }

  std::shared_ptr<ViewSet> set_;
  const std::function<TypeInput(std::string_view)>& input_;
  bool every_type_in_scope_;
  bool displays_free_ = false;
  bool attachments_free_ = true;
  std::map<std::pair<const r4::Definition*, bool>, const Node*> plain_;
  std::map<const r4::Definition*, bool> sensitive_, holding_;
};

const View& ViewSet::of(std::string_view type) const {
  const auto found = views_.find(type);
  return found == views_.end() ? none_ : found->second;
}

std::shared_ptr<const ViewSet> compile(const std::function<TypeInput(std::string_view type)>& input,
                                       bool every_type_in_scope) {
  return Compiler(input, every_type_in_scope).run();
}

namespace {

const Node* field_node(FieldView& view, const Spec& spec) {
  Node& node = view.nodes.emplace_back();
  node.unknown.act = spec.self == Treatment::keep ? Act::copy : Act::drop;
  for (const auto& [name, child] : spec.children) {
    Action action{child.self == Treatment::keep ? Act::copy : Act::drop};
    if (!child.children.empty()) action = {Act::descend, field_node(view, child)};
    node.entries.push_back({name, action});
  }
  node.seal();
  return &node;
}

}  // namespace

std::shared_ptr<const FieldView> compile_fields(const Spec& spec) {
  auto view = std::make_shared<FieldView>();
  view->root = field_node(*view, spec);
  return view;
}

const Node& container_node(bool sure) {
  struct Nodes {
    Node response, entry, sure, unsure;
    Nodes() {
      for (const char* name : {"status", "location", "etag", "lastModified"})
        response.entries.push_back({name, {Act::copy}});
      response.seal();
      for (const char* name : {"fullUrl", "link", "search"}) entry.entries.push_back({name, {Act::copy}});
      entry.entries.push_back({"resource", {Act::resource}});
      entry.entries.push_back({"response", {Act::descend, &response}});
      entry.entries.push_back({"request", {Act::copy}});
      entry.seal();
      for (Node* bundle : {&sure, &unsure}) {
        for (const char* name : {"id", "type", "timestamp", "link"}) bundle->entries.push_back({name, {Act::copy}});
        bundle->entries.push_back({"resourceType", {Act::type_name}});
        bundle->entries.push_back({"meta", {Act::copy}});
        bundle->entries.push_back({"total", {bundle == &sure ? Act::copy : Act::drop}});
        bundle->entries.push_back({"entry", {Act::descend, &entry}});
        bundle->seal();
      }
    }
  };
  static const Nodes nodes;
  return sure ? nodes.sure : nodes.unsure;
}

}  // namespace ward::access::detail
