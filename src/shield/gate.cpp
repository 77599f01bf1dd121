#include "limits.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>

namespace ward::shield {
namespace detail {

constexpr std::size_t classes = 4;

/// One request in the queue. `state` changes under the gate's lock; the timer is touched on its own executor only.
struct Waiter {
  enum class State : std::uint8_t { waiting, granted, shed, gone };
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer(executor) {}
  State state = State::waiting;
  boost::asio::steady_timer timer;
};

struct GateState {
  std::string name;
  GateSettings settings;
  mutable std::mutex mutex;
  std::uint32_t inside = 0;
  std::uint32_t waiting = 0;
  std::array<std::deque<std::shared_ptr<Waiter>>, classes> queues;

  static void wake(const std::shared_ptr<Waiter>& waiter) {
    boost::asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  }

  /// Gives the place to the next in line, or back.
  void leave() {
    std::shared_ptr<Waiter> next;
    {
      const std::lock_guard lock(mutex);
      next = take_first();
      if (!next) --inside;
    }
    if (next) wake(next);
  }

  std::shared_ptr<Waiter> take_first() {
    for (auto& queue : queues) {
      if (queue.empty()) continue;
      auto waiter = std::move(queue.front());
      queue.pop_front();
      --waiting;
      waiter->state = Waiter::State::granted;
      return waiter;
    }
    return nullptr;
  }

  /// Takes the newest of a class below `of` out of the queue; null if there is none.
  std::shared_ptr<Waiter> shed_below(std::size_t of) {
    for (std::size_t lowest = classes; lowest-- > of + 1;) {
      if (queues[lowest].empty()) continue;
      auto waiter = std::move(queues[lowest].back());
      queues[lowest].pop_back();
      --waiting;
      waiter->state = Waiter::State::shed;
      return waiter;
    }
    return nullptr;
  }

  /// The deadline passed: out of the queue, unless somebody was quicker.
  bool give_up(const std::shared_ptr<Waiter>& waiter, std::size_t of) {
    const std::lock_guard lock(mutex);
    if (waiter->state == Waiter::State::granted) return false;
    if (waiter->state == Waiter::State::waiting) {
      std::erase(queues[of], waiter);
      --waiting;
      waiter->state = Waiter::State::gone;
    }
    return true;
  }

  std::unexpected<Refusal> overloaded(std::string_view why) const {
    Refusal refusal;
    refusal.status = 503;
    refusal.code = "overloaded";
    refusal.kind = CauseKind::limit;
    refusal.cause =
        fmt::format("{}: {} (concurrent_max {}, queue_max {})", name, why, settings.concurrent_max, settings.queue_max);
    Issue issue;
    issue.code = "throttled";
    issue.diagnostics = "The service is overloaded; try again after the time in Retry-After.";
    refusal.issues.push_back(std::move(issue));
    const auto wait_s = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(settings.wait_max).count());
    refusal.headers.emplace_back("retry-after", std::to_string(wait_s));
    return refuse(std::move(refusal));
  }
};

/// Leaves the queue, or hands a granted place on, when the waiting coroutine is destroyed before it resumed.
struct QueueGuard {
  std::shared_ptr<GateState> state;
  std::shared_ptr<Waiter> waiter;
  std::size_t of;
  ~QueueGuard() {
    if (waiter && !state->give_up(waiter, of)) state->leave();
  }
};

}  // namespace detail

Place& Place::operator=(Place&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Place::~Place() {
  if (state_) state_->leave();
}

Gate::Gate(std::string name, GateSettings settings) : state_(std::make_shared<detail::GateState>()) {
  state_->name = std::move(name);
  state_->settings = settings;
}

Gate::~Gate() = default;

boost::asio::awaitable<Allowed<Place>> Gate::enter(Class of, std::optional<std::chrono::milliseconds> wait_max) {
  const auto state = state_;  // the gate may be replaced by a reload while we wait
  const auto level = static_cast<std::size_t>(of);
  const auto executor = co_await boost::asio::this_coro::executor;
  std::shared_ptr<detail::Waiter> waiter;
  std::shared_ptr<detail::Waiter> shed;
  bool full = false;
  {
    const std::lock_guard lock(state->mutex);
    if (state->inside < state->settings.concurrent_max) {
      ++state->inside;
    } else {
      if (state->waiting >= state->settings.queue_max) shed = state->shed_below(level);
      full = state->waiting >= state->settings.queue_max;
      if (!full) {
        waiter = std::make_shared<detail::Waiter>(executor);
        state->queues[level].push_back(waiter);
        ++state->waiting;
      }
    }
  }
  if (shed) detail::GateState::wake(shed);
  if (full) co_return state->overloaded("queue full");
  if (!waiter) co_return Place(state);

  detail::QueueGuard guard{state, waiter, level};
  waiter->timer.expires_after(std::min(wait_max.value_or(state->settings.wait_max), state->settings.wait_max));
  bool granted = false;
  while (!granted) {
    {
      // The grant may have come before the timer was awaited: its cancel found nothing to cancel.
      const std::lock_guard lock(state->mutex);
      if (waiter->state != detail::Waiter::State::waiting) break;
    }
    boost::system::error_code woken;
    co_await waiter->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    if (!woken) break;  // the deadline
  }
  granted = !state->give_up(waiter, level);
  const bool was_shed = waiter->state == detail::Waiter::State::shed;
  guard.waiter = nullptr;
  if (!granted)
    co_return state->overloaded(was_shed ? "shed for a more urgent request" : "no place before the deadline");
  co_return Place(state);
}

std::uint32_t Gate::inside() const {
  const std::lock_guard lock(state_->mutex);
  return state_->inside;
}

std::uint32_t Gate::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waiting;
}

}  // namespace ward::shield
