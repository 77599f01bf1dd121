#include "password_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace ward::identity {
namespace {

namespace asio = boost::asio;
constexpr int lowest = 19;

// Fewer than the cores: where two hashes share one, Linux's scheduler (EEVDF) may owe the second its slice, a tick of 4
// ms, at the moment a read wakes up, and pays it before the read.
std::size_t threads() {
  constexpr unsigned at_least = 1, at_most = 4;
  return std::clamp(std::thread::hardware_concurrency() / 2, at_least, at_most);
}

// Linux keeps policy and nice value per thread. Nice alone would let a hash keep its slice while a read waits on the
// same core; under SCHED_IDLE whatever wakes takes the core at once.
void be_nice() {
  thread_local const bool done = [] {
    const sched_param none{};
    const bool idle = sched_setscheduler(gettid(), SCHED_IDLE, &none) == 0;
    return setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), lowest) == 0 && idle;
  }();
  static_cast<void>(done);
}

class Place {
 public:
  explicit Place(std::atomic<std::size_t>& waiting) : waiting_(waiting), before_(waiting.fetch_add(1)) {}
  Place(const Place&) = delete;
  ~Place() { waiting_.fetch_sub(1); }
  bool free() const { return before_ < PasswordPool::waiting_max; }

 private:
  std::atomic<std::size_t>& waiting_;
  const std::size_t before_;
};

using HashPtr = std::shared_ptr<const Result<std::string>>;

asio::awaitable<bool> compare(const Secret<std::string>& password, const std::string& hash) {
  be_nice();
  co_return password_matches(password, hash);
}

asio::awaitable<HashPtr> make(const Secret<std::string>& password, Random& random) {
  be_nice();
  co_return std::make_shared<const Result<std::string>>(hash_password(password, random));
}

std::string hash_of_nobody(Random& random) {
  auto hash = hash_password(Secret<std::string>(random.token(32)), random);
  return hash ? *hash : std::string();
}

}  // namespace

PasswordPool::PasswordPool(Random& random) : random_(random), nobody_(hash_of_nobody(random)), pool_(threads()) {}
PasswordPool::~PasswordPool() { pool_.join(); }

asio::awaitable<Result<bool>> PasswordPool::matches(Secret<std::string> password, std::string password_hash) {
  const Place place(waiting_);
  if (!place.free()) co_return fail("sign_in_busy", "too many people sign in at this moment; try again shortly");
  const bool known = !password_hash.empty();
  const std::string& compared = known ? password_hash : nobody_;
  asio::awaitable<bool> work = compare(password, compared);
  const bool matched = co_await asio::co_spawn(pool_, std::move(work), asio::use_awaitable);
  co_return matched&& known;
}

asio::awaitable<Result<std::string>> PasswordPool::hash(Secret<std::string> password) {
  const Place place(waiting_);
  if (!place.free()) co_return fail("sign_in_busy", "too many people sign in at this moment; try again shortly");
  asio::awaitable<HashPtr> work = make(password, random_);
  const HashPtr hashed = co_await asio::co_spawn(pool_, std::move(work), asio::use_awaitable);
  co_return *hashed;
}

}  // namespace ward::identity
