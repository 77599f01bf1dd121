// A log in a fresh folder, with keys, and a disk that fails when told.
#pragma once

#include "audit/audit.hpp"
#include "audit/reader.hpp"
#include "crypto/keys.hpp"
#include "disk.hpp"
#include "frame.hpp"
#include "segment.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <fstream>

namespace ward::audit {

/// Fails writes or syncs on segments from a countdown on, until it is repaired.
class FailingDisk final : public Disk {
 public:
  std::atomic<int> fail_write{0}, fail_sync{0};  // errno; 0: works
  std::atomic<bool> half{false};                 // a failing write leaves half of its bytes
  std::atomic<int> syncs{0};

  long pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) override {
    if (fail_write != 0) {
      if (half && count > 1) (void)Disk::pwrite(file, bytes, count / 2, offset);
      errno = fail_write;
      return -1;
    }
    return Disk::pwrite(file, bytes, count, offset);
  }
  int fdatasync(int file) override {
    ++syncs;
    if (fail_sync != 0) {
      errno = fail_sync;
      return -1;
    }
    return Disk::fdatasync(file);
  }
};

class LogTest : public testing::Test {
 protected:
  LogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ward-audit-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    directory = root / "log";
    auto opened = crypto::KeyRing::open(root / "keys", {.file = root / "master", .command = ""}, true, clock, random);
    EXPECT_TRUE(opened) << opened.error().text();
    keys = std::move(*opened);
    options.segment_bytes = 256u << 10;
    options.checkpoint_every = std::chrono::milliseconds(20);
    options.reopen_every = std::chrono::milliseconds(20);
    options.disk = &disk;
  }
  ~LogTest() override { std::filesystem::remove_all(root); }

  Result<std::unique_ptr<Log>> try_open() { return Log::open(directory, options, *keys, clock, random); }
  std::unique_ptr<Log> open() {
    auto log = try_open();
    EXPECT_TRUE(log) << log.error().text();
    return log ? std::move(*log) : nullptr;
  }
  static Record record(std::string_view event = event::phi_read) {
    Record made;
    made.event = event;
    made.action = 'R';
    made.method = "GET";
    made.route = "/fhir/{type}/{id}";
    made.status = 200;
    made.actor = "Practitioner/3";
    made.roles = {"physician"};
    made.client = "clinic-app";
    made.ip = "192.0.2.7";
    made.session = "GhT3kPq0vN1xYz8sLw2mRA";
    made.jti = "7c0e4a4e-8b1f-4df3-a0ce-0f27b5ef9d6a";
    made.request_id = "0123456789abcdef";
    made.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    made.types = {{"Observation", 1}};
    made.purpose = "TREAT";
    made.cause = "policy:12";
    made.duration_us = 812;
    made.bytes = 2600;
    made.subjects = Phi(Subjects{.of = {{"Patient/12", {"Observation/7/_history/2"}}}, .query = "", .text = ""});
    return made;
  }
  /// Stops a log with `count` records of its own.
  void fill(int count) {
    auto log = open();
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log->append_blocking(record()));
  }
  Report proof() {
    auto report = verify(directory);
    EXPECT_TRUE(report) << report.error().text();
    return report ? *report : Report();
  }
  void flip(const std::filesystem::path& file, std::uint64_t offset, int bit) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    char byte = 0;
    stream.get(byte);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(static_cast<char>(byte ^ (1 << bit)));
  }
  struct Place {
    std::filesystem::path file;
    std::uint64_t offset = 0, index = 0;
    std::size_t bytes = 0;
  };
  /// Every frame of the log.
  std::vector<Place> places() {
    std::vector<Place> out;
    auto segments = list_segments(directory);
    for (const auto& segment : *segments) {
      if (!segment.header) continue;
      auto bytes = SegmentBytes::load(segment.path);
      Walk walk(bytes->view(), *segment.header);
      for (auto at = walk.offset(); auto frame = walk.next(); at = walk.offset())
        out.push_back({segment.path, at, frame->index, frame->bytes});
    }
    return out;
  }

  std::filesystem::path root, directory;
  SystemClock clock;
  SystemRandom random;
  FailingDisk disk;
  std::unique_ptr<crypto::KeyRing> keys;
  Options options;
};

}  // namespace ward::audit
