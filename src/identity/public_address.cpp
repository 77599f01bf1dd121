#include "public_address.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

namespace ward::identity {
namespace {

namespace ip = boost::asio::ip;

struct Block4 {
  std::uint32_t first;
  unsigned bits;
};
constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// RFC 6890 section 2.2.2 and IANA's registry of special-purpose addresses.
constexpr Block4 special4[] = {
    {v4(0, 0, 0, 0), 8},         // this network
    {v4(10, 0, 0, 0), 8},        // private
    {v4(100, 64, 0, 0), 10},     // shared; Alibaba's metadata is in it
    {v4(127, 0, 0, 0), 8},       // loopback
    {v4(169, 254, 0, 0), 16},    // link-local; most clouds' metadata are in it
    {v4(172, 16, 0, 0), 12},     // private
    {v4(192, 0, 0, 0), 24},      // protocol assignments; Oracle's metadata is in it
    {v4(192, 0, 2, 0), 24},      // documentation
    {v4(192, 88, 99, 0), 24},    // 6to4 relays
    {v4(192, 168, 0, 0), 16},    // private
    {v4(198, 18, 0, 0), 15},     // benchmarks
    {v4(198, 51, 100, 0), 24},   // documentation
    {v4(203, 0, 113, 0), 24},    // documentation
    {v4(224, 0, 0, 0), 4},       // multicast
    {v4(240, 0, 0, 0), 4},       // reserved, and broadcast
    {v4(168, 63, 129, 16), 32},  // Azure's metadata, though it looks public
};

bool is_public4(ip::address_v4 address) {
  const std::uint32_t value = address.to_uint();
  return std::ranges::none_of(special4,
                              [value](const Block4& block) { return (value ^ block.first) >> (32 - block.bits) == 0; });
}

struct Block6 {
  std::uint64_t first;  // the upper half
  unsigned bits;
};
// Within 2000::/3, which is all that is given out.
constexpr Block6 special6[] = {
    {0x2001'0000'0000'0000, 23},  // protocol assignments; Teredo is in it
    {0x2001'0db8'0000'0000, 32},  // documentation
    {0x2002'0000'0000'0000, 16},  // 6to4
    {0x3fff'0000'0000'0000, 20},  // documentation
};
constexpr Block6 global_unicast{0x2000'0000'0000'0000, 3};

bool within(std::uint64_t upper, const Block6& block) { return (upper ^ block.first) >> (64 - block.bits) == 0; }

bool is_public6(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  constexpr unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};  // 64:ff9b::/96, RFC 6052
  if (std::memcmp(bytes.data(), nat64, sizeof nat64) == 0)
    return is_public4(ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}));
  std::uint64_t upper = 0;
  for (std::size_t i = 0; i < 8; ++i) upper = upper << 8 | bytes[i];
  return within(upper, global_unicast) &&
         std::ranges::none_of(special6, [upper](const Block6& block) { return within(upper, block); });
}

}  // namespace

bool is_public_address(const ip::address& address) {
  return address.is_v4() ? is_public4(address.to_v4()) : is_public6(address.to_v6());
}

}  // namespace ward::identity
