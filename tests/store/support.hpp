// A store in a folder of its own, and short ways to write to it.
#pragma once

#include "base/random.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

namespace ward::audit {
/// Stands for the audit room, which alone makes permits.
class Intent {
 public:
  static ChangePermit permit(std::uint64_t index) { return ChangePermit(index); }
};
}  // namespace ward::audit

namespace ward::store {

inline ChangePermit permit(std::uint64_t index = 1) { return audit::Intent::permit(index); }

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("ward-store-" + SystemRandom().token())) {
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  std::filesystem::path file() const { return path_ / "store.sqlite"; }

 private:
  std::filesystem::path path_;
};

inline Change create(std::string type, std::string id, IndexEntries index = {}) {
  const std::string body = fmt::format(R"({{"resourceType":"{}","id":"{}"}})", type, id);
  return {.operation = Operation::create, .type = std::move(type), .id = std::move(id), .expected_version = std::nullopt,
          .body = Buffer(body), .index = std::move(index), .relationships = {}};
}
inline Change update(std::string type, std::string id, IndexEntries index = {}, std::optional<std::uint64_t> expected = std::nullopt) {
  Change change = create(std::move(type), std::move(id), std::move(index));
  change.operation = Operation::update;
  change.expected_version = expected;
  return change;
}
inline Change remove(std::string type, std::string id, std::optional<std::uint64_t> expected = std::nullopt) {
  Change change = update(std::move(type), std::move(id), {}, expected);
  change.operation = Operation::remove;
  change.body.clear();
  return change;
}

template <class... Changes>
std::vector<Change> set_of(Changes... changes) {
  std::vector<Change> out;
  (out.push_back(std::move(changes)), ...);
  return out;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() { open(); }
  void open() {
    reader.reset();
    store.reset();
    auto opened = open_sqlite(options(), clock);
    if (!opened) throw std::runtime_error(opened.error().text());
    store = std::move(*opened);
    reader = std::move(*store->reader());
  }
  Options options() const { return {.file = folder.file(), .cache_bytes = 8u << 20}; }

  /// "" or the code of the error.
  template <class... Changes>
  std::string write(Changes... changes) {
    const auto done = store->write_blocking(set_of(std::move(changes)...), permit());
    return done ? "" : std::string(done.error().code());
  }
  std::string ids(const Query& query) {
    auto page = reader->search(query);
    if (!page) return std::string(page.error().code());
    std::string out;
    for (const Version& version : page->found) out += (out.empty() ? "" : " ") + version.id;
    return out;
  }

  Folder folder;
  SimulatedClock clock{*parse_rfc3339("2026-11-24T05:30:00.000Z")};
  std::unique_ptr<Store> store;
  std::unique_ptr<Reader> reader;
};

}  // namespace ward::store
