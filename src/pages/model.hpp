// A Model as the template engine reads it.
#pragma once

#include "pages.hpp"

#include <kainjow/mustache.hpp>

namespace ward::pages {

namespace mustache = kainjow::mustache;

class ModelReader {
 public:
  /// Texts, flags and lists under their names; Html under "safe.NAME", where a template reaches it by {{{safe.NAME}}}
  /// alone, and no text ever. A list NAME also gives the flag "has_NAME".
  static mustache::data data_of(const Model&);
};

}  // namespace ward::pages
