// The end of the corridor: the record becomes durable, and only then the answer leaves.
#pragma once

#include "exchange.hpp"

namespace ward::door {

boost::asio::awaitable<void> record_and_send(Exchange& x);

}  // namespace ward::door
