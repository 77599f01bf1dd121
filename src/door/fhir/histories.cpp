// history of a type and of the system.
#include "fhir/interactions.hpp"

namespace ward::door {

boost::asio::awaitable<Allowed<void>> histories(Exchange&) {
  co_return refuse({.status = 501,
                    .code = "not_supported",
                    .kind = CauseKind::protocol,
                    .cause = "history of a type or the system",
                    .issues = {{.code = "not-supported",
                                .diagnostics = "the history of a type or of the system is not served here"}}});
}

}  // namespace ward::door
