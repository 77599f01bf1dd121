// What the log does beside writing: signs a checkpoint within a second of any record, notices clock jumps, follows key
// rotation. Its own thread.
#pragma once

#include "encode.hpp"
#include "sequencer.hpp"

namespace ward::audit {

class Keeper {
 public:
  Keeper(const std::filesystem::path& directory, const Options&, const LogId&, crypto::KeyRing&, Clock&, Disk&,
         Sequencer&, Encoder&);
  ~Keeper();

  /// Signs the first checkpoint at once, then goes on by itself. `last`: what the directory has.
  Result<void> start(const std::optional<Checkpoint>& last);
  /// Ends the thread. Then, with the sequencer stopped, `sign` once more.
  void stop();
  /// Signs what is durable, if that is more than the last checkpoint covers.
  Result<void> sign();
  std::uint64_t covered() const { return covered_; }

 private:
  void run();
  Result<void> load_keys();
  Result<void> write_verifiers();
  void watch_clock();

  const std::filesystem::path directory_;
  const Options options_;
  const LogId log_;
  crypto::KeyRing& keys_;
  Clock& clock_;
  Disk& disk_;
  Sequencer& sequencer_;
  Encoder& encoder_;

  crypto::SigningKey signer_;
  std::string signer_id_, seal_id_;
  std::atomic<std::uint64_t> covered_{0};
  WallTime signed_at_{};
  WallTime wall_before_{};
  MonoTime mono_before_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ward::audit
