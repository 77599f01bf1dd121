// data/labels/*.json, embedded when the program is built.
#pragma once

#include <span>
#include <string_view>

namespace ward::access::detail {

std::span<const std::string_view> label_files();

}  // namespace ward::access::detail
