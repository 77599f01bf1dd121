// batch and transaction. A batch: each entry is decided and written as its own request.
#include "fhir/bundle.hpp"

#include "fhir/commit.hpp"
#include "fhir/entry.hpp"
#include "fhir/entry_request.hpp"
#include "fhir/interactions.hpp"
#include "fhir/transaction.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;
using fhir::BundleRequest;

constexpr std::size_t entries_max = 500;  // of one request; larger sets belong to `ward import`

awaitable<EntryAnswer> run_write(Exchange& x, const BundleRequest& entry) {
  auto request = write_request(entry);
  if (!request) co_return answer_of(request.error());
  Content content;
  if (entry.resource) {
    auto read = content_of(x, entry);
    if (!read) co_return answer_of(read.error());
    content = std::move(*read);
    use(content, *request);
  }
  const Meanwhile nothing;
  auto plans = co_await plan_writes(x, *request, nothing);
  if (!plans) co_return answer_of(plans.error());
  auto written = co_await commit(x, *plans, true);
  if (!written) co_return answer_of(written.error());
  auto answer = co_await written_answer(x, plans->front());
  co_return answer;
}

awaitable<Allowed<void>> run_batch(Exchange& x, const fhir::BundleRequests& requests) {
  std::vector<EntryAnswer> answers(requests.entries.size());
  for (const std::size_t i : fhir::processing_order(requests)) {
    const BundleRequest& entry = requests.entries[i];
    if (is_get(entry))
      answers[i] = co_await run_get(x, entry);
    else
      answers[i] = co_await run_write(x, entry);
  }
  x.answer.body = response_bundle("batch-response", answers);
  co_return Allowed<void>{};
}

}  // namespace

awaitable<Allowed<void>> bundle(Exchange& x) {
  x.record.event = audit::event::request;
  x.record.action = 'E';
  auto requests = fhir::read_bundle(*x.content.document, {.entries_max = entries_max, .own_bases = x.live->own_bases});
  if (!requests) co_return refuse(requests.error());
  if (auto scanned = scan_conditions(x, *requests); !scanned) co_return scanned;
  x.answer.header("content-type", "application/fhir+json");
  auto done = requests->transaction ? run_transaction(x, *requests) : run_batch(x, *requests);
  auto result = co_await std::move(done);
  co_return result;
}

}  // namespace ward::door
