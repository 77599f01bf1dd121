#include "base/error.hpp"
#include "brand.hpp"
#include "embedded.hpp"
#include "model.hpp"
#include "texts.hpp"

#include <deque>

namespace ward::pages {
namespace {

/// Where a template's names are looked up.
///
/// {{name}}        the innermost item's own value; `csrf` and `flow` also from within items
/// {{root.name}}   the page's value, from within an item
/// {{t.a.b}}       a text; {{t.a.@name}} the text whose key ends with that value, {{t.@name}} the one whose key it is
/// {{{safe.name}}} Html
/// {{asset.file}}  the path of a style or script
class Lookup : public mustache::basic_context<std::string> {
 public:
  Lookup(const mustache::data& root, Language language) : root_(root), language_(language), frames_{&root} {}

  void push(const mustache::data* data) override { frames_.push_back(data); }
  void pop() override { frames_.pop_back(); }
  const mustache::data* get_partial(const std::string&) const override { return nullptr; }  // all are put in before

  const mustache::data* get(const std::string& name) const override {
    if (name.starts_with("t.")) return own(translate(std::string_view(name).substr(2)));
    if (name.starts_with("asset.")) return own(asset_path(std::string_view(name).substr(6)));
    if (name.starts_with("root.")) return root_.get(name.substr(5));
    const mustache::data& item = innermost();
    if (const auto* found = item.get(name)) return found;
    return name == "csrf" || name == "flow" ? root_.get(name) : nullptr;
  }

 private:
  /// A section on a text or a flag lays that over the item; names are still the item's.
  const mustache::data& innermost() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
      if ((*frame)->is_object()) return **frame;
    return root_;
  }

  std::string value(std::string_view name) const {
    const auto* found = get(std::string(name));
    return found && found->is_string() ? found->string_value() : std::string();
  }

  std::string translate(std::string_view key) const {
    std::string whole(key);
    if (const auto at = whole.find('@'); at != whole.npos) whole = whole.substr(0, at) + value(key.substr(at + 1));
    const auto found = texts(language_).find(whole);
    if (found == texts(language_).end()) return whole;
    return fill(found->second, [this](std::string_view name) { return value(name); });
  }

  const mustache::data* own(const std::string& made) const { return &made_.emplace_back(made); }

  const mustache::data& root_;
  Language language_;
  std::vector<const mustache::data*> frames_;
  mutable std::deque<mustache::data> made_;  // what `get` made up; lives as long as the page is written
};

const EmbeddedFile& template_file(std::string_view name) {
  const EmbeddedFile* file = embedded_file(std::string(name) + ".mustache");
  WARD_ASSERT(file != nullptr);
  return *file;
}

/// The template with its partials put in; {{>page}} is the page inside the layout. Partials are ours, and not deep.
std::string with_partials(std::string_view source, std::string_view page, int depth = 0) {
  WARD_ASSERT(depth < 8);
  std::string out;
  for (std::size_t at = 0; at < source.size();) {
    const auto open = source.find("{{>", at);
    if (open == source.npos) return out.append(source.substr(at));
    const auto close = source.find("}}", open);
    WARD_ASSERT(close != source.npos);
    const std::string_view name = source.substr(open + 3, close - open - 3);
    out.append(source.substr(at, open - at));
    out.append(with_partials(template_file(name == "page" ? page : name).content, page, depth + 1));
    at = close + 2;
  }
  return out;
}

/// Comments of the template and white space that no browser shows: fewer parts for the engine to walk through.
std::string compact(const std::string& source) {
  std::string out;
  bool blank = true;
  for (std::size_t at = 0; at < source.size();) {
    if (source.compare(at, 3, "{{!") == 0) {
      at = source.find("}}", at) + 2;
      continue;
    }
    const char c = source[at++];
    const bool space = c == ' ' || c == '\n';
    if (!space || !blank) out += c == '\n' ? '\n' : c;
    blank = space;
  }
  return out;
}

/// Parsed once per page and thread: rendering is not const in the library.
mustache::mustache& parsed(std::string_view page) {
  thread_local std::map<std::string, mustache::mustache, std::less<>> known;
  auto found = known.find(page);
  if (found != known.end()) return found->second;
  mustache::mustache made(compact(with_partials(template_file("layout").content, page)));
  WARD_ASSERT(made.is_valid());
  return known.emplace(page, std::move(made)).first->second;
}

}  // namespace

bool has_page(std::string_view page) {
  return page != "layout" && !page.starts_with('_') && embedded_file(std::string(page) + ".mustache") != nullptr;
}

std::string render(std::string_view page, Language language, const Brand& brand, const Model& model) {
  WARD_ASSERT(has_page(page));
  mustache::data root = ModelReader::data_of(model);
  Model frame;
  frame.set("lang", tag(language)).set("page", page).set("brand_name", brand.name);
  frame.set("brand_logo_url", brand.logo_url).set("brand_style", brand_style_path(brand.colour));
  const auto* own_title = root.get("title_key");
  frame.set("page_title",
            own_title && own_title->is_string() ? own_title->string_value() : std::string(page) + ".title");
  const mustache::data layout = ModelReader::data_of(frame);
  for (const char* name : {"lang", "page", "brand_name", "brand_logo_url", "brand_style", "page_title"})
    root.set(name, *layout.get(name));
  Lookup lookup(root, language);
  return parsed(page).render(lookup);
}

}  // namespace ward::pages
