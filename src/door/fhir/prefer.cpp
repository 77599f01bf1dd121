#include "fhir/prefer.hpp"

#include "base/encoding.hpp"

#include <utility>

namespace ward::door {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

Return preferred_return(std::string_view prefer) {
  static constexpr std::pair<std::string_view, Return> values[] = {
      {"minimal", Return::minimal}, {"representation", Return::representation}, {"OperationOutcome", Return::outcome}};
  while (!prefer.empty()) {
    const std::size_t end = prefer.find_first_of(",;");
    const std::string_view one = trimmed(prefer.substr(0, end));
    prefer = end == prefer.npos ? std::string_view() : prefer.substr(end + 1);
    const std::size_t equals = one.find('=');
    if (equals == one.npos || !equal_ignoring_case(trimmed(one.substr(0, equals)), "return")) continue;
    const std::string_view value = unquoted(trimmed(one.substr(equals + 1)));
    for (const auto& [name, kind] : values)
      if (equal_ignoring_case(value, name)) return kind;
  }
  return Return::unsaid;
}

}  // namespace ward::door
