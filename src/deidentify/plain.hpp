// A text as a reader sees it: escapes undone, odd forms of digits, spaces and dashes made plain, and the way back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ward::deidentify {

/// `text` without percent escapes and character references, with ASCII for every decimal digit, space, dash and
/// full-width letter, and without characters that cannot be seen. `at[i]` is where byte i came from.
class Plain {
 public:
  explicit Plain(std::string_view source);
  std::string_view text() const { return text_; }
  /// Where the bytes [begin, end) of `text` lie in the source.
  std::size_t source_begin(std::size_t begin) const { return at_.empty() ? begin : at_[begin]; }
  std::size_t source_end(std::size_t end) const { return at_.empty() ? end : ends_[end - 1]; }

 private:
  void put(std::string_view bytes, std::size_t from, std::size_t to);
  std::size_t escape(std::string_view source, std::size_t i);
  std::size_t reference(std::string_view source, std::size_t i);
  std::size_t letter(std::string_view source, std::size_t i);

  std::string text_;
  std::vector<std::uint32_t> at_, ends_;  // empty: the text is the source
};

/// A run of letters and digits. Offsets are bytes of the plain text.
struct Word {
  std::string folded;  // without case and accents
  std::uint32_t begin = 0, end = 0;
  bool lower = true;  // begins with a small letter
  bool digits = false, letters = false;
};
std::vector<Word> words_of(std::string_view plain);

/// Without case and accents, letters and digits alone: "O'Brien-Müller" is "obrienmuller".
std::string fold(std::string_view text);

}  // namespace ward::deidentify
