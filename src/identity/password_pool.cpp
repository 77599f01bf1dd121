#include "password_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>
#include <unistd.h>

namespace ward::identity {
namespace {

namespace asio = boost::asio;
constexpr unsigned threads = 2;
constexpr int lowest = 19;

// Linux keeps a nice value per thread.
void be_nice() {
  thread_local const bool done = [] { return setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), lowest) == 0; }();
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

PasswordPool::PasswordPool(Random& random) : random_(random), nobody_(hash_of_nobody(random)), pool_(threads) {}
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
