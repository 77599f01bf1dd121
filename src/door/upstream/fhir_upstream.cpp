#include "upstream/fhir_upstream.hpp"

#include "services.hpp"
#include "upstream/fhir_answer.hpp"
#include "upstream/fhir_change.hpp"
#include "upstream/recent.hpp"
#include "upstream/request.hpp"
#include "upstream/search_query.hpp"

#include <charconv>

namespace ward::door {
namespace {

using boost::asio::awaitable;
using Response = Allowed<net::ClientResponse>;

constexpr std::size_t url_bytes_max = 4'000;  // longer searches go as POST _search
constexpr unsigned search_pages_max = 20;     // looked through for one page of ours

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
    if (auto resolved = check_resolved(search); !resolved) co_return refuse(resolved.error());
    auto query = search_query(search, x.live->own_bases);
    if (!query) co_return refuse(query.error());
    if (query->nothing) co_return nobody(search);
    const bool counts = search.query.count == 0 || search.summary == fhir::Summary::count;
    Place place(search.query.after);
    auto first = co_await page_at(x, search, *query, place.path);
    if (!first) co_return refuse(first.error());
    if (counts || (!first->dropped && place.skip == 0)) co_return std::move(first->page);
    auto filled = co_await fill(x, search, *query, std::move(place), std::move(first->page));
    co_return filled;
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
  /// Where a page begins: at a page of the other server ("": its first), behind so many that are shown. It travels in a
  /// sealed link; paths have no line ends.
  struct Place {
    std::string path;
    std::size_t skip = 0;

    explicit Place(const std::string& after) : path(after.substr(0, after.find('\n'))) {
      if (path.size() < after.size())
        std::from_chars(after.data() + path.size() + 1, after.data() + after.size(), skip);
    }
    std::string text() const { return skip == 0 && !path.empty() ? path : path + "\n" + std::to_string(skip); }
  };

  awaitable<Allowed<SeenPage>> page_at(Exchange& x, const fhir::Search& search, const SearchQuery& query,
                                       const std::string& path) {
    net::ClientRequest request = search_request(x, search, query.text, path);
    auto answer = co_await x.route->upstream->request(std::move(request), true, class_of(x));
    if (!answer) co_return refuse(answer.error());
    if (answer->status != 200) co_return refuse(unexpected_status(x, answer->status, "this search"));
    co_return page_in(x, answer->body.view(), search, query.unrestricted);
  }

  /// A gap in a page would tell that something is there: what is not shown is made up for by what comes behind it, and
  /// a next page is promised only if something is shown on it.
  awaitable<Allowed<store::Page>> fill(Exchange& x, const fhir::Search& search, const SearchQuery& query, Place place,
                                       store::Page page) {
    store::Page full;
    for (unsigned pages = 1;; ++pages) {
      const std::size_t skipped = std::min(place.skip, page.found.size());
      const std::size_t taken = std::min(page.found.size() - skipped, search.query.count - full.found.size());
      const auto begin = page.found.begin() + static_cast<std::ptrdiff_t>(skipped);
      const auto end = begin + static_cast<std::ptrdiff_t>(taken);
      full.found.insert(full.found.end(), std::make_move_iterator(begin), std::make_move_iterator(end));
      full.referred.insert(full.referred.end(), page.referred.begin(), page.referred.end());
      if (end != page.found.end()) {
        place.skip = skipped + taken;
        full.next = place.text();
        break;
      }
      if (page.next.empty()) break;
      if (pages == search_pages_max) co_return refuse(too_costly());
      place = Place(page.next);
      auto more = co_await page_at(x, search, query, place.path);
      if (!more) co_return refuse(more.error());
      page = std::move(more->page);
    }
    if (search.query.total != store::Total::none && full.next.empty() && search.query.after.empty())
      full.total = full.found.size();
    std::ranges::sort(full.referred);
    full.referred.erase(std::unique(full.referred.begin(), full.referred.end()), full.referred.end());
    co_return full;
  }

  static Refusal too_costly() {
    return {.status = 400,
            .code = "search_too_costly",
            .kind = CauseKind::validation,
            .cause = "pages of the upstream",
            .issues = {{.code = "too-costly", .diagnostics = "this search finds too much; narrow it"}}};
  }

  static store::Page nobody(const fhir::Search& search) {
    store::Page empty;
    if (search.query.total != store::Total::none || search.query.count == 0) empty.total = 0;
    return empty;
  }

  static net::ClientRequest search_request(const Exchange& x, const fhir::Search& search, std::string query,
                                           const std::string& after) {
    const std::string path = "/" + search.query.type;
    const bool next = !after.empty();
    const bool long_one = !next && query.size() > url_bytes_max;
    net::ClientRequest request = fhir_request_to(x, long_one ? "POST" : "GET",
                                                 next            ? after
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
