#include "narrative.hpp"

#include "narrative_rules.hpp"
#include "sinks.hpp"

#include "base/encoding.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

namespace ward::shield {
namespace {

constexpr std::string_view xhtml_namespace = "http://www.w3.org/1999/xhtml";
constexpr unsigned attributes_max = 64;  // of one element: libxml2 compares each with each
constexpr std::size_t removed_max = 50;

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeParser {
  void operator()(xmlParserCtxt* parser) const { xmlFreeParserCtxt(parser); }
};
struct FreeBuffer {
  void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

std::string_view text_of(const xmlChar* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

/// Quoted strings in one tag, before libxml2 sees it.
bool has_crowded_tag(std::string_view xhtml) {
  for (auto at = xhtml.find('<'); at != xhtml.npos; at = xhtml.find('<', at)) {
    unsigned quoted = 0;
    for (++at; at < xhtml.size() && xhtml[at] != '>' && xhtml[at] != '<'; ++at) {
      if (xhtml[at] != '"' && xhtml[at] != '\'') continue;
      if (++quoted > attributes_max) return true;
      at = xhtml.find(xhtml[at], at + 1);
      if (at == xhtml.npos) return false;  // not well-formed; the parser will say so
    }
  }
  return false;
}

/// Removes from the tree what the allow-list does not name, and keeps a list of it.
class Cleaner {
 public:
  Cleaner(const NarrativeLimits& limits, xmlNode* root) : limits_(limits), namespace_(root->ns) {}
  ~Cleaner() {
    for (xmlNs* orphan : orphans_) xmlFreeNsList(orphan);
  }

  void clean_children(xmlNode* parent, unsigned depth) {
    for (xmlNode* node = parent->children; node && !too_large_;) node = clean(node, depth);
  }
  void clean_attributes(xmlNode* element);
  bool too_large() const { return too_large_; }
  bool changed() const { return changed_; }
  std::vector<std::string> removed() && { return std::move(removed_); }

 private:
  /// Cleans one node and returns the one to go on with.
  xmlNode* clean(xmlNode* node, unsigned depth);
  xmlNode* clean_element(xmlNode* element, unsigned depth);
  xmlNode* drop(xmlNode* node, std::string what);
  xmlNode* unwrap(xmlNode* element);
  void drop_attribute(xmlAttr* attribute, std::string what);
  void keep_name(std::string what) {
    changed_ = true;
    if (removed_.size() < removed_max && std::ranges::find(removed_, what) == removed_.end())
      removed_.push_back(std::move(what));
  }

  const NarrativeLimits& limits_;
  xmlNs* namespace_;             // the root's: outlives every element
  std::vector<xmlNs*> orphans_;  // declared by unwrapped elements, named by children that were not looked at yet
  unsigned nodes_ = 0;
  bool too_large_ = false;
  bool changed_ = false;
  std::vector<std::string> removed_;
};

xmlNode* Cleaner::clean(xmlNode* node, unsigned depth) {
  if (++nodes_ > limits_.nodes_max || depth > limits_.depth_max) {
    too_large_ = true;
    return nullptr;
  }
  switch (node->type) {
    case XML_ELEMENT_NODE:
      return clean_element(node, depth);
    case XML_TEXT_NODE:
    case XML_CDATA_SECTION_NODE:
      return node->next;
    case XML_COMMENT_NODE:
      return drop(node, "comment");
    case XML_PI_NODE:
      return drop(node, "processing instruction");
    default:
      return drop(node, "entity or declaration");
  }
}

xmlNode* Cleaner::clean_element(xmlNode* element, unsigned depth) {
  const std::string_view name = text_of(element->name);
  const std::string shown = log_field(name, 40);
  if (!element->ns || text_of(element->ns->href) != xhtml_namespace)
    return drop(element, fmt::format("element {} of another namespace", shown));
  const ElementRule rule = element->ns->prefix ? ElementRule::drop : element_rule(name);
  if (rule == ElementRule::drop) return drop(element, fmt::format("element {}", shown));
  if (rule == ElementRule::unwrap) {
    keep_name(fmt::format("element {}", shown));
    return unwrap(element);
  }
  element->ns = namespace_;
  clean_attributes(element);
  clean_children(element, depth + 1);
  return element->next;
}

xmlNode* Cleaner::drop(xmlNode* node, std::string what) {
  keep_name(std::move(what));
  xmlNode* next = node->next;
  xmlUnlinkNode(node);
  xmlFreeNode(node);
  return next;
}

/// The children take the element's place, and are looked at next.
xmlNode* Cleaner::unwrap(xmlNode* element) {
  xmlNode* first = element->children;
  xmlNode* next = element->next;
  for (xmlNode* child = element->children; child;) {
    xmlNode* after = child->next;
    xmlUnlinkNode(child);
    // Not xmlAddPrevSibling, which joins texts and frees one of them.
    child->parent = element->parent;
    child->prev = element->prev;
    child->next = element;
    (element->prev ? element->prev->next : element->parent->children) = child;
    element->prev = child;
    child = after;
  }
  if (element->nsDef) orphans_.push_back(std::exchange(element->nsDef, nullptr));
  xmlUnlinkNode(element);
  xmlFreeNode(element);
  return first ? first : next;
}

void Cleaner::drop_attribute(xmlAttr* attribute, std::string what) {
  keep_name(std::move(what));
  xmlRemoveProp(attribute);
}

void Cleaner::clean_attributes(xmlNode* element) {
  const std::string tag = log_field(text_of(element->name), 40);
  for (xmlAttr* attribute = element->properties; attribute;) {
    xmlAttr* next = attribute->next;
    const std::string_view name = text_of(attribute->name);
    const bool is_xml = attribute->ns && text_of(attribute->ns->prefix) == "xml" && (name == "lang" || name == "space");
    xmlChar* owned = xmlNodeListGetString(element->doc, attribute->children, 1);
    const std::string value(text_of(owned));
    xmlFree(owned);
    if (is_xml) {
      // harmless
    } else if (attribute->ns || !is_allowed_attribute(name)) {
      drop_attribute(attribute, fmt::format("attribute {} of {}", log_field(name, 40), tag));
    } else if ((name == "href" || name == "cite" || name == "longdesc") && !is_allowed_link(value)) {
      drop_attribute(attribute, fmt::format("link target of {}", tag));
    } else if (name == "src" && !is_allowed_image(value)) {
      drop_attribute(attribute, fmt::format("source of {}", tag));
    } else if (name == "style") {
      const std::string kept = allowed_style(value);
      if (kept.empty() && !value.empty()) {
        drop_attribute(attribute, fmt::format("style of {}", tag));
      } else if (kept != value) {
        keep_name(fmt::format("style of {}", tag));
        xmlSetProp(element, attribute->name, reinterpret_cast<const xmlChar*>(kept.c_str()));
      }
    }
    attribute = next;
  }
}

Narrative refused(std::string reason, unsigned line = 0) { return NarrativeRefused{std::move(reason), line}; }

std::string serialised(xmlDoc* document, xmlNode* root) {
  const std::unique_ptr<xmlBuffer, FreeBuffer> buffer(xmlBufferCreate());
  if (!buffer || xmlNodeDump(buffer.get(), document, root, 0, 0) < 0) return {};
  return std::string(text_of(xmlBufferContent(buffer.get())));
}

}  // namespace

Narrative check_narrative(std::string_view xhtml, const NarrativeLimits& limits) {
  static std::once_flag once;
  std::call_once(once, xmlInitParser);
  if (xhtml.size() > limits.bytes_max) return refused(fmt::format("more than {} bytes", limits.bytes_max));
  if (!is_utf8(xhtml)) return refused("not UTF-8");
  const auto begin = xhtml.find_first_not_of(" \t\r\n");
  // So no DOCTYPE can come first, and none may come later: no entity of the sender's own exists.
  if (begin == xhtml.npos || !xhtml.substr(begin).starts_with("<div")) return refused("does not begin with <div");
  if (has_crowded_tag(xhtml)) return refused(fmt::format("an element has more than {} attributes", attributes_max));

  const std::unique_ptr<xmlParserCtxt, FreeParser> parser(xmlNewParserCtxt());
  if (!parser) return refused("out of memory");
  constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
  const std::string_view source = xhtml.substr(begin);
  const Document document(
      xmlCtxtReadMemory(parser.get(), source.data(), static_cast<int>(source.size()), nullptr, "UTF-8", options));
  if (!document || !parser->wellFormed) {
    const xmlError* error = xmlCtxtGetLastError(parser.get());
    return refused("not well-formed XML", error && error->line > 0 ? static_cast<unsigned>(error->line) : 0);
  }
  if (document->intSubset || document->extSubset) return refused("has a document type");
  xmlNode* root = xmlDocGetRootElement(document.get());
  if (!root || text_of(root->name) != "div" || !root->ns || root->ns->prefix ||
      text_of(root->ns->href) != xhtml_namespace) {
    return refused("is no <div xmlns=\"http://www.w3.org/1999/xhtml\">");
  }
  Cleaner cleaner(limits, root);
  cleaner.clean_attributes(root);
  cleaner.clean_children(root, 1);
  if (cleaner.too_large())
    return refused(fmt::format("more than {} nodes, or deeper than {} levels", limits.nodes_max, limits.depth_max));
  const bool alone =
      root->prev == nullptr && root->next == nullptr;  // comments and instructions may stand beside the root
  if (!cleaner.changed() && alone) return NarrativePasses{};
  std::string clean = serialised(document.get(), root);
  if (clean.empty()) return refused("could not be cleaned");
  std::vector<std::string> removed = std::move(cleaner).removed();
  if (!alone) removed.push_back("what stood behind the div");
  return NarrativeCleaned{std::move(clean), std::move(removed)};
}

}  // namespace ward::shield
