#include "fhir/history_bundle.hpp"

#include "base/encoding.hpp"
#include "fhir/interactions.hpp"
#include "fhir/shared.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

std::string_view method_of(const store::Version& version) {
  return version.deleted ? "DELETE" : version.version == 1 ? "POST" : "PUT";
}
std::string_view status_of(const store::Version& version) {
  return version.deleted ? "204 No Content" : version.version == 1 ? "201 Created" : "200 OK";
}

}  // namespace

HistoryBundle::HistoryBundle(Exchange& x, const access::Grant& grant, std::string_view self, std::string_view next,
                             std::optional<std::size_t> total)
    : x_(x), assembly_(grant) {
  std::string head = R"({"resourceType":"Bundle","type":"history")";
  if (total) head += fmt::format(",\"total\":{}", *total);
  head += R"(,"link":[{"relation":"self","url":)" + json_string(self) + "}";
  if (!next.empty()) head += R"(,{"relation":"next","url":)" + json_string(next) + "}";
  assembly_.frame(head + "]");
}

Allowed<void> HistoryBundle::add(const access::Grant& grant, store::Version& version) {
  note_subjects(x_.record, version);
  auto& types = x_.record.types;
  const auto counted =
      std::find_if(types.begin(), types.end(), [&](const auto& one) { return one.first == version.type; });
  if (counted == types.end())
    types.emplace_back(version.type, 1);
  else
    ++counted->second;
  assembly_.frame(before_);
  assembly_.frame(fmt::format(R"({{"fullUrl":"{}/{}/{}")", x_.route->base, version.type, version.id));
  if (!version.deleted) {
    assembly_.frame(",\"resource\":");
    const auto added = assembly_.resource(own_part(x_, grant, version), version.patients, grant);
    if (!added)
      return refuse({.status = 500,
                     .code = "minimise_failed",
                     .kind = CauseKind::internal,
                     .cause = std::string(added.error().code())});
  }
  const std::string modified = grant.hides(version.type, "meta.lastUpdated")
                                   ? std::string()
                                   : fmt::format(R"(,"lastModified":"{}")", rfc3339(version.updated));
  assembly_.frame(
      fmt::format(R"(,"request":{{"method":"{}","url":"{}/{}"}},"response":{{"status":"{}","etag":"W/\"{}\""{}}}}})",
                  method_of(version), version.type, version.id, status_of(version), version.version, modified));
  before_ = ",";
  return {};
}

access::Sendable HistoryBundle::finish() && {
  assembly_.frame(std::string_view(before_) == "," ? "]}" : "}");
  return std::move(assembly_).finish();
}

}  // namespace ward::door
