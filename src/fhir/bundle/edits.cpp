#include "bundle/edits.hpp"

namespace ward::fhir::bundle {

Buffer Edits::apply() const {
  const std::string_view source = resource_.raw();
  const std::size_t base = resource_.begin();
  std::size_t size = source.size();
  for (const Edit& edit : edits_) size += edit.text.size();
  Buffer out;
  out.reserve(size);
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    WARD_ASSERT(edit.begin - base >= at && edit.end - base <= source.size());
    out.append(source.substr(at, edit.begin - base - at));
    out.append(edit.text);
    at = edit.end - base;
  }
  out.append(source.substr(at));
  return out;
}

}  // namespace ward::fhir::bundle
