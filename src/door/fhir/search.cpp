// search: the Grant's predicate is part of the query; what the view hides can be neither searched, sorted nor counted
// by.
#include "fhir/search.hpp"

#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/include.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/narrow.hpp"
#include "fhir/shared.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs)
    if (name != page_param) text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

/// Of what is visible, what is in one patient's compartment.
void keep_compartment(store::Visible& visible, const std::string& patient) {
  std::erase_if(visible, [&](const store::VisibleBranch& branch) {
    return !branch.all && !std::binary_search(branch.patients.begin(), branch.patients.end(), patient);
  });
  for (store::VisibleBranch& branch : visible) {
    branch.all = false;
    branch.patients = {patient};
  }
}

boost::asio::awaitable<Allowed<fhir::Search>> parse(Exchange& x) {
  const bool lenient = x.header("prefer").find("handling=lenient") != std::string_view::npos;
  auto search =
      fhir::parse_search(x.fhir.type, pairs_text(x.query), {}, {.lenient = lenient, .own_bases = x.live->own_bases});
  if (!search) co_return search;
  if (auto checked = check_includes(x, *x.grant, *search); !checked) co_return refuse(checked.error());
  auto narrowed = co_await narrow(x, *x.grant, *search);
  if (!narrowed) co_return refuse(narrowed.error());
  if (!x.fhir.compartment.empty()) keep_compartment(search->query.visible, x.fhir.compartment);
  for (const auto& [name, value] : x.query) {
    if (name != page_param) continue;
    const std::string link = fhir::self_link("", *search);
    const std::size_t mark = link.find('?');
    auto position = open_page(x, x.fhir.search_path(), value,
                              mark == std::string::npos ? "" : std::string_view(link).substr(mark + 1));
    if (!position) co_return refuse(position.error());
    search->query.after = std::move(*position);
  }
  co_return search;
}

std::string self_link(const Exchange& x, const fhir::Search& search) {
  const std::string& compartment = x.fhir.compartment;
  return fhir::self_link(compartment.empty() ? x.route->base : x.route->base + "/Patient/" + compartment, search);
}

std::string bundle_head(const Exchange& x, const fhir::Search& search, const store::Page& page) {
  std::string head = R"({"resourceType":"Bundle","type":"searchset")";
  if (page.total) head += fmt::format(",\"total\":{}", *page.total);
  head += R"(,"link":[{"relation":"self","url":)" + json_string(self_link(x, search)) + "}";
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

std::string entry_frame(const Exchange& x, const store::Version& version, std::string_view before) {
  std::string frame(before);
  frame.append(R"({"fullUrl":")")
      .append(x.route->base)
      .append("/")
      .append(version.type)
      .append("/")
      .append(version.id)
      .append(R"(","resource":)");
  return frame;
}

Refusal minimise_failed(const Error& error) {
  return {.status = 500, .code = "minimise_failed", .kind = CauseKind::internal, .cause = std::string(error.code())};
}

std::size_t bytes_of(const store::Page& page, const Along& along) {
  constexpr std::size_t frame_bytes = 192;
  std::size_t bytes = 4096;
  for (const store::Version& version : page.found) bytes += version.body.inside().size() + frame_bytes;
  for (const Companion& one : along.all) bytes += one.version.body.inside().size() + frame_bytes;
  return bytes;
}

void count_types(audit::Record& record, const Along& along) {
  std::map<std::string, std::size_t> counts;
  for (const Companion& one : along.all) ++counts[one.version.type];
  for (const auto& [type, count] : counts) record.types.emplace_back(type, count);
}

Allowed<void> answer_page(Exchange& x, const fhir::Search& search, store::Page page, Along along) {
  access::Assembly assembly(*x.grant);
  assembly.reserve(bytes_of(page, along));
  assembly.frame(bundle_head(x, search, page));
  const char* before = ",\"entry\":[";
  for (store::Version& version : page.found) {
    note_subjects(x.record, version);
    assembly.frame(entry_frame(x, version, before));
    const auto added = assembly.resource(reduced(x, search, version), version.patients);
    if (!added) return refuse(minimise_failed(added.error()));
    assembly.frame(R"(,"search":{"mode":"match"}})");
    before = ",";
  }
  for (Companion& one : along.all) {
    note_subjects(x.record, one.version);
    assembly.frame(entry_frame(x, one.version, before));
    const auto added = assembly.resource(own_part(x, one.grant, one.version), one.version.patients, one.grant);
    if (!added) return refuse(minimise_failed(added.error()));
    assembly.frame(R"(,"search":{"mode":"include"}})");
    before = ",";
  }
  if (!search.warnings.empty()) {
    assembly.frame(before);
    assembly.frame(warnings_entry(search));
    before = ",";
  }
  assembly.frame(std::string_view(before) == "," ? "]}" : "}");
  x.record.types.emplace_back(x.fhir.type, page.found.size());
  count_types(x.record, along);
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = std::move(assembly).finish();
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

}  // namespace ward::door
