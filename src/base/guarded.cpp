#include "base/guarded.hpp"

#include <cstring>
#include <string_view>

namespace ward {

void wipe(void* memory, std::size_t bytes) noexcept { explicit_bzero(memory, bytes); }

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  volatile unsigned char result = difference;
  return result == 0;
}

}  // namespace ward
