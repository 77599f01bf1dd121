#include "line_values.hpp"

#include "base/encoding.hpp"
#include "fhir/links.hpp"
#include "r4/r4.hpp"

#include <algorithm>

namespace ward::door {
namespace {

constexpr bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool only(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter_or_digit(c) || more.find(c) != std::string_view::npos; });
}

bool is_date_like(std::string_view text) { return only(text, "-:+.TZ") && text.size() <= 64; }
bool is_number_like(std::string_view text) { return only(text, "+-.|"); }

/// A web address may be a name with letters only: numbers (127.0.0.1, 169.254...) and this machine are what an attack
/// asks for.
bool is_named_address(std::string_view text) {
  const std::size_t host = text.find("//");
  if (host == std::string_view::npos) return true;
  const bool known = text.starts_with("http://") || text.starts_with("https://");
  return known && text.find("localhost") == std::string_view::npos &&
         text.find_first_of("gGhHiIkKlLmMnNoOpPrRsStTuUvVwWyY", host) != std::string_view::npos;
}

/// Ids, codes and references: no white space, quote, bracket, or operator.
bool is_code_like(std::string_view text) {
  return only(text, "-._/:") && text.find("..") == std::string_view::npos && text.size() <= 128 &&
         is_named_address(text);
}

/// system|code with a system that is a plain http or urn address without a query.
bool is_token_like(std::string_view text) {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos) return is_code_like(text);
  const std::string_view system = text.substr(0, bar), code = text.substr(bar + 1);
  const bool known = system.empty() || system.starts_with("urn:") || system.find("//") != std::string_view::npos;
  return known && only(system, "-._/:") && is_named_address(system) && (code.empty() || is_code_like(code));
}

/// number, number|system|unit, number||unit
bool is_quantity_like(std::string_view text) {
  const std::size_t bar = text.find('|');
  return is_number_like(text.substr(0, bar)) && (bar == std::string_view::npos || is_token_like(text.substr(bar + 1)));
}

template <class Test>
bool each_alternative(std::string_view value, Test test) {
  while (true) {
    const std::size_t comma = value.find(',');
    if (!test(value.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

/// A reference, also by the route's own address.
bool is_reference_like(std::string_view text, std::string_view base) {
  if (!base.empty() && text.starts_with(base) && text.substr(base.size()).starts_with('/'))
    text.remove_prefix(base.size() + 1);
  return is_code_like(text);
}

bool proven_param(std::string_view type, std::string_view base, std::string_view name, std::string_view value) {
  if (value.empty()) return true;
  const std::string_view code = name.substr(0, name.find(':'));
  if (code.starts_with('_') && (code == "_count" || code == "_summary" || code == "_total" || code == "_sort" ||
                                code == "_elements" || code == "_format" || code == "_pretty"))
    return each_alternative(value, [](std::string_view one) { return only(one, "-._/+"); });
  if (name.ends_with(":missing")) return value == "true" || value == "false";
  if (code == "_id") return each_alternative(value, is_code_like);
  if (code == "_lastUpdated") return each_alternative(value, is_date_like);
  if (name == page_param) return only(value, "-_") && value.size() <= 4096;  // sealed: opened or refused, never read
  if (name == "_since" || name == "_at") return is_date_like(value);
  const r4::SearchParam* param = r4::find_param(type, code);
  if (param == nullptr) return false;
  switch (param->type) {
    case r4::ParamType::date:
      return each_alternative(value, is_date_like);
    case r4::ParamType::number:
      return each_alternative(value, is_number_like);
    case r4::ParamType::reference:
      return each_alternative(value, [&](std::string_view one) { return is_reference_like(one, base); });
    case r4::ParamType::token:
      return each_alternative(value, is_token_like);
    case r4::ParamType::quantity:
      return each_alternative(value, is_quantity_like);
    default:
      return false;
  }
}

bool is_media(std::string_view value) { return only(value, "-+./*;=, ") && value.size() <= 512; }
bool is_token_text(std::string_view value) { return only(value, "-._~+/= ,;:\"*") && value.size() <= 8192; }

/// Parameters that identity compares with what is registered, parses by a grammar of their own, or opens as sealed.
bool proven_oauth_param(std::string_view name, std::string_view value) {
  static constexpr std::string_view checked[] = {"client_id",
                                                 "redirect_uri",
                                                 "scope",
                                                 "response_type",
                                                 "response_mode",
                                                 "code_challenge",
                                                 "code_challenge_method",
                                                 "aud",
                                                 "resource",
                                                 "prompt",
                                                 "max_age",
                                                 "request_uri",
                                                 "launch",
                                                 "dpop_jkt",
                                                 "flow",
                                                 "iss",
                                                 "id_token_hint",
                                                 "post_logout_redirect_uri"};
  return std::find(std::begin(checked), std::end(checked), name) != std::end(checked) || only(value, "-._~+/=");
}

/// Cookies of our own are compared with their hash and never read.
bool only_own_cookies(std::string_view header) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (!pair.starts_with("__Host-ward-") || !only(pair, "-_=")) return false;
  }
  return true;
}

/// Headers whose form is checked here or where they are used.
bool proven_header(std::string_view name, std::string_view value) {
  static constexpr std::string_view media[] = {
      "accept",     "content-type",   "accept-encoding",  "accept-language",
      "prefer",     "cache-control",  "connection",       "te",
      "pragma",     "priority",       "content-length",   "transfer-encoding",
      "expect",     "host",           "x-request-id",     "traceparent",
      "tracestate", "x-ward-receipt", "x-ward-purpose",   "upgrade-insecure-requests",
      "dnt",        "range",          "content-encoding", "idempotency-key"};
  if (name == "authorization" || name == "dpop") return is_token_text(value);
  if (name == "cookie") return only_own_cookies(value);
  if (name == "if-match" || name == "if-none-match") return only(value, "-._/\", *") && value.size() <= 256;
  if (name == "if-modified-since" || name == "if-unmodified-since" || name == "date")
    return only(value, " ,:") && value.size() <= 64;
  if (name.starts_with("sec-ch-ua") || name.starts_with("sec-fetch-")) return false;
  return std::find(std::begin(media), std::end(media), name) != std::end(media) &&
         (is_media(value) || is_token_text(value));
}

void add_path(const Exchange& x, std::vector<shield::FreeValue>& values) {
  if (x.route->kind == RouteKind::fhir) return;  // type, id and version were parsed
  for (const std::string& segment : x.rest)
    if (!is_code_like(segment)) values.push_back({shield::Where::path, "", segment});
}

}  // namespace

std::vector<shield::FreeValue> free_query_values(const Route& route, const FhirRequest& fhir,
                                                 const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<shield::FreeValue> values;
  for (const auto& [name, value] : query) {
    if (!only(name, "-._:")) values.push_back({shield::Where::query, "name", name});
    if (route.kind == RouteKind::manage && only(value, "-_") && value.size() <= 512) continue;  // a limit or a cursor
    if (route.kind == RouteKind::oauth
            ? !proven_oauth_param(name, value)
            : route.kind != RouteKind::fhir || !proven_param(fhir.type, route.base, name, value))
      values.push_back({shield::Where::query, name, value});
  }
  return values;
}

std::vector<shield::FreeValue> free_line_values(const Exchange& x) {
  std::vector<shield::FreeValue> values = free_query_values(*x.route, x.fhir, x.query);
  add_path(x, values);
  for (const net::Header& header : x.stream.head().headers)
    if (!(header.name == condition_header && x.route->kind == RouteKind::fhir) &&
        !proven_header(header.name, header.value))
      values.push_back({shield::Where::header, header.name, header.value});
  return values;
}

std::vector<std::string> free_path_pieces(std::string_view raw_path) {
  std::vector<std::string> pieces;
  const auto add = [&](std::string_view raw) {
    std::string piece = percent_decode(raw).value_or(std::string(raw));
    if (!is_code_like(piece) || piece.find("//") != std::string::npos) pieces.push_back(std::move(piece));
  };
  add(raw_path);
  if (pieces.empty()) return pieces;
  for (std::size_t at = 0; at < raw_path.size();) {
    const std::size_t slash = std::min(raw_path.find('/', at), raw_path.size());
    if (slash > at) add(raw_path.substr(at, slash - at));
    at = slash + 1;
  }
  return pieces;
}

std::vector<shield::FreeValue> path_values(const std::vector<std::string>& pieces) {
  std::vector<shield::FreeValue> values;
  for (const std::string& piece : pieces) values.push_back({shield::Where::path, "", piece});
  return values;
}

}  // namespace ward::door
