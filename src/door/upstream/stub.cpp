#include "fhir/backend.hpp"
#include "handlers.hpp"
#include "upstream/fhir_upstream.hpp"
namespace ward::door {
Backend& fhir_upstream() { std::abort(); }
boost::asio::awaitable<Allowed<void>> handle_upstream(Exchange&) { co_return Allowed<void>{}; }
}
