// Seeded chance for synthetic data.
#pragma once

#include <random>
#include <span>
#include <string>
#include <vector>

namespace ward::demo {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  /// From `low` to `high`, both included. Written out, since the standard's distributions differ between libraries.
  long between(long low, long high) {
    return low + static_cast<long>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  double real(double low, double high) {
    return low + (high - low) * (static_cast<double>(engine_() >> 11) * 0x1.0p-53);
  }
  /// Sum of twelve, near a normal distribution.
  double normal(double mean, double deviation) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += real(0, 1);
    return mean + sum * deviation;
  }
  bool chance(double probability) { return real(0, 1) < probability; }
  template <class T, std::size_t N>
  const T& pick(const T (&from)[N]) {
    return from[engine_() % N];
  }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[engine_() % from.size()];
  }
  /// Ten letters and digits without vowels, so that ids neither count nor spell.
  std::string id() {
    static constexpr char alphabet[] = "bcdfghjkmnpqrstvwxz23456789";
    std::string out;
    for (int i = 0; i < 10; ++i) out += alphabet[engine_() % (sizeof alphabet - 1)];
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace ward::demo
