#include "fhir/links.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/seal.hpp"
#include "fhir/operations/common.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

/// Positions are padded, so that the length of a link tells nothing about the values that it holds.
constexpr std::size_t position_bytes = 192;

std::string padded(std::string_view position) {
  std::string plain(position);
  const std::size_t whole = (plain.size() / position_bytes + 1) * position_bytes;
  plain.push_back('\x01');
  plain.resize(whole, '\0');
  return plain;
}

/// What a link is bound to: who asks, what for, under which data and base.
std::string binding(const Exchange& x, std::string_view path, std::string_view query) {
  return fmt::format("{}|{}|{}|{}|{}", x.caller->subject, x.caller->client_id, x.route->base, path, query) + "|" +
         std::to_string(x.services.store.generation());
}

/// Of a search in a compartment, of any other search, or of what pages like one.
std::string path_of(const Exchange& x, const fhir::Search& search) {
  return x.fhir.compartment.empty() ? search.query.type : x.fhir.search_path();
}

std::string query_of(const fhir::Search& search) {
  const std::string link = fhir::self_link("", search);
  const std::size_t mark = link.find('?');
  return mark == std::string::npos ? "" : link.substr(mark + 1);
}

}  // namespace

std::string without_page(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (!pair.starts_with(std::string(page_param) + "=")) kept += (kept.empty() ? "" : "&") + std::string(pair);
    query = end == std::string_view::npos ? "" : query.substr(end + 1);
  }
  return kept;
}

std::string next_link(const Exchange& x, const fhir::Search& search, std::string_view position) {
  const std::string query = query_of(search);
  const std::string sealed =
      base64url_encode(crypto::seal_siv(x.services.link_key, padded(position), binding(x, path_of(x, search), query)));
  return fmt::format("{}/{}?{}{}{}={}", x.route->base, path_of(x, search), query, query.empty() ? "" : "&", page_param,
                     sealed);
}

Allowed<std::string> open_page(const Exchange& x, std::string_view path, std::string_view sealed,
                               std::string_view query_without_page) {
  const auto bytes = base64url_decode(sealed);
  auto plain = bytes ? crypto::open_siv(x.services.link_key, *bytes, binding(x, path, query_without_page))
                     : Result<std::string>(fail("unsealable", "page"));
  const std::size_t mark = plain ? plain->rfind('\x01') : std::string::npos;
  if (mark == std::string::npos)
    return refuse({.status = 400,
                   .code = "page_invalid",
                   .kind = CauseKind::validation,
                   .cause = "page link",
                   .issues = {{.code = "invalid",
                               .diagnostics = "this page link was not made for you and this search; search again"}}});
  return plain->substr(0, mark);
}

Allowed<std::string> asked_position(const Exchange& x, const fhir::Search& link) {
  const auto sealed = value_of(x, page_param);
  if (!sealed) return refuse(sealed.error());
  if (sealed->empty()) return std::string();
  return open_page(x, link.query.type, *sealed, query_of(link));
}

}  // namespace ward::door
