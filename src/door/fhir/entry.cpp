#include "fhir/entry.hpp"

#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/prefer.hpp"
#include "fhir/shared.hpp"
#include "handlers.hpp"
#include "render.hpp"
#include "services.hpp"
#include "shield/request_line.hpp"
#include "stages/stages.hpp"

namespace ward::door {

std::string status_text(int status) {
  static const std::map<int, const char*> names{{200, "OK"},
                                                {201, "Created"},
                                                {204, "No Content"},
                                                {304, "Not Modified"},
                                                {400, "Bad Request"},
                                                {401, "Unauthorized"},
                                                {403, "Forbidden"},
                                                {404, "Not Found"},
                                                {405, "Method Not Allowed"},
                                                {409, "Conflict"},
                                                {410, "Gone"},
                                                {412, "Precondition Failed"},
                                                {422, "Unprocessable Entity"},
                                                {501, "Not Implemented"},
                                                {503, "Service Unavailable"}};
  const auto name = names.find(status);
  return name == names.end() ? std::to_string(status) : fmt::format("{} {}", status, name->second);
}

boost::asio::awaitable<EntryAnswer> written_answer(Exchange& x, const Plan& plan) {
  EntryAnswer answer{.status = plan.status};
  const Return wanted = preferred_return(x.header("prefer"));
  if (wanted == Return::outcome) answer.outcome = std::string(outcome({}).view());
  if (plan.remove) co_return answer;
  const access::Grant& grant = plan.reading ? *plan.reading : plan.grant;
  answer.location = fmt::format("{}/{}/{}/_history/{}", x.route->base, plan.type, plan.id, plan.version);
  answer.etag = etag(plan.version);
  if (!grant.hides(plan.type, "meta.lastUpdated")) answer.updated = plan.updated;
  if (wanted != Return::representation) co_return answer;
  auto stored = co_await backend_of(x).read_version(x, plan.type, plan.id, plan.version);
  if (!stored || !*stored || (*stored)->deleted) co_return answer;  // made, and nothing to show of it
  auto shown = shown_part(x, grant, std::move(**stored));
  if (shown) answer.resource = std::move(*shown);
  co_return answer;
}

EntryAnswer answer_of(const Refusal& refusal) {
  std::vector<Issue> issues = refusal.issues;
  if (issues.empty())
    issues.push_back({.code = refusal.status == 404   ? "not-found"
                              : refusal.status == 403 ? "forbidden"
                                                      : "processing",
                      .diagnostics = refusal.kind == CauseKind::record ? "" : refusal.cause});
  return {.status = refusal.status, .outcome = std::string(outcome(issues).view())};
}

boost::asio::awaitable<EntryAnswer> run_get(Exchange& x, const fhir::BundleRequest& entry) {
  std::vector<std::string> rest;
  if (!entry.type.empty()) rest.push_back(entry.type);
  if (!entry.id.empty()) rest.push_back(entry.id);
  if (!entry.rest.empty()) rest.push_back(entry.rest);
  if (!entry.version.empty()) {
    if (entry.rest.empty()) rest.emplace_back("_history");
    rest.push_back(entry.version);
  }
  auto request = parse_fhir_request("GET", rest, !entry.query.empty());
  if (!request) co_return answer_of(request.error());
  const bool alone = request->kind == FhirRequest::Kind::operation ? !request->operation->in_bundle
                                                                   : request->kind != FhirRequest::Kind::resource;
  if (alone)
    co_return answer_of(Refusal{.status = 400,
                                .code = "entry",
                                .kind = CauseKind::validation,
                                .cause = "this is not served inside a bundle; ask for it by itself"});
  Exchange inner{.stream = x.stream,
                 .services = x.services,
                 .core = x.core,
                 .live = x.live,
                 .began = x.began,
                 .request_id = x.request_id};
  inner.route = x.route;
  inner.caller = x.caller;
  inner.fhir = std::move(*request);
  inner.fhir.if_none_match = entry.if_none_match;
  if (const auto since = fhir::time_interval(entry.if_modified_since))
    inner.fhir.if_modified_since = WallTime(std::chrono::milliseconds(since->low));
  auto query = shield::parse_query(entry.query);
  if (!query) co_return answer_of(query.error());
  inner.query = std::move(*query);
  inner.in_bundle = true;
  if (auto scanned = scan_line_values(inner); !scanned) co_return answer_of(scanned.error());
  if (auto granted = authorise(inner); !granted) co_return answer_of(granted.error());
  auto handled = co_await handle_fhir(inner);
  if (handled) handled = minimise_answer(inner);
  x.part_2 = x.part_2 || (handled && inner.part_2);
  for (auto& subject : inner.record.subjects.inside().of) x.record.subjects.inside().of.push_back(std::move(subject));
  for (auto& type : inner.record.types) x.record.types.push_back(std::move(type));
  if (!handled) co_return answer_of(handled.error());
  EntryAnswer answer{.status = inner.answer.status, .resource = std::move(inner.answer.body)};
  for (const auto& [name, value] : inner.answer.headers)
    if (name == "etag") answer.etag = value;
  co_return answer;
}

access::Sendable response_bundle(std::string_view type, const std::vector<EntryAnswer>& answers) {
  access::Assembly assembly;
  assembly.frame(fmt::format(R"({{"resourceType":"Bundle","type":"{}")", type));
  const char* before = ",\"entry\":[";
  for (const EntryAnswer& answer : answers) {
    assembly.frame(before);
    assembly.frame("{");
    if (answer.resource && answer.resource->size() > 0) {
      assembly.frame("\"resource\":");
      assembly.minimised(*answer.resource);
      assembly.frame(",");
    }
    std::string response = fmt::format(R"("response":{{"status":"{}")", status_text(answer.status));
    if (!answer.location.empty()) response += fmt::format(R"(,"location":"{}")", answer.location);
    if (!answer.etag.empty()) response += R"(,"etag":)" + json_string(answer.etag);
    if (answer.updated) response += fmt::format(R"(,"lastModified":"{}")", rfc3339(*answer.updated));
    if (!answer.outcome.empty()) response += ",\"outcome\":" + answer.outcome;
    assembly.frame(response + "}}");
    before = ",";
  }
  assembly.frame(answers.empty() ? "}" : "]}");
  return std::move(assembly).finish();
}

}  // namespace ward::door
