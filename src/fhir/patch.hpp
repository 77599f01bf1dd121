// Changes that a document describes: JSON Patch (RFC 6902) and FHIRPath Patch (R4 fhirpatch.html), applied by span.
#pragma once

#include "base/buffer.hpp"
#include "base/refusal.hpp"
#include "json/json.hpp"

#include <memory>
#include <string_view>

namespace ward::fhir {

struct PatchLimits {
  std::size_t operations_max = 1'000;
  std::size_t bytes_max = 16 << 20;  // of the target, at each step
  std::size_t work_max = 64 << 20;   // bytes copied and read anew by all operations together
  json::Limits json;                 // of the target, at each step
};

/// What an application came to, also if it failed.
struct PatchUse {
  std::size_t work = 0;      // of `work_max`
  bool moved_items = false;  // items of lists came, went or changed places
};

/// A patch that was read and is well-formed. Immutable, owns what it needs; any thread.
class Patch {
 public:
  virtual ~Patch() = default;

  /// The target with all operations applied in their order; a Refusal if one cannot be, and then nothing of it counts.
  /// What no operation touches stays byte for byte: numbers keep their digits, and members their order.
  ///
  /// Refusals, all 422: "patch_failed" (a path that names nothing in the target), "patch_test_failed", and
  /// "patch_limit". They name the operation by its index and never a value.
  /// `use`, if given, is filled.
  virtual Allowed<Buffer> apply(std::string_view target, const PatchLimits& limits = {},
                                PatchUse* use = nullptr) const = 0;
};

using PatchPtr = std::unique_ptr<const Patch>;

/// Reads a JSON Patch document, its pointers by RFC 6901. Members that RFC 6902 does not know are ignored (its appendix
/// A.11). Refusal 400 "patch_malformed", with an issue for each operation that is wrong; or the error of its JSON.
Allowed<PatchPtr> read_json_patch(std::string_view source, const PatchLimits& limits = {});

/// Reads a FHIRPath Patch: a Parameters resource with operations add, insert, delete, replace and move. Paths are
/// FHIRPath over the resource as it is when their turn comes, and must name elements of it. Extensions of a primitive
/// in a value, and members added to a primitive, are not taken. Refusal 400 "patch_malformed", an issue for each that
/// is wrong.
Allowed<PatchPtr> read_path_patch(std::string_view source, const PatchLimits& limits = {});

}  // namespace ward::fhir
