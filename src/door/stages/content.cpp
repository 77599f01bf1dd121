// The body, now that somebody known sends it: read whole, parsed once, validated, cleaned by structure, scanned.
#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/patching.hpp"
#include "fhir/validate.hpp"
#include "scan.hpp"
#include "services.hpp"
#include "shield/narrative.hpp"
#include "shield/request_line.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

enum class Expects { nothing, resource, patch, bundle, form, bytes, parameters, judged_later };

Expects expects(const Exchange& x) {
  if (x.preflight) return Expects::nothing;
  const std::string_view method = x.stream.head().method;
  if (x.route->kind == RouteKind::oauth) return method == "POST" ? Expects::form : Expects::nothing;
  if (x.route->kind == RouteKind::upstream || x.route->kind == RouteKind::manage ||
      x.route->kind == RouteKind::emergency)
    return x.stream.head().has_body ? Expects::bytes : Expects::nothing;
  if (x.route->kind != RouteKind::fhir || x.fhir.kind == FhirRequest::Kind::capabilities) return Expects::nothing;
  if (x.fhir.kind == FhirRequest::Kind::bundle) return Expects::bundle;
  if (x.fhir.kind == FhirRequest::Kind::histories) return Expects::nothing;
  if (x.fhir.kind == FhirRequest::Kind::operation) {
    if (method != "POST") return Expects::nothing;
    return x.fhir.operation->body == OperationBody::resource ? Expects::judged_later : Expects::parameters;
  }
  if (x.fhir.interaction == Interaction::create || x.fhir.interaction == Interaction::update) return Expects::resource;
  if (x.fhir.interaction == Interaction::patch) return Expects::patch;
  return x.fhir.interaction == Interaction::search && method == "POST" ? Expects::form : Expects::nothing;
}

Refusal refused(int status, std::string code, std::string issue, std::string said) {
  return {.status = status,
          .code = code,
          .kind = CauseKind::protocol,
          .cause = code,
          .issues = {{.code = std::move(issue), .diagnostics = std::move(said)}}};
}

Refusal of_error(const Error& error) {
  if (error.is("body_too_large"))
    return refused(413, "body_too_large", "too-long", "the body is larger than this route takes");
  if (error.is("body_timeout")) return refused(408, "body_timeout", "timeout", "the body came too slowly");
  return refused(400, "body_malformed", "structure", "the body could not be read");
}

std::string_view media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

bool is_fhir_json(std::string_view content_type) {
  const std::string type = ascii_lower(media_type(content_type));
  return type == "application/fhir+json" || type == "application/json";
}

Allowed<void> parse_json(Exchange& x) {
  if (!is_fhir_json(x.header("content-type")))
    return refuse(refused(415, "media_type", "not-supported", "send the body as application/fhir+json"));
  auto document = json::Document::parse(x.content.bytes.view());
  if (!document)
    return refuse({.status = 400,
                   .code = std::string(document.error().code()),
                   .kind = CauseKind::validation,
                   .cause = "json",
                   .issues = {fhir::json_issue(document.error())}});
  x.content.document = std::move(*document);
  return {};
}

/// POST _search: its parameters count like those of the URL.
Allowed<void> parse_search_form(Exchange& x) {
  if (ascii_lower(media_type(x.header("content-type"))) != "application/x-www-form-urlencoded")
    return refuse(refused(415, "media_type", "not-supported", "send the search as application/x-www-form-urlencoded"));
  auto pairs = shield::parse_query(x.content.bytes.view());
  if (!pairs) return refuse(pairs.error());
  const std::size_t before = x.query.size();
  x.query.insert(x.query.end(), pairs->begin(), pairs->end());
  return x.query.size() == before ? Allowed<void>{} : scan_line_values(x);
}

/// What a patch puts into the resource is judged with the resource, once both are known.
Allowed<void> parse_patch(Exchange& x) {
  const std::string type = ascii_lower(media_type(x.header("content-type")));
  auto patch = read_patch(type, x.content.bytes.view(), patch_limits(x));
  if (!patch) return refuse(patch.error());
  x.content.patch = std::move(*patch);
  return {};
}

Allowed<void> check_type(Exchange& x) {
  const std::string type = x.content.document->root().string("resourceType");
  if (type != x.fhir.type)
    return refuse(
        {.status = 400,
         .code = "wrong_type",
         .kind = CauseKind::validation,
         .cause = "resourceType",
         .issues = {{.code = "invalid",
                     .diagnostics = fmt::format("the path is for {}, so resourceType must be that", x.fhir.type),
                     .expression = "resourceType"}}});
  return {};
}

/// Puts cleaned narratives in the place of those that did not pass, and parses again.
Allowed<void> replace_narratives(Content& content,
                                 const std::vector<std::pair<const fhir::NarrativeSpan*, std::string>>& cleaned) {
  Buffer fresh;
  const std::string_view source = content.bytes.view();
  std::size_t from = 0;
  for (const auto& [span, xhtml] : cleaned) {
    fresh.append(source.substr(from, span->begin - from));
    fresh.append(json_string(xhtml));
    from = span->begin + span->size;
  }
  fresh.append(source.substr(from));
  content.document.reset();
  content.bytes = std::move(fresh);
  auto document = json::Document::parse(content.bytes.view());
  if (!document) return refuse(refused(400, "narrative", "invalid", "the narrative could not be cleaned"));
  content.document = std::move(*document);
  return {};
}

Allowed<void> clean_narratives(Exchange& x, Content& content, const fhir::Reading& reading) {
  std::vector<std::pair<const fhir::NarrativeSpan*, std::string>> cleaned;
  for (const fhir::NarrativeSpan& narrative : reading.narratives) {
    const shield::Narrative judged = shield::check_narrative(narrative.value.text());
    if (const auto* bad = std::get_if<shield::NarrativeRefused>(&judged))
      return refuse({.status = 422,
                     .code = "narrative_refused",
                     .kind = CauseKind::validation,
                     .cause = bad->reason,
                     .issues = {{.code = "invalid",
                                 .diagnostics = "the narrative cannot be taken: " + bad->reason,
                                 .expression = narrative.expression}}});
    if (const auto* fixed = std::get_if<shield::NarrativeCleaned>(&judged)) {
      x.notes.push_back({.severity = "warning",
                         .code = "informational",
                         .diagnostics = fmt::format("cleaned: {}", fmt::join(fixed->removed, ", ")),
                         .expression = narrative.expression});
      x.record.detail.emplace_back("narrative_cleaned", fmt::format("{}", fmt::join(fixed->removed, ", ")));
      cleaned.emplace_back(&narrative, fixed->xhtml);
    }
  }
  return cleaned.empty() ? Allowed<void>{} : replace_narratives(content, cleaned);
}

/// A reference to a resource of this server is typed, whichever way it is written; only a foreign address is free.
bool is_own_reference(const Exchange& x, const fhir::FreeValue& value, std::string_view text) {
  return value.element == "Reference.reference" && fhir::split_reference(text, x.live->own_bases).local();
}

Allowed<void> judge_content(Exchange& x, Expects expected) {
  if (expected == Expects::form) return x.route->kind == RouteKind::fhir ? parse_search_form(x) : Allowed<void>{};
  if (expected == Expects::bytes) return {};
  if (expected == Expects::patch) return parse_patch(x);
  if (auto parsed = parse_json(x); !parsed) return parsed;
  if (expected == Expects::bundle) return {};  // each entry is judged as its own request
  if (expected == Expects::judged_later) return {};
  if (expected == Expects::parameters) {
    if (auto judged = judge_resource(x, "Parameters", x.content); !judged) return judged;
    return take_parameters(x, x.content.document->root());
  }
  if (auto typed = check_type(x); !typed) return typed;
  return judge_resource(x, x.fhir.type, x.content);
}

}  // namespace

Allowed<void> scan_values(Exchange& x, const fhir::Reading& reading) {
  if (x.live->firewall == nullptr || x.route->firewall.mode == shield::FirewallMode::off || reading.free_values.empty())
    return {};
  std::vector<std::string> decoded(reading.free_values.size());
  std::vector<shield::FreeValue> values;
  values.reserve(reading.free_values.size());
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const fhir::FreeValue& value = reading.free_values[i];
    const std::string_view text = value.value.text(decoded[i]);
    if (!is_own_reference(x, value, text)) values.push_back({shield::Where::body, value.element, text, value.clinical});
  }
  if (values.empty()) return {};
  return obey(x, x.live->firewall->scan(values, x.route->firewall));
}

Allowed<void> judge_resource(Exchange& x, std::string_view type, Content& content) {
  const fhir::Reading reading = fhir::read_resource(*content.document, {.expected_type = type});
  if (!reading.ok())
    return refuse({.status = 422,
                   .code = "invalid_resource",
                   .kind = CauseKind::validation,
                   .cause = "structure of R4",
                   .issues = reading.issues});
  if (auto scanned = scan_values(x, reading); !scanned) return scanned;
  return clean_narratives(x, content, reading);
}

boost::asio::awaitable<Allowed<void>> read_content(Exchange& x) {
  const Expects expected = expects(x);
  if (expected == Expects::nothing) co_return Allowed<void>{};
  auto bytes = co_await x.stream.read_all(x.route->body_bytes_max);
  if (!bytes) co_return refuse(of_error(bytes.error()));
  x.content.bytes = std::move(*bytes);
  if (x.content.bytes.empty() && (expected == Expects::parameters || expected == Expects::judged_later))
    co_return Allowed<void>{};  // the parameters may all be in the URL
  if (x.content.bytes.empty() && expected != Expects::bytes && expected != Expects::form)
    co_return refuse(refused(400, "body_missing", "required", "this request needs a body"));
  co_return judge_content(x, expected);
}

Allowed<void> minimise_answer(Exchange& x) {
  if (!x.phi) return {};
  auto body = access::minimise(std::move(*x.phi), *x.grant, {.patients = x.phi_patients, .visible = true});
  x.phi.reset();
  if (!body)
    return refuse({.status = 500,
                   .code = "minimise_failed",
                   .kind = CauseKind::internal,
                   .cause = std::string(body.error().code())});
  x.answer.body = std::move(*body);
  return {};
}

}  // namespace ward::door
