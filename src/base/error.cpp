#include "base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ward {

std::string Error::text() const {
  std::string all = message_;
  for (const Error* cause = cause_.get(); cause != nullptr; cause = cause->cause_.get()) all += ": " + cause->message_;
  return all;
}

std::unexpected<Error> fail_errno(std::string_view code, std::string what) {
  const int error = errno;
  char buffer[128];
  return fail(code, what + ": " + strerror_r(error, buffer, sizeof buffer));
}

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ward: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace ward
