// Errors between rooms: std::expected with a reason that a tired operator can act on.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace ward {

/// What went wrong, for whom it may concern. `code` is a stable slug ("log_closed") that code may compare; `message`
/// says what, where and what to do next. Neither ever holds PHI or a secret: Phi<T> and Secret<T> cannot be formatted.
class Error {
 public:
  Error(std::string_view code, std::string message) : code_(code), message_(std::move(message)) {}

  std::string_view code() const { return code_; }
  const std::string& message() const { return message_; }
  bool is(std::string_view code) const { return code_ == code; }

  /// Keeps this error as the cause of another, seen from further up.
  Error because_of(Error cause) && {
    cause_ = std::make_shared<const Error>(std::move(cause));
    return std::move(*this);
  }
  const Error* cause() const { return cause_.get(); }

  /// "message: cause: cause of the cause".
  std::string text() const;

 private:
  std::string code_;
  std::string message_;
  std::shared_ptr<const Error> cause_;
};

template <class T>
using Result = std::expected<T, Error>;

/// return fail("log_closed", "audit log closed after a failed write: ...");
inline std::unexpected<Error> fail(std::string_view code, std::string message) {
  return std::unexpected(Error(code, std::move(message)));
}

/// Adds what the system said about the last call (errno) to an error.
std::unexpected<Error> fail_errno(std::string_view code, std::string what);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace ward

/// For what our own code guarantees; on in release builds too.
#define WARD_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::ward::assertion_failed(#condition, __FILE__, __LINE__))
