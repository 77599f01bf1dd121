// search: the Grant's predicate is part of the query; what the view hides can be neither searched, sorted nor counted
// by.
#include "fhir/search.hpp"

#include "fhir/compartments.hpp"
#include "fhir/include.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/narrow.hpp"
#include "fhir/search_bundle.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

boost::asio::awaitable<Allowed<fhir::Search>> parse(Exchange& x) {
  const bool lenient = is_lenient(x);
  auto search =
      fhir::parse_search(x.fhir.type, pairs_text(x.query), {}, {.lenient = lenient, .own_bases = x.live->own_bases});
  if (!search) co_return search;
  if (auto checked = check_includes(x, *x.grant, *search); !checked) co_return refuse(checked.error());
  auto narrowed = co_await narrow(x, *x.grant, *search);
  if (!narrowed) co_return refuse(narrowed.error());
  auto kept = co_await keep_compartment(x, *x.grant, *search);
  if (!kept) co_return refuse(kept.error());
  auto position = asked_page(x, x.fhir.search_path(), *search);
  if (!position) co_return refuse(position.error());
  search->query.after = std::move(*position);
  co_return search;
}

std::string self_link(const Exchange& x, const fhir::Search& search) {
  const std::string& compartment = x.fhir.compartment;
  return fhir::self_link(compartment.empty() ? x.route->base : x.route->base + "/" + x.fhir.owner + "/" + compartment,
                         search);
}

Allowed<void> answer_page(Exchange& x, const fhir::Search& search, store::Page page, Along along) {
  const std::string next = page.next.empty() ? "" : next_link(x, search, page.next);
  SearchBundle bundle(x, *x.grant, self_link(x, search), next, page.total);
  bundle.reserve(page.found);
  for (store::Version& version : page.found)
    if (auto added = bundle.match(*x.grant, search, version); !added) return added;
  for (Companion& one : along.all)
    if (auto added = bundle.include(one.grant, one.version); !added) return added;
  std::move(bundle).finish(search.warnings);
  return {};
}

}  // namespace

boost::asio::awaitable<Allowed<void>> search(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = pairs_text(x.query);
  auto parsed = co_await parse(x);
  if (!parsed) co_return refuse(parsed.error());
  auto page = co_await backend_of(x).search(x, *parsed);
  if (!page) co_return refuse(page.error());
  if (parsed->summary == fhir::Summary::count) page->found.clear();
  auto along = co_await gather_along(x, *parsed, page->found);
  if (!along) co_return refuse(along.error());
  for (std::string& warning : along->warnings) parsed->warnings.push_back(std::move(warning));
  co_return answer_page(x, *parsed, std::move(*page), std::move(*along));
}

bool is_lenient(const Exchange& x) { return x.header("prefer").find("handling=lenient") != std::string_view::npos; }

}  // namespace ward::door
