#include "plain.hpp"

#include "base/encoding.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>
#include <algorithm>
#include <charconv>

namespace ward::deidentify {
namespace {

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '%' && c != '&'; });
}

UChar32 next(std::string_view text, std::size_t& i) {
  auto at = static_cast<std::int32_t>(i);
  const auto size = static_cast<std::int32_t>(text.size());
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), at, size, c);
  i = static_cast<std::size_t>(at);
  return c;
}

void append_utf8(std::string& out, UChar32 c) {
  std::uint8_t bytes[U8_MAX_LENGTH];
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

/// The plain form of one character; 0: it cannot be seen.
UChar32 plain_form(UChar32 c) {
  if (c < 0x80) return c;
  if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFEE0;
  if (const std::int32_t digit = u_charDigitValue(c); digit >= 0) return '0' + digit;
  if (u_isUWhiteSpace(c)) return ' ';
  if (u_charType(c) == U_DASH_PUNCTUATION || c == 0x2212) return '-';
  if (c == 0x2018 || c == 0x2019 || c == 0x02BC) return '\'';
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return 0;
  return c;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// Letters that Unicode does not take apart.
constexpr std::pair<UChar32, const char16_t*> spelled[] = {{0xF8, u"o"},   {0x142, u"l"}, {0x111, u"d"}, {0xE6, u"ae"},
                                                           {0x153, u"oe"}, {0x131, u"i"}, {0xFE, u"th"}, {0xF0, u"d"}};

std::string fold_unicode(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfkd = icu::Normalizer2::getNFKDInstance(error);
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  folded.foldCase();
  if (U_SUCCESS(error)) folded = nfkd->normalize(folded, error);
  std::string out;
  for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const auto* known = std::ranges::find(spelled, c, &std::pair<UChar32, const char16_t*>::first);
    if (known != std::end(spelled)) {
      for (const char16_t* one = known->second; *one != 0; ++one) out += static_cast<char>(*one);
    } else if (u_isalnum(c)) {
      append_utf8(out, c);
    }
  }
  return out;
}

}  // namespace

Plain::Plain(std::string_view source) {
  if (is_plain_ascii(source)) {
    text_ = source;
    return;
  }
  text_.reserve(source.size());
  at_.reserve(source.size());
  ends_.reserve(source.size());
  for (std::size_t i = 0; i < source.size();) {
    if (const std::size_t after = source[i] == '%'   ? escape(source, i)
                                  : source[i] == '&' ? reference(source, i)
                                                     : i;
        after != i)
      i = after;
    else
      i = letter(source, i);
  }
}

void Plain::put(std::string_view bytes, std::size_t from, std::size_t to) {
  text_.append(bytes);
  at_.insert(at_.end(), bytes.size(), static_cast<std::uint32_t>(from));
  ends_.insert(ends_.end(), bytes.size(), static_cast<std::uint32_t>(to));
}

std::size_t Plain::letter(std::string_view source, std::size_t i) {
  const std::size_t from = i;
  const UChar32 c = next(source, i);
  std::string bytes;
  if (c >= 0) {
    if (const UChar32 plain = plain_form(c); plain != 0) append_utf8(bytes, plain);
  } else {
    bytes = "?";
  }
  put(bytes, from, i);
  return i;
}

/// A run of %XX that is well-formed UTF-8; else one '%' stays what it is.
std::size_t Plain::escape(std::string_view source, std::size_t i) {
  std::string bytes;
  std::size_t end = i;
  while (end + 2 < source.size() && source[end] == '%' && hex(source[end + 1]) >= 0 && hex(source[end + 2]) >= 0) {
    bytes += static_cast<char>(hex(source[end + 1]) * 16 + hex(source[end + 2]));
    end += 3;
  }
  if (bytes.empty() || !is_utf8(bytes)) return i;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t from = at;
    const UChar32 plain = plain_form(next(bytes, at));
    std::string form;
    if (plain >= 0x20) append_utf8(form, plain);
    if (plain > 0 && plain < 0x20) form = " ";
    put(form, i + 3 * from, i + 3 * at);
  }
  return end;
}

std::size_t Plain::reference(std::string_view source, std::size_t i) {
  static constexpr std::pair<std::string_view, char> names[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                                                                {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}};
  const std::size_t end = source.substr(i, 12).find(';');
  if (end == std::string_view::npos || end < 2) return i;
  const std::string_view name = source.substr(i + 1, end - 1);
  UChar32 c = 0;
  if (name[0] == '#') {
    const bool is_hex = name.size() > 1 && (name[1] | 0x20) == 'x';
    const std::string_view number = name.substr(is_hex ? 2 : 1);
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), c, is_hex ? 16 : 10);
    if (error != std::errc() || rest != number.data() + number.size() || c < 0x20 || c > 0x10FFFF || U_IS_SURROGATE(c))
      return i;
  } else {
    for (const auto& [known, letter] : names)
      if (known == name) c = letter;
    if (c == 0) return i;
  }
  std::string bytes;
  if (const UChar32 plain = plain_form(c); plain != 0) append_utf8(bytes, plain);
  put(bytes, i, i + end + 1);
  return i + end + 1;
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return fold_unicode(text);
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c | 0x20);
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      out += c;
  }
  return out;
}

std::vector<Word> words_of(std::string_view plain) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < plain.size();) {
    Word word{.folded = {}, .begin = static_cast<std::uint32_t>(i)};
    std::size_t end = i;
    while (i < plain.size()) {
      const std::size_t from = i;
      const UChar32 c = next(plain, i);
      const bool letter = c >= 0 && (u_isalpha(c) || (end > word.begin && u_charType(c) == U_NON_SPACING_MARK));
      const bool digit = c >= '0' && c <= '9';
      if (!letter && !digit) break;
      if (from == word.begin) word.lower = u_islower(c) != 0;
      word.letters |= letter;
      word.digits |= digit;
      end = i;
    }
    if (end == word.begin) continue;
    word.end = static_cast<std::uint32_t>(end);
    word.folded = fold(plain.substr(word.begin, end - word.begin));
    if (!word.folded.empty()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace ward::deidentify
