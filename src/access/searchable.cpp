// Which search parameters would be an oracle: an expression may touch only what every branch shows whole.
#include "access/grant.hpp"

#include "r4/r4.hpp"
#include "rules.hpp"

namespace ward::access {
namespace {

using namespace detail;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Walks the paths of a FHIRPath expression through a view. What it does not understand it refuses.
class Reader {
 public:
  Reader(std::string_view type, std::string_view text, const Spec& root) : type_(type), text_(text), root_(root) {}

  bool shown() {
    bool touched = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'') {
        if (!skip_literal()) return false;
      } else if (is_name_char(c)) {
        const std::string_view word = name();
        if (word == type_ || word == "Resource" || word == "DomainResource") {
          if (!chain_shown()) return false;
          touched = true;
        } else if (!is_operator(word)) {
          return false;
        }
      } else if (std::string_view(" |()=!<>~").find(c) != std::string_view::npos) {
        ++at_;
      } else {
        return false;
      }
    }
    return touched;
  }

 private:
  static bool is_operator(std::string_view word) {
    for (const std::string_view each : {"and", "or", "true", "false", "not"}) {
      if (word == each) return true;
    }
    return false;
  }

  std::string_view name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  bool skip_literal() {
    const std::size_t end = text_.find('\'', at_ + 1);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    return end != std::string_view::npos;
  }

  /// What is inside looks below the focus, which the caller demands whole.
  bool skip_arguments() {
    int depth = 0;
    do {
      if (at_ >= text_.size()) return false;
      if (text_[at_] == '\'') {
        if (!skip_literal()) return false;
        continue;
      }
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')') --depth;
      ++at_;
    } while (depth > 0);
    return true;
  }

  bool chain_shown() {
    Spec at = root_;
    const r4::Definition* definition = r4::find_definition(type_);
    bool first = true;
    while (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      const std::string_view word = name();
      if (word.empty()) return false;
      if (at_ < text_.size() && text_[at_] == '(') {
        if (word == "extension") {
          at = at.child("extension", "");
          definition = nullptr;
        }
        if (!at.keeps_all() || !skip_arguments()) return false;
        continue;
      }
      if (first && word == "id") {
        first = false;
        at = Spec{};
        continue;
      }
      if (first && word == "text") return false;
      first = false;
      if (!step(at, definition, word)) return false;
      if (at_ < text_.size() && text_[at_] == '[') {
        at_ = text_.find(']', at_);
        if (at_ == std::string_view::npos) return false;
        ++at_;
      }
    }
    skip_as();
    return !first && at.keeps_all();
  }

  /// " as Quantity", " is Patient": a type, not an element.
  void skip_as() {
    for (const std::string_view word : {" as ", " is "}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      (void)name();
      return;
    }
  }

  static bool step(Spec& at, const r4::Definition*& definition, std::string_view word) {
    if (at.keeps_all()) {
      definition = nullptr;
      return true;
    }
    if (definition == nullptr) return false;
    for (const r4::Element& element : definition->elements) {
      if (element.name != word) continue;
      if (!element.choice) {
        at = at.child(word, "");
        definition = element.types.empty() ? nullptr : element.types[0].definition;
        return true;
      }
      const std::string choice = std::string(word) + "[x]";
      for (const auto& [key, child] : at.children) {
        if (child.choice == choice && !child.keeps_all()) return false;
      }
      at = at.child(choice, "");
      definition = nullptr;
      return at.keeps_all();
    }
    return false;
  }

  std::string_view type_;
  std::string_view text_;
  const Spec& root_;
  std::size_t at_ = 0;
};

}  // namespace

bool searchable(const Grant& grant, const r4::SearchParam& param) {
  const GrantBody& body = grant.body();
  if (body.policy == nullptr) return body.whole;
  const auto branches =
      param.base == body.type ? body.branches : branches_for(body, param.base, {.read = true, .search = true}, nullptr);
  for (const Branch& branch : branches) {
    const TypeView view = body.rules().roles[branch.role].view(param.base);
    if (view.whole) continue;
    if (param.type == r4::ParamType::composite || param.type == r4::ParamType::special) return false;
    if (!Reader(param.base, param.expression, view.root).shown()) return false;
  }
  return !branches.empty();
}

}  // namespace ward::access
