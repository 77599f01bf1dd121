// The embedded store as a backend. Point reads are done at once on the core; what may take long has threads of its own.
#include "fhir/backend.hpp"
#include "services.hpp"
#include "upstream/fhir_upstream.hpp"

#include <cstdlib>

namespace ward::door {
namespace {

class Embedded final : public Backend {
 public:
  boost::asio::awaitable<Allowed<MaybeVersion>> read(Exchange& x, std::string_view type, std::string_view id) override {
    auto found = x.core.reader->read(type, id);
    if (!found) co_return refuse(refusal_of_read(found.error()));
    co_return std::move(*found);
  }

  boost::asio::awaitable<Allowed<MaybeVersion>> read_version(Exchange& x, std::string_view type, std::string_view id,
                                                             std::uint64_t version) override {
    auto found = x.core.reader->read_version(type, id, version);
    if (!found) co_return refuse(refusal_of_read(found.error()));
    co_return std::move(*found);
  }

  boost::asio::awaitable<Allowed<store::HistoryPage>> history(Exchange& x, std::string_view type, std::string_view id,
                                                              std::size_t limit, std::string after) override {
    std::optional<std::uint64_t> before;
    if (!after.empty()) before = std::strtoull(after.c_str(), nullptr, 10);  // of a page of ours
    auto found = x.core.reader->history(type, id, limit, before);
    if (!found) co_return refuse(refusal_of_read(found.error()));
    store::HistoryPage page{.found = std::move(*found), .next = ""};
    if (page.found.size() == limit) page.next = std::to_string(page.found.back().version);
    co_return page;
  }

  boost::asio::awaitable<Allowed<store::Page>> search(Exchange& x, const fhir::Search& search) override {
    if (auto resolved = check_resolved(search); !resolved) co_return refuse(resolved.error());
    auto page = co_await x.services.slow_readers.search(search.query);
    if (!page) co_return refuse(refusal_of_read(page.error()));
    co_return std::move(*page);
  }

  boost::asio::awaitable<Allowed<store::HistoryPage>> recent(Exchange& x, const store::History& asked) override {
    auto page = co_await x.services.slow_readers.recent(asked);
    if (!page) co_return refuse(refusal_of_read(page.error()));
    co_return std::move(*page);
  }

  boost::asio::awaitable<Allowed<std::vector<Written>>> write(Exchange& x, std::vector<store::Change> changes,
                                                              ChangePermit permit) override {
    std::vector<Written> written;
    for (const store::Change& change : changes) written.push_back({{}, change.id});
    auto done = co_await x.services.store.write(std::move(changes), std::move(permit));
    if (!done) co_return refuse(refusal_of_write(done.error()));
    for (std::size_t i = 0; i < written.size(); ++i) written[i].done = (*done)[i];
    co_return written;
  }
};

}  // namespace

Backend& backend_of(Exchange& x) {
  static Embedded embedded;
  return x.route->upstream != nullptr ? fhir_upstream() : embedded;
}

Allowed<void> check_resolved(const fhir::Search& search) {
  if (search.hops.size() <= search.resolved.size()) return {};
  return refuse({.status = 500, .code = "hop_unresolved", .kind = CauseKind::internal, .cause = "a hop was left out"});
}

Refusal refusal_of_write(const Error& error) {
  if (error.is("version_conflict"))
    return {.status = 412,
            .code = "version_conflict",
            .kind = CauseKind::record,
            .cause = "changed meanwhile",
            .issues = {{.code = "conflict", .diagnostics = "the resource was changed meanwhile; read it again"}}};
  if (error.is("not_found"))
    return {.status = 404, .code = "not_found", .kind = CauseKind::record, .cause = "gone meanwhile"};
  // A commit whose sync failed may still be found after the next start, so nobody can say that nothing was changed.
  const bool unknown = error.is("store_failed");
  return {.status = 503,
          .code = std::string(error.code()),
          .kind = CauseKind::internal,
          .cause = "store: " + std::string(error.code()),
          .issues = {{.severity = "fatal",
                      .code = "transient",
                      .diagnostics = unknown ? "the disk failed; read the resource again before you repeat the change"
                                             : "nothing can be written for now; nothing was changed"}},
          .headers = {{"retry-after", "2"}}};
}

Refusal refusal_of_read(const Error& error) {
  if (error.is("page_invalid"))
    return {.status = 400,
            .code = "page_invalid",
            .kind = CauseKind::validation,
            .cause = "page",
            .issues = {{.code = "invalid", .diagnostics = "the page is not known any more; search again"}}};
  if (error.is("search_too_costly"))
    return {.status = 400,
            .code = "search_too_costly",
            .kind = CauseKind::validation,
            .cause = "work of the store",
            .issues = {{.code = "too-costly",
                        .diagnostics = "this takes too long; ask for one patient, one type, or a shorter time"}}};
  return {.status = 503,
          .code = std::string(error.code()),
          .kind = CauseKind::internal,
          .cause = "store: " + std::string(error.code()),
          .issues = {{.severity = "fatal", .code = "transient", .diagnostics = "the store cannot be read for now"}},
          .headers = {{"retry-after", "2"}}};
}

namespace {

/// One connection for each thread and store.
Result<store::Reader*> reader_of_this_thread(store::Store& store) {
  thread_local std::map<store::Store*, std::unique_ptr<store::Reader>> readers;
  std::unique_ptr<store::Reader>& reader = readers[&store];
  if (reader == nullptr) {
    auto opened = store.reader();
    if (!opened) return std::unexpected(opened.error());
    reader = std::move(*opened);
  }
  return reader.get();
}

}  // namespace

template <class Answer>
boost::asio::awaitable<Result<Answer>> SlowReaders::ask(const std::function<Result<Answer>(store::Reader&)>& question) {
  std::optional<Result<Answer>> answer;
  const auto work = [&] {
    const auto reader = reader_of_this_thread(store_);
    answer.emplace(reader ? question(**reader) : Result<Answer>(std::unexpected(reader.error())));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [this, &work](auto handler) {
        boost::asio::post(pool_, [&work, handler = std::move(handler)]() mutable {
          work();
          const auto executor = boost::asio::get_associated_executor(handler);
          boost::asio::post(executor, std::move(handler));
        });
      },
      boost::asio::use_awaitable);
  co_return std::move(*answer);
}

boost::asio::awaitable<Result<store::Page>> SlowReaders::search(const store::Query& query) {
  const std::function<Result<store::Page>(store::Reader&)> question = [&query](store::Reader& reader) {
    return reader.search(query);
  };
  auto page = co_await ask<store::Page>(question);
  co_return page;
}

boost::asio::awaitable<Result<store::HistoryPage>> SlowReaders::recent(const store::History& asked) {
  const std::function<Result<store::HistoryPage>(store::Reader&)> question = [&asked](store::Reader& reader) {
    return reader.recent(asked);
  };
  auto page = co_await ask<store::HistoryPage>(question);
  co_return page;
}

}  // namespace ward::door
