#include "path.hpp"

#include "base/config.hpp"

#include <fmt/format.h>

namespace ward::access::detail {
namespace {

constexpr std::size_t steps_max = 8;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  bool take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  std::string name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  std::optional<std::string> literal() {
    if (!take("'")) return std::nullopt;
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) return std::nullopt;
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    // The literal is compared with the bytes of the body: what JSON would have to escape cannot be compared so.
    for (const char c : out) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return std::nullopt;
    }
    return out;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::unexpected<Error> bad(std::string message) { return fail("path_malformed", std::move(message)); }

Result<PathStep> read_step(Reader& in, std::string_view text) {
  PathStep step;
  step.name = in.name();
  if (step.name.empty())
    return bad(fmt::format("\"{}\" is not an element path; write names with dots, as in \"name.family\"", text));
  if (in.take("[x]")) step.name += "[x]";
  if (in.take(".where(")) {
    Condition condition;
    condition.name = in.name();
    const bool equals = in.take("=") || in.take(" = ");
    auto literal = in.literal();
    if (condition.name.empty() || !equals || !literal || !in.take(")")) {
      return bad(fmt::format("\"{}\": a condition is written .where(name='literal')", text));
    }
    condition.literal = std::move(*literal);
    step.condition = std::move(condition);
  } else if (in.take("(")) {
    auto literal = in.literal();
    if (!literal || !in.take(")") || (step.name != "extension" && step.name != "modifierExtension")) {
      return bad(fmt::format("\"{}\": only extension('url') and .where(name='literal') have parentheses", text));
    }
    step.condition = Condition{"url", std::move(*literal)};
  }
  return step;
}

std::string unknown_element(const r4::Definition& definition, std::string_view type, const PathStep& step) {
  std::vector<std::string> known;
  for (const r4::Element& element : definition.elements)
    known.push_back(std::string(element.name) + (element.choice ? "[x]" : ""));
  const std::string near = config::nearest(step.name, known);
  std::string out =
      fmt::format("{} has no element \"{}\"", definition.name.empty() ? type : definition.name, step.name);
  return near.empty() ? out : out + fmt::format("; did you mean \"{}\"?", near);
}

/// The element that a step names, or an error. Sets `step.choice`, and `type` where there is one.
const r4::Element* resolve(const r4::Definition& definition, PathStep& step, const r4::ElementType*& type) {
  type = nullptr;
  for (const r4::Element& element : definition.elements) {
    const bool whole_choice =
        element.choice && (step.name == element.name || step.name == std::string(element.name) + "[x]");
    if (whole_choice) {
      step.name = std::string(element.name) + "[x]";
      return &element;
    }
  }
  if (step.name.starts_with('_')) return nullptr;
  const auto found = definition.find(step.name);
  if (!found) return nullptr;
  type = found->type;
  if (found->element->choice) step.choice = std::string(found->element->name) + "[x]";
  return found->element;
}

}  // namespace

Result<Path> parse_path(std::string_view type, std::string_view text) {
  const r4::Definition* definition = r4::find_definition(type);
  if (definition == nullptr) return bad(fmt::format("{} is not an R4 resource type", type));
  Path path;
  Reader in(text);
  while (true) {
    auto step = read_step(in, text);
    if (!step) return std::unexpected(std::move(step.error()));
    if (path.steps.size() == steps_max) return bad(fmt::format("\"{}\" has more than 8 steps", text));
    if (definition == nullptr || definition->kind == r4::Kind::primitive) {
      return bad(fmt::format("\"{}\": nothing can be named below \"{}\"", text, path.steps.back().name));
    }
    path.element = resolve(*definition, *step, path.type);
    if (path.element == nullptr) return bad(unknown_element(*definition, type, *step));
    const r4::Definition* next = path.type != nullptr ? path.type->definition : nullptr;
    if (step->condition &&
        (next == nullptr || next->kind == r4::Kind::primitive || !next->find(step->condition->name))) {
      return bad(
          fmt::format("\"{}\": \"{}\" cannot have the condition on \"{}\"", text, step->name, step->condition->name));
    }
    definition = next;
    path.steps.push_back(std::move(*step));
    if (in.done()) return path;
    if (!in.take("."))
      return bad(fmt::format("\"{}\" is not an element path; write names with dots, as in \"name.family\"", text));
  }
}

Result<std::vector<std::string>> parse_field_path(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('.', at), text.size());
    const std::string_view name = text.substr(at, end - at);
    at = end + 1;
    const bool plain = !name.empty() && std::ranges::none_of(name, [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
    });
    if (!plain || names.size() == steps_max)
      return bad("a field path is up to 8 member names with dots between, as in \"person.address.city\"");
    names.emplace_back(name);
  }
  return names;
}

std::vector<Member> members(const r4::Element& element) {
  std::vector<Member> out;
  for (const r4::ElementType& type : element.types) {
    std::string name(element.name);
    if (element.choice) {
      std::string suffix(type.code);
      if (!suffix.empty() && suffix[0] >= 'a' && suffix[0] <= 'z') suffix[0] = static_cast<char>(suffix[0] - 'a' + 'A');
      name += suffix;
    }
    out.push_back({std::move(name), &type});
    if (!element.choice) break;
  }
  return out;
}

}  // namespace ward::access::detail
