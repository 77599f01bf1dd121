// read, vread and history: decided on the version asked for and on the current one.
#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/history_bundle.hpp"
#include "fhir/interactions.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "render.hpp"
#include "services.hpp"

#include <fmt/compile.h>
#include <algorithm>
#include <charconv>

namespace ward::door {
namespace {

constexpr std::size_t history_max = 1000;

Refusal gone(const FhirRequest& asked) {
  return {.status = 410,
          .code = "gone",
          .kind = CauseKind::record,
          .cause = "deleted",
          .issues = {{.code = "deleted", .diagnostics = fmt::format("{}/{} was deleted", asked.type, asked.id)}}};
}

/// The current version, if it is there and may be seen; else the one refusal for both.
boost::asio::awaitable<Allowed<store::Version>> current(Exchange& x) {
  auto found = co_await backend_of(x).read(x, x.fhir.type, x.fhir.id);
  if (!found) co_return refuse(found.error());
  if (!*found) co_return refuse(not_known(x.fhir.type, x.fhir.id, "absent"));
  if (!sees(x, *x.grant, **found)) {
    note_subjects(x.record, **found);
    co_return refuse(not_known(x.fhir.type, x.fhir.id, "not in the grant: " + x.grant->cause_text()));
  }
  co_return std::move(**found);
}

bool etag_matches(std::string_view header, std::uint64_t version) {
  if (header == "*") return true;
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string_view one = header.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (parse_etag(one) == version) return true;
    header = comma == std::string_view::npos ? "" : header.substr(comma + 1);
  }
  return false;
}

/// Puts one version into the answer.
void answer_with(Exchange& x, store::Version version) {
  note_subjects(x.record, version);
  x.record.types.emplace_back(version.type, 1);
  x.answer.header("etag", etag(version.version));
  if (!x.grant->hides(version.type, "meta.lastUpdated")) x.answer.header("last-modified", http_date(version.updated));
  if (etag_matches(x.header("if-none-match"), version.version)) {
    x.answer.status = 304;
    return;
  }
  x.answer.header("content-type", "application/fhir+json");
  x.phi = own_part(x, *x.grant, version);
  x.phi_patients = std::move(version.patients);
}

/// _summary and _elements of a read; nothing else is a parameter of it.
Allowed<void> reduce(Exchange& x) {
  if (x.query.empty() || !x.phi) return {};
  std::string query;  // of this exchange: inside a bundle the stream's is another one
  for (const auto& [name, value] : x.query)
    query += (query.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  auto parsed = fhir::parse_search(x.fhir.type, query, {}, {.own_bases = x.live->own_bases});
  if (!parsed) return refuse(parsed.error());
  if (!parsed->query.all_of.empty() || !parsed->query.sort.empty() || !parsed->hops.empty() ||
      !parsed->includes.empty())
    return refuse(
        {.status = 400,
         .code = "parameter",
         .kind = CauseKind::validation,
         .cause = "parameter of a read",
         .issues = {{.code = "invalid", .diagnostics = "a read takes _summary, _elements, _format and _pretty"}}});
  if (parsed->summary == fhir::Summary::none && parsed->elements.empty()) return {};
  const auto document = json::Document::parse(x.phi->inside().view());
  if (!document)
    return refuse({.status = 500, .code = "stored_malformed", .kind = CauseKind::internal, .cause = "stored body"});
  x.phi = Phi<Buffer>(parsed->elements.empty() ? fhir::summarize(document->root(), x.fhir.type, parsed->summary)
                                               : fhir::only_elements(document->root(), x.fhir.type, parsed->elements));
  return {};
}

}  // namespace

std::string etag(std::uint64_t version) { return fmt::format(FMT_COMPILE("W/\"{}\""), version); }

std::optional<std::uint64_t> parse_etag(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return version;
}

void note_subjects(audit::Record& record, const store::Version& version) {
  std::vector<audit::Subject>& subjects = record.subjects.inside().of;
  std::string resource;
  resource.reserve(version.type.size() + version.id.size() + 32);
  resource.append(version.type)
      .append("/")
      .append(version.id)
      .append("/_history/")
      .append(std::to_string(version.version));
  const std::string patient = version.patients.empty() ? std::string() : "Patient/" + version.patients.front();
  const auto known =
      std::find_if(subjects.begin(), subjects.end(), [&](const audit::Subject& one) { return one.patient == patient; });
  if (known != subjects.end())
    known->resources.push_back(resource);
  else
    subjects.push_back({patient, {resource}});
  for (std::size_t i = 1; i < version.patients.size(); ++i)
    subjects.push_back({"Patient/" + version.patients[i], {resource}});
}

boost::asio::awaitable<Allowed<void>> read(Exchange& x) {
  x.record.event = audit::event::phi_read;
  x.record.action = 'R';
  auto version = co_await current(x);
  if (!version) co_return refuse(version.error());
  if (version->deleted) co_return refuse(gone(x.fhir));
  answer_with(x, std::move(*version));
  co_return reduce(x);
}

boost::asio::awaitable<Allowed<void>> vread(Exchange& x) {
  x.record.event = audit::event::phi_read;
  x.record.action = 'R';
  const auto now = co_await current(x);
  if (!now) co_return refuse(now.error());
  auto found = co_await backend_of(x).read_version(x, x.fhir.type, x.fhir.id, x.fhir.version);
  if (!found) co_return refuse(found.error());
  if (!*found || !sees(x, *x.grant, **found))
    co_return refuse(not_known(x.fhir.type, x.fhir.id, "version absent or not in the grant"));
  if ((*found)->deleted) co_return refuse(gone(x.fhir));
  answer_with(x, std::move(**found));
  co_return reduce(x);
}

boost::asio::awaitable<Allowed<void>> history(Exchange& x) {
  x.record.event = audit::event::phi_read;
  x.record.action = 'R';
  const auto now = co_await current(x);
  if (!now) co_return refuse(now.error());
  auto versions = co_await backend_of(x).history(x, x.fhir.type, x.fhir.id, history_max);
  if (!versions) co_return refuse(versions.error());
  std::erase_if(*versions, [&](const store::Version& version) { return !sees(x, *x.grant, version); });

  const std::string self = fmt::format("{}/{}/{}/_history", x.route->base, x.fhir.type, x.fhir.id);
  HistoryBundle bundle(x, *x.grant, self, "", versions->size());
  for (store::Version& version : *versions)
    if (auto added = bundle.add(*x.grant, version); !added) co_return added;
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = std::move(bundle).finish();
  co_return Allowed<void>{};
}

}  // namespace ward::door
