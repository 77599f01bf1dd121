// CRC-32C (Castagnoli), by the processor where it can.
#pragma once

#include <cstdint>
#include <string_view>

namespace ward::audit {

/// Continues `crc` (0 at first) over `bytes`.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept;
std::uint32_t crc32c_portable(std::uint32_t crc, std::string_view bytes) noexcept;

}  // namespace ward::audit
