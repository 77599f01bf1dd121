// Values that must not be seen: Secret<T> (keys, tokens, passwords) and Phi<T> (protected health information).
//
// Neither can be formatted, streamed, logged or put in an error: the formatter is deleted, and a test proves that
// such code does not compile. Reading one is a call with a name that can be searched for.
#pragma once

#include <fmt/format.h>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <utility>

namespace ward {

/// Overwrites memory so that the compiler may not leave it out.
void wipe(void* memory, std::size_t bytes) noexcept;

template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.clear(); }
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&& other) noexcept {
    clear();
    value_ = std::move(other.value_);
    other.clear();
    return *this;
  }
  ~Secret() { clear(); }

  /// The value, to be used and not kept.
  const T& reveal() const { return value_; }

  bool operator==(const Secret&) const = delete;  // compare with constant_time_equal

 private:
  void clear() noexcept {
    if constexpr (requires {
                    value_.data();
                    value_.size();
                    value_.clear();
                  }) {
      if (value_.size() > 0) wipe(value_.data(), value_.size() * sizeof(*value_.data()));
      value_.clear();
    } else if constexpr (std::is_trivially_copyable_v<T>) {
      wipe(&value_, sizeof value_);
    }
  }
  T value_{};
};

/// PHI. What leaves goes through access::minimise; what is stored or parsed inside uses `inside()`.
template <class T>
class Phi {
 public:
  Phi() = default;
  explicit Phi(T value) : value_(std::move(value)) {}

  /// For work inside the house: parsing, storing, minimising. Never for output.
  const T& inside() const& { return value_; }
  T& inside() & { return value_; }
  T take() && { return std::move(value_); }

  bool operator==(const Phi&) const = delete;

 private:
  T value_{};
};

/// True if both are equal; takes the same time wherever they differ. Lengths are not secret.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

template <class T>
std::ostream& operator<<(std::ostream&, const Secret<T>&) = delete;
template <class T>
std::ostream& operator<<(std::ostream&, const Phi<T>&) = delete;

}  // namespace ward

template <class T, class Char>
struct fmt::formatter<ward::Secret<T>, Char> {
  formatter() = delete;
};
template <class T, class Char>
struct fmt::formatter<ward::Phi<T>, Char> {
  formatter() = delete;
};
