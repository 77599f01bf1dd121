// What an answer tells: all of it but what the server makes anew for each request.
#pragma once

#include "prove/memory_stream.hpp"

#include <string>

namespace ward::prove {

/// Status, headers and body as one text. Left out: request id, rate-limit headers. Masked: times of writing, and the
/// seal of paging links but for its length (its data set is part of it); the id of what was just created.
std::string told(const Reply& reply);

/// The sealed position in the "next" link of a Bundle, or "".
std::string next_page(const Reply& reply);

}  // namespace ward::prove
