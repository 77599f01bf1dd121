// One FHIR R4 resource, without what says whose it is: 45 CFR 164.514(b)(2), or 164.514(e) for `limited`.
#pragma once

#include "identifiers.hpp"
#include "known.hpp"
#include "scanner.hpp"

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ward::deidentify {

struct Engine;  // inside

enum class Form : std::uint8_t {
  safe_harbor,  // dates to years, places to states and three digits of ZIP
  limited,      // a limited data set: dates moved by days of the patient's own, town and whole ZIP kept
};
enum class FreeText : std::uint8_t { drop, scan };

struct Settings {
  Form form = Form::safe_harbor;
  FreeText text = FreeText::drop;
  /// Identifier.value becomes a pseudonym, under a system of no meaning; else identifiers go.
  bool keep_identifiers = false;
  /// "https://ehr.example/fhir": references under these are our own resources.
  std::vector<std::string> own_bases;
  /// Code systems of the house that name no person, beside those of HL7 and its vocabularies.
  std::vector<std::string> code_systems;
};

/// Whose resource it is.
struct Whose {
  std::string patient;              // id; empty: nobody's, or several people's: no dates are moved then
  std::vector<const Known*> known;  // beside what the resource itself says
};

/// Writes resources in their de-identified form. What stays is listed, by R4's types; all else goes: names, contacts,
/// identifiers, photos, free text, addresses of the web, extensions and elements that are not known. Ids and references
/// become pseudonyms by HMAC-SHA-256 under `key`, so that references between resources of one key still resolve, and
/// nobody without the key can link two exports. A required element that goes is `masked`; `meta.security` says what was
/// done. Text is scanned only if the settings say so.
///
/// One thread: it remembers which codes look harmless.
class DeIdentifier {
 public:
  /// `key`: at least 32 random bytes, of this export alone.
  DeIdentifier(Settings settings, Secret<std::string> key, WallTime now);
  ~DeIdentifier();

  /// Errors: "json_malformed" and its like; "not_a_resource"; "modifier_extension": what it says would be turned round
  /// by what must go, so nothing may stay.
  Result<Buffer> apply(std::string_view resource, const Whose& whose, Counts& counts);

  /// What stands for a resource's id: 32 consonants, so that no name and no number is ever spelled by chance.
  std::string pseudonym(std::string_view type, std::string_view id) const;
  /// Days by which this patient's dates move back in the limited form: 1 to 364.
  int shift_days(std::string_view patient) const;

 private:
  std::unique_ptr<Engine> inside_;
};

}  // namespace ward::deidentify
