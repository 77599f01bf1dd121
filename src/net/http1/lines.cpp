#include "http1/lines.hpp"

#include "target.hpp"

namespace ward::net::http1 {
namespace {

constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t around_uri_bytes_max = method_bytes_max + 12;  // "METHOD " and " HTTP/1.1\r\n"

std::unexpected<Malformed> malformed(int status, std::string_view detail) {
  return std::unexpected(Malformed{status, detail});
}

std::expected<void, Malformed> check_request_line(std::string_view line, const Limits& limits) {
  const std::size_t first = line.find(' ');
  if (first == line.npos || !is_token(line.substr(0, first)) || first > method_bytes_max)
    return malformed(400, "method is not a token");
  const std::size_t second = line.find(' ', first + 1);
  if (second == line.npos) return malformed(400, "request line has no version");
  if (second - first - 1 > limits.uri_bytes_max) return malformed(414, "target is too long");
  const std::string_view version = line.substr(second + 1);
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && version[5] >= '0' &&
                      version[5] <= '9' && version[7] >= '0' && version[7] <= '9';
  if (!shaped) return malformed(400, "request line is malformed");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return malformed(505, "version is neither 1.1 nor 1.0");
  return {};
}

std::expected<void, Malformed> check_field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return malformed(400, "folded header line");
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return malformed(400, "header line without colon");
  if (!is_token(line.substr(0, colon))) return malformed(400, "header name is not a token");
  if (!is_field_value(line.substr(colon + 1))) return malformed(400, "control character in a header value");
  return {};
}

}  // namespace

std::expected<std::size_t, Malformed> find_head(std::string_view data, std::size_t& scanned, const Limits& limits) {
  // The longest head is looked at again only from the last line on.
  const std::size_t first_line_end = data.find('\n');
  const std::size_t first_line = first_line_end == data.npos ? data.size() : first_line_end;
  if (first_line > limits.uri_bytes_max + around_uri_bytes_max) return malformed(414, "request line is too long");
  std::size_t line = scanned;
  for (;;) {
    const std::size_t end = data.find('\n', line);
    if (end == data.npos) {
      if (data.size() > first_line && data.size() - first_line > limits.header_bytes_max)
        return malformed(431, "header block is too large");
      scanned = line;
      return 0;
    }
    if (end == line || data[end - 1] != '\r') return malformed(400, "line ends without CR");
    if (end - line == 1) {
      if (line == 0) return malformed(400, "empty request line");
      if (end - first_line > limits.header_bytes_max) return malformed(431, "header block is too large");
      return end + 1;
    }
    line = end + 1;
  }
}

std::expected<void, Malformed> check_lines(std::string_view head, const Limits& limits) {
  std::size_t end = head.find("\r\n");
  std::expected<void, Malformed> checked = check_request_line(head.substr(0, end), limits);
  std::size_t fields = 0;
  for (std::size_t line = end + 2; checked; line = end + 2) {
    end = head.find('\n', line) - 1;
    if (end == line) break;
    if (++fields > limits.header_fields_max) return malformed(431, "too many header fields");
    checked = check_field_line(head.substr(line, end - line));
  }
  return checked;
}

}  // namespace ward::net::http1
