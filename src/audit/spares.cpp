#include "spares.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

using namespace std::chrono_literals;
constexpr auto retry_every = 500ms;
constexpr auto wait_max = 10s;

}  // namespace

Spares::Spares(Disk& disk, std::filesystem::path directory, std::size_t segment_bytes)
    : disk_(disk), directory_(std::move(directory)), segment_bytes_(segment_bytes) {}

Spares::~Spares() { stop(); }

void Spares::start(std::uint64_t hot) {
  wanted_ = hot + 1;
  ready_ = hot;
  thread_ = std::thread([this] { run(); });
}

Result<void> Spares::take(std::uint64_t number) {
  std::unique_lock lock(mutex_);
  wanted_ = std::max(wanted_, number);
  changed_.notify_all();
  changed_.wait_for(lock, wait_max, [&] { return ready_ >= number || failed_ || stopping_; });
  if (ready_ >= number) {
    wanted_ = number + 1;
    changed_.notify_all();
    return {};
  }
  if (failed_) return std::unexpected(*failed_);
  return fail("log_failed", fmt::format("{}: no next segment was ready in time", directory_.string()));
}

void Spares::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Spares::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (ready_ >= wanted_) {
      changed_.wait(lock);
      continue;
    }
    const std::uint64_t number = ready_ + 1;
    lock.unlock();
    auto made = make(number);
    lock.lock();
    if (made) {
      ready_ = number;
      failed_.reset();
    } else {
      if (!failed_) log::error("audit_segment_not_ready", made.error());
      failed_ = made.error();
    }
    changed_.notify_all();
    if (!made) changed_.wait_for(lock, retry_every, [&] { return stopping_; });
  }
}

Result<void> Spares::make(std::uint64_t number) {
  // One from before a restart will do, if it is whole; recovery has seen that it is blank.
  std::error_code error;
  const auto path = segment_path(directory_, number);
  if (std::filesystem::file_size(path, error) == segment_bytes_ && !error) return {};
  return create_segment(disk_, directory_, number, segment_bytes_);
}

}  // namespace ward::audit
