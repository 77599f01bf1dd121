// Search queries: the first line names the type, the rest is the query.
#include "search.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace ward::fhir;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const auto line = input.find('\n');
  if (line == input.npos) return 0;
  const std::string type(input.substr(0, line)), query(input.substr(line + 1));
  const auto search = parse_search(type, query);
  (void)parse_condition(type, query);
  if (!search) return 0;
  // What was accepted is accepted again from its own link, with as many conditions.
  const std::string link = self_link("https://x", *search);
  const auto question = link.find('?');
  if (link.size() > search_bytes_max) return 0;
  const auto again = parse_search(type, question == link.npos ? std::string() : link.substr(question + 1));
  if (!again || again->query.all_of.size() != search->query.all_of.size()) __builtin_trap();
  return 0;
}
