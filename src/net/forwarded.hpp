// Who the client is behind configured proxies: X-Forwarded-For and Forwarded (RFC 7239), believed from them only.
#pragma once

#include "http.hpp"

namespace ward::net {

using Prefix = std::pair<boost::asio::ip::address_v6, unsigned>;

/// "10.0.0.0/8", "2001:db8::1". Errors: "config_prefix".
Result<Prefix> parse_prefix(std::string_view text);
bool is_within(const std::vector<Prefix>&, const boost::asio::ip::address&);

/// The nearest hop that is not one of `trusted`, seen from `last_hop`. What cannot be read ends the search.
boost::asio::ip::address client_address(const RequestHead&, const boost::asio::ip::address& last_hop,
                                        const std::vector<Prefix>& trusted);

}  // namespace ward::net
