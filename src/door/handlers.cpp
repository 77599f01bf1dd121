#include "handlers.hpp"

#include "cors.hpp"
#include "fhir/interactions.hpp"
#include "fhir/seal.hpp"
#include "services.hpp"

namespace ward::door {

boost::asio::awaitable<Allowed<void>> handle(Exchange& x) {
  if (x.preflight) co_return answer_preflight(x);
  switch (x.route->kind) {
    case RouteKind::documents:
      co_return handle_documents(x);
    case RouteKind::oauth: {
      auto done = co_await handle_oauth(x);
      co_return done;
    }
    case RouteKind::fhir: {
      auto done = co_await handle_fhir(x);
      co_return done;
    }
    case RouteKind::upstream: {
      auto done = co_await handle_upstream(x);
      co_return done;
    }
    case RouteKind::emergency: {
      auto done = co_await handle_emergency(x);
      co_return done;
    }
    case RouteKind::manage: {
      auto done = co_await handle_manage(x);
      co_return done;
    }
  }
  co_return Allowed<void>{};
}

boost::asio::awaitable<Allowed<void>> handle_fhir(Exchange& x) {
  if (x.rest.size() == 2 && x.rest[0] == ".well-known") co_return handle_documents(x);
  if (x.fhir.kind == FhirRequest::Kind::capabilities) co_return capabilities(x);
  auto known = co_await know_consents(x);
  if (!known) co_return known;
  boost::asio::awaitable<Allowed<void>> work = [&] {
    if (x.fhir.kind == FhirRequest::Kind::bundle) return bundle(x);
    if (x.fhir.kind == FhirRequest::Kind::operation) return x.fhir.operation->run(x);
    if (x.fhir.kind == FhirRequest::Kind::histories) return histories(x);
    if (x.fhir.kind == FhirRequest::Kind::search_all) return search_all(x);
    switch (x.fhir.interaction) {
      case Interaction::read:
        return read(x);
      case Interaction::vread:
        return vread(x);
      case Interaction::history:
        return history(x);
      case Interaction::search:
        return search(x);
      default:
        return write(x);
    }
  }();
  auto done = co_await std::move(work);
  co_return done;
}

}  // namespace ward::door
