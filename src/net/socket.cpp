#include "socket.hpp"

#include <boost/asio/redirect_error.hpp>

#include <openssl/err.h>

#include <sys/socket.h>
#include <cerrno>

namespace ward::net {

namespace asio = boost::asio;
using asio::ip::tcp;

Socket::Socket(tcp::socket socket, SSL* ssl, Clock& clock) : socket_(std::move(socket)), ssl_(ssl), clock_(clock) {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  if (ssl_ == nullptr) return;
  if (SSL_set_fd(ssl_, socket_.native_handle()) != 1) broken_ = true;
  SSL_set_accept_state(ssl_);
}

Socket::~Socket() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

Socket::Outcome Socket::handshake() {
  if (broken_) return {State::closed};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? Outcome{State::done} : outcome_of(result);
}

Socket::Outcome Socket::read(char* memory, std::size_t bytes) {
  if (broken_) return {State::closed};
  if (ssl_ != nullptr) {
    ERR_clear_error();
    std::size_t read = 0;
    const int result = SSL_read_ex(ssl_, memory, bytes, &read);
    return result == 1 ? Outcome{State::done, read} : outcome_of(result);
  }
  const ssize_t read = ::recv(socket_.native_handle(), memory, bytes, 0);
  if (read > 0) return {State::done, static_cast<std::size_t>(read)};
  if (read < 0 && (errno == EAGAIN || errno == EINTR)) return {State::want_read};
  broken_ = true;
  return {State::closed};
}

Socket::Outcome Socket::write(const char* memory, std::size_t bytes) {
  if (broken_) return {State::closed};
  if (bytes == 0) return {State::done};
  if (ssl_ != nullptr) {
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_, memory, bytes, &written);
    return result == 1 ? Outcome{State::done, written} : outcome_of(result);
  }
  const ssize_t written = ::send(socket_.native_handle(), memory, bytes, MSG_NOSIGNAL);
  if (written >= 0) return {State::done, static_cast<std::size_t>(written)};
  if (errno == EAGAIN || errno == EINTR) return {State::want_write};
  broken_ = true;
  return {State::closed};
}

Socket::Outcome Socket::outcome_of(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {State::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {State::want_write};
    default:
      broken_ = true;
      return {State::closed};
  }
}

asio::awaitable<Socket::Wait> Socket::wait_readable(MonoTime deadline) {
  return wait(tcp::socket::wait_read, read_deadline_, deadline);
}
asio::awaitable<Socket::Wait> Socket::wait_writable(MonoTime deadline) {
  return wait(tcp::socket::wait_write, write_deadline_, deadline);
}

asio::awaitable<Socket::Wait> Socket::wait(tcp::socket::wait_type what, MonoTime& slot, MonoTime deadline) {
  if (!socket_.is_open()) co_return Wait::gone;
  expired_ = false;
  slot = deadline;
  boost::system::error_code error;
  co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  slot = MonoTime{};
  if (!error) co_return Wait::ready;
  co_return expired_ ? Wait::expired : Wait::gone;
}

asio::awaitable<Socket::Wait> Socket::write_all(std::string_view memory, std::chrono::milliseconds patience) {
  while (!memory.empty()) {
    const Outcome outcome = write(memory.data(), memory.size());
    if (outcome.state == State::closed) co_return Wait::gone;
    if (outcome.state == State::done) {
      memory.remove_prefix(outcome.bytes);
      continue;
    }
    Wait waited = Wait::ready;
    if (outcome.state == State::want_read)
      waited = co_await wait_readable(clock_.mono() + patience);
    else
      waited = co_await wait_writable(clock_.mono() + patience);
    if (waited != Wait::ready) co_return waited;
  }
  co_return Wait::ready;
}

void Socket::sweep(MonoTime now) {
  const bool late = (read_deadline_ != MonoTime{} && now >= read_deadline_) ||
                    (write_deadline_ != MonoTime{} && now >= write_deadline_);
  if (!late) return;
  expired_ = true;
  wake();
}

void Socket::wake() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Socket::kill() {
  broken_ = true;
  wake();
}

void Socket::finish_writing() {
  if (broken_) return;
  ERR_clear_error();
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Socket::abort() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  kill();
}

}  // namespace ward::net
