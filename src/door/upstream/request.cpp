#include "upstream/request.hpp"

#include "base/encoding.hpp"
#include "emergency.hpp"

namespace ward::door {

shield::Class class_of(const Exchange& x) {
  if (x.grant && x.grant->purpose() == emergency_purpose) return shield::Class::urgent;
  if (!x.caller || x.caller->kind != identity::Caller::Kind::person) return shield::Class::bulk;
  return x.caller->fhir_user.starts_with("Patient/") ? shield::Class::patient : shield::Class::clinical;
}

net::ClientRequest fhir_request_to(const Exchange& x, std::string method, std::string path) {
  net::ClientRequest request{.method = std::move(method),
                             .path_and_query = std::move(path),
                             .authority = "",
                             .headers = {{"accept", "application/fhir+json"}, {"x-request-id", x.request_id}},
                             .body = {}};
  if (const std::string_view trace = x.header("traceparent"); !trace.empty())
    request.headers.emplace_back("traceparent", trace);
  return request;
}

std::string encoded_path(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path += "/" + percent_encode(segment);
  return path;
}

std::string encoded_query(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs)
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

std::optional<std::string> behind(const UpstreamSettings& upstream, std::string_view url) {
  std::string_view path = url;
  if (url.find("://") != url.npos) {
    const auto origin = std::find_if(upstream.addresses.begin(), upstream.addresses.end(),
                                     [&](const std::string& one) { return url.starts_with(one); });
    if (origin == upstream.addresses.end()) return std::nullopt;
    path = url.substr(origin->size());
  }
  if (!path.starts_with(upstream.path)) return std::nullopt;
  path.remove_prefix(upstream.path.size());
  const bool ends = path.empty() || path.front() == '/' || path.front() == '?';
  const bool clean = std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
  });
  if (!ends || !clean || path.substr(0, path.find('?')).find("/.") != path.npos) return std::nullopt;
  return std::string(path);
}

Refusal upstream_refusal(const Exchange& x, int status, std::string_view said, std::string_view cause) {
  const std::string_view issue = status == 504   ? "timeout"
                                 : status >= 500 ? "transient"
                                 : status == 404 ? "not-found"
                                 : status == 412 ? "conflict"
                                                 : "processing";
  return {.status = status,
          .code = "upstream_failed",
          .kind = CauseKind::upstream,
          .cause = fmt::format("upstream {}: {}", x.route->name, cause),
          .issues = {{.severity = status >= 500 ? "fatal" : "error",
                      .code = std::string(issue),
                      .diagnostics = std::string(said)}}};
}

}  // namespace ward::door
