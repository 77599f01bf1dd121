#include "narrative_rules.hpp"

#include "base/encoding.hpp"

namespace ward::shield {
namespace {

template <std::size_t N>
consteval std::array<std::string_view, N> sorted(std::array<std::string_view, N> names) {
  std::ranges::sort(names);
  return names;
}

constexpr auto kept_elements = sorted(std::to_array<std::string_view>(
    {"a",   "abbr", "acronym", "b",     "big", "blockquote", "br",  "caption", "cite", "code",  "col",  "colgroup",
     "dd",  "dfn",  "div",     "dl",    "dt",  "em",         "h1",  "h2",      "h3",   "h4",    "h5",   "h6",
     "hr",  "i",    "img",     "li",    "ol",  "p",          "pre", "q",       "samp", "small", "span", "strong",
     "sub", "sup",  "table",   "tbody", "td",  "tfoot",      "th",  "thead",   "tr",   "tt",    "ul",   "var"}));

/// Their content is code, or text that nobody was meant to read, or another language.
constexpr auto dropped_elements = sorted(std::to_array<std::string_view>(
    {"applet", "audio",  "base",  "button", "canvas",   "embed",    "form",   "frame",  "frameset", "head",
     "iframe", "input",  "link",  "math",   "meta",     "noscript", "object", "option", "param",    "script",
     "select", "source", "style", "svg",    "template", "textarea", "title",  "track",  "video",    "xml"}));

constexpr auto kept_attributes = sorted(std::to_array<std::string_view>(
    {"abbr",        "accesskey",  "align",  "alt",     "axis",    "bgcolor", "border",   "cellhalign", "cellpadding",
     "cellspacing", "cellvalign", "char",   "charoff", "charset", "cite",    "class",    "colspan",    "compact",
     "coords",      "dir",        "frame",  "headers", "height",  "href",    "hreflang", "hspace",     "id",
     "lang",        "longdesc",   "name",   "nowrap",  "rel",     "rev",     "rowspan",  "rules",      "scope",
     "shape",       "span",       "src",    "start",   "style",   "summary", "tabindex", "title",      "type",
     "valign",      "value",      "vspace", "width"}));

/// Whole names, or families ending in '-'.
constexpr std::string_view kept_properties[] = {"color",
                                                "background",
                                                "background-color",
                                                "font",
                                                "font-",
                                                "text-",
                                                "line-height",
                                                "letter-spacing",
                                                "word-spacing",
                                                "word-wrap",
                                                "word-break",
                                                "vertical-align",
                                                "white-space",
                                                "border",
                                                "border-",
                                                "margin",
                                                "margin-",
                                                "padding",
                                                "padding-",
                                                "width",
                                                "height",
                                                "min-",
                                                "max-",
                                                "list-style",
                                                "list-style-type",
                                                "list-style-position",
                                                "display",
                                                "float",
                                                "clear",
                                                "table-layout",
                                                "empty-cells",
                                                "caption-side",
                                                "page-break-",
                                                "overflow",
                                                "overflow-x",
                                                "overflow-y",
                                                "visibility",
                                                "direction",
                                                "cursor",
                                                "align",
                                                "valign",
                                                "quotes"};

constexpr std::string_view whitespace = " \t\r\n\f";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(whitespace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(whitespace) - begin + 1);
}

/// As a browser reads it: without tabs, line ends and leading blanks, in lower case.
std::string url_as_read(std::string_view url) {
  std::string read;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\t' || byte == '\r' || byte == '\n' || (read.empty() && byte <= 0x20)) continue;
    read += c;
  }
  return ascii_lower(read);
}

/// "https", or empty if the URL is relative.
std::string_view scheme_of(std::string_view url) {
  const auto colon = url.find(':');
  if (colon == url.npos || url.find_first_of("/?#") < colon) return {};
  return url.substr(0, colon + 1);
}

bool is_allowed_property(std::string_view name) {
  return std::ranges::any_of(kept_properties, [&](std::string_view kept) {
    return kept.ends_with('-') ? name.starts_with(kept) && name.size() > kept.size() : name == kept;
  });
}

bool is_allowed_value(std::string_view value) {
  // No functions but colours, no escapes, comments or rules inside: what is left cannot fetch, run or hide.
  const std::string lower = ascii_lower(value);
  for (const std::string_view bad : {"\\", "/*", "@", "<", "&", "{", "}", "expression", "javascript", "url", "behavior",
                                     "import", "-moz-binding", "var("}) {
    if (lower.find(bad) != lower.npos) return false;
  }
  for (auto open = lower.find('('); open != lower.npos; open = lower.find('(', open + 1)) {
    const std::string_view before = std::string_view(lower).substr(0, open);
    if (!before.ends_with("rgb") && !before.ends_with("rgba") && !before.ends_with("hsl") && !before.ends_with("hsla"))
      return false;
  }
  return std::ranges::none_of(
      value, [](char c) { return static_cast<unsigned char>(c) < 0x20 && whitespace.find(c) == whitespace.npos; });
}

bool is_allowed_declaration(std::string_view declaration) {
  const auto colon = declaration.find(':');
  if (colon == declaration.npos) return false;
  return is_allowed_property(ascii_lower(trimmed(declaration.substr(0, colon)))) &&
         is_allowed_value(declaration.substr(colon + 1));
}

}  // namespace

ElementRule element_rule(std::string_view name) {
  if (std::ranges::binary_search(kept_elements, name)) return ElementRule::keep;
  // <Script> is no element of XHTML, yet is one to a page that takes it as HTML.
  return std::ranges::binary_search(dropped_elements, ascii_lower(name)) ? ElementRule::drop : ElementRule::unwrap;
}

bool is_allowed_attribute(std::string_view name) { return std::ranges::binary_search(kept_attributes, name); }

bool is_allowed_link(std::string_view url) {
  const std::string read = url_as_read(url);
  const std::string_view scheme = scheme_of(read);
  return scheme.empty() || scheme == "http:" || scheme == "https:" || scheme == "mailto:";
}

bool is_allowed_image(std::string_view url) {
  const std::string read = url_as_read(url);
  const std::string_view scheme = scheme_of(read);
  if (scheme.empty()) return !read.starts_with("//") && !read.starts_with("\\") && !read.starts_with("/\\");
  for (const std::string_view bitmap :
       {"data:image/png", "data:image/jpeg", "data:image/jpg", "data:image/gif", "data:image/webp", "data:image/bmp"}) {
    if (read.starts_with(bitmap) && read.size() > bitmap.size() &&
        (read[bitmap.size()] == ';' || read[bitmap.size()] == ','))
      return true;
  }
  return false;
}

std::string allowed_style(std::string_view style) {
  std::string kept;
  bool all = true;
  for (std::string_view rest = style; !rest.empty();) {
    const auto semicolon = rest.find(';');
    const std::string_view declaration = rest.substr(0, semicolon);
    rest = semicolon == rest.npos ? std::string_view() : rest.substr(semicolon + 1);
    if (trimmed(declaration).empty()) continue;
    if (is_allowed_declaration(declaration)) {
      kept += fmt::format("{}{}", kept.empty() ? "" : "; ", trimmed(declaration));
    } else {
      all = false;
    }
  }
  return all ? std::string(style) : kept;
}

}  // namespace ward::shield
