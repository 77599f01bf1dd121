// Which addresses we connect to when somebody else has named the host.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace ward::identity {

/// False for what is not the public network: the special-purpose blocks of RFC 6890 (this host, private, shared,
/// loopback, link-local, documentation, benchmarks, multicast, reserved), unique local and mapped IPv6, tunnels, and
/// addresses where clouds tell a machine's secrets. Of a NAT64 address the IPv4 one in it counts. Any thread.
bool is_public_address(const boost::asio::ip::address& address);

}  // namespace ward::identity
