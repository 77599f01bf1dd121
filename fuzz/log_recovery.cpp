// Bytes as a segment file: walking over it, finding later frames and going on must end, and never read outside.
#include "base/error.hpp"
#include "frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Mostly the header's checksum is wrong: then walk as recovery does behind a lost header.
  const Header header = decode_header(bytes).value_or(Header{});
  Walk walk(bytes, header);
  for (int rounds = 0; rounds < 1000; ++rounds) {
    std::uint64_t before = walk.index();
    while (const auto frame = walk.next()) {
      WARD_ASSERT(frame->index == before++);
      WARD_ASSERT(frame->record.data() + frame->record.size() <= bytes.data() + bytes.size());
    }
    if (walk.bad().empty()) break;
    const auto later = walk.later_frame();
    if (walk.later_write()) WARD_ASSERT(later && !walk.torn());
    if (!later) break;
    WARD_ASSERT(later->offset >= walk.offset());  // the bad place itself, where entries were cut out before it
    walk.resume(*later);
  }
  // The same bytes as the frames of a good segment: checksums made right, so that what lies behind them is reached.
  if (size < 4) return 0;
  std::string segment = encode_header(header);
  Chain chain = header.chain_before;
  std::uint64_t index = header.first_index;
  for (std::size_t at = 0; at < size && segment.size() < (1u << 16);) {
    const std::size_t length = std::min<std::size_t>(size - at, 1 + data[at]);
    chain = next_chain(chain, bytes.substr(at, length));
    append_frame(segment, frame_seed(header.log, header.segment), index++, data[at] & 3u, chain,
                 bytes.substr(at, length));
    at += length;
  }
  const std::size_t flipped = (data[1] | data[2] << 8) % segment.size();
  segment[flipped] = static_cast<char>(segment[flipped] ^ (1 << (data[3] & 7)));
  Walk again(segment, header);
  while (again.next()) {
  }
  if (flipped >= header_bytes) {
    WARD_ASSERT(!again.bad().empty() || again.offset() == segment.size());
    WARD_ASSERT(again.offset() <= flipped);  // a flipped bit is never walked over
  }
  return 0;
}
