// Progress of a long command, on standard error.
#pragma once

#include <fmt/format.h>
#include <unistd.h>
#include <chrono>
#include <cstdint>
#include <string>

namespace ward::app {

/// A bar on a terminal; nothing where nobody looks.
class Bar {
 public:
  void show(std::uint64_t done, std::uint64_t of, const std::string& unit) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    if (of == 0) {
      fmt::print(stderr, "\rreading: {} {}", done, unit);
      return;
    }
    const std::size_t filled = std::min<std::size_t>(30, done * 30 / of);
    fmt::print(stderr, "\r[{}{}] {}/{} {}", std::string(filled, '#'), std::string(30 - filled, ' '), done, of, unit);
  }
  ~Bar() {
    if (terminal_) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool terminal_ = ::isatty(2) != 0;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace ward::app
