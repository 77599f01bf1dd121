// Method, path and query of a FHIR request. What is not scanned cannot hold what an attack is made of.
#include "fhir_request.hpp"
#include "line_values.hpp"

#include "shield/request_line.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto space = input.find(' ');
  if (space == input.npos) return 0;
  const std::string_view method = input.substr(0, space), target = input.substr(space + 1),
                         path = target.substr(0, target.find('?'));
  const std::string_view raw_query = path.size() == target.size() ? "" : target.substr(path.size() + 1);
  (void)door::free_path_pieces(path);
  const auto segments = shield::path_segments(path);
  const auto query = shield::parse_query(raw_query);
  if (!segments || !query) return 0;
  const auto request = door::parse_fhir_request(method, *segments, !query->empty());
  if (!request) return 0;
  if (!request->id.empty() && !door::is_fhir_id(request->id)) __builtin_trap();
  const auto free = door::free_query_values({.kind = door::RouteKind::fhir}, *request, *query);
  for (const auto& [name, value] : *query) {
    if (value.find_first_of("'\"<>(){}$;`&%#!\\ \t\n") == value.npos) continue;
    const bool scanned = std::any_of(free.begin(), free.end(),
                                     [&](const shield::FreeValue& one) { return one.value.data() == value.data(); });
    if (!scanned) __builtin_trap();
  }
  return 0;
}
