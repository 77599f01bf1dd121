// SMART scopes in a person's words, for the consent page and the list of connected apps.
#pragma once

#include "pages/pages.hpp"

namespace ward::pages {

struct Part {
  std::string title;   // "See your lab results, vital signs and other measurements"
  std::string detail;  // what is not in the title: changes in full, a constraint; may be empty
  bool sensitive = false;
};

/// A scope on records (SMART App Launch 2.2, 3.0.2). `level` is "patient" (the person's own record), "chosen" (one
/// patient's who is somebody else), "user" or "system"; `type` an R4 type or "*"; `permissions` letters of "cruds";
/// `constraint` what stands behind "?", or empty. A type without words of its
/// own gets a general sentence with its name.
Part describe_scope(Language, std::string_view level, std::string_view type, std::string_view permissions,
                    std::string_view constraint = {});

/// Another scope: openid, profile, fhirUser, launch, launch/patient, launch/encounter, offline_access (`days` is how
/// long it lasts), online_access. One that is not known is shown by its name.
Part describe_word(Language, std::string_view word, int days = 90);

}  // namespace ward::pages
