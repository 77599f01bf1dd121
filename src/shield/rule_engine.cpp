#include "rule_engine.hpp"

#include <modsecurity/modsecurity.h>
#include <modsecurity/rule_message.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>

#include <charconv>

namespace ward::shield {
namespace {

/// Argument i is said to begin at (i + 1) << 32 of the request; a match's reference names that offset:
/// "o0,8v4294967299,25".
constexpr unsigned place_shift = 32;

std::ptrdiff_t argument_in(std::string_view reference) {
  std::ptrdiff_t argument = -1;
  for (auto at = reference.find('v'); at != reference.npos; at = reference.find('v', at + 1)) {
    std::uint64_t offset = 0;
    const char* last = reference.data() + reference.size();
    const auto [end, error] = std::from_chars(reference.data() + at + 1, last, offset);
    if (error != std::errc{} || end == last || *end != ',') continue;
    if (offset >> place_shift > 0)
      argument = static_cast<std::ptrdiff_t>(offset >> place_shift) - 1;  // of a chain, its last
  }
  return argument;
}

std::string cut(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == text.npos) return {};
  text = text.substr(begin + before.size());
  return std::string(text.substr(0, text.find(after)));
}

EngineMatch match_of(const modsecurity::RuleMessage& message) {
  EngineMatch match;
  match.rule = static_cast<std::uint32_t>(message.m_ruleId);
  match.severity = message.m_severity;
  match.message = message.m_message;
  match.variable = cut(message.m_match, "against variable `", "' (Value: ");
  if (match.variable.empty()) match.variable = cut(message.m_data, " found within ", ": ");
  match.argument = argument_in(message.m_reference);
  return match;
}

}  // namespace

struct RuleEngine::Inside {
  modsecurity::ModSecurity library;
  modsecurity::RulesSet rules;
};

RuleEngine::RuleEngine() : inside_(std::make_unique<Inside>()) {
  inside_->library.setConnectorInformation("ward");
  inside_->library.setServerLogCb([](void*, const void*) {},
                                  modsecurity::RuleMessageLogProperty);  // or it writes to stderr
}

RuleEngine::~RuleEngine() = default;

std::string RuleEngine::load_text(const std::string& rules, const std::string& name) {
  return inside_->rules.load(rules.c_str(), name) >= 0 ? std::string() : inside_->rules.getParserError();
}

std::string RuleEngine::load_file(const std::string& file) {
  return inside_->rules.loadFromUri(file.c_str()) >= 0 ? std::string() : inside_->rules.getParserError();
}

std::vector<EngineMatch> RuleEngine::run(const EngineRequest& request) const {
  modsecurity::Transaction transaction(&inside_->library, &inside_->rules, nullptr);
  transaction.processConnection("127.0.0.1", 1, "127.0.0.1", 443);
  transaction.processURI(request.uri.c_str(), request.method.c_str(), "1.1");
  for (const auto& [name, value] : request.headers) transaction.addRequestHeader(name, value);
  std::size_t place = 0;
  for (const auto& argument : request.arguments) {
    const std::string name = "v" + std::to_string(place);
    transaction.addArgument(argument.in_body ? "POST" : "GET", name, std::string(argument.value),
                            ++place << place_shift);
  }
  transaction.processRequestHeaders();
  if (!request.body.empty()) {
    transaction.appendRequestBody(reinterpret_cast<const unsigned char*>(request.body.data()), request.body.size());
  }
  transaction.processRequestBody();
  std::vector<EngineMatch> matches;
  for (const auto& message : transaction.m_rulesMessages) matches.push_back(match_of(message));
  return matches;
}

std::string RuleEngine::signature() const {
  if (inside_->rules.m_components.empty()) return "unknown rule set";
  std::string last = inside_->rules.m_components.back();
  std::erase(last, '"');
  return last;
}

std::size_t RuleEngine::size() const {
  std::size_t count = 0;
  for (int phase = 0; phase < modsecurity::Phases::NUMBER_OF_PHASES; ++phase)
    count += inside_->rules.m_rulesSetPhases[phase]->size();
  return count;
}

}  // namespace ward::shield
