#include "upstream/fhir_upstream.hpp"

#include "fhir/bundle.hpp"
#include "fhir/index.hpp"
#include "services.hpp"
#include "upstream/fhir_answer.hpp"
#include "upstream/request.hpp"
#include "upstream/search_query.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;
using Response = Allowed<net::ClientResponse>;

constexpr std::size_t url_bytes_max = 4'000;  // longer searches go as POST _search
constexpr unsigned history_pages_max = 20;

net::ClientRequest request_to(const Exchange& x, std::string method, std::string path) {
  net::ClientRequest request{.method = std::move(method),
                             .path_and_query = std::move(path),
                             .authority = "",
                             .headers = {{"accept", "application/fhir+json"}, {"x-request-id", x.request_id}},
                             .body = {}};
  if (const std::string_view trace = x.header("traceparent"); !trace.empty())
    request.headers.emplace_back("traceparent", trace);
  return request;
}

awaitable<Response> get(Exchange& x, std::string path) {
  auto answer = co_await x.route->upstream->request(request_to(x, "GET", std::move(path)), true, class_of(x));
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

/// The upstream knows its resources by its own base: references by this server's names become relative.
Buffer with_relative_references(const Exchange& x, Buffer body, std::string_view type) {
  const auto document = json::Document::parse(body.view());
  if (!document) return body;
  fhir::ReferenceMap relative;
  for (const std::string& text : fhir::literal_references(document->root(), type))
    for (const std::string& base : x.live->own_bases)
      if (text.starts_with(base + "/")) relative.emplace(text, text.substr(base.size() + 1));
  return relative.empty() ? std::move(body) : fhir::rewrite_references(document->root(), type, relative);
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

  awaitable<Allowed<std::vector<store::Version>>> history(Exchange& x, std::string_view type, std::string_view id,
                                                          std::size_t limit) override {
    std::vector<store::Version> all;
    std::string path = fmt::format("{}/_history?_count={}", path_of(type, id), limit);
    for (unsigned page = 0; !path.empty() && page < history_pages_max && all.size() < limit; ++page) {
      auto answer = co_await get(x, std::move(path));
      if (!answer) co_return refuse(answer.error());
      if (answer->status == 404) co_return all;
      if (answer->status != 200) co_return refuse(unexpected_status(x, answer->status, "this history"));
      auto taken = history_in(x, answer->body.view(), type, id, all);
      if (!taken) co_return refuse(taken.error());
      path = std::move(*taken);
    }
    if (all.size() > limit) all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
    co_return all;
  }

  awaitable<Allowed<store::Page>> search(Exchange& x, const fhir::Search& search) override {
    if (auto resolved = check_resolved(search); !resolved) co_return refuse(resolved.error());
    auto query = search_query(search, x.live->own_bases);
    if (!query) co_return refuse(query.error());
    if (query->nothing) co_return nobody(search);
    net::ClientRequest request = search_request(x, search, std::move(query->text));
    auto answer = co_await x.route->upstream->request(std::move(request), true, class_of(x));
    if (!answer) co_return refuse(answer.error());
    if (answer->status != 200) co_return refuse(unexpected_status(x, answer->status, "this search"));
    co_return page_in(x, answer->body.view(), search, query->unrestricted);
  }

  // Another server's list of all versions cannot be asked for by patient, nor each version be held against the current
  // one without a request of its own.
  awaitable<Allowed<store::HistoryPage>> recent(Exchange&, const store::History&) override {
    co_return refuse({.status = 501,
                      .code = "not_supported",
                      .kind = CauseKind::protocol,
                      .cause = "history of a type in front of another server",
                      .issues = {{.code = "not-supported",
                                  .diagnostics = "only the history of one resource is served at this address"}}});
  }

  awaitable<Allowed<std::vector<Written>>> write(Exchange& x, std::vector<store::Change> changes,
                                                 ChangePermit) override {
    if (changes.size() != 1)
      co_return refuse(
          upstream_refusal(x, 400, "one change at a time is made in front of another server", "several changes"));
    store::Change& change = changes.front();
    net::ClientRequest request = change_request(x, change);
    auto answer = co_await x.route->upstream->request(std::move(request), false, class_of(x));
    if (!answer) co_return refuse(answer.error());
    auto written = written_in(x, *answer, change);
    if (!written) co_return refuse(written.error());
    std::vector<Written> all;
    all.push_back(std::move(*written));
    co_return all;
  }

  bool atomic() const override { return false; }

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
    net::ClientRequest request = request_to(x, long_one ? "POST" : "GET",
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

  static net::ClientRequest change_request(const Exchange& x, store::Change& change) {
    const bool creates = change.operation == store::Operation::create;
    const bool removes = change.operation == store::Operation::remove;
    net::ClientRequest request = request_to(x,
                                            creates   ? "POST"
                                            : removes ? "DELETE"
                                                      : "PUT",
                                            creates ? "/" + change.type : path_of(change.type, change.id));
    if (!creates && change.expected_version)
      request.headers.emplace_back("if-match", fmt::format("W/\"{}\"", *change.expected_version));
    if (removes) return request;
    request.headers.emplace_back("content-type", "application/fhir+json");
    request.headers.emplace_back("prefer", "return=representation");
    request.body = with_relative_references(x, std::move(change.body), change.type);
    return request;
  }
};

}  // namespace

Backend& fhir_upstream() {
  static FhirUpstream backend;
  return backend;
}

}  // namespace ward::door
