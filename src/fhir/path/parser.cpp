#include "path/parser.hpp"

#include "path/functions.hpp"
#include "path/lexer.hpp"
#include "path/temporal.hpp"
#include "path/types.hpp"

namespace ward::fhir::path {
namespace {

constexpr int depth_max = 100;
constexpr int chain_max = 500;  // operators and dots in all; with depth_max it bounds the evaluator's recursion

struct Operator {
  std::string_view text;
  Op op;
  int binding;  // higher binds tighter
};

constexpr int type_binding = 6;
constexpr Operator operators[] = {
    {"*", Op::multiply, 8},
    {"/", Op::divide, 8},
    {"div", Op::div, 8},
    {"mod", Op::mod, 8},
    {"+", Op::add, 7},
    {"-", Op::subtract, 7},
    {"&", Op::concatenate, 7},
    {"is", Op::is, type_binding},
    {"as", Op::as, type_binding},
    {"|", Op::unite, 5},
    {"<", Op::less, 4},
    {"<=", Op::less_equal, 4},
    {">", Op::greater, 4},
    {">=", Op::greater_equal, 4},
    {"=", Op::equal, 3},
    {"!=", Op::not_equal, 3},
    {"~", Op::equivalent, 3},
    {"!~", Op::not_equivalent, 3},
    {"in", Op::in, 2},
    {"contains", Op::contains, 2},
    {"and", Op::conjunction, 1},
    {"or", Op::disjunction, 0},
    {"xor", Op::exclusive, 0},
    {"implies", Op::implies, -1},
};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Node> run() {
    Node node = expression(-1);
    if (!error_ && peek().kind != Token::end) wrong("unexpected text behind the expression");
    if (error_) return std::unexpected(std::move(*error_));
    return node;
  }

 private:
  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool is_symbol(std::string_view text) const { return peek().kind == Token::symbol && peek().value == text; }
  bool accept(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    take();
    return true;
  }
  Node wrong(std::string_view what, std::string_view code = "path_syntax") {
    if (!error_) error_.emplace(code, fmt::format("{} at offset {}", what, peek().offset));
    return {};
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) wrong(fmt::format("'{}' expected", symbol));
  }

  const Operator* peek_operator() const {
    if (peek().kind != Token::symbol && peek().kind != Token::name) return nullptr;
    for (const Operator& candidate : operators) {
      if (candidate.text == peek().value) return &candidate;
    }
    return nullptr;
  }

  Node expression(int binding) {
    if (++depth_ > depth_max) return wrong("expression nested too deeply");
    Node left = unary();
    while (!error_) {
      const Operator* found = peek_operator();
      if (!found || found->binding < binding) break;
      take();
      Node node;
      node.op = found->op;
      if (found->op == Op::is || found->op == Op::as) {
        node.kind = Node::type_test;
        read_type(node);
        node.children.push_back(std::move(left));
      } else {
        node.kind = Node::binary;
        Node right = expression(found->binding + 1);
        node.children.push_back(std::move(left));
        node.children.push_back(std::move(right));
      }
      if (++chain_ > chain_max) return wrong("expression too long");
      left = std::move(node);
    }
    --depth_;
    return left;
  }

  void read_type(Node& node) {
    const auto name = [&]() -> std::string {
      if (peek().kind == Token::name || peek().kind == Token::quoted_name) return take().value;
      wrong("type name expected");
      return {};
    };
    node.text = name();
    if (accept(".")) {
      node.type_space = std::move(node.text);
      node.text = name();
    }
    check_type(node.type_space, node.text);
  }

  void check_type(const std::string& space, const std::string& name) {
    if (!error_ && !is_known_type(space, name)) wrong("unknown type", "path_type");
  }

  Node unary() {
    if (!is_symbol("+") && !is_symbol("-")) return postfix();
    if (++depth_ > depth_max) return wrong("expression nested too deeply");
    Node node;
    node.kind = Node::unary;
    node.op = take().value == "-" ? Op::negate : Op::plus;
    node.children.push_back(unary());
    --depth_;
    return node;
  }

  Node postfix() {
    Node left = term();
    while (!error_) {
      Node node;
      if (accept(".")) {
        node.kind = Node::dot;
        node.children.push_back(std::move(left));
        node.children.push_back(step());
      } else if (accept("[")) {
        node.kind = Node::at;
        node.children.push_back(std::move(left));
        node.children.push_back(expression(-1));
        expect("]");
      } else {
        break;
      }
      if (++chain_ > chain_max) return wrong("expression too long");
      left = std::move(node);
    }
    return left;
  }

  /// What may stand behind a dot: a name, a call, $this, $index, $total.
  Node step() {
    if (peek().kind == Token::special) return special();
    if (peek().kind != Token::name && peek().kind != Token::quoted_name) return wrong("name expected");
    return name_or_call();
  }

  Node special() {
    const std::string& value = take().value;
    Node node;
    node.kind = value == "this" ? Node::self : value == "index" ? Node::index : Node::total;
    return node;
  }

  Node name_or_call() {
    const bool quoted = peek().kind == Token::quoted_name;
    Node node;
    node.text = take().value;
    node.kind = Node::name;
    if (!quoted && is_symbol("(")) {
      node.kind = Node::call;
      arguments(node);
    }
    return node;
  }

  void arguments(Node& node) {
    take();
    if (!accept(")")) {
      do {
        node.children.push_back(expression(-1));
        if (node.text == "sort" && peek().kind == Token::name && (peek().value == "asc" || peek().value == "desc"))
          node.children.back().descending = take().value == "desc";
      } while (!error_ && accept(","));
      expect(")");
    }
    if (error_) return;
    node.function = find_function(node.text);
    if (!node.function) {
      wrong(fmt::format("unknown function {}", node.text.substr(0, 40)), "path_function");
      return;
    }
    if (node.children.size() < node.function->arguments_min || node.children.size() > node.function->arguments_max) {
      wrong(fmt::format("wrong number of arguments for {}", node.text), "path_function");
      return;
    }
    if (node.function->takes_type) resolve_type_argument(node);
  }

  void resolve_type_argument(Node& node) {
    auto type = type_specifier(node.children[0]);
    if (!type) {
      wrong("type name expected");
      return;
    }
    check_type(type->space, type->name);
    node.type_space = std::move(type->space);
    node.text = std::move(type->name);
  }

  Node term() {
    const Token& token = peek();
    switch (token.kind) {
      case Token::name:
        return word();
      case Token::quoted_name: {
        Node node = name_or_call();
        node.leading = true;
        return node;
      }
      case Token::text: {
        Node node;
        node.kind = Node::literal;
        node.value = take().value;
        return node;
      }
      case Token::number:
        return number();
      case Token::temporal: {
        Node node;
        node.kind = Node::literal;
        node.value = take().literal;
        return node;
      }
      case Token::special:
        return special();
      case Token::variable: {
        Node node;
        node.kind = Node::variable;
        node.text = take().value;
        return node;
      }
      case Token::symbol:
        return bracketed();
      case Token::end:
        break;
    }
    return wrong("expression expected");
  }

  Node word() {
    if (peek().value == "true" || peek().value == "false") {
      Node node;
      node.kind = Node::literal;
      node.value = take().value == "true";
      return node;
    }
    Node node = name_or_call();
    node.leading = true;
    return node;
  }

  Node number() {
    Node node;
    node.kind = Node::literal;
    node.value = take().literal;
    const bool unit_code = peek().kind == Token::text;
    if (!unit_code && !(peek().kind == Token::name && calendar_unit(peek().value))) return node;
    Quantity quantity;
    if (const auto* whole = std::get_if<std::int64_t>(&node.value))
      quantity.value.digits = *whole;
    else
      quantity.value = std::get<Decimal>(node.value);
    quantity.unit = take().value;
    quantity.calendar = !unit_code;
    node.value = std::move(quantity);
    return node;
  }

  Node bracketed() {
    if (accept("{")) {
      expect("}");
      return {};
    }
    if (!accept("(")) return wrong("expression expected");
    Node node = expression(-1);
    expect(")");
    return node;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int chain_ = 0;
  std::optional<Error> error_;
};

}  // namespace

std::optional<TypeSpecifier> type_specifier(const Node& node) {
  if (node.kind == Node::name) return TypeSpecifier{"", node.text};
  if (node.kind != Node::dot || node.children[0].kind != Node::name || node.children[1].kind != Node::name)
    return std::nullopt;
  return TypeSpecifier{node.children[0].text, node.children[1].text};
}

Result<Node> parse(std::string_view text) {
  if (text.size() > PathExpression::text_bytes_max) return fail("path_syntax", "expression too long");
  auto tokens = tokenize(text);
  if (!tokens) return std::unexpected(tokens.error());
  return Parser(std::move(*tokens)).run();
}

}  // namespace ward::fhir::path
