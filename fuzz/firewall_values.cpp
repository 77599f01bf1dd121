// The strict reading of a request line, the encoders of the sinks, and the rules over what was read:
// "path?query\nvalue".
#include "shield/firewall.hpp"
#include "shield/request_line.hpp"
#include "shield/sinks.hpp"

#include <cstdlib>

namespace {

using namespace ward::shield;

const Firewall* firewall() {
  static const auto opened = Firewall::open({});
  return opened ? opened->get() : nullptr;  // without the rule set, the reading alone
}

void check_sinks(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(log_field(text), control)) std::abort();
  if (std::ranges::any_of(header_value(text), [&](char c) { return c != '\t' && control(c); })) std::abort();
  const std::string name = file_name(text);
  if (name.empty() || name.size() > 201 || name.front() == '.' || name.find_first_of("/\\") != name.npos) std::abort();
  if (!is_header_value(content_disposition(text))) std::abort();
  csv_cell(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line_end = input.find('\n');
  const std::string_view line = input.substr(0, line_end);
  const std::string_view text = line_end == input.npos ? std::string_view() : input.substr(line_end + 1);
  check_sinks(text);
  std::vector<FreeValue> values{{Where::body, "text", text}};
  const auto segments = path_segments(line.substr(0, line.find('?')));
  if (segments) {
    for (const auto& segment : *segments) {
      if (segment.empty() || segment == ".." || segment.find('/') != segment.npos) std::abort();
      values.push_back({Where::path, "", segment});
    }
  }
  const auto pairs = parse_query(line.find('?') == line.npos ? std::string_view() : line.substr(line.find('?') + 1));
  if (pairs) {
    for (const auto& [name, value] : *pairs) values.push_back({Where::query, name, value});
  }
  if (firewall() && size < 4096) {
    const Verdict verdict = firewall()->scan(values, {});
    if (verdict.blocked && verdict.rules().empty()) std::abort();
  }
  return 0;
}
