#include "fhir/search_bundle.hpp"

#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/shared.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

/// The resource as _summary or _elements want it.
Phi<Buffer> reduced(const Exchange& x, const access::Grant& grant, const fhir::Search& search,
                    store::Version& version) {
  Phi<Buffer> body = own_part(x, grant, version);
  if (search.summary == fhir::Summary::none && search.elements.empty()) return body;
  const auto document = json::Document::parse(body.inside().view());
  WARD_ASSERT(document);
  return Phi<Buffer>(search.elements.empty() ? fhir::summarize(document->root(), version.type, search.summary)
                                             : fhir::only_elements(document->root(), version.type, search.elements));
}

std::string warnings_entry(const std::vector<std::string>& warnings) {
  std::string text = R"({"resource":{"resourceType":"OperationOutcome","issue":[)";
  for (std::size_t i = 0; i < warnings.size(); ++i)
    text += (i > 0 ? "," : "") + std::string(R"({"severity":"warning","code":"not-supported","diagnostics":)") +
            json_string("left out: " + warnings[i]) + "}";
  return text + R"(]},"search":{"mode":"outcome"}})";
}

}  // namespace

SearchBundle::SearchBundle(Exchange& x, const access::Grant& first, std::string_view self, std::string_view next,
                           std::optional<std::uint64_t> total)
    : x_(x), assembly_(first) {
  std::string head = R"({"resourceType":"Bundle","type":"searchset")";
  if (total) head += fmt::format(",\"total\":{}", *total);
  head += R"(,"link":[{"relation":"self","url":)" + json_string(self) + "}";
  if (!next.empty()) head += R"(,{"relation":"next","url":)" + json_string(next) + "}";
  assembly_.frame(head + "]");
}

std::size_t SearchBundle::bytes_of(const std::vector<store::Version>& found) {
  constexpr std::size_t frame_bytes = 192;
  std::size_t bytes = 0;
  for (const store::Version& version : found) bytes += version.body.inside().size() + frame_bytes;
  return bytes;
}

Allowed<void> SearchBundle::match(const access::Grant& grant, const fhir::Search& search, store::Version& version) {
  return add(grant, version, reduced(x_, grant, search, version), "match");
}

Allowed<void> SearchBundle::include(const access::Grant& grant, store::Version& version) {
  return add(grant, version, own_part(x_, grant, version), "include");
}

Allowed<void> SearchBundle::add(const access::Grant& grant, const store::Version& version, Phi<Buffer> body,
                                std::string_view mode) {
  if (bytes_ > 0) assembly_.reserve(std::exchange(bytes_, 0));
  note_subjects(x_.record, version);
  ++counts_[version.type];
  assembly_.frame(fmt::format(R"({}{{"fullUrl":"{}/{}/{}","resource":)", any_ ? "," : ",\"entry\":[", x_.route->base,
                              version.type, version.id));
  any_ = true;
  const auto added = assembly_.resource(body, version.patients, grant);
  if (!added)
    return refuse({.status = 500,
                   .code = "minimise_failed",
                   .kind = CauseKind::internal,
                   .cause = std::string(added.error().code())});
  assembly_.frame(fmt::format(R"(,"search":{{"mode":"{}"}}}})", mode));
  return {};
}

void SearchBundle::finish(const std::vector<std::string>& warnings) && {
  if (!warnings.empty()) {
    assembly_.frame(any_ ? "," : ",\"entry\":[");
    assembly_.frame(warnings_entry(warnings));
    any_ = true;
  }
  assembly_.frame(any_ ? "]}" : "}");
  for (const auto& [type, count] : counts_) x_.record.types.emplace_back(type, count);
  x_.answer.header("content-type", "application/fhir+json");
  x_.answer.body = std::move(assembly_).finish();
}

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs)
    if (name != page_param) text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

Allowed<std::string> asked_page(const Exchange& x, std::string_view path, const fhir::Search& search) {
  std::string position;
  for (const auto& [name, value] : x.query) {
    if (name != page_param) continue;
    const std::string link = fhir::self_link("", search);
    const std::size_t mark = link.find('?');
    auto opened = open_page(x, path, value,
                            mark == std::string::npos ? std::string_view() : std::string_view(link).substr(mark + 1));
    if (!opened) return opened;
    position = std::move(*opened);
  }
  return position;
}

}  // namespace ward::door
