// The reading face over one read-only connection.
#pragma once

#include "names.hpp"
#include "squeeze.hpp"
#include "store/store.hpp"

#include <functional>

namespace ward::store {

class SqliteReader final : public Reader {
 public:
  /// Throws Failure.
  SqliteReader(const Options& options, Clock& clock, std::function<std::uint64_t()> relationship_generation);

  Result<std::optional<Version>> read(std::string_view type, std::string_view id) override;
  Result<std::optional<Version>> read_version(std::string_view type, std::string_view id,
                                              std::uint64_t version) override;
  Result<std::vector<Version>> history(std::string_view type, std::string_view id, std::size_t limit,
                                       std::optional<std::uint64_t> before) override;
  Result<Page> search(const Query& query) override;
  Result<HistoryPage> recent(const History& asked) override;
  Result<std::vector<std::string>> missing(const std::vector<std::string>& references) override;
  Result<std::vector<std::string>> related(std::string_view person, std::string_view kind, WallTime now) override;
  std::uint64_t relationship_generation() override { return relationship_generation_(); }
  Result<std::optional<std::string>> get(std::string_view space, std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view space, std::string_view after_key,
                                                                std::size_t limit) override;
  Result<std::vector<std::string>> dangling(std::size_t limit) override;

  /// Of these intents, those with committed changes.
  Result<std::vector<std::uint64_t>> committed_intents(const std::vector<std::uint64_t>& intents);

 private:
  template <class Work>
  auto guarded(Work work) -> decltype(work());
  std::optional<Version> current(std::int64_t row, std::string_view type);
  std::optional<Version> old_of(std::int64_t row, std::string_view type, std::string_view id, std::uint64_t version);
  Version old_version(Run& run, std::string_view type, std::string_view id);
  bool exists(std::string_view reference);

  Connection connection_;
  Names names_;
  Clock& clock_;
  Unsqueezer unsqueezer_;
  std::function<std::uint64_t()> relationship_generation_;
};

}  // namespace ward::store
