// PATCH: what a patch is applied to, and what comes of it.
#pragma once

#include "exchange.hpp"
#include "store/store.hpp"

namespace ward::door {

/// The patch in a body of this media type: a JSON Patch, or a FHIRPath Patch as FHIR's JSON. 415 for others.
Allowed<fhir::PatchPtr> read_patch(std::string_view media_type, std::string_view bytes,
                                   const fhir::PatchLimits& limits);

/// The patch in the resource of a bundle's entry: a Binary that holds a JSON Patch, or the Parameters of a FHIRPath
/// Patch (R4 http.html, "Bundle").
Allowed<fhir::PatchPtr> read_patch_entry(json::Value resource, const fhir::PatchLimits& limits);

/// References of the form "Type?query" in the values of a bundle entry's patch; none in what is no patch.
std::vector<std::string> conditional_references_of_patch(json::Value resource);

/// A patched resource may be as large as one that is sent whole.
fhir::PatchLimits patch_limits(const Exchange& x);

/// A stored resource as its caller sees it under two Grants, one after the other, and the way back: what either hides
/// is neither tested nor changed. `current` must outlive it.
class Sight {
 public:
  Sight(const store::Version& current, const access::Grant& changing, const access::Grant& reading);

  /// The resource as both show it; the refusal of what may not be seen, if one shows nothing.
  Allowed<std::string_view> seen() const;
  /// What `changed` makes of the stored resource. `moved` as in access::merge.
  Allowed<Buffer> merge(Buffer changed, bool moved) const;

 private:
  const store::Version& current_;
  access::Grant changing_, reading_;
  Phi<Buffer> base_;  // under `changing_` alone
  Buffer seen_;
  bool visible_ = false;
};

/// The resource after the patch, judged like the body of an update: structure, firewall, narrative. A patch may change
/// neither id nor type.
Allowed<Content> patched(Exchange& x, const fhir::Patch& patch, const store::Version& current, const Sight& sight);

}  // namespace ward::door
