#include "upstream/fhir_answer.hpp"

#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "services.hpp"
#include "upstream/request.hpp"
#include "upstream/search_query.hpp"

#include <charconv>

namespace ward::door {
namespace {

Refusal malformed_answer(const Exchange& x, std::string what) {
  return malformed(x, Error("upstream_malformed", std::move(what)));
}

Allowed<json::Document> bundle_of(const Exchange& x, std::string_view bytes) {
  auto document = json::Document::parse(bytes);
  if (!document) return refuse(malformed_answer(x, "the Bundle is not JSON"));
  if (document->root().string("resourceType") != "Bundle") return refuse(malformed_answer(x, "no Bundle came"));
  return std::move(*document);
}

/// The next page's path behind the upstream's own, "" for none. A link to elsewhere would send our credential there.
Allowed<std::string> next_of(const Exchange& x, json::Value bundle) {
  const json::Value links = bundle["link"];
  for (json::Value link = links.first(); link; link = link.next()) {
    if (link.string("relation") != "next") continue;
    auto path = behind(x.route->upstream->settings(), link.string("url"));
    if (!path)
      return refuse(
          malformed_answer(x, "the next page is not at the upstream's address; name that address as upstream"));
    return std::move(*path);
  }
  return std::string();
}

std::optional<std::uint64_t> number_of(json::Value value) {
  if (!value) return std::nullopt;
  const std::string_view text = value.raw();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

WallTime instant_of(const Exchange& x, const std::string& text) {
  const auto interval = fhir::time_interval(text);
  return interval ? WallTime(std::chrono::milliseconds(interval->low)) : x.services.clock.wall();
}

store::Version deleted_version(const Exchange& x, json::Value entry, std::string_view type, std::string_view id,
                               std::uint64_t number) {
  store::Version gone;
  gone.type = type;
  gone.id = id;
  gone.version = version_number(entry["response"].string("etag")).value_or(number);
  gone.updated = instant_of(x, entry["response"].string("lastModified"));
  gone.deleted = true;
  return gone;
}

/// "…/Type/id/_history/3": what is behind the type.
struct Location {
  std::string id;
  std::optional<std::uint64_t> version;
};
Location location_of(std::string_view url, std::string_view type) {
  const std::string mark = fmt::format("/{}/", type);
  const std::size_t at = url.rfind(mark);
  std::string_view rest = at == url.npos
                              ? url.starts_with(mark.substr(1)) ? url.substr(mark.size() - 1) : std::string_view()
                              : url.substr(at + mark.size());
  Location location{std::string(rest.substr(0, rest.find('/'))), std::nullopt};
  constexpr std::string_view history = "/_history/";
  if (const std::size_t version = rest.find(history); version != rest.npos)
    location.version = version_number(rest.substr(version + history.size()));
  if (!is_id(location.id)) location.id.clear();
  return location;
}

Allowed<void> check_change(const Exchange& x, int status) {
  if (status == 409 || status == 412)
    return refuse(
        {.status = 412,
         .code = "version_conflict",
         .kind = CauseKind::record,
         .cause = fmt::format("upstream {}: {}", x.route->name, status),
         .issues = {{.code = "conflict", .diagnostics = "the resource was changed meanwhile; read it again"}}});
  if (status == 404 || status == 410)
    return refuse({.status = 404,
                   .code = "not_found",
                   .kind = CauseKind::record,
                   .cause = fmt::format("upstream {}: {}", x.route->name, status),
                   .issues = {{.code = "not-found", .diagnostics = "the resource is not there any more"}}});
  if (status == 200 || status == 201 || status == 202 || status == 204) return {};
  if (status >= 400 && status < 500 && status != 401 && status != 403 && status != 429)
    return refuse(upstream_refusal(x, 422,
                                   "the system behind this address did not take the resource; nothing was changed",
                                   fmt::format("status {}", status)));
  return refuse(unexpected_status(x, status, "this change"));
}

}  // namespace

Refusal unexpected_status(const Exchange& x, int status, std::string_view what) {
  const std::string cause = fmt::format("status {}", status);
  if (status == 401 || status == 403)
    return upstream_refusal(x, 502, "the system behind this address does not let this server do it",
                            cause + ": is the token of bearer_file still good, and for this?");
  if (status == 429)
    return upstream_refusal(x, 503, "the system behind this address has too much to do; try again later", cause);
  if (status >= 400 && status < 500)
    return upstream_refusal(x, 400, fmt::format("the system behind this address does not support {}", what), cause);
  return upstream_refusal(x, 502, "the system behind this address failed", cause);
}

Refusal malformed(const Exchange& x, const Error& error) {
  return upstream_refusal(x, 502, "the system behind this address sent what cannot be used", error.message());
}

Allowed<std::string> history_in(const Exchange& x, std::string_view bytes, std::string_view type, std::string_view id,
                                std::vector<store::Version>& all) {
  const auto bundle = bundle_of(x, bytes);
  if (!bundle) return refuse(bundle.error());
  const json::Value entries = bundle->root()["entry"];
  for (json::Value entry = entries.first(); entry; entry = entry.next()) {
    const json::Value resource = entry["resource"];
    if (!resource) {
      const std::uint64_t number = all.empty() || all.back().version == 0 ? 1 : all.back().version - 1;
      all.push_back(deleted_version(x, entry, type, id, number));
      continue;
    }
    if (resource.string("resourceType") != type) continue;  // an OperationOutcome
    auto taken = take_resource(x, type, id, resource.raw());
    if (!taken) return refuse(malformed(x, taken.error()));
    all.push_back(std::move(taken->version));
  }
  return next_of(x, bundle->root());
}

namespace {

void add_referred(const Taken& taken, const store::Query& query, std::vector<std::string>& to) {
  if (query.referred_by.empty()) return;
  for (const store::ReferenceEntry& entry : taken.index.references)
    if (entry.param == query.referred_by && entry.type == query.referred_type) to.push_back(entry.id);
}

}  // namespace

Allowed<SeenPage> page_in(const Exchange& x, std::string_view bytes, const fhir::Search& search, bool total_counts) {
  const auto bundle = bundle_of(x, bytes);
  if (!bundle) return refuse(bundle.error());
  store::Page page;
  bool dropped = false;
  const json::Value entries = bundle->root()["entry"];
  for (json::Value entry = entries.first(); entry; entry = entry.next()) {
    const json::Value resource = entry["resource"];
    const std::string mode = entry["search"].string("mode");
    if (resource.string("resourceType") != search.query.type || (!mode.empty() && mode != "match"))
      continue;  // included, or an outcome
    auto taken = take_resource(x, search.query.type, "", resource.raw());
    if (!taken) return refuse(malformed(x, taken.error()));
    if (is_visible(*taken, search.query)) {
      add_referred(*taken, search.query, page.referred);
      page.found.push_back(std::move(taken->version));
    } else {
      dropped = true;
    }
  }
  std::sort(page.referred.begin(), page.referred.end());
  page.referred.erase(std::unique(page.referred.begin(), page.referred.end()), page.referred.end());
  const bool counts = search.query.count == 0 || search.summary == fhir::Summary::count;
  if (counts) page.found.clear();
  if (!counts) {
    auto next = next_of(x, bundle->root());
    if (!next) return refuse(next.error());
    page.next = std::move(*next);
  }
  const bool asked = search.query.total != store::Total::none || counts;
  if (asked && total_counts && !dropped) page.total = number_of(bundle->root()["total"]);
  // Without the upstream's word one may count what one holds, if that is all there is.
  if (asked && !counts && !page.total && page.next.empty() && search.query.after.empty())
    page.total = page.found.size();
  return SeenPage{std::move(page), dropped};
}

Allowed<Written> written_in(const Exchange& x, const net::ClientResponse& answer, const store::Change& change) {
  if (auto checked = check_change(x, answer.status); !checked) return refuse(checked.error());
  const Location location = location_of(
      answer.header("location").empty() ? answer.header("content-location") : answer.header("location"), change.type);
  Written written{.done = {.version = change.expected_version.value_or(0) + 1, .updated = x.services.clock.wall()},
                  .id = change.operation == store::Operation::create ? location.id : change.id};
  if (location.version) written.done.version = *location.version;
  if (change.operation == store::Operation::remove) return written;
  const auto document = json::Document::parse(answer.body.view());
  if (document && document->root().string("resourceType") == change.type) {
    const json::Value root = document->root();
    if (written.id.empty() && is_id(root.string("id"))) written.id = root.string("id");
    if (const auto version = version_number(root["meta"].string("versionId"))) written.done.version = *version;
    written.done.updated = instant_of(x, root["meta"].string("lastUpdated"));
  }
  if (const auto version = version_number(answer.header("etag"))) written.done.version = *version;
  if (written.id.empty())
    return refuse(upstream_refusal(x, 502,
                                   "the system behind this address made the change but does not say under which id",
                                   "no Location and no resource: the change was made"));
  return written;
}

Allowed<std::vector<Written>> transaction_in(const Exchange& x, const net::ClientResponse& answer,
                                             const std::vector<store::Change>& changes) {
  if (auto checked = check_change(x, answer.status); !checked) return refuse(checked.error());
  // The transaction was made: what cannot be read of the answer is a failure of which nobody knows what it left.
  const auto bundle = bundle_of(x, answer.body.view());
  if (!bundle) return refuse(bundle.error());
  std::vector<Written> all;
  const json::Value entries = bundle->root()["entry"];
  if (entries.size() != changes.size()) return refuse(malformed_answer(x, "not an entry for each change"));
  for (json::Value entry = entries.first(); entry; entry = entry.next()) {
    const store::Change& change = changes[all.size()];
    const json::Value response = entry["response"];
    if (!response.string("status").starts_with('2')) return refuse(malformed_answer(x, "an entry that was not made"));
    const Location location = location_of(response.string("location"), change.type);
    Written written{.done = {.version = location.version.value_or(change.expected_version.value_or(0) + 1),
                             .updated = instant_of(x, response.string("lastModified"))},
                    .id = change.operation == store::Operation::create ? location.id : change.id};
    if (const auto version = version_number(response.string("etag"))) written.done.version = *version;
    if (written.id.empty()) return refuse(malformed_answer(x, "no location of what was created"));
    all.push_back(std::move(written));
  }
  return all;
}

}  // namespace ward::door
