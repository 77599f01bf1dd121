// One JSON line per event, for operators. Never PHI, never a secret: a field takes numbers, bools and text, and
// Phi<T>, Secret<T> and Buffer are not among them.
#pragma once

#include "base/error.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace ward::log {

enum class Level { debug, info, warning, error };

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <std::integral I>
  Field(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

/// Opens the log: to standard error, or appending to `file` (mode 0600). Called once at start; before, standard error.
void open(const std::string& file, Level least);

/// Writes one line: {"time":..., "level":..., "event":..., fields...}. `event` is a stable name (snake_case). Any
/// thread; does not block on a slow reader longer than a write takes.
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}
inline void error(std::string_view event, const Error& error) {
  write(Level::error, event, {{"code", error.code()}, {"message", error.text()}});
}

}  // namespace ward::log
