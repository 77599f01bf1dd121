// What a record says about its own person: names, places, numbers, found again in any spelling.
#pragma once

#include "identifiers.hpp"

#include "json/json.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ward::r4 {
struct Definition;
}

namespace ward::deidentify {

struct Word;

/// A part of a text, in bytes, that is an identifier. `as` stands for it; empty: the class's mark.
struct Span {
  std::size_t begin = 0, end = 0;
  Identifier what = Identifier::other;
  std::string_view as;
};

/// Known values. Names and places are known word by word, numbers as their letters and digits. PHI; never printed.
/// One thread while it learns; `find` from any thread. At most `values_max` are kept; `is_full` says that some are not.
class Known {
 public:
  static constexpr std::size_t values_max = 500'000;

  void add_name(std::string_view text);
  void add_place(std::string_view text);
  /// Phone numbers, record numbers, addresses of any kind: found whole, whatever stands between their letters and
  /// digits. Fewer than five of those are not looked for: they would be found everywhere.
  void add_number(std::string_view text, Identifier what);
  /// "1970-02-03", also found as digits in any order of year, month and day.
  void add_date(std::string_view text);
  /// All of a resource, by R4's types: HumanName, Address, ContactPoint, Identifier, birth dates, ids, photos' titles.
  void learn(json::Value resource);

  bool is_full() const { return full_; }
  bool empty() const { return words_.empty() && values_.empty(); }

  /// Appends what was found in a plain text with these words. Time grows with the text alone.
  void find(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Part {
    Identifier what;
    bool common;  // also a word of the language: "brown", "may"
  };

  void add_words(std::string_view text, Identifier what);
  void add_value(std::string folded, Identifier what);
  void learn_member(json::Value value, std::string_view type, const r4::Definition* definition);
  void learn_object(json::Value object, const r4::Definition& definition);
  void learn_identifier(json::Value object);
  const Part* part(std::string_view folded) const;
  const Part* glued(std::string_view folded) const;
  void find_words(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const;
  void find_values(std::string_view plain, const std::vector<Word>& words, std::vector<Span>& spans) const;

  Map<Part> words_;
  Map<Identifier> values_;
  std::vector<std::size_t> lengths_;  // of values, each once, rising
  bool full_ = false;
};

/// The class of an Identifier by its system and type (v2-0203), or of an element by its name.
Identifier class_of_identifier(json::Value identifier);
Identifier class_of_contact(json::Value contact);

}  // namespace ward::deidentify
