#include "text.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <algorithm>

namespace ward::factors {
namespace {

using Units = Secret<std::u16string>;  // UTF-16, as ICU has it

// ICU's functions tell how much room they want; `call` runs one into a buffer of that size.
template <class Call>
Units filled(std::size_t guess, Call call) {
  std::u16string out(guess, u'\0');
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t size = call(out.data(), static_cast<std::int32_t>(out.size()), error);
  if (error == U_BUFFER_OVERFLOW_ERROR) {
    wipe(out.data(), out.size() * sizeof(char16_t));
    return filled(static_cast<std::size_t>(size), call);
  }
  WARD_ASSERT(U_SUCCESS(error));
  // What is cut off is zero already: ICU writes no further than it says.
  out.resize(static_cast<std::size_t>(size));
  return Units(std::move(out));
}

Units to_units(std::string_view text) {
  return filled(text.size() + 1, [text](char16_t* out, std::int32_t room, UErrorCode& error) {
    std::int32_t size = 0;
    u_strFromUTF8(out, room, &size, text.data(), static_cast<std::int32_t>(text.size()), &error);
    return size;
  });
}

Units normalised(const Units& units) {
  const std::u16string& text = units.reveal();
  return filled(text.size() * 3 + 1, [&text](char16_t* out, std::int32_t room, UErrorCode& error) {
    UErrorCode loading = U_ZERO_ERROR;
    const UNormalizer2* nfc = unorm2_getNFCInstance(&loading);
    WARD_ASSERT(U_SUCCESS(loading));
    return unorm2_normalize(nfc, text.data(), static_cast<std::int32_t>(text.size()), out, room, &error);
  });
}

Units case_folded(const Units& units) {
  const std::u16string& text = units.reveal();
  return filled(text.size() * 3 + 1, [&text](char16_t* out, std::int32_t room, UErrorCode& error) {
    return u_strFoldCase(out, room, text.data(), static_cast<std::int32_t>(text.size()), U_FOLD_CASE_DEFAULT, &error);
  });
}

Secret<std::u32string> code_points(const Units& units) {
  const std::u16string& text = units.reveal();
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    UChar32 c;
    U16_NEXT(text.data(), at, text.size(), c);
    out.push_back(static_cast<char32_t>(c));
  }
  return Secret(std::move(out));
}

bool is_no_character(char32_t c) {
  const auto type = u_charType(static_cast<UChar32>(c));
  return type == U_CONTROL_CHAR || type == U_UNASSIGNED || type == U_SURROGATE;
}

}  // namespace

std::optional<Secret<std::string>> opaque_string(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  const auto points = code_points(normalised(to_units(text)));
  if (std::ranges::any_of(points.reveal(), is_no_character)) return std::nullopt;
  std::u32string out;
  out.reserve(points.reveal().size());
  for (const char32_t c : points.reveal()) {
    const bool blank = u_charType(static_cast<UChar32>(c)) == U_SPACE_SEPARATOR;
    out.push_back(blank ? U' ' : c);
  }
  const Secret opaque(std::move(out));
  return to_utf8(opaque.reveal());
}

Secret<std::u32string> folded(std::string_view text) {
  return code_points(normalised(case_folded(normalised(to_units(text)))));
}

Secret<std::string> to_utf8(const std::u32string& text) {
  std::string out(text.size() * U8_MAX_LENGTH, '\0');
  std::size_t at = 0;
  for (const char32_t c : text) U8_APPEND_UNSAFE(out.data(), at, static_cast<UChar32>(c));
  out.resize(at);
  return Secret(std::move(out));
}

bool is_letter(char32_t c) { return u_isalpha(static_cast<UChar32>(c)) != 0; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace ward::factors
