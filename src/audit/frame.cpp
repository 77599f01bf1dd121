#include "frame.hpp"

#include "crc32c.hpp"

#include <bit>
#include <cstring>

namespace ward::audit {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the log's integers are little-endian and are copied as they are");

constexpr std::string_view magic = "WARDLOG1";
constexpr std::uint32_t version = 1;
// A frame this far ahead of its place cannot follow from a torn write; a bound for the search over arbitrary bytes.
constexpr std::uint64_t index_ahead_max = 1u << 24;

template <class T>
void put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <class T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

std::string encode_header(const Header& header) {
  std::string out(header_bytes, '\0');
  std::memcpy(&out[0], magic.data(), magic.size());
  put(&out[8], version);
  std::memcpy(&out[16], header.log.data(), header.log.size());
  put(&out[32], header.segment);
  put(&out[40], header.first_index);
  std::memcpy(&out[48], header.chain_before.data(), header.chain_before.size());
  put(&out[header_bytes - 4], crc32c(0, {out.data(), header_bytes - 4}));
  return out;
}

std::optional<Header> decode_header(std::string_view bytes) {
  if (bytes.size() < header_bytes || !bytes.starts_with(magic)) return std::nullopt;
  if (get<std::uint32_t>(&bytes[8]) != version) return std::nullopt;
  if (get<std::uint32_t>(&bytes[header_bytes - 4]) != crc32c(0, bytes.substr(0, header_bytes - 4))) return std::nullopt;
  Header header;
  std::memcpy(header.log.data(), &bytes[16], header.log.size());
  header.segment = get<std::uint64_t>(&bytes[32]);
  header.first_index = get<std::uint64_t>(&bytes[40]);
  std::memcpy(header.chain_before.data(), &bytes[48], header.chain_before.size());
  return header;
}

Chain first_chain(const LogId& log) { return crypto::sha256({"ward audit log ", {log.data(), log.size()}}); }

Chain next_chain(const Chain& before, std::string_view record) {
  return crypto::sha256({crypto::view(before), record});
}

std::uint32_t frame_seed(const LogId& log, std::uint64_t segment) {
  char bytes[24];
  std::memcpy(bytes, log.data(), log.size());
  put(bytes + 16, segment);
  return crc32c(0, {bytes, sizeof bytes});
}

void append_frame(std::string& out, std::uint32_t seed, std::uint64_t index, std::uint32_t position, const Chain& chain,
                  std::string_view record) {
  char head[frame_head_bytes];
  put(head, static_cast<std::uint32_t>(record.size()) | position << 16);
  put(head + 8, index);
  std::memcpy(head + 16, chain.data(), chain.size());
  std::uint32_t crc = crc32c(seed, {head, 4});
  crc = crc32c(crc, {head + 8, frame_head_bytes - 8});
  put(head + 4, crc32c(crc, record));
  out.append(head, sizeof head);
  out.append(record);
}

std::optional<Frame> read_frame(std::string_view segment, std::size_t offset, std::uint32_t seed) {
  if (offset > segment.size() || segment.size() - offset < frame_head_bytes) return std::nullopt;
  const char* head = segment.data() + offset;
  const auto word = get<std::uint32_t>(head);
  const std::size_t length = word & 0xFFFF;
  if (length == 0 || segment.size() - offset - frame_head_bytes < length) return std::nullopt;
  std::uint32_t crc = crc32c(seed, {head, 4});
  crc = crc32c(crc, {head + 8, frame_head_bytes - 8 + length});
  if (crc != get<std::uint32_t>(head + 4)) return std::nullopt;
  return Frame{.index = get<std::uint64_t>(head + 8),
               .position = word >> 16,
               .chain = {head + 16, 32},
               .record = {head + frame_head_bytes, length},
               .bytes = frame_head_bytes + length};
}

Walk::Walk(std::string_view segment, const Header& header)
    : segment_(segment),
      seed_(frame_seed(header.log, header.segment)),
      index_(header.first_index),
      chain_(header.chain_before) {}

std::optional<Frame> Walk::next() {
  if (!bad_.empty()) return std::nullopt;
  const auto frame = read_frame(segment_, offset_, seed_);
  if (!frame) {
    checksum_bad_ = offset_ < used_bytes(segment_);
    if (checksum_bad_) bad_ = "the frame's length or checksum is wrong";
    return std::nullopt;
  }
  if (frame->index != index_) {
    bad_ = "the frame has another index than its place";
    return std::nullopt;
  }
  const Chain chain = next_chain(chain_, frame->record);
  if (frame->chain != crypto::view(chain)) {
    bad_ = "the record does not match the chain of hashes";
    return std::nullopt;
  }
  chain_ = chain;
  offset_ += frame->bytes;
  ++index_;
  return frame;
}

bool Walk::torn() const { return checksum_bad_ && !later_write(); }

std::optional<Walk::Later> Walk::later_write() const { return search(true); }
std::optional<Walk::Later> Walk::later_frame() const { return search(false); }

std::optional<Walk::Later> Walk::search(bool other_write) const {
  const std::size_t end = used_bytes(segment_);
  // From the bad place itself: a good frame of a higher index may lie there, where those before it were cut out.
  for (std::size_t offset = offset_; offset + frame_head_bytes < end;) {
    const auto index = get<std::uint64_t>(segment_.data() + offset + 8);
    if (index <= index_ || index - index_ > index_ahead_max) {
      ++offset;
      continue;
    }
    const auto frame = read_frame(segment_, offset, seed_);
    if (!frame) {
      ++offset;
      continue;
    }
    // A write is begun only after the one before was synced. A frame of a write that began behind the bad frame proves
    // that the bad frame was once durable.
    if (!other_write || frame->index - frame->position > index_) return Later{offset, *frame};
    offset += frame->bytes;
  }
  return std::nullopt;
}

void Walk::resume(const Later& later) {
  bad_ = {};
  checksum_bad_ = false;
  offset_ = later.offset + later.frame.bytes;
  index_ = later.frame.index + 1;
  std::memcpy(chain_.data(), later.frame.chain.data(), chain_.size());
}

std::size_t used_bytes(std::string_view segment) {
  std::size_t end = segment.size();
  static constexpr std::array<char, 4096> zeros{};
  while (end >= zeros.size() && std::memcmp(segment.data() + end - zeros.size(), zeros.data(), zeros.size()) == 0)
    end -= zeros.size();
  while (end > 0 && segment[end - 1] == '\0') --end;
  return end;
}

}  // namespace ward::audit
