#include "index/words.hpp"

#include <algorithm>

namespace ward::fhir::index_plan {
namespace {

bool is_left_out(std::string_view member) {
  static constexpr std::string_view names[] = {"resourceType", "id",   "reference",   "system", "url",
                                               "contained",    "data", "contentType", "hash",   "meta"};
  return std::ranges::find(names, member) != std::end(names);
}

/// An address, or a time: looked for by parameters of their own.
bool is_no_word(std::string_view text) {
  const bool time = text.size() >= 10 && text[4] == '-' && text[7] == '-' && text[0] >= '0' && text[0] <= '9';
  return time || text.starts_with("urn:") || text.find("://") != text.npos;
}

bool names_another(json::Value object) { return object["reference"] || object["identifier"]; }

class Words {
 public:
  explicit Words(std::string& out) : out_(out) {}

  void add(std::string_view text) {
    if (text.empty() || out_.size() + text.size() + 1 > words_bytes_max) return;
    if (!out_.empty()) out_.push_back(' ');
    out_.append(text);
  }

  /// XHTML without its tags and entities.
  void add_xhtml(std::string_view xhtml) {
    std::string text;
    bool inside = false;
    for (std::size_t i = 0; i < xhtml.size(); ++i) {
      const char c = xhtml[i];
      if (c == '<' || c == '>') {
        inside = c == '<';
        text.push_back(' ');
      } else if (!inside && c == '&') {
        i = std::min(xhtml.find(';', i), xhtml.size());
        text.push_back(' ');
      } else if (!inside) {
        text.push_back(c);
      }
    }
    add(text);
  }

  void visit(json::Value value) {
    if (value.is_string()) {
      const std::string text = value.text();
      if (!is_no_word(text)) add(text);
      return;
    }
    const bool other = value.is_object() && names_another(value);
    for (json::Value child = value.first(); child; child = child.next()) {
      const std::string_view name = value.is_object() ? child.name() : std::string_view();
      if (is_left_out(name) || (other && name == "display")) continue;
      if (name == "div" && child.is_string())
        add_xhtml(child.text());
      else
        visit(child);
    }
  }

 private:
  std::string& out_;
};

}  // namespace

void add_words(json::Value resource, store::IndexEntries& entries) {
  Words content(entries.content);
  for (json::Value member = resource.first(); member; member = member.next()) {
    if (is_left_out(member.name())) continue;
    if (member.name() == "text")
      Words(entries.narrative).add_xhtml(member.string("div"));
    else
      content.visit(member);
  }
}

}  // namespace ward::fhir::index_plan
