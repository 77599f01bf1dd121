#include "prove/call.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace ward::prove {
namespace {

std::string query_text(const Call& call) {
  std::string text;
  for (const auto& [name, value] : call.query)
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

}  // namespace

Asked Call::asked(std::string_view route) const {
  Asked asked{.method = method, .target = fmt::format("{}/{}", route, path), .headers = headers, .body = body};
  const std::string text = query_text(*this);
  if (form) {
    asked.method = "POST";
    asked.target += "/_search";
    asked.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
    asked.body = text.empty() ? "_count=50" : text;
  } else if (!text.empty()) {
    asked.target += "?" + text;
  }
  return asked;
}

std::string Call::text() const {
  std::string out = fmt::format("{} {}{}", form ? "POST" : method, path, form ? "/_search" : "");
  for (std::size_t i = 0; i < query.size(); ++i)
    out += fmt::format("{}{}={}", i == 0 ? '?' : '&', query[i].first, query[i].second);
  for (const auto& [name, value] : headers) out += fmt::format("\n    {}: {}", name, value);
  if (!body.empty()) out += "\n    " + body;
  return out;
}

Call Call::without(std::size_t part) const {
  Call smaller = *this;
  if (part < query.size())
    smaller.query.erase(smaller.query.begin() + static_cast<std::ptrdiff_t>(part));
  else
    smaller.headers.erase(smaller.headers.begin() + static_cast<std::ptrdiff_t>(part - query.size()));
  return smaller;
}

}  // namespace ward::prove
