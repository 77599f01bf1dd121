#include "fhir/entry_request.hpp"

#include "fhir/patching.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {

using fhir::BundleMethod;
using fhir::BundleRequest;

namespace {

Refusal entry_refusal(std::string code, std::string said, std::size_t index) {
  return {
      .status = 400,
      .code = code,
      .kind = CauseKind::validation,
      .cause = code,
      .issues = {
          {.code = "invalid", .diagnostics = std::move(said), .expression = fmt::format("Bundle.entry[{}]", index)}}};
}

Allowed<access::Interaction> interaction_of(const BundleRequest& entry) {
  switch (entry.method) {
    case BundleMethod::post:
      return access::Interaction::create;
    case BundleMethod::put:
      return access::Interaction::update;
    case BundleMethod::patch:
      return access::Interaction::patch;
    case BundleMethod::remove:
      return access::Interaction::remove;
    default:
      return refuse(entry_refusal("not-supported", "this method is not supported in an entry", entry.index));
  }
}

}  // namespace

bool is_get(const BundleRequest& entry) {
  return entry.method == BundleMethod::get || entry.method == BundleMethod::head;
}

Refusal located(Refusal refusal, std::size_t index) {
  if (refusal.issues.empty())
    refusal.issues.push_back(
        {.code = "processing", .diagnostics = refusal.kind == CauseKind::record ? "refused" : refusal.cause});
  for (Issue& issue : refusal.issues)
    issue.expression =
        fmt::format("Bundle.entry[{}]", index) + (issue.expression.empty() ? "" : ".resource: " + issue.expression);
  return refusal;
}

Allowed<Content> content_of(Exchange& x, const BundleRequest& entry) {
  Content content{.bytes = Buffer(entry.resource.raw())};
  if (entry.method == BundleMethod::patch) {
    auto patch = read_patch_entry(entry.resource, patch_limits(x));
    if (!patch) return refuse(patch.error());
    content.patch = std::move(*patch);
    return content;
  }
  auto document = json::Document::parse(content.bytes.view());
  if (!document) return refuse(entry_refusal("structure", "the resource cannot be read", entry.index));
  content.document = std::move(*document);
  if (auto judged = judge_resource(x, entry.type, content); !judged) return refuse(judged.error());
  return content;
}

Allowed<WriteRequest> write_request(const BundleRequest& entry) {
  auto interaction = interaction_of(entry);
  if (!interaction) return refuse(interaction.error());
  if (!entry.rest.empty())
    return refuse(Refusal{.status = 404,
                          .code = "not_found",
                          .kind = CauseKind::protocol,
                          .cause = "operation",
                          .issues = {{.code = "not-found", .diagnostics = "there is nothing under this url"}}});
  WriteRequest request{.interaction = *interaction,
                       .type = entry.type,
                       .id = entry.id,
                       .query = entry.query,
                       .if_match = entry.if_match,
                       .if_none_match = entry.if_none_match,
                       .if_none_exist = entry.if_none_exist};
  request.full_url = entry.full_url;
  return request;
}

void use(const Content& content, WriteRequest& request) {
  request.patch = content.patch.get();
  if (content.document) request.resource = content.document->root();
}

Allowed<void> scan_conditions(Exchange& x, const fhir::BundleRequests& requests) {
  for (const BundleRequest& entry : requests.entries) {
    if (is_get(entry)) continue;
    for (const std::string& query : {entry.query, entry.if_none_exist})
      if (auto scanned = scan_condition(x, entry.type, query); !scanned)
        return refuse(located(scanned.error(), entry.index));
  }
  return {};
}

}  // namespace ward::door
