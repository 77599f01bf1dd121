// The http listener: nothing but 308 to https.
#pragma once

#include "core.hpp"

namespace ward::net {

/// A handler that answers every request with 308 to the same host, path and query on `https_port`, and a Host that is
/// not one of ours with 400.
Handler redirect_handler(Shared& shared, std::uint16_t https_port);

}  // namespace ward::net
