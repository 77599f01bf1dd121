// The bytes of a segment: its header, its frames, and walking over them. docs/formats/log.md is the reference.
#pragma once

#include "crypto/hash.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward::audit {

using LogId = std::array<char, 16>;
using Chain = crypto::Sha256;

inline constexpr std::size_t header_bytes = 128;
inline constexpr std::size_t frame_head_bytes = 48;
inline constexpr std::size_t record_bytes_max = 65'535;
inline constexpr std::size_t batch_frames_max = 65'535;

struct Header {
  LogId log{};
  std::uint64_t segment = 0;
  std::uint64_t first_index = 0;
  Chain chain_before{};  // of the last frame before this segment
};
std::string encode_header(const Header&);
/// Nothing if magic, version or checksum are wrong.
std::optional<Header> decode_header(std::string_view bytes);

/// The chain of a log that has no record yet.
Chain first_chain(const LogId&);
Chain next_chain(const Chain& before, std::string_view record);

/// What every frame's checksum in a segment starts from.
std::uint32_t frame_seed(const LogId&, std::uint64_t segment);

struct Frame {
  std::uint64_t index = 0;
  std::uint32_t position = 0;  // how many frames of the same write come before it
  std::string_view chain;
  std::string_view record;
  std::size_t bytes = 0;  // with its head
};
void append_frame(std::string& out, std::uint32_t seed, std::uint64_t index, std::uint32_t position, const Chain& chain,
                  std::string_view record);
/// The frame at `offset`, if its length and checksum hold. Its chain is not looked at.
std::optional<Frame> read_frame(std::string_view segment, std::size_t offset, std::uint32_t seed);

/// Walks over the frames of a segment while they are good and in order.
class Walk {
 public:
  /// `segment`: the whole file. Starts behind the header.
  Walk(std::string_view segment, const Header&);

  /// The next frame, or nothing at the end or at a bad frame (`bad` says which).
  std::optional<Frame> next();

  /// Where the next frame is, its index, and the chain before it.
  std::size_t offset() const { return offset_; }
  std::uint64_t index() const { return index_; }
  const Chain& chain() const { return chain_; }
  /// Why the walk ended: empty if nothing but zeros follow.
  std::string_view bad() const { return bad_; }
  /// True if the bad frame may be what a crash left of a write that was never synced: its checksum is wrong and no
  /// later write follows. False is damage.
  bool torn() const;

  /// After a bad end: the first good frame behind it that a write which began at or before the bad frame cannot hold.
  /// Nothing: what is bad was never synced (a torn tail).
  struct Later {
    std::size_t offset;
    Frame frame;
  };
  std::optional<Later> later_write() const;
  /// The first good frame behind the bad one, whichever write it is from.
  std::optional<Later> later_frame() const;
  /// Goes on from a later frame, believing its chain.
  void resume(const Later&);

 private:
  std::optional<Later> search(bool other_write) const;
  std::string_view segment_;
  std::uint32_t seed_;
  std::size_t offset_ = header_bytes;
  std::uint64_t index_;
  Chain chain_;
  std::string_view bad_;
  bool checksum_bad_ = false;
};

/// Offset behind the last byte that is not zero.
std::size_t used_bytes(std::string_view segment);

}  // namespace ward::audit
