#include "search/hop_names.hpp"

namespace ward::fhir::search {

std::optional<ChainName> split_chain(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == name.npos || dot + 1 == name.size()) return std::nullopt;
  const std::string_view head = name.substr(0, dot);
  const auto colon = head.find(':');
  ChainName chain{head.substr(0, colon), {}, name.substr(dot + 1)};
  if (colon != head.npos) chain.type = head.substr(colon + 1);
  if (chain.code.empty() || (colon != head.npos && chain.type.empty())) return std::nullopt;
  return chain;
}

std::optional<HasName> split_has(std::string_view name) {
  constexpr std::string_view mark = "_has:";
  if (!name.starts_with(mark)) return std::nullopt;
  name.remove_prefix(mark.size());
  const auto first = name.find(':');
  if (first == name.npos) return std::nullopt;
  const auto second = name.find(':', first + 1);
  if (second == name.npos || second + 1 == name.size()) return std::nullopt;
  const HasName has{name.substr(0, first), name.substr(first + 1, second - first - 1), name.substr(second + 1)};
  if (has.type.empty() || has.code.empty()) return std::nullopt;
  return has;
}

}  // namespace ward::fhir::search
