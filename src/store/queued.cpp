// A queued put, and the one who waits for it.
#include "store.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <mutex>

namespace ward::store {

namespace asio = boost::asio;

struct Queued::State {
  std::mutex mutex;
  std::condition_variable came;
  std::optional<Result<void>> outcome;
  std::move_only_function<void()> waiter;

  void tell(Result<void> told) {
    std::move_only_function<void()> wake;
    {
      const std::lock_guard lock(mutex);
      outcome = std::move(told);
      wake = std::move(waiter);
    }
    came.notify_all();
    if (wake) wake();
  }

  /// Calls `wake` once the outcome is there, at once if it is.
  void when_told(std::move_only_function<void()> wake) {
    {
      const std::lock_guard lock(mutex);
      if (!outcome) {
        waiter = std::move(wake);
        return;
      }
    }
    wake();
  }
};

Queued::Queued() : state_(std::make_shared<State>()) {}

Queued::Completion Queued::completion() const {
  return [state = state_](Result<void> outcome) { state->tell(std::move(outcome)); };
}

boost::asio::awaitable<Result<void>> Queued::done() {
  const std::shared_ptr<State> state = state_;
  // Without a capture: GCC 12 destroys what a lambda in a co_await expression holds twice.
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [](auto handler, State* told) {
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        told->when_told([waiter = std::move(handler), kept = std::move(work)]() mutable {
          auto on = kept.get_executor();
          asio::post(on, std::move(waiter));
        });
      },
      asio::use_awaitable, state.get());
  const std::lock_guard lock(state->mutex);
  co_return *state->outcome;
}

Result<void> Queued::wait() {
  std::unique_lock lock(state_->mutex);
  state_->came.wait(lock, [this] { return state_->outcome.has_value(); });
  return *state_->outcome;
}

}  // namespace ward::store
