// search: the Grant's predicate is part of the query; what the view hides can be neither searched, sorted nor counted
// by.
#include "fhir/search.hpp"

#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

Refusal hidden(const Exchange& x, const fhir::UsedParam& used) {
  return {
      .status = 403,
      .code = "parameter_hidden",
      .kind = CauseKind::policy,
      .cause = fmt::format("{}: the view of {} hides what {} looks at", x.grant->cause_text(), x.fhir.type, used.code),
      .issues = {
          {.code = "forbidden",
           .diagnostics = fmt::format("the parameter {} looks at something that your role's view of {} does not show",
                                      used.code, x.fhir.type)}}};
}

Allowed<void> check_against_view(const Exchange& x, const fhir::Search& search) {
  for (const fhir::UsedParam& used : search.used) {
    if (used.param == nullptr) {
      if (used.code == "_lastUpdated" && x.grant->hides(x.fhir.type, "meta.lastUpdated"))
        return refuse(hidden(x, used));
    } else if (!access::searchable(*x.grant, *used.param)) {
      return refuse(hidden(x, used));
    }
  }
  return {};
}

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs)
    if (name != page_param) text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

Allowed<fhir::Search> parse(Exchange& x) {
  const bool lenient = x.header("prefer").find("handling=lenient") != std::string_view::npos;
  auto search =
      fhir::parse_search(x.fhir.type, pairs_text(x.query), {}, {.lenient = lenient, .own_bases = x.live->own_bases});
  if (!search) return search;
  if (auto checked = check_against_view(x, *search); !checked) return refuse(checked.error());
  auto visible_to_caller = visible(x, *x.grant, x.fhir.type);
  if (!visible_to_caller) return refuse(visible_to_caller.error());
  search->query.visible = std::move(*visible_to_caller);
  forget_others(*x.grant, *search);
  for (const auto& [name, value] : x.query) {
    if (name != page_param) continue;
    const std::string link = fhir::self_link("", *search);
    const std::size_t mark = link.find('?');
    auto position =
        open_page(x, x.fhir.type, value, mark == std::string::npos ? "" : std::string_view(link).substr(mark + 1));
    if (!position) return refuse(position.error());
    search->query.after = std::move(*position);
  }
  return search;
}

std::string bundle_head(const Exchange& x, const fhir::Search& search, const store::Page& page) {
  std::string head = R"({"resourceType":"Bundle","type":"searchset")";
  if (page.total) head += fmt::format(",\"total\":{}", *page.total);
  head += R"(,"link":[{"relation":"self","url":)" + json_string(fhir::self_link(x.route->base, search)) + "}";
  if (!page.next.empty()) head += R"(,{"relation":"next","url":)" + json_string(next_link(x, search, page.next)) + "}";
  return head + "]";
}

/// The resource as _summary or _elements want it.
Phi<Buffer> reduced(const Exchange& x, const fhir::Search& search, store::Version& version) {
  Phi<Buffer> body = own_part(x, *x.grant, version);
  if (search.summary == fhir::Summary::none && search.elements.empty()) return body;
  const auto document = json::Document::parse(body.inside().view());
  WARD_ASSERT(document);
  return Phi<Buffer>(search.elements.empty() ? fhir::summarize(document->root(), version.type, search.summary)
                                             : fhir::only_elements(document->root(), version.type, search.elements));
}

std::string warnings_entry(const fhir::Search& search) {
  std::vector<Issue> issues;
  for (const std::string& name : search.warnings)
    issues.push_back({.severity = "warning", .code = "not-supported", .diagnostics = "left out: " + name});
  std::string text = R"({"resource":{"resourceType":"OperationOutcome","issue":[)";
  for (std::size_t i = 0; i < issues.size(); ++i)
    text += (i > 0 ? "," : "") + std::string(R"({"severity":"warning","code":"not-supported","diagnostics":)") +
            json_string(issues[i].diagnostics) + "}";
  return text + R"(]},"search":{"mode":"outcome"}})";
}

Allowed<void> answer_page(Exchange& x, const fhir::Search& search, store::Page page) {
  constexpr std::size_t frame_bytes = 192;
  std::size_t bytes = 4096;
  for (const store::Version& version : page.found) bytes += version.body.inside().size() + frame_bytes;
  access::Assembly assembly(*x.grant);
  assembly.reserve(bytes);
  assembly.frame(bundle_head(x, search, page));
  const char* before = ",\"entry\":[";
  std::string frame;
  for (store::Version& version : page.found) {
    note_subjects(x.record, version);
    frame.assign(before)
        .append(R"({"fullUrl":")")
        .append(x.route->base)
        .append("/")
        .append(version.type)
        .append("/")
        .append(version.id)
        .append(R"(","resource":)");
    assembly.frame(frame);
    const auto added = assembly.resource(reduced(x, search, version), version.patients);
    if (!added)
      return refuse({.status = 500,
                     .code = "minimise_failed",
                     .kind = CauseKind::internal,
                     .cause = std::string(added.error().code())});
    assembly.frame(R"(,"search":{"mode":"match"}})");
    before = ",";
  }
  if (!search.warnings.empty()) {
    assembly.frame(before);
    assembly.frame(warnings_entry(search));
    before = ",";
  }
  assembly.frame(std::string_view(before) == "," ? "]}" : "}");
  x.record.types.emplace_back(x.fhir.type, page.found.size());
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = std::move(assembly).finish();
  return {};
}

}  // namespace

boost::asio::awaitable<Allowed<void>> search(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  x.record.subjects.inside().query = pairs_text(x.query);
  auto parsed = parse(x);
  if (!parsed) co_return refuse(parsed.error());
  auto page = co_await backend_of(x).search(x, *parsed);
  if (!page) co_return refuse(page.error());
  if (parsed->summary == fhir::Summary::count) page->found.clear();
  co_return answer_page(x, *parsed, std::move(*page));
}

}  // namespace ward::door
