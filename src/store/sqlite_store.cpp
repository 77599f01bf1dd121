// open_sqlite: the face put together.
#include "committer.hpp"
#include "reader.hpp"
#include "schema.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>

namespace ward::store {
namespace {

namespace asio = boost::asio;
constexpr int writer_busy_ms = 5'000;

using Outcome = Committer::Outcome;
using OutcomePtr = std::unique_ptr<Outcome>;

class SqliteStore final : public Store {
 public:
  SqliteStore(const Options& options, Clock& clock, std::unique_ptr<Connection> connection, std::uint64_t generation)
      : options_(options), clock_(clock), generation_(generation), committer_(options, clock, std::move(connection)) {}

  asio::awaitable<Outcome> write(std::vector<Change> changes, ChangePermit permit) override {
    auto set = prepare(std::move(changes), permit.intent());
    if (!set) co_return std::unexpected(set.error());
    OutcomePtr outcome = co_await submitted(std::move(*set));
    co_return std::move(*outcome);
  }

  Outcome write_blocking(std::vector<Change> changes, ChangePermit permit) override {
    auto set = prepare(std::move(changes), permit.intent());
    if (!set) return std::unexpected(set.error());
    return wait_for(std::move(*set));
  }

  Result<void> put(std::vector<Entry> entries) override { return queue(std::move(entries)).wait(); }

  Queued queue(std::vector<Entry> entries) override {
    Queued queued;
    auto tell = queued.completion();
    auto set = prepare(std::move(entries));
    if (!set) {
      tell(std::unexpected(set.error()));
      return queued;
    }
    committer_.submit(std::move(*set), [told = std::move(tell)](Outcome outcome) mutable {
      told(outcome ? Result<void>() : std::unexpected(outcome.error()));
    });
    return queued;
  }

  Result<std::unique_ptr<Reader>> reader() override {
    auto made = make_reader();
    if (!made) return std::unexpected(made.error());
    return std::unique_ptr<Reader>(std::move(*made));
  }

  Result<std::vector<std::uint64_t>> committed_intents(const std::vector<std::uint64_t>& intents) override {
    auto reader = make_reader();
    if (!reader) return std::unexpected(reader.error());
    return (*reader)->committed_intents(intents);
  }

  std::uint64_t generation() const override { return generation_; }
  bool healthy() const override { return committer_.healthy(); }

 private:
  Result<std::unique_ptr<SqliteReader>> make_reader() {
    try {
      return std::make_unique<SqliteReader>(options_, clock_, [this] { return committer_.relationship_generation(); });
    } catch (const Failure& failure) {
      return fail_with(failure, "a reader could not be opened");
    }
  }

  /// Suspends until the writer has an answer, and goes on on the executor of who waits.
  asio::awaitable<OutcomePtr> submitted(ChangeSet set) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(OutcomePtr)>(
        [](auto handler, Committer* committer, ChangeSet changes) {
          auto executor = asio::get_associated_executor(handler);
          auto work = asio::make_work_guard(executor);
          committer->submit(
              std::move(changes), [waiter = std::move(handler), kept = std::move(work)](Outcome outcome) mutable {
                auto on = kept.get_executor();
                asio::post(
                    on, [resume = std::move(waiter), answer = std::make_unique<Outcome>(std::move(outcome))]() mutable {
                      std::move(resume)(std::move(answer));
                    });
              });
        },
        asio::use_awaitable, &committer_, std::move(set));
  }

  Outcome wait_for(ChangeSet set) {
    std::promise<Outcome> promise;
    auto future = promise.get_future();
    committer_.submit(std::move(set), [&promise](Outcome outcome) { promise.set_value(std::move(outcome)); });
    return future.get();
  }

  const Options options_;
  Clock& clock_;
  const std::uint64_t generation_;
  Committer committer_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const Options& options, Clock& clock) {
  try {
    auto connection =
        std::make_unique<Connection>(options.file, Connection::Mode::write, options.cache_bytes, writer_busy_ms);
    if (auto prepared = prepare_schema(*connection, options.file); !prepared) return std::unexpected(prepared.error());
    const auto generation = connection->number("SELECT value FROM about WHERE name = 'generation'");
    if (!generation)
      return fail("store_foreign", fmt::format("{}: the table `about` has no generation", options.file.string()));
    return std::make_unique<SqliteStore>(options, clock, std::move(connection), std::uint64_t(*generation));
  } catch (const Failure& failure) {
    return fail_with(failure, fmt::format("{} could not be opened", options.file.string()));
  }
}

}  // namespace ward::store
