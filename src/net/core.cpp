#include "core.hpp"

#include "base/encoding.hpp"
#include "connection.hpp"
#include "forwarded.hpp"

namespace ward::net {
namespace {

std::vector<std::string> lowered(std::vector<std::string> names) {
  for (std::string& name : names) name = ascii_lower(name);
  return names;
}

}  // namespace

Shared::Shared(Server::Options options, Observer& observer_in, Clock& clock_in)
    : observer(observer_in),
      clock(clock_in),
      hosts(lowered(std::move(options.hosts))),
      limits_(std::make_shared<const Limits>(options.limits)) {}

std::shared_ptr<const Limits> Shared::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void Shared::set_limits(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = std::make_shared<const Limits>(limits);
}

std::optional<std::string_view> Shared::enter(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  if (connections.load() >= limits_->connections_max) return "connection_limit";
  std::size_t& count = per_address_[address];
  if (count >= limits_->connections_per_address_max) {
    if (count == 0) per_address_.erase(address);
    return "address_connection_limit";
  }
  ++count;
  ++connections;
  return std::nullopt;
}

void Shared::leave(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  const auto found = per_address_.find(address);
  if (found != per_address_.end() && --found->second == 0) per_address_.erase(found);
  --connections;
}

bool Shared::host_allowed(std::string_view host) const {
  return hosts.empty() || std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

Core::Core(unsigned index_in, Shared& shared_in) : index(index_in), shared(shared_in) {}
Core::~Core() = default;

std::string_view Core::date() {
  const WallTime now = shared.clock.wall();
  const std::int64_t second = unix_seconds(now);
  if (second != date_second_) {
    date_ = http_date(now);
    date_second_ = second;
  }
  return date_;
}

Buffer Core::take_buffer() {
  if (spare_.empty()) return {};
  Buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void Core::give_back(Buffer buffer) {
  constexpr std::size_t kept_max = 64, bytes_max = 64u << 10;
  if (spare_.size() >= kept_max || buffer.capacity() > bytes_max) return;
  buffer.clear();
  spare_.push_back(std::move(buffer));
}

}  // namespace ward::net
