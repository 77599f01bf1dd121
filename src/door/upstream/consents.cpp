// The Consents of a server behind a route: asked for as a whole, and again before they are old.
#include "door/upstream.hpp"
#include "fhir/seal.hpp"
#include "services.hpp"
#include "upstream/request.hpp"
#include "upstream/resource.hpp"

#include "base/log.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;

// What is withdrawn at the other server itself holds here after this time; what is written through this route, at once.
constexpr std::int64_t asked_again_ms = 30'000;
constexpr std::int64_t believed_ms = 60'000;  // while somebody else asks
constexpr unsigned pages_max = 100;
constexpr unsigned page_size = 500;

std::int64_t now_ms(const Exchange& x) { return x.services.clock.mono().time_since_epoch().count() / 1'000'000; }

Refusal not_known(const Exchange& x, const std::string& why) {
  log::warning("consents_unknown", {{"route", x.route->name}, {"why", why}});
  return upstream_refusal(x, 503, "what patients forbid cannot be asked for now; nothing is shown", why);
}

/// Takes one page; gives the path of the next, or "".
Allowed<std::string> take_page(const Exchange& x, std::string_view bytes, access::Consents& fresh) {
  const auto bundle = json::Document::parse(bytes);
  if (!bundle || bundle->root().string("resourceType") != "Bundle") return refuse(not_known(x, "no Bundle came"));
  for (json::Value entry = bundle->root()["entry"].first(); entry; entry = entry.next()) {
    const json::Value consent = entry["resource"];
    if (consent.string("resourceType") != "Consent") continue;
    const auto version = version_number(consent["meta"].string("versionId"));
    fresh.put(consent.string("id"), version.value_or(1), consent.raw());
  }
  for (json::Value link = bundle->root()["link"].first(); link; link = link.next()) {
    if (link.string("relation") != "next") continue;
    auto path = behind(x.route->upstream->settings(), link.string("url"));
    if (!path) return refuse(not_known(x, "the next page is elsewhere"));
    return std::move(*path);
  }
  return std::string();
}

awaitable<Allowed<void>> ask_all(Exchange& x, access::Consents& fresh) {
  std::string path = fmt::format("/Consent?status=active&_count={}", page_size);
  for (unsigned page = 0; !path.empty(); ++page) {
    if (page == pages_max) co_return refuse(not_known(x, "too many Consents"));
    net::ClientRequest request{.method = "GET",
                               .path_and_query = std::move(path),
                               .authority = "",
                               .headers = {{"accept", "application/fhir+json"}, {"x-request-id", x.request_id}},
                               .body = {}};
    auto answer = co_await x.route->upstream->request(std::move(request), true, class_of(x));
    if (!answer) co_return refuse(answer.error());
    if (answer->status == 404 && page == 0) co_return Allowed<void>{};  // a server without this type
    if (answer->status != 200) co_return refuse(not_known(x, fmt::format("status {}", answer->status)));
    auto next = take_page(x, answer->body.view(), fresh);
    if (!next) co_return refuse(next.error());
    path = std::move(*next);
  }
  co_return Allowed<void>{};
}

}  // namespace

awaitable<Allowed<void>> know_consents(Exchange& x) {
  if (x.route->upstream == nullptr || !x.route->upstream->settings().ask_consents) co_return Allowed<void>{};
  UpstreamConsents& known = x.route->upstream->consents;
  const std::int64_t age = now_ms(x) - known.asked_ms.load(std::memory_order_acquire);
  if (age < asked_again_ms) co_return Allowed<void>{};
  if (age < believed_ms && known.asking.exchange(true)) co_return Allowed<void>{};
  constexpr unsigned tries = 3;
  for (unsigned i = 0; i < tries; ++i) {
    const std::uint64_t before = known.all.generation();
    const std::int64_t began = now_ms(x);
    access::Consents fresh;
    auto asked = co_await ask_all(x, fresh);
    if (!asked) {
      known.asking.store(false);
      if (now_ms(x) - known.asked_ms.load() < believed_ms) co_return Allowed<void>{};
      co_return asked;
    }
    // One that was written through this route meanwhile may be missing in what came.
    if (known.all.generation() != before) continue;
    known.all.replace(fresh);
    known.asked_ms.store(began, std::memory_order_release);
    known.asking.store(false);
    co_return Allowed<void>{};
  }
  known.asking.store(false);
  if (now_ms(x) - known.asked_ms.load() < believed_ms) co_return Allowed<void>{};
  co_return refuse(not_known(x, "they change too fast"));
}

}  // namespace ward::door
