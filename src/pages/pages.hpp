// What a person sees: whole HTML documents in English and Spanish, their style and scripts, and all words.
//
// Templates are web/pages/*.mustache; each says at its top which names it reads. Texts are locales/*.json. Nothing here
// does I/O or keeps state; every function may be called from any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ward::pages {

// ---- language ----

enum class Language : std::uint8_t { en, es };

/// "en" or "es", for <html lang> and Content-Language.
std::string_view tag(Language);

/// The language that a person reads best of those we have: `ui_locales` first (OpenID Connect Core 3.1.2.1, in its
/// order), then Accept-Language by its q-values (RFC 9110 12.5.4), each tag cut from the right until it fits
/// (RFC 4647 3.4). What is malformed is passed over; without a match it is English.
Language choose_language(std::string_view ui_locales, std::string_view accept_language);

/// One text of locales/*.json. `{name}` in it becomes the value of that name in `values`. Not escaped: it is text and
/// not HTML. A key that is not there gives the key itself, so that a ready text may stand where a key is expected.
std::string text(Language, std::string_view key,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values = {});

// ---- what a page shows ----

/// HTML that our own code made and that may go out unescaped, as the SVG of a QR code. Never from outside.
struct Html {
  std::string text;
};

/// The values that a template reads. Texts are escaped by the template; control characters, broken UTF-8 and marks that
/// turn the direction of text (which could make one name look like another) are taken out before.
///
/// Names that end in `_url`, and `action`, are addresses: what is neither https, http, a path of this server nor a
/// private-use scheme with a dot (RFC 8252 7.1) counts as not set; a `logo_url` may be a path or a data: image only,
/// since a page asks no other server for anything. An empty text counts as not set.
class Model {
 public:
  static constexpr std::size_t items_max = 1000;  // of one list; the caller pages

  Model& set(std::string_view name, std::string_view text);
  Model& set(std::string_view name, std::same_as<bool> auto value) { return set_bool(name, value); }
  Model& set_safe(std::string_view name, Html html);
  /// Appends an item to a list and gives it. An item sees its own names only, and `csrf` and `flow`.
  Model& add(std::string_view name);

 private:
  friend class ModelReader;
  using List = std::vector<std::unique_ptr<Model>>;
  Model& set_bool(std::string_view name, bool value);
  std::map<std::string, std::variant<std::string, Html, bool, List>, std::less<>> values_;
};

/// How the organisation shows itself. Without a colour the pages have Ward's own.
struct Brand {
  std::string name = "Ward";
  std::string colour;    // "#rrggbb"; anything else is refused by `valid_colour`, and counts as none
  std::string logo_url;  // path of this server, or data:image/...
};
bool valid_colour(std::string_view colour);

/// A whole document: web/pages/PAGE.mustache inside layout.mustache. The page must exist (`has_page`).
/// Send it with `Cache-Control: no-store` and `content_security_policy`.
std::string render(std::string_view page, Language, const Brand&, const Model&);
bool has_page(std::string_view page);

/// The policy for every page: nothing inline, nothing from elsewhere, in no frame. `form_target` is the address that a
/// form of the page may reach in the end (the redirect URI of consent and form_post): browsers check `form-action`
/// along redirects too, so that its origin must be named.
std::string content_security_policy(std::string_view form_target = {});

// ---- style and scripts ----

struct Asset {
  std::string content;
  std::string_view content_type;
};

/// What lies at "/assets/NAME.HASH.EXT", if that hash is the present one. It may be cached for ever:
/// `Cache-Control: public, max-age=31536000, immutable`.
std::optional<Asset> asset(std::string_view path);
/// The path of an asset by its file's name, "ward.css" gives "/assets/ward.1f2e....css". It must exist.
std::string asset_path(std::string_view file);

}  // namespace ward::pages
