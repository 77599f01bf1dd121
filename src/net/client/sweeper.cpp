#include "client/sweeper.hpp"

namespace ward::net::client {

using namespace std::chrono_literals;

namespace {
constexpr auto tick_every = 50ms;
}

Sweeper::Item::Item(Sweeper& sweeper) : sweeper_(sweeper.shared_from_this()) {
  place_ = sweeper_->items_.insert(sweeper_->items_.end(), this);
  sweeper_->arm();
}

Sweeper::Item::~Item() { sweeper_->items_.erase(place_); }

void Sweeper::arm() {
  if (armed_ || items_.empty()) return;
  armed_ = true;
  timer_.expires_after(tick_every);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->armed_ = false;
    if (!error) self->tick();
  });
}

void Sweeper::tick() {
  const MonoTime now = clock_.mono();
  for (Item* item : items_) item->sweep(now);
  arm();
}

}  // namespace ward::net::client
