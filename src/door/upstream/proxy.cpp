// An API without a FHIR contract: the request is built anew, and of its answer only what the route shows leaves.
#include "base/encoding.hpp"
#include "handlers.hpp"
#include "scan.hpp"
#include "services.hpp"
#include "upstream/request.hpp"

namespace ward::door {
namespace {

constexpr std::string_view request_headers[] = {"accept",   "content-type",  "accept-language",
                                                "if-match", "if-none-match", "traceparent"};
constexpr std::string_view answer_headers[] = {"content-type", "etag", "last-modified", "content-disposition"};

bool is_read(const Exchange& x) { return x.method_is("GET") || x.method_is("HEAD"); }

Allowed<void> check_method(const Exchange& x) {
  const auto& methods = x.route->methods;
  static const std::vector<std::string> usual = {"GET", "HEAD"};
  const auto& allowed = methods.empty() ? usual : methods;
  if (std::find(allowed.begin(), allowed.end(), x.stream.head().method) != allowed.end()) return {};
  return refuse({.status = 405,
                 .code = "method_not_allowed",
                 .kind = CauseKind::protocol,
                 .cause = "method",
                 .issues = {{.code = "not-supported", .diagnostics = "this route does not take the method"}},
                 .headers = {{"allow", fmt::format("{}", fmt::join(allowed, ", "))}}});
}

Allowed<void> scan(Exchange& x) {
  if (x.live->firewall == nullptr || x.route->firewall.mode == shield::FirewallMode::off) return {};
  const net::RequestHead& head = x.stream.head();
  std::string uri(head.path);
  if (head.has_query) uri.append("?").append(head.query);
  std::vector<shield::WholeHeader> headers;
  for (const net::Header& header : head.headers)
    if (header.name != "authorization")
      headers.push_back({header.name, header.value});  // read by identify, and goes no further
  return obey(x, x.live->firewall->scan_whole(head.method, uri, headers, x.content.bytes.view(), x.route->firewall));
}

Allowed<net::ClientRequest> build(Exchange& x) {
  for (const std::string& segment : x.rest)
    if (segment == "." || segment == "..")
      return refuse({.status = 400, .code = "path", .kind = CauseKind::protocol, .cause = "dot segment"});
  net::ClientRequest request{.method = std::string(x.stream.head().method),
                             .path_and_query = encoded_path(x.rest),
                             .authority = "",
                             .headers = {},
                             .body = {}};
  if (request.path_and_query.empty() && x.route->upstream->settings().path.empty()) request.path_and_query = "/";
  if (!x.query.empty()) request.path_and_query += "?" + encoded_query(x.query);
  for (const std::string_view name : request_headers) {
    const std::string_view value = x.header(name);
    if (!value.empty() && (name != "content-type" || !x.content.bytes.empty()))
      request.headers.emplace_back(name, value);
  }
  request.headers.emplace_back("x-request-id", x.request_id);
  request.body = std::move(x.content.bytes);
  return request;
}

void note(Exchange& x) {
  const std::string_view method = x.stream.head().method;
  x.record.event = is_read(x)           ? audit::event::phi_read
                   : method == "POST"   ? audit::event::phi_create
                   : method == "DELETE" ? audit::event::phi_delete
                                        : audit::event::phi_update;
  x.record.action = is_read(x) ? 'R' : method == "POST" ? 'C' : method == "DELETE" ? 'D' : 'U';
  x.record.detail.emplace_back("upstream", x.route->name);
  audit::Subjects& subjects = x.record.subjects.inside();
  subjects.of.push_back({"", {encoded_path(x.rest)}});
  subjects.query = encoded_query(x.query);
}

/// The same of a change, before it is made.
audit::Record intention(const Exchange& x) {
  audit::Record record{.event = x.record.event,
                       .action = x.record.action,
                       .method = std::string(x.stream.head().method),
                       .route = x.route->path_template()};
  record.actor = actor_of(*x.caller);
  record.roles = x.caller->roles;
  record.client = x.caller->client_id;
  record.jti = x.caller->token_id;
  record.ip = x.stream.peer().address.to_string();
  record.request_id = x.request_id;
  record.purpose = x.grant->purpose();
  record.cause = x.grant->cause_text();
  record.detail = x.record.detail;
  record.subjects.inside() = x.record.subjects.inside();
  return record;
}

boost::asio::awaitable<Allowed<net::ClientResponse>> change(Exchange& x, net::ClientRequest request, ChangePermit) {
  auto answer = co_await x.route->upstream->request(std::move(request), false, class_of(x));
  co_return answer;
}

boost::asio::awaitable<Allowed<net::ClientResponse>> send(Exchange& x, net::ClientRequest request) {
  if (is_read(x)) {
    auto answer = co_await x.route->upstream->request(std::move(request), true, class_of(x));
    co_return answer;
  }
  auto intent = co_await x.services.log.intend(intention(x));
  if (!intent)
    co_return refuse({.status = 503,
                      .code = std::string(intent.error().code()),
                      .kind = CauseKind::internal,
                      .cause = "audit log",
                      .issues = {{.severity = "fatal",
                                  .code = "transient",
                                  .diagnostics = "the audit log cannot be written; nothing was changed"}},
                      .headers = {{"retry-after", "2"}}});
  ChangePermit permit = intent->permit();
  x.intent = std::move(*intent);
  auto answer = co_await change(x, std::move(request), std::move(permit));
  co_return answer;
}

bool is_json(std::string_view content_type) {
  std::string type = ascii_lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

/// Statuses that are about Ward and its upstream, not about the caller.
Allowed<void> check_status(const Exchange& x, const net::ClientResponse& answer) {
  if (answer.status == 401)
    return refuse(upstream_refusal(x, 502, "the system behind this address does not accept this server",
                                   "401: is the token of bearer_file still good?"));
  if (answer.status == 429)
    return refuse(
        upstream_refusal(x, 503, "the system behind this address has too much to do; try again later", "429"));
  if (answer.status >= 300 && answer.status < 400 && answer.status != 304)
    return refuse(upstream_refusal(
        x, 502, "the system behind this address could not be used",
        fmt::format("{}: redirects are not followed; name the final address as upstream", answer.status)));
  if (answer.status >= 500)
    return refuse(
        upstream_refusal(x, 502, "the system behind this address failed", fmt::format("status {}", answer.status)));
  return {};
}

Allowed<void> take(Exchange& x, net::ClientResponse answer) {
  if (auto checked = check_status(x, answer); !checked) return checked;
  x.answer.status = answer.status;
  if (const std::string_view location = answer.header("location"); !location.empty())
    if (const auto rest = behind(x.route->upstream->settings(), location))
      x.answer.header("location", x.route->base + *rest);
  const bool json = is_json(answer.header("content-type"));
  const bool has_body = !answer.body.empty();
  if (has_body && !x.grant->unrestricted()) {
    const bool readable = json && json::Document::parse(answer.body.view()).has_value();
    if (!readable && answer.status < 400)
      return refuse(upstream_refusal(x, 502, "the system behind this address sent what this route cannot judge",
                                     "a body that is not JSON leaves only under whole = true"));
    if (!readable) return {};  // an error page: its status says enough
  }
  for (const std::string_view name : answer_headers)
    if (const std::string_view value = answer.header(name); !value.empty() && (name != "content-type" || has_body))
      x.answer.header(std::string(name), std::string(value));
  if (has_body) x.phi.emplace(std::move(answer.body));
  return {};
}

}  // namespace

boost::asio::awaitable<Allowed<void>> handle_upstream(Exchange& x) {
  if (auto allowed = check_method(x); !allowed) co_return allowed;
  if (auto scanned = scan(x); !scanned) co_return scanned;
  if (!x.grant)
    co_return refuse({.status = 403,
                      .code = "no_contract",
                      .kind = CauseKind::policy,
                      .cause = x.route->where + ": the route states no fields"});
  auto request = build(x);
  if (!request) co_return refuse(request.error());
  note(x);
  auto answer = co_await send(x, std::move(*request));
  if (!answer) co_return refuse(answer.error());
  co_return take(x, std::move(*answer));
}

}  // namespace ward::door
