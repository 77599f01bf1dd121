// _include and _revinclude: what comes along with what was found, each resource decided on its own.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"

namespace ward::door {

inline constexpr std::size_t along_max = 1000;  // resources that come along with one page

/// A resource beside the matches, with the Grant under which it may leave.
struct Companion {
  store::Version version;
  access::Grant grant;
};

struct Along {
  std::vector<Companion> all;
  std::vector<std::string> warnings;  // what was left out, by name
};

/// Before anything is searched, so that the answer follows from token, role and request: 403 parameter_hidden for a
/// reference that the view hides. What the token does not cover is left out, and said in `search.warnings`.
Allowed<void> check_includes(Exchange& x, const access::Grant& grant, fhir::Search& search);

/// What refers to, or is referred to by, what was found. Bounded: what does not fit is said in the warnings.
boost::asio::awaitable<Allowed<Along>> gather_along(Exchange& x, const fhir::Search& search,
                                                    const std::vector<store::Version>& found);

}  // namespace ward::door
