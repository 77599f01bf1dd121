#include "base/random.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"

#include <sys/random.h>
#include <cerrno>
#include <cstring>

namespace ward {

std::string Random::bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(out.data(), count);
  return out;
}

std::string Random::token(std::size_t count) { return base64url_encode(bytes(count)); }

std::string Random::name(std::size_t count) {
  std::string text = token(count);
  while (text.starts_with('-')) text = token(count);
  return text;
}

void SystemRandom::fill(void* memory, std::size_t bytes) {
  auto* at = static_cast<char*>(memory);
  while (bytes > 0) {
    const ssize_t got = getrandom(at, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    WARD_ASSERT(got > 0);
    at += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

void SeededRandom::fill(void* memory, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  auto* at = static_cast<char*>(memory);
  while (bytes > 0) {
    const std::uint64_t word = engine_();
    const std::size_t part = bytes < sizeof word ? bytes : sizeof word;
    std::memcpy(at, &word, part);
    at += part;
    bytes -= part;
  }
}

}  // namespace ward
