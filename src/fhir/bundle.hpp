// Bundles by span: written from entries without a tree, read into requests, references rewritten in place.
#pragma once

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/refusal.hpp"
#include "fhir/search.hpp"
#include "json/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

// ---- writing ----

struct BundleHead {
  std::string_view type;  // searchset | history | transaction-response | batch-response
  std::optional<std::uint64_t> total;
  std::vector<std::pair<std::string, std::string>> links;  // relation ("self", "next") and URL
  std::string_view id;                                     // optional
  std::optional<WallTime> updated;                         // meta.lastUpdated
};

/// What an entry has; empty members are left out.
struct BundleEntry {
  std::string_view full_url;
  std::string_view resource;                     // the bytes of the resource
  std::string_view search_mode;                  // match | include | outcome
  std::string_view request_method, request_url;  // history
  std::string_view status;                       // "201 Created"
  std::string_view location;
  std::string_view etag;  // W/"3"
  std::optional<WallTime> last_modified;
  std::string_view outcome;  // the bytes of an OperationOutcome
};

class BundleWriter {
 public:
  explicit BundleWriter(const BundleHead& head, std::size_t bytes_expected = 0);
  void add(const BundleEntry& entry);
  std::size_t bytes() const { return out_.size(); }
  Buffer finish() &&;

 private:
  Buffer out_;
  bool any_ = false;
};

// ---- reading ----

enum class BundleMethod : std::uint8_t { remove, post, put, patch, get, head };

struct BundleRequest {
  std::size_t index = 0;  // in Bundle.entry
  BundleMethod method = BundleMethod::get;
  std::string full_url;
  std::string url;                // as given
  std::string type, id, version;  // Type, Type/id, Type/id/_history/version
  std::string rest;               // what follows these in the path ("_history", "$everything", "_search")
  std::string query;              // raw, without '?'
  std::string if_match, if_none_match, if_none_exist;
  std::string if_modified_since;  // an instant
  json::Value resource;           // absent for GET and DELETE
};

struct BundleRequests {
  bool transaction = false;            // else batch
  std::vector<BundleRequest> entries;  // in the order of the document
};

struct BundleLimits {
  std::size_t entries_max = 10'000;
  std::span<const std::string> own_bases;  // request.url may be absolute below one of these
};

/// A transaction or batch Bundle as requests. Refusal 400 with one issue for each entry that is wrong.
Allowed<BundleRequests> read_bundle(const json::Document& bundle, const BundleLimits& limits = {});

/// Indexes into `entries` in the order of processing: DELETE, POST, PUT and PATCH, GET and HEAD (R4 3.1.0.11.2).
std::vector<std::size_t> processing_order(const BundleRequests& requests);

/// From a fullUrl (or any text of a reference, such as "Practitioner?identifier=x") to "Type/id".
using ReferenceMap = std::map<std::string, std::string, std::less<>>;

/// The resource with each mapped Reference.reference replaced, and each mapped uri, url, canonical, oid or uuid whose
/// text is a urn:uuid or urn:oid. A relative reference is also looked up behind the base of `full_url` (R4
/// bundle.html 2.36.4.1). Everything else byte for byte.
Buffer rewrite_references(json::Value resource, std::string_view type, const ReferenceMap& map,
                          std::string_view full_url = {});

/// References of the form "Type?query" in the resource.
std::vector<std::string> conditional_references(json::Value resource, std::string_view type);

// ---- changing a resource by span ----

/// The resource with `id` set (replaced, or inserted behind resourceType).
Buffer set_id(json::Value resource, std::string_view id);

/// _summary: `yes` by isSummary and mandatory elements, `text` text and mandatory ones, `data` all but text; meta.tag
/// SUBSETTED. `none` copies. `count` is the caller's (no entries).
Buffer summarize(json::Value resource, std::string_view type, Summary summary);

/// _elements: the top-level elements named, mandatory ones, id and meta with the tag SUBSETTED.
Buffer only_elements(json::Value resource, std::string_view type, std::span<const std::string> elements);

}  // namespace ward::fhir
