#include "search/pairs.hpp"

#include "base/encoding.hpp"

namespace ward::fhir::search {
namespace {

std::expected<void, Refusal> read_into(std::string_view text, Pairs& out) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (out.size() == search_params_max)
      return refuse(refusal("too-costly", fmt::format("more than {} search parameters", search_params_max)));
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = equals == pair.npos ? std::optional<std::string>("") : percent_decode(pair.substr(equals + 1), true);
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value) || value->find('\0') != value->npos)
      return refuse(refusal("invalid", "the query has a bad percent encoding or is not UTF-8"));
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Allowed<Pairs> read_pairs(std::string_view query, std::string_view form) {
  if (query.size() + form.size() > search_bytes_max)
    return refuse(refusal("too-costly", fmt::format("the search is longer than {} bytes", search_bytes_max)));
  Pairs pairs;
  for (const std::string_view text : {query, form}) {
    if (auto done = read_into(text, pairs); !done) return std::unexpected(std::move(done.error()));
  }
  return pairs;
}

Refusal refusal(std::string_view issue_code, std::string what) {
  Refusal out;
  out.status = 400;
  out.code = "search_invalid";
  out.kind = CauseKind::validation;
  out.cause = what;
  Issue issue;
  issue.code = issue_code;
  issue.diagnostics = std::move(what);
  out.issues.push_back(std::move(issue));
  return out;
}

std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 60))
    out.push_back(c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '&' ? c : '?');
  return out;
}

}  // namespace ward::fhir::search
