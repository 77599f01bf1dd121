#include "routes.hpp"

#include <algorithm>

namespace ward::door {
namespace {

bool matches(const Route& route, std::string_view host, const std::vector<std::string>& segments) {
  if (!route.host.empty() && route.host != host) return false;
  if (segments.size() < route.path.size()) return false;
  return std::equal(route.path.begin(), route.path.end(), segments.begin(),
                    [](const std::string& pattern, const std::string& segment) {
                      return pattern.starts_with('{') || pattern == segment;
                    });
}

}  // namespace

std::string Route::path_template() const {
  std::string text;
  for (const std::string& segment : path) text += "/" + segment;
  return text.empty() ? "/" : text;
}

void Routes::add(Route route) {
  routes_.push_back(std::move(route));
  std::stable_sort(routes_.begin(), routes_.end(), [](const Route& a, const Route& b) {
    if (a.path.size() != b.path.size()) return a.path.size() > b.path.size();
    return !a.host.empty() && b.host.empty();
  });
}

std::optional<Routes::Found> Routes::find(std::string_view host, const std::vector<std::string>& segments) const {
  for (const Route& route : routes_)
    if (matches(route, host, segments)) return Found{&route, route.path.size()};
  return std::nullopt;
}

}  // namespace ward::door
