#include "item.hpp"

#include <boost/asio/post.hpp>

namespace ward::audit {
namespace {

using Items = std::vector<std::unique_ptr<Item>>;

struct Group {
  boost::asio::any_io_executor executor;
  Items items;
};

// Waiters are on a handful of cores: a linear look, the latest first. Strands may be many; beyond the bound each has
// its own post.
constexpr std::size_t groups_searched_max = 64;

Items& group_of(std::vector<Group>& groups, const boost::asio::any_io_executor& executor) {
  const std::size_t searched = std::min(groups.size(), groups_searched_max);
  for (std::size_t i = 0; i < searched; ++i) {
    Group& group = groups[groups.size() - 1 - i];
    if (group.executor == executor) return group.items;
  }
  return groups.emplace_back(Group{executor, {}}).items;
}

void complete(std::unique_ptr<Item> item) {
  const std::unique_ptr<Waiter> waiter = std::move(item->waiter);
  waiter->complete(std::move(item));
}

}  // namespace

void wake(Items items) {
  std::vector<Group> groups;
  for (auto& item : items) {
    if (!item->waiter) continue;
    if (const auto* executor = item->waiter->executor())
      group_of(groups, *executor).push_back(std::move(item));
    else
      complete(std::move(item));
  }
  for (auto& group : groups)
    boost::asio::post(group.executor, [waiting = std::move(group.items)]() mutable {
      for (auto& item : waiting) complete(std::move(item));
    });
}

}  // namespace ward::audit
