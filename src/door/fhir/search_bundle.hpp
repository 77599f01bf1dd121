// The Bundle of a search: its frames, and each resource under a Grant.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"

namespace ward::door {

class SearchBundle {
 public:
  /// `next` is "" on the last page. `first` is any of the grants.
  SearchBundle(Exchange& x, const access::Grant& first, std::string_view self, std::string_view next,
               std::optional<std::uint64_t> total);

  /// Room for what comes, where that can be told.
  void reserve(const std::vector<store::Version>& found) { bytes_ += bytes_of(found); }

  /// As `search` wants it: _summary and _elements. Refusal: 500 for a stored body that cannot be read.
  Allowed<void> match(const access::Grant& grant, const fhir::Search& search, store::Version& version);
  Allowed<void> include(const access::Grant& grant, store::Version& version);

  /// Writes the answer. `warnings`: what was left out, by name.
  void finish(const std::vector<std::string>& warnings) &&;

 private:
  static std::size_t bytes_of(const std::vector<store::Version>& found);
  Allowed<void> add(const access::Grant& grant, const store::Version& version, Phi<Buffer> body, std::string_view mode);

  Exchange& x_;
  access::Assembly assembly_;
  std::map<std::string, std::size_t> counts_;
  std::size_t bytes_ = 4096;
  bool any_ = false;
};

/// Prefer: handling=lenient.
bool is_lenient(const Exchange& x);

/// The parameters as a query string, without the page.
std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs);

/// The place that the request's page link holds; "" for the first page.
Allowed<std::string> asked_page(const Exchange& x, std::string_view path, const fhir::Search& search);

}  // namespace ward::door
