#include "prove/told.hpp"

#include <fmt/format.h>
#include <re2/re2.h>
#include <algorithm>
#include <boost/json.hpp>

namespace ward::prove {
namespace {

namespace json = boost::json;

bool made_anew(std::string_view header) {
  return header == "x-request-id" || header == "date" || header.starts_with("ratelimit");
}

void mask(std::string& text) {
  static const re2::RE2 written(R"re(("(?:lastUpdated|timestamp|lastModified)"\s*:\s*)"[^"]*")re");
  static const re2::RE2 sealed(R"re((_page=)([A-Za-z0-9_-]+))re");
  re2::RE2::GlobalReplace(&text, written, R"(\1"TIME")");
  std::string out;
  re2::StringPiece rest(text);
  const char* from = text.data();
  re2::StringPiece name, seal;
  while (re2::RE2::FindAndConsume(&rest, sealed, &name, &seal)) {
    out.append(from, static_cast<std::size_t>(seal.data() - from));
    out += fmt::format("<{}>", seal.size());
    from = seal.data() + seal.size();
  }
  out.append(from, static_cast<std::size_t>(text.data() + text.size() - from));
  text = std::move(out);
}

/// The id that the server chose, from ".../Observation/ID/_history/1".
std::string created_id(const Reply& reply) {
  if (reply.status != 201) return {};
  for (const auto& [name, value] : reply.headers) {
    if (name != "location") continue;
    const std::size_t end = value.rfind("/_history/");
    const std::size_t start = end == value.npos ? value.npos : value.rfind('/', end - 1);
    return start == value.npos ? "" : value.substr(start + 1, end - start - 1);
  }
  return {};
}

void replace_all(std::string& text, const std::string& what, std::string_view by) {
  for (std::size_t at = 0; !what.empty() && (at = text.find(what, at)) != text.npos; at += by.size())
    text.replace(at, what.size(), by);
}

}  // namespace

std::string told(const Reply& reply) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : reply.headers)
    if (!made_anew(name)) lines.push_back(name + ": " + (name == "last-modified" ? "TIME" : value));
  std::ranges::sort(lines);
  std::string text = fmt::format("{}\n{}\n\n{}", reply.status, fmt::join(lines, "\n"), reply.body);
  mask(text);
  replace_all(text, created_id(reply), "NEW");
  return text;
}

std::string next_page(const Reply& reply) {
  boost::system::error_code bad;
  const json::value body = json::parse(reply.body, bad);
  if (bad || !body.is_object()) return {};
  const json::value* links = body.as_object().if_contains("link");
  if (links == nullptr || !links->is_array()) return {};
  for (const json::value& link : links->as_array()) {
    if (!link.is_object() || link.as_object().at("relation") != "next") continue;
    const std::string url(link.as_object().at("url").as_string());
    const std::size_t at = url.find("_page=");
    return at == url.npos ? "" : url.substr(at + 6, url.find('&', at) - at - 6);
  }
  return {};
}

}  // namespace ward::prove
