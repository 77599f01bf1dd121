// Older versions are kept compressed (zstd).
#pragma once

#include "base/buffer.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace ward::store {

/// Keeps the working memory of zstd between calls. One thread.
class Squeezer {
 public:
  Squeezer();
  ~Squeezer();
  Buffer squeeze(std::string_view body);

 private:
  ZSTD_CCtx_s* context_;
};

class Unsqueezer {
 public:
  Unsqueezer();
  ~Unsqueezer();
  /// False if damaged. `bytes`: the size of the body, kept beside it.
  bool unsqueeze(std::string_view squeezed, std::size_t bytes, Buffer& out);

 private:
  ZSTD_DCtx_s* context_;
};

}  // namespace ward::store
