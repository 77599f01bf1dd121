// The one way out for PHI: a body becomes sendable only by obeying a Grant.
#pragma once

#include "access/grant.hpp"
#include "base/buffer.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::access {

/// A body that may be sent. Made by `minimise` and Assembly; or by `without_phi` or `drawn_from`, whose callers promise
/// what the names say.
class Sendable {
 public:
  Sendable(Sendable&&) = default;
  Sendable& operator=(Sendable&&) = default;
  Sendable(const Sendable&) = delete;
  Sendable& operator=(const Sendable&) = delete;

  /// For bodies that this server made of nothing stored: outcomes, metadata, discovery, tokens, pages.
  static Sendable without_phi(Buffer body) { return Sendable(std::move(body)); }

  /// For text that was written from what is in `shown` and from nothing else stored: a page that names patients.
  static Sendable drawn_from(std::vector<Sendable> shown, Buffer body) {
    shown.clear();
    return Sendable(std::move(body));
  }

  std::string_view view() const { return body_.view(); }
  std::size_t size() const { return body_.size(); }
  /// The bytes, for the one who sends them.
  Buffer release() && { return std::move(body_); }

 private:
  friend class Assembly;
  friend Result<Sendable> minimise(Phi<Buffer>, const Grant&, const struct Facts&);
  explicit Sendable(Buffer body) : body_(std::move(body)) {}
  Buffer body_;
};

/// What is known of a body beside its bytes.
struct Facts {
  /// Patients of the one resource (store::Version::patients). Not for bundles.
  std::span<const std::string> patients;
  /// True if the store's query had the grant's branches in it, or door checked `sees`: nothing is dropped for its
  /// patients. False for bodies of an upstream: each resource must prove itself by `patients_of`.
  bool visible = false;
  /// True if the body is a container that answers a request (searchset, history, *-response): its entries are decided
  /// one by one, the Bundle itself needs no grant, and `total` goes unless every entry is sure to stay.
  bool container = false;
  /// Patients of a resource, for bundles. Without it, only branches that need no patient count.
  std::function<std::vector<std::string>(std::string_view type, std::string_view resource)> patients_of;
  /// Whether a resource satisfies a branch's constraints. Without it, a branch with constraints counts only if
  /// `visible`.
  std::function<bool(const Branch&, std::string_view type, std::string_view resource)> satisfies;
};

/// Takes out of a JSON body what the grant does not show. Errors: "body_malformed" (not JSON or not a resource; send
/// nothing of it), "not_visible" (the one resource may not be seen). An unrestricted grant moves the buffer.
Result<Sendable> minimise(Phi<Buffer> body, const Grant&, const Facts&);

/// A Bundle written by this server around stored resources: frames are its own text, resources are minimised one by
/// one.
class Assembly {
 public:
  explicit Assembly(const Grant&);
  /// Without a grant of its own: for `minimised` pieces alone (the answer to a batch).
  Assembly();
  ~Assembly();
  /// Room for the whole answer, where its size can be told: growing would copy it again and again.
  void reserve(std::size_t bytes);
  /// Text that holds no PHI: '{"resourceType":"Bundle",...', links, totals, fullUrl, search mode.
  void frame(std::string_view text);
  /// A stored resource under a grant's view (the assembly's own, or that of its type for _include and history).
  /// Nothing is written on error ("not_visible", "body_malformed"): put the entry's frame after asking.
  Result<void> resource(const Phi<Buffer>& body, std::span<const std::string> patients);
  Result<void> resource(const Phi<Buffer>& body, std::span<const std::string> patients, const Grant& other);
  /// A resource that was minimised already, under the grant of its own entry.
  void minimised(const Sendable& resource);
  Sendable finish() &&;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// What PUT stores when its writer does not see everything: elements that the view hides or treats stay as they are in
/// `current`; those shown come from `submitted`; tags that minimise put on are taken off. Refuses (409
/// "merge_ambiguous") where list items cannot be matched, and (403 "writes_refused") if the role says `writes =
/// "refuse"`. Under a whole view it gives `submitted` back. `moved`: items of lists
/// came, went or changed places, so that one which is half hidden and not as it was is ambiguous, too.
Allowed<Buffer> merge(const Phi<Buffer>& current, Buffer submitted, const Grant&, std::span<const std::string> patients,
                      bool moved = false);

}  // namespace ward::access
