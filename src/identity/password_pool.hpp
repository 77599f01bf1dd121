// Checks passwords on threads of their own, at the lowest priority and in a bounded number: a flood of sign-ins must
// not starve the door.
#pragma once

#include "identity.hpp"

#include <boost/asio/thread_pool.hpp>

#include <atomic>

namespace ward::identity {

class PasswordPool {
 public:
  static constexpr std::size_t waiting_max = 64;  // a second or two of work for one thread
  explicit PasswordPool(Random& random);
  ~PasswordPool();

  /// The same work whether there is such a person or not: without a hash, a stranger's is compared. Error
  /// "sign_in_busy". Goes on on the caller's executor.
  boost::asio::awaitable<Result<bool>> matches(Secret<std::string> password, std::string password_hash);
  /// Errors: "sign_in_busy", and those of hash_password.
  boost::asio::awaitable<Result<std::string>> hash(Secret<std::string> password);

 private:
  Random& random_;
  const std::string nobody_;  // a hash that no password has
  std::atomic<std::size_t> waiting_{0};
  boost::asio::thread_pool pool_;
};

}  // namespace ward::identity
