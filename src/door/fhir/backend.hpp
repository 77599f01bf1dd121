// What a FHIR route stands in front of: the embedded store, or another server. The handlers know only this face, so
// that both are decided, minimised and recorded by the same code.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"
#include "store/store.hpp"

namespace ward::door {

using MaybeVersion = std::optional<store::Version>;

/// What a change came to. `id` is that of the change, or another one that the backend chose for what it created.
struct Written {
  store::Done done;
  std::string id;
};

/// Answers are what the backend holds; whether the caller may see them is decided by the handlers.
/// Refusals are about the backend itself (502, 503, 504).
class Backend {
 public:
  virtual ~Backend() = default;

  /// The current version, also if deleted; nothing if there never was one.
  virtual boost::asio::awaitable<Allowed<MaybeVersion>> read(Exchange&, std::string_view type, std::string_view id) = 0;
  virtual boost::asio::awaitable<Allowed<MaybeVersion>> read_version(Exchange&, std::string_view type,
                                                                     std::string_view id, std::uint64_t version) = 0;
  /// Versions of one resource, newest first, about `limit` of them. `after`: `next` of the page before.
  virtual boost::asio::awaitable<Allowed<store::HistoryPage>> history(Exchange&, std::string_view type,
                                                                      std::string_view id, std::size_t limit,
                                                                      std::string after) = 0;
  /// `search.query.visible` is part of the query. Every version found carries its patients.
  virtual boost::asio::awaitable<Allowed<store::Page>> search(Exchange&, const fhir::Search& search) = 0;
  /// Versions of all resources of some types, newest first. In front of another server without the resources that are
  /// deleted now, of which nobody can say whose they were.
  virtual boost::asio::awaitable<Allowed<store::HistoryPage>> recent(Exchange&, const store::History& asked) = 0;
  /// All or none.
  virtual boost::asio::awaitable<Allowed<std::vector<Written>>> write(Exchange&, std::vector<store::Change> changes,
                                                                      ChangePermit permit) = 0;
};

/// The backend of the exchange's route.
Backend& backend_of(Exchange& x);

/// Refuses (500) a search with hops that nobody resolved: without them it finds more than was asked for.
Allowed<void> check_resolved(const fhir::Search& search);

/// 412 for a version that is not the expected one any more, 503 for a store that cannot write.
Refusal refusal_of_write(const Error& error);
Refusal refusal_of_read(const Error& error);

}  // namespace ward::door
