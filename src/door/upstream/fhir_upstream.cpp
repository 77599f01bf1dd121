#include "upstream/fhir_upstream.hpp"

#include "services.hpp"
#include "upstream/fhir_answer.hpp"
#include "upstream/fhir_change.hpp"
#include "upstream/recent.hpp"
#include "upstream/request.hpp"
#include "upstream/search_query.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;
using Response = Allowed<net::ClientResponse>;

constexpr std::size_t url_bytes_max = 4'000;  // longer searches go as POST _search

awaitable<Response> get(Exchange& x, std::string path) {
  auto answer = co_await x.route->upstream->request(fhir_request_to(x, "GET", std::move(path)), true, class_of(x));
  co_return answer;
}

std::string path_of(std::string_view type, std::string_view id) { return fmt::format("/{}/{}", type, id); }

/// One resource, or that there is none.
Allowed<MaybeVersion> version_in(const Exchange& x, const net::ClientResponse& answer, std::string_view type,
                                 std::string_view id) {
  if (answer.status == 404) return MaybeVersion();
  if (answer.status == 410) {
    store::Version gone;
    gone.type = type;
    gone.id = id;
    gone.version = version_number(answer.header("etag")).value_or(1);
    gone.updated = x.services.clock.wall();
    gone.deleted = true;
    return MaybeVersion(std::move(gone));
  }
  if (answer.status != 200) return refuse(unexpected_status(x, answer.status, "this read"));
  auto taken = take_resource(x, type, id, answer.body.view());
  if (!taken) return refuse(malformed(x, taken.error()));
  return MaybeVersion(std::move(taken->version));
}

class FhirUpstream final : public Backend {
 public:
  awaitable<Allowed<MaybeVersion>> read(Exchange& x, std::string_view type, std::string_view id) override {
    auto answer = co_await get(x, path_of(type, id));
    if (!answer) co_return refuse(answer.error());
    co_return version_in(x, *answer, type, id);
  }

  awaitable<Allowed<MaybeVersion>> read_version(Exchange& x, std::string_view type, std::string_view id,
                                                std::uint64_t version) override {
    auto answer = co_await get(x, fmt::format("{}/_history/{}", path_of(type, id), version));
    if (!answer) co_return refuse(answer.error());
    auto found = version_in(x, *answer, type, id);
    if (found && *found && !(*found)->deleted && (*found)->version != version)
      co_return refuse(malformed(x, Error("upstream_malformed", "another version than the one that was asked for")));
    co_return found;
  }

  awaitable<Allowed<store::HistoryPage>> history(Exchange& x, std::string_view type, std::string_view id,
                                                 std::size_t limit, std::string after) override {
    store::HistoryPage page;
    if (after.empty()) after = fmt::format("{}/_history?_count={}", path_of(type, id), limit);
    auto answer = co_await get(x, std::move(after));
    if (!answer) co_return refuse(answer.error());
    if (answer->status == 404) co_return page;
    if (answer->status != 200) co_return refuse(unexpected_status(x, answer->status, "this history"));
    auto next = history_in(x, answer->body.view(), type, id, page.found);
    if (!next) co_return refuse(next.error());
    page.next = std::move(*next);
    co_return page;
  }

  awaitable<Allowed<store::Page>> search(Exchange& x, const fhir::Search& search) override {
    auto query = search_query(search, x.live->own_bases);
    if (!query) co_return refuse(query.error());
    if (query->nothing) co_return nobody(search);
    net::ClientRequest request = search_request(x, search, std::move(query->text));
    auto answer = co_await x.route->upstream->request(std::move(request), true, class_of(x));
    if (!answer) co_return refuse(answer.error());
    if (answer->status != 200) co_return refuse(unexpected_status(x, answer->status, "this search"));
    co_return page_in(x, answer->body.view(), search, query->unrestricted);
  }

  awaitable<Allowed<store::HistoryPage>> recent(Exchange& x, const store::History& asked) override {
    auto page = co_await recent_by_resource(*this, x, asked);
    co_return page;
  }

  // Several changes go as one transaction of the other server, which makes all of them or none.
  awaitable<Allowed<std::vector<Written>>> write(Exchange& x, std::vector<store::Change> changes,
                                                 ChangePermit) override {
    const bool single = changes.size() == 1;
    net::ClientRequest request = single ? change_request(x, changes.front()) : transaction_request(x, changes);
    auto answer = co_await x.route->upstream->request(std::move(request), false, class_of(x));
    if (!answer) co_return refuse(answer.error());
    if (!single) co_return transaction_in(x, *answer, changes);
    auto written = written_in(x, *answer, changes.front());
    if (!written) co_return refuse(written.error());
    std::vector<Written> all;
    all.push_back(std::move(*written));
    co_return all;
  }

 private:
  static store::Page nobody(const fhir::Search& search) {
    store::Page empty;
    if (search.query.total != store::Total::none || search.query.count == 0) empty.total = 0;
    return empty;
  }

  static net::ClientRequest search_request(const Exchange& x, const fhir::Search& search, std::string query) {
    const std::string path = "/" + search.query.type;
    const bool next = !search.query.after.empty();
    const bool long_one = !next && query.size() > url_bytes_max;
    net::ClientRequest request = fhir_request_to(x, long_one ? "POST" : "GET",
                                                 next            ? search.query.after
                                                 : long_one      ? path + "/_search"
                                                 : query.empty() ? path
                                                                 : path + "?" + query);
    // A filter that the server does not know must be an error and not be left out: it would show more than was asked
    // for.
    request.headers.emplace_back("prefer", "handling=strict");
    if (!long_one) return request;
    request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
    request.body = Buffer(query);
    return request;
  }
};

}  // namespace

Backend& fhir_upstream() {
  static FhirUpstream backend;
  return backend;
}

}  // namespace ward::door
