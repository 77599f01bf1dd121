// The allow-list of FHIR R4's Narrative.div (narrative.html, invariants txt-1 and txt-2), and what its values may say.
#pragma once

#include <string>
#include <string_view>

namespace ward::shield {

enum class ElementRule { keep, unwrap, drop };  // unwrap: the tags go and the content stays

ElementRule element_rule(std::string_view name);
bool is_allowed_attribute(std::string_view name);

/// http, https, mailto, relative, or a fragment.
bool is_allowed_link(std::string_view url);
/// data:image of a bitmap, relative, or a fragment: nothing that is fetched from elsewhere when somebody reads.
bool is_allowed_image(std::string_view url);
/// The declarations of a style attribute that only change the look of text and tables; the same text if all are.
std::string allowed_style(std::string_view style);

}  // namespace ward::shield
