// The corridor.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// Walks one request from its first byte to its answer. Never throws; always answers or closes.
boost::asio::awaitable<void> walk(Exchange& exchange);

}  // namespace ward::door
