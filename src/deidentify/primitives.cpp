// Values without parts: what of them may stay.
#include "walk.hpp"

#include "plain.hpp"
#include "terminology.hpp"

#include "base/encoding.hpp"

#include <re2/re2.h>
#include <algorithm>
#include <charconv>

namespace ward::deidentify {
namespace {

int number_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool is_open_code(std::string_view text) {
  static const RE2 open(
      "[a-z]{2,3}(?:-[A-Z]{2})?|[a-z]{4,12}/[a-z0-9.+-]{2,40}(?:; ?charset=[a-zA-Z0-9-]{3,12})?|[A-Z]{3}");
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), open);
}

bool is_time(std::string_view text) {
  return text.size() >= 8 && text.size() <= 18 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == ':' || c == '.'; });
}

}  // namespace

bool Walk::primitive(json::Value value, const Place& place, std::string_view type) {
  if (value.type() == json::Type::boolean) {
    if (type == "boolean") raw(value.raw());
    return type == "boolean";
  }
  if (value.type() == json::Type::number && is_old_age(value, *place.element)) {
    counts_.add(Identifier::date);
    return false;
  }
  if (value.type() == json::Type::number)
    return (type == "integer" || type == "decimal" || type == "positiveInt" || type == "unsignedInt") && number(value);
  if (!value.is_string()) return false;
  const std::string text_ = value.text();
  if (type == "date" || type == "dateTime" || type == "instant") return date(text_, type, *place.element);
  if (type == "code") return code(text_, place.element);
  if (type == "uri" || type == "canonical") return uri(text_, *place.element);
  if (type == "string" || type == "markdown") return free_text(text_, place);
  if (type == "time" && is_time(text_)) {
    raw(json_string(text_));
    return true;
  }
  if (type == "id") {  // of what is no resource: an image's, a device's
    counts_.add(Identifier::other);
    raw(json_string(in_.pseudonym("part", text_)));
    return true;
  }
  counts_.add(type == "url" ? Identifier::url
              : type == "base64Binary"
                  ? (place.definition->name == "Signature" ? Identifier::biometric : Identifier::other)
                  : Identifier::other);
  return false;
}

/// A plain number has no unit that would tell whether it is an age: what could be one over 89 goes, where such are
/// given.
bool Walk::is_old_age(json::Value value, const r4::Element& element) const {
  const bool answer = element.choice &&
                      (element.path.starts_with("Observation.") || element.path.starts_with("QuestionnaireResponse."));
  if (!answer || in_.settings.form == Form::limited) return false;
  const std::string_view text_ = value.raw();
  double number_ = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number_);
  return error == std::errc() && number_ >= 90 && number_ <= 150;
}

bool Walk::number(json::Value value) {
  if (value.type() != json::Type::number) return false;
  const auto digits = std::ranges::count_if(value.raw(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits >= 5 && !harmless(value.raw())) {
    counts_.add(Identifier::other);
    return false;
  }
  raw(value.raw());
  return true;
}

bool Walk::free_text(std::string_view given, const Place& place) {
  if (const auto what = class_of_string(place.element->path, place.element->name)) {
    counts_.add(*what);
    return false;
  }
  if (in_.settings.text == FreeText::drop) {
    ++counts_.free_text;
    return false;
  }
  raw(json_string(scanned(given)));
  return true;
}

std::string Walk::scanned(std::string_view given) {
  std::vector<const Known*> known = whose_.known;
  known.push_back(&own);
  return in_.scanner.scan(given, known, counts_);
}

/// A date that is not as exact as a day cannot be moved: its year stays. In the Safe Harbor form a year of more than 89
/// years ago goes too: it could tell such an age.
bool Walk::date(std::string_view given, std::string_view type, const r4::Element&) {
  const std::string_view year = year_of(given);
  const bool limited = in_.settings.form == Form::limited;
  if (given.size() > 4 || year.empty()) counts_.add(Identifier::date);
  if (year.empty()) return false;
  if (!limited && number_of(year) <= in_.year - 90) {
    if (given.size() == 4) counts_.add(Identifier::date);
    return false;
  }
  if (limited && shift_ != 0)
    if (const std::string moved = shifted(given, -shift_); !moved.empty()) {
      raw(json_string(moved));
      return true;
    }
  if (type == "instant") return false;
  raw(json_string(year));
  return true;
}

/// An instant has no form for a year alone: it is masked, and an extension has the year.
bool Walk::year_of_instant(json::Value value) {
  counts_.add(Identifier::date);
  const std::string given = value.text();
  const std::string_view year = year_of(given);
  if (year.empty() || number_of(year) <= in_.year - 90) return false;
  name("_" + std::string(value.name()));
  raw(R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"},)"
      R"({"url":"urn:ward:year","valueDate":")");
  out_.append(year);
  out_.append("\"}]}");
  return true;
}

/// A code of a list that R4 has, or one that looks like a language, a media type or a currency: their lists are not in
/// R4, and another word could be anything.
bool Walk::code(std::string_view given, const r4::Element* element) {
  const bool listed = element->value_set != nullptr;
  if (listed ? r4::contains(*element->value_set, {}, given) : is_open_code(given) && harmless(given)) {
    raw(json_string(given));
    return true;
  }
  counts_.add(Identifier::other);
  return false;
}

bool Walk::uri(std::string_view given, const r4::Element& element) {
  if (element.path == "Bundle.entry.fullUrl") {
    counts_.add(Identifier::url);
    const std::string written = reference_text(given);
    if (written.empty()) return false;
    raw(json_string(written.starts_with("urn:") ? written : "https://deidentified.invalid/" + written));
    return true;
  }
  if (is_terminology(given) && harmless(given)) {
    raw(json_string(given));
    return true;
  }
  counts_.add(Identifier::url);
  return false;
}

/// Our own references become Type/PSEUDONYM, as the id of what they name does. Empty: it cannot be told what it names.
std::string Walk::reference_text(std::string_view given) {
  if (given == "#") return "#";
  if (given.starts_with('#')) return "#" + in_.pseudonym("#", owner_, given.substr(1));
  if (given.starts_with("urn:uuid:") || given.starts_with("urn:oid:"))
    return "urn:ward:" + in_.pseudonym("urn", ascii_lower(given));
  std::string_view rest = given;
  bool foreign = rest.find("://") != std::string_view::npos;
  for (const std::string& base : bases_)
    if (foreign && rest.starts_with(base) && rest.substr(base.size()).starts_with('/')) {
      rest.remove_prefix(base.size() + 1);
      foreign = false;
    }
  if (const std::size_t history = rest.find("/_history/"); history != std::string_view::npos)
    rest = rest.substr(0, history);
  const std::size_t slash = rest.rfind('/');
  if (slash == std::string_view::npos || !is_id(rest.substr(slash + 1))) return {};
  const std::string_view before = rest.substr(0, slash), id = rest.substr(slash + 1);
  const std::string_view type = foreign ? before.substr(before.rfind('/') + 1) : before;
  if (!r4::is_resource_type(type)) return {};
  return std::string(type) + "/" + (foreign ? in_.pseudonym("url", rest) : in_.pseudonym("id", type, id));
}

/// No pattern, and nothing that is known of the person.
bool Walk::harmless(std::string_view given) {
  if (!in_.looks_clean(given)) return false;
  const std::vector<Word> words = words_of(given);
  std::vector<Span> spans;
  own.find(given, words, spans);
  for (const Known* known : whose_.known) known->find(given, words, spans);
  return spans.empty();
}

}  // namespace ward::deidentify
