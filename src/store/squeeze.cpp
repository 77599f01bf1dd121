#include "squeeze.hpp"

#include "base/error.hpp"

#include <zstd.h>

namespace ward::store {
namespace {
constexpr int level = 3;
constexpr std::size_t body_bytes_max = 256u << 20;  // a damaged size must not make us allocate without end
}  // namespace

Squeezer::Squeezer() : context_(ZSTD_createCCtx()) { WARD_ASSERT(context_ != nullptr); }
Squeezer::~Squeezer() { ZSTD_freeCCtx(context_); }

Buffer Squeezer::squeeze(std::string_view body) {
  Buffer out;
  const std::size_t room = ZSTD_compressBound(body.size());
  char* to = out.prepare(room);
  const std::size_t size = ZSTD_compressCCtx(context_, to, room, body.data(), body.size(), level);
  WARD_ASSERT(!ZSTD_isError(size));  // the room is the bound
  out.commit(size);
  return out;
}

Unsqueezer::Unsqueezer() : context_(ZSTD_createDCtx()) { WARD_ASSERT(context_ != nullptr); }
Unsqueezer::~Unsqueezer() { ZSTD_freeDCtx(context_); }

bool Unsqueezer::unsqueeze(std::string_view squeezed, std::size_t bytes, Buffer& out) {
  out.clear();
  if (bytes > body_bytes_max) return false;
  const std::size_t size = ZSTD_decompressDCtx(context_, out.prepare(bytes), bytes, squeezed.data(), squeezed.size());
  if (ZSTD_isError(size) || size != bytes) return false;
  out.commit(size);
  return true;
}

}  // namespace ward::store
