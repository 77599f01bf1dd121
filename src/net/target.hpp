// Request targets and authorities, read strictly, the same for both HTTP versions and the redirect.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ward::net {

struct Target {
  std::string_view path, query;
  bool has_query = false;
  std::string_view authority;  // of an absolute-form, as sent; else empty
};

/// origin-form or absolute-form (RFC 9112 section 3.2). No fragment, space, control or non-ASCII byte.
std::optional<Target> read_target(std::string_view text);

/// host [ ":" port ]: letters, digits, '.', '-', '_', or an IPv6 literal in brackets.
bool is_authority(std::string_view text);
/// The authority without its port; a literal keeps its brackets.
std::string_view host_of(std::string_view authority);

/// Makes ASCII letters lower case in place.
void lower_in_place(char* text, std::size_t size);
bool is_token(std::string_view text);
/// No CR, LF, NUL or other control character but tab.
bool is_field_value(std::string_view text);

}  // namespace ward::net
