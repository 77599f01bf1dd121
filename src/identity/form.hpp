// A posted form, read strictly (RFC 6749 appendix B; WHATWG URL, urlencoded).
#pragma once

#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::identity {

class Form {
 public:
  static constexpr std::size_t bytes_max = 32 * 1024;
  static constexpr std::size_t parameters_max = 64;
  /// Error "form": a parameter twice, percent-encoding that is malformed, not UTF-8, too many or too large.
  static Result<Form> parse(std::string_view body);
  /// The same from a JSON object, as our own pages' scripts send it: texts as they are, other values as their JSON.
  static Result<Form> parse_json(std::string_view body);
  /// A parameter; one without a value counts as absent (RFC 6749 section 3.1).
  std::optional<std::string> get(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// "application/x-www-form-urlencoded", with at most a charset of UTF-8.
bool is_form_type(std::string_view content_type);

}  // namespace ward::identity
