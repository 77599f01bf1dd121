// A search of several types (`_type`), each under its own Grant: one Bundle, type by type, in the order that was asked.
#include "base/encoding.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/narrow.hpp"
#include "fhir/search_bundle.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>
#include <charconv>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t types_max = 16;

/// One type's search, narrowed.
struct Part {
  access::Grant grant;
  fhir::Search search;
};

Refusal wrong(std::string_view code, std::string said) {
  return {.status = 400,
          .code = "search_invalid",
          .kind = CauseKind::validation,
          .cause = said,
          .issues = {{.code = std::string(code), .diagnostics = std::move(said)}}};
}

/// What is searched, without `_type`.
struct Asked {
  std::vector<std::string> types;
  std::string query;
  std::vector<std::string> warnings;
};

Allowed<void> add_types(std::string_view value, std::vector<std::string>& types) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    const std::string type(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
    if (!r4::is_resource_type(type)) return refuse(wrong("invalid", "_type names what is no resource type"));
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  }
  if (types.size() > types_max)
    return refuse(wrong("too-costly", fmt::format("_type names more than {} types", types_max)));
  return {};
}

Allowed<Asked> asked_of(const Exchange& x) {
  Asked asked;
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : x.query) {
    if (name == "_type") {
      if (auto added = add_types(value, asked.types); !added) return refuse(added.error());
    } else if (name == page_param || fhir::is_common_param(name)) {
      kept.emplace_back(name, value);
    } else if (is_lenient(x)) {
      asked.warnings.emplace_back("a parameter that not all types have");
    } else {
      return refuse(wrong("not-supported", "a search of several types takes parameters alone that all types have"));
    }
  }
  if (asked.types.empty()) return refuse(wrong("required", "a search at this address needs _type"));
  const bool sorts = std::any_of(kept.begin(), kept.end(), [](const auto& pair) { return pair.first == "_sort"; });
  if (sorts && asked.types.size() > 1)
    return refuse(wrong("not-supported", "_sort is not supported in a search of several types"));
  asked.query = pairs_text(kept);
  return asked;
}

awaitable<Allowed<std::vector<Part>>> parts_of(Exchange& x, const Asked& asked) {
  std::vector<Part> parts;
  const bool lenient = is_lenient(x);
  for (const std::string& type : asked.types) {
    auto grant = decide(x, access::Interaction::search, type);
    if (!grant) co_return refuse(grant.error());
    auto search = fhir::parse_search(type, asked.query, {}, {.lenient = lenient, .own_bases = x.live->own_bases});
    if (!search) co_return refuse(search.error());
    auto narrowed = co_await narrow(x, *grant, *search);
    if (!narrowed) co_return refuse(narrowed.error());
    parts.push_back({std::move(*grant), std::move(*search)});
  }
  co_return parts;
}

/// Where a page begins: which part, and the place in it.
struct Position {
  std::size_t part = 0;
  std::string after;
};

std::string written(const Position& position) { return fmt::format("{}:{}", position.part, position.after); }

Position position_of(std::string_view text) {
  Position position;
  const std::size_t colon = std::min(text.find(':'), text.size());
  std::from_chars(text.data(), text.data() + colon, position.part);
  position.after = text.substr(std::min(colon + 1, text.size()));
  return position;
}

/// The request as a search, for its links.
fhir::Search as_search(const Exchange& x) {
  fhir::Search link;
  for (const auto& pair : x.query)
    if (pair.first != page_param) link.applied.push_back(pair);
  return link;
}

/// Links have a path; here there is none behind the base.
std::string on_base(const Exchange& x, std::string link) {
  if (link.size() > x.route->base.size() && link[x.route->base.size()] == '/') link.erase(x.route->base.size(), 1);
  return link;
}

struct Gathered {
  std::vector<std::vector<store::Version>> found;  // by part
  std::string next;
  std::optional<std::uint64_t> total = 0;
};

/// Fills a page part by part; parts that it does not reach are counted alone, if a total was asked for.
awaitable<Allowed<Gathered>> gather(Exchange& x, std::vector<Part>& parts, Position at) {
  Gathered all;
  all.found.resize(parts.size());
  std::size_t room = parts.front().search.query.count;
  const bool counts = room == 0 || parts.front().search.query.total != store::Total::none;
  bool open = room > 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    fhir::Search& search = parts[i].search;
    const bool reached = open && i >= at.part;
    if (!reached && !counts) continue;
    search.query.count = reached ? room : 0;
    if (reached && i == at.part) search.query.after = at.after;
    auto page = co_await backend_of(x).search(x, search);
    if (!page) co_return refuse(page.error());
    if (counts && page->total && all.total)
      *all.total += *page->total;
    else
      all.total.reset();
    if (!reached) continue;
    room -= std::min(room, page->found.size());
    all.found[i] = std::move(page->found);
    const bool more = !page->next.empty();
    open = room > 0 && !more;
    if (more)
      all.next = written({i, page->next});
    else if (!open && i + 1 < parts.size())
      all.next = written({i + 1, ""});
  }
  co_return all;
}

}  // namespace

awaitable<Allowed<void>> search_all(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = pairs_text(x.query);
  auto asked = asked_of(x);
  if (!asked) co_return refuse(asked.error());
  auto parts = co_await parts_of(x, *asked);
  if (!parts) co_return refuse(parts.error());
  const fhir::Search link = as_search(x);
  auto position = asked_page(x, "", link);
  if (!position) co_return refuse(position.error());
  Position at = position_of(*position);
  auto all = co_await gather(x, *parts, std::move(at));
  if (!all) co_return refuse(all.error());

  const std::string next = all->next.empty() ? "" : on_base(x, next_link(x, link, all->next));
  SearchBundle bundle(x, parts->front().grant, on_base(x, fhir::self_link(x.route->base, link)), next, all->total);
  for (const auto& found : all->found) bundle.reserve(found);
  std::set<std::string> warnings(asked->warnings.begin(), asked->warnings.end());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    Part& part = (*parts)[i];
    warnings.insert(part.search.warnings.begin(), part.search.warnings.end());
    for (store::Version& version : all->found[i])
      if (auto added = bundle.match(part.grant, part.search, version); !added) co_return added;
  }
  std::move(bundle).finish({warnings.begin(), warnings.end()});
  co_return Allowed<void>{};
}

}  // namespace ward::door
