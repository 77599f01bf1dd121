// Origins at which apps are registered: their scripts may read what we answer them.
#include "records.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view loopback[] = {"http://127.0.0.1", "http://[::1]"};

/// "https://app.example:8443/back?x" gives "https://app.example:8443"; empty for a private-use scheme.
std::string origin_of(std::string_view uri) {
  const auto begin = uri.find("://");
  if (begin == uri.npos) return {};
  return std::string(uri.substr(0, uri.find_first_of("/?", begin + 3)));
}

/// A loopback address may have any port (RFC 8252 section 7.3).
std::string without_loopback_port(std::string origin) {
  for (const std::string_view one : loopback)
    if (origin.starts_with(one) && (origin.size() == one.size() || origin[one.size()] == ':')) return std::string(one);
  return origin;
}

}  // namespace

bool Room::allows_origin(std::string_view origin) const {
  const std::uint64_t epoch = directory_.epoch();
  std::shared_ptr<const Origins> origins;
  {
    const std::lock_guard lock(mutex_);
    origins = origins_;
  }
  if (origins == nullptr || origins->epoch != epoch) {
    auto fresh = std::make_shared<Origins>();
    fresh->epoch = epoch;
    const auto snapshot = directory_.now();
    for (const auto& [client_id, known] : snapshot->clients)
      if (!known->client.disabled)
        for (const std::string& uri : known->client.redirect_uris)
          fresh->all.insert(without_loopback_port(origin_of(uri)));
    origins = std::move(fresh);
    const std::lock_guard lock(mutex_);
    origins_ = origins;
  }
  return !origin.empty() && origins->all.contains(without_loopback_port(std::string(origin)));
}

}  // namespace ward::identity
