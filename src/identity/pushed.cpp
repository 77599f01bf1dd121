#include "pushed.hpp"

namespace ward::identity {

bool Pushed::put(std::string_view id, Request request, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto is_full = [&] {
    const auto own = per_client_.find(request.client_id);
    return all_.size() >= entries_max || (own != per_client_.end() && own->second >= per_client_max);
  };
  if (is_full())
    std::erase_if(all_, [&](const auto& one) {
      if (one.second.ends > now) return false;
      if (--per_client_[one.second.client_id] == 0) per_client_.erase(one.second.client_id);
      return true;
    });
  if (is_full()) return false;
  ++per_client_[request.client_id];
  all_.emplace(id, std::move(request));
  return true;
}

std::optional<Pushed::Request> Pushed::take(std::string_view id, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  if (found == all_.end()) return std::nullopt;
  Request request = std::move(found->second);
  all_.erase(found);
  if (--per_client_[request.client_id] == 0) per_client_.erase(request.client_id);
  return request.ends > now ? std::optional(std::move(request)) : std::nullopt;
}

}  // namespace ward::identity
