#include "known.hpp"

#include "common_words.hpp"
#include "plain.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::deidentify {
namespace {

constexpr std::size_t value_least = 5;  // letters and digits
constexpr std::size_t value_most = 64;
constexpr std::size_t gap_most = 4;  // bytes between two parts of one value

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has_digit(std::string_view text) { return std::ranges::any_of(text, is_digit); }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

/// Two words that may be parts of one: "Lopez, Maria", "maria.lopez"; not the end of a line.
bool are_near(std::string_view plain, const Word& a, const Word& b) {
  const std::string_view between = plain.substr(a.end, b.begin - a.end);
  return between.size() <= gap_most && between.find_first_of("\n\r;()[]{}") == std::string_view::npos;
}

}  // namespace

void Known::add_words(std::string_view text, Identifier what) {
  for (const Word& word : words_of(text)) {
    if (!word.letters || word.digits || words_.size() >= values_max) {
      full_ |= words_.size() >= values_max;
      continue;
    }
    words_.try_emplace(word.folded, Part{what, word.folded.size() < 3 || is_common_word(word.folded)});
  }
}

void Known::add_name(std::string_view text) {
  const std::string plain(Plain(text).text());
  add_words(plain, Identifier::name);
  // "O'Brien" is also written "OBrien".
  for (std::size_t from = 0; from < plain.size();) {
    const std::size_t end = std::min(plain.find_first_of(" ,", from), plain.size());
    const std::string whole = fold(std::string_view(plain).substr(from, end - from));
    if (whole.size() >= 3 && whole.size() <= value_most && !has_digit(whole) && words_.size() < values_max)
      words_.try_emplace(whole, Part{Identifier::name, is_common_word(whole)});
    from = end + 1;
  }
}

void Known::add_place(std::string_view text) {
  const std::string plain(Plain(text).text());
  add_value(fold(plain), Identifier::geography);
  for (const Word& word : words_of(plain))
    if (word.folded.size() >= 3) add_words(word.folded, Identifier::geography);
}

void Known::add_value(std::string folded, Identifier what) {
  if (folded.size() < value_least) return;
  if (folded.size() > value_most) folded.resize(value_most);
  if (values_.size() >= values_max) {
    full_ = true;
    return;
  }
  if (const auto at = std::ranges::lower_bound(lengths_, folded.size()); at == lengths_.end() || *at != folded.size())
    lengths_.insert(at, folded.size());
  values_.try_emplace(std::move(folded), what);
}

void Known::add_number(std::string_view text, Identifier what) {
  const std::string plain(Plain(text).text());
  const std::string folded = fold(plain), digits = digits_of(folded);
  add_value(folded, what);
  if (digits.size() >= 6) add_value(digits, what);
  const bool telephone = what == Identifier::phone || what == Identifier::fax;
  if (telephone && digits.size() > 10) add_value(digits.substr(digits.size() - 10), what);
  if (telephone && digits.size() == 10) add_value("1" + digits, what);
  if (what == Identifier::email)
    if (const std::string local = fold(plain.substr(0, plain.find('@'))); !is_common_word(local))
      add_value(local, what);
}

void Known::add_date(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return;
  const std::string_view year = text.substr(0, 4), month = text.substr(5, 2), day = text.substr(8, 2);
  for (const std::string_view y : {year, year.substr(2)})
    for (const std::string& form : {fmt::format("{}{}{}", y, month, day), fmt::format("{}{}{}", month, day, y),
                                    fmt::format("{}{}{}", day, month, y)})
      if (has_digit(form) && form.size() == 4 + y.size()) add_value(form, Identifier::date);
}

const Known::Part* Known::part(std::string_view folded) const {
  const auto found = words_.find(folded);
  return found == words_.end() ? nullptr : &found->second;
}

/// Names run together, with an initial, a plural or a number: "mlopez", "lopezmaria", "lopezs", "lopez1970".
const Known::Part* Known::glued(std::string_view folded) const {
  while (!folded.empty() && is_digit(folded.back())) folded.remove_suffix(1);
  if (folded.size() < 4 || folded.size() > 64 || is_common_word(folded)) return nullptr;
  if (const Part* const whole = part(folded); whole != nullptr && !whole->common) return whole;
  for (std::size_t cut = 1; cut < folded.size(); ++cut) {
    const Part* const first = part(folded.substr(0, cut));
    const Part* const last = part(folded.substr(cut));
    const std::size_t behind = folded.size() - cut;
    if (first != nullptr && last != nullptr && cut >= 2 && behind >= 2) return first;
    if (last != nullptr && !last->common && behind >= 4 && (cut == 1 || behind >= 7)) return last;
    if (first != nullptr && !first->common && cut >= 4 && (behind == 1 || cut >= 7)) return first;
  }
  return nullptr;
}

/// A word is marked if it is a part of a name and no common word; a common one if it is written as a name: large, or
/// beside another part. Initials beside a marked one go with it.
void Known::find_words(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const {
  std::vector<const Part*> parts(words.size());
  std::vector<char> marked(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    if (!word.letters) continue;
    parts[i] = part(word.folded);
    if (parts[i] == nullptr) {
      parts[i] = glued(word.folded);
      marked[i] = parts[i] != nullptr;
    } else {
      marked[i] = !parts[i]->common || (!word.lower && word.folded.size() >= 3);
    }
  }
  const auto beside = [&](std::size_t i, std::size_t j, bool weak) {
    if (j >= words.size()) return false;
    const bool near = i < j ? are_near(plain, words[i], words[j]) : are_near(plain, words[j], words[i]);
    return near && (marked[j] != 0 || (weak && parts[j] != nullptr && words[i].folded != words[j].folded));
  };
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (marked[i] != 0) continue;
      const bool initial = words[i].folded.size() == 1 && words[i].letters && !words[i].lower;
      if (parts[i] == nullptr && !initial) continue;
      const bool weak = parts[i] != nullptr && words[i].folded.size() >= 3;
      if (beside(i, i + 1, weak) || (i > 0 && beside(i, i - 1, weak))) marked[i] = 1;
    }
  }
  for (std::size_t i = 0; i < words.size(); ++i)
    if (marked[i] != 0)
      spans.push_back({words[i].begin, words[i].end, parts[i] != nullptr ? parts[i]->what : Identifier::name, {}});
}

/// Values are looked for in all letters and digits in a row, from where a run of either begins to where one ends.
void Known::find_values(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const {
  std::string all;
  std::vector<std::size_t> word_at;     // index of the word of each byte of `all`
  std::vector<std::size_t> word_start;  // offset in `all` of each word
  std::vector<std::size_t> breaks;      // how many wide gaps lie before each word
  std::vector<char> edge;               // whether a run begins at this byte
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool wide = i > 0 && !are_near(plain, words[i - 1], words[i]);
    breaks.push_back((i > 0 ? breaks.back() : 0) + (wide ? 1 : 0));
    word_start.push_back(all.size());
    for (std::size_t k = 0; k < words[i].folded.size(); ++k) {
      const bool change = k > 0 && is_digit(words[i].folded[k]) != is_digit(words[i].folded[k - 1]);
      edge.push_back(k == 0 || change ? 1 : 0);
      word_at.push_back(i);
    }
    all += words[i].folded;
  }
  edge.push_back(1);
  for (std::size_t from = 0; from < all.size(); ++from) {
    if (edge[from] == 0) continue;
    for (auto length = lengths_.rbegin(); length != lengths_.rend(); ++length) {
      const std::size_t to = from + *length;
      if (to > all.size() || (edge[to] == 0 && *length < value_most)) continue;
      const std::size_t first = word_at[from], last = word_at[to - 1];
      if (breaks[first] != breaks[last]) continue;
      const auto found = values_.find(std::string_view(all).substr(from, *length));
      if (found == values_.end()) continue;
      // Folding changes lengths only of letters beyond ASCII: then the whole word goes.
      const auto place = [&](std::size_t word, std::size_t offset, bool end) {
        const Word& w = words[word];
        const bool same = w.end - w.begin == w.folded.size();
        return same ? w.begin + offset - word_start[word] : std::size_t(end ? w.end : w.begin);
      };
      spans.push_back({place(first, from, false), place(last, to, true), found->second, {}});
      break;
    }
  }
}

void Known::find(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const {
  if (!words_.empty()) find_words(plain, words, spans);
  if (!values_.empty()) find_values(plain, words, spans);
}

}  // namespace ward::deidentify
