#include "respond.hpp"

#include "target.hpp"

namespace ward::net {

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> phrases[] = {{100, "Continue"},
                                                                 {200, "OK"},
                                                                 {201, "Created"},
                                                                 {202, "Accepted"},
                                                                 {204, "No Content"},
                                                                 {206, "Partial Content"},
                                                                 {301, "Moved Permanently"},
                                                                 {302, "Found"},
                                                                 {303, "See Other"},
                                                                 {304, "Not Modified"},
                                                                 {307, "Temporary Redirect"},
                                                                 {308, "Permanent Redirect"},
                                                                 {400, "Bad Request"},
                                                                 {401, "Unauthorized"},
                                                                 {403, "Forbidden"},
                                                                 {404, "Not Found"},
                                                                 {405, "Method Not Allowed"},
                                                                 {406, "Not Acceptable"},
                                                                 {408, "Request Timeout"},
                                                                 {409, "Conflict"},
                                                                 {410, "Gone"},
                                                                 {411, "Length Required"},
                                                                 {412, "Precondition Failed"},
                                                                 {413, "Content Too Large"},
                                                                 {414, "URI Too Long"},
                                                                 {415, "Unsupported Media Type"},
                                                                 {417, "Expectation Failed"},
                                                                 {421, "Misdirected Request"},
                                                                 {422, "Unprocessable Content"},
                                                                 {428, "Precondition Required"},
                                                                 {429, "Too Many Requests"},
                                                                 {431, "Request Header Fields Too Large"},
                                                                 {500, "Internal Server Error"},
                                                                 {501, "Not Implemented"},
                                                                 {502, "Bad Gateway"},
                                                                 {503, "Service Unavailable"},
                                                                 {504, "Gateway Timeout"},
                                                                 {505, "HTTP Version Not Supported"}};
  const auto* found = std::lower_bound(std::begin(phrases), std::end(phrases), status,
                                       [](const auto& phrase, int wanted) { return phrase.first < wanted; });
  return found != std::end(phrases) && found->first == status ? found->second : "Status";
}

std::string fixed_text(int status) { return fmt::format("{}\n", reason_phrase(status)); }

Result<void> check_head(const ResponseHead& head) {
  if (head.status < 200 || head.status > 599)
    return fail("header_invalid", fmt::format("{} is no status of a final answer", head.status));
  for (const auto& [name, value] : head.headers) {
    const bool lower = std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_token(name) || !lower)
      return fail("header_invalid", "the name of an answer's header is not a lower-case token");
    // The value may be PHI; only its header's name is told.
    if (!is_field_value(value))
      return fail("header_invalid", fmt::format("the value of the answer's header {} has a control character", name));
  }
  return {};
}

bool is_framing_header(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding" || name == "connection" || name == "keep-alive" ||
         name == "upgrade" || name == "trailer" || name == "te" || name == "date" ||
         name == "strict-transport-security" || name == "x-content-type-options";
}

}  // namespace ward::net
