// One walk over a resource beside R4's definitions, writing what may stay.
#pragma once

#include "rules.hpp"

#include "json/json.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ward::deidentify {

struct Engine {
  Settings settings;
  Secret<std::string> key;
  int year = 0;  // the present one
  Scanner scanner;
  std::unordered_map<std::string, bool> clean;  // what codes and units looked like to the patterns; bounded

  Engine(Settings s, Secret<std::string> k, int y) : settings(std::move(s)), key(std::move(k)), year(y), scanner(y) {}
  std::string pseudonym(std::string_view kind, std::string_view a, std::string_view b = {}) const;
  int shift_days(std::string_view patient) const;
  /// No pattern of an identifier matches.
  bool looks_clean(std::string_view text);
};

class Walk {
 public:
  Walk(Engine& in, const Whose& whose, Counts& counts);

  enum class Where : std::uint8_t { outermost, entry, contained };
  /// False: nothing of it may stay.
  bool resource(json::Value value, Where where);
  Buffer take() { return std::move(out_); }
  bool lost_modifier() const { return lost_modifier_; }

  Known own;  // what the resource says of its people itself

 private:
  struct Place {
    const r4::Definition* definition;  // of the object around
    const r4::Element* element;
  };
  using Special = bool (Walk::*)(json::Value);
  static Special special(std::string_view type);

  bool object(json::Value value, const r4::Definition& definition);
  bool members(json::Value value, const r4::Definition& definition);
  bool member(json::Value child, const Place& place, const r4::ElementType& type);
  bool item(json::Value value, const Place& place, const r4::ElementType& type);
  bool primitive(json::Value value, const Place& place, std::string_view type);
  bool sibling(json::Value value);
  void mask_missing(json::Value value, const r4::Definition& definition, const std::vector<bool>& seen);
  void mask(std::string_view name, const r4::Element& element, const r4::ElementType& type);

  bool reference(json::Value value);
  bool address(json::Value value);
  bool coding(json::Value value);
  bool quantity(json::Value value);
  bool narrative(json::Value value);
  bool attachment(json::Value value);
  bool identifier(json::Value value);
  bool extension(json::Value value);
  void meta(json::Value value);
  void codings(std::string_view list, json::Value value, std::string_view tail);
  bool dropped_name(json::Value value);
  bool dropped_contact(json::Value value);
  bool extension_of(json::Value value, bool nested);
  void count_extension(json::Value value);
  bool extensions(json::Value value);

  bool free_text(std::string_view text, const Place& place);
  bool date(std::string_view text, std::string_view type, const r4::Element& element);
  bool year_of_instant(json::Value value);
  int shift_of_patient() const;
  bool code(std::string_view text, const r4::Element* element);
  bool uri(std::string_view text, const r4::Element& element);
  bool number(json::Value value);
  bool is_old_age(json::Value value, const r4::Element& element) const;
  bool harmless(std::string_view text);
  std::string reference_text(std::string_view text);
  std::string scanned(std::string_view text);

  void begin(char open);
  void name(std::string_view name);
  void raw(std::string_view value);
  void text(std::string_view name, std::string_view value);
  void end(char close);
  std::size_t mark() const { return out_.size(); }
  bool back(std::size_t mark);

  Engine& in_;
  const Whose& whose_;
  Counts& counts_;
  Buffer out_;
  std::vector<std::string> bases_;  // whose references are our own
  std::string owner_;               // "Type/id" of the resource that contains
  int shift_ = 0;                   // days; 0: none
  bool lost_modifier_ = false;
  std::string_view around_;  // type of the object around the value at hand
};

}  // namespace ward::deidentify
