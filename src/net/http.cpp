#include "http.hpp"

namespace ward::net {

std::string_view RequestHead::header(std::string_view name) const {
  for (const Header& field : headers) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::size_t RequestHead::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [name](const Header& field) { return field.name == name; }));
}

}  // namespace ward::net
