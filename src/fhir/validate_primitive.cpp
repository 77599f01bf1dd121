#include "validate_primitive.hpp"

#include <algorithm>
#include <array>

namespace ward::fhir {

namespace {

constexpr std::size_t text_bytes_max = 1024 * 1024;  // FHIR R4 2.24.0.1: strings are at most 1 MB

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
/// What \s stands for in the published patterns.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

unsigned number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

/// Takes `count` digits off the front; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || !all_digits(text.substr(0, count))) return -1;
  const unsigned value = number(text.substr(0, count));
  text.remove_prefix(count);
  return static_cast<int>(value);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

int days_in(int year, int month) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

/// Takes YYYY, YYYY-MM or YYYY-MM-DD; gives how many of the three parts there were, 0 if it is no date.
int take_date(std::string_view& text) {
  const int year = take_digits(text, 4);
  if (year <= 0) return 0;
  if (!take(text, '-')) return 1;
  const int month = take_digits(text, 2);
  if (month < 1 || month > 12) return 0;
  if (!take(text, '-')) return 2;
  const int day = take_digits(text, 2);
  return day < 1 || day > days_in(year, month) ? 0 : 3;
}

/// hh:mm:ss with an optional fraction; 60 for a leap second.
bool take_time(std::string_view& text) {
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return false;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return false;
  const int second = take_digits(text, 2);
  if (second < 0 || second > 60) return false;
  if (!take(text, '.')) return true;
  const std::size_t digits = std::ranges::find_if_not(text, is_digit) - text.begin();
  text.remove_prefix(digits);
  return digits > 0;
}

bool take_zone(std::string_view& text) {
  if (take(text, 'Z')) return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 14 || !take(text, ':')) return false;
  const int minute = take_digits(text, 2);
  return minute >= 0 && minute <= 59 && (hour < 14 || minute == 0);
}

bool is_date(std::string_view text) { return take_date(text) > 0 && text.empty(); }
bool is_time(std::string_view text) { return take_time(text) && text.empty(); }

bool is_date_time(std::string_view text) {
  const int parts = take_date(text);
  if (parts == 0) return false;
  if (text.empty()) return true;
  return parts == 3 && take(text, 'T') && take_time(text) && take_zone(text) && text.empty();
}

bool is_instant(std::string_view text) {
  return take_date(text) == 3 && take(text, 'T') && take_time(text) && take_zone(text) && text.empty();
}

bool is_string(std::string_view text) {
  const auto refused = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  return !text.empty() && std::ranges::none_of(text, refused);
}

bool is_uri(std::string_view text) {
  const auto refused = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  return !text.empty() && std::ranges::none_of(text, refused);
}

/// [^\s]+(\s[^\s]+)*
bool is_code(std::string_view text) {
  if (text.empty() || is_space(text.front()) || is_space(text.back())) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_space(text[i]) && is_space(text[i - 1])) return false;
  }
  return is_string(text);
}

bool is_oid(std::string_view text) {
  if (!text.starts_with("urn:oid:") || text.size() < 11) return false;
  text.remove_prefix(8);
  if (text[0] < '0' || text[0] > '2') return false;
  text.remove_prefix(1);
  while (take(text, '.')) {
    const std::size_t digits = std::ranges::find_if_not(text, is_digit) - text.begin();
    if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
  }
  return text.empty();
}

bool is_uuid(std::string_view text) {
  if (!text.starts_with("urn:uuid:") || text.size() != 45) return false;
  text.remove_prefix(9);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !(is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'f'))) return false;
  }
  return true;
}

bool is_base64(std::string_view text) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    ++characters;
    if (c == '=')
      ++padding;
    else if (padding > 0 || !(is_alphanumeric(c) || c == '+' || c == '/'))
      return false;
  }
  return characters > 0 && characters % 4 == 0 && padding <= 2;
}

/// An integer as FHIR writes it, in [min, 2^31 - 1].
bool is_integer(std::string_view text, long min) {
  const bool negative = take(text, '-');
  if (text.empty() || text.size() > 10 || !all_digits(text) || (text.size() > 1 && text[0] == '0')) return false;
  const long value = (negative ? -1L : 1L) * static_cast<long>(std::stoll(std::string(text)));
  return value >= min && value <= INT32_MAX && !(negative && min >= 0);
}

bool is_plain(char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; }

/// One word of letters, digits, dash, dot and underscore.
bool is_plain_word(std::string_view text) { return std::ranges::all_of(text, is_plain) && !text.contains(".."); }

/// A DNS name that can be somebody's public name for a system: no address, no port, no name of an inner network.
bool is_public_host(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || host.contains("..")) return false;
  const std::string_view top = host.substr(dot + 1);
  if (top.size() < 2 || !std::ranges::all_of(top, is_letter)) return false;
  if (top == "internal" || top == "local" || top == "localhost" || top == "localdomain") return false;
  return std::ranges::all_of(host, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

/// "http://loinc.org", "urn:oid:1.2.3": the name of a system or profile that no sink can take for anything else.
bool is_plain_uri(std::string_view text) {
  if (text.starts_with("urn:")) return is_uuid(text) || is_oid(text);
  if (text.starts_with("http://"))
    text.remove_prefix(7);
  else if (text.starts_with("https://"))
    text.remove_prefix(8);
  else
    return is_plain_word(text);
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view path = text.substr(slash);
  const auto harmless = [](char c) { return is_plain(c) || c == '/' || c == '|' || c == '#'; };
  return is_public_host(text.substr(0, slash)) && std::ranges::all_of(path, harmless) && !path.contains("..") &&
         !path.contains("//");
}

/// "(03) 5555-6473": without a letter or a quote there is nothing to interpret.
bool is_plain_number(std::string_view text) {
  const auto harmless = [](char c) { return is_digit(c) || std::string_view("+()-. ").contains(c); };
  return std::ranges::all_of(text, harmless) && !text.contains("..");
}

/// "text/plain", "mm[Hg]", "10*3/uL", "{score}", "/min": media types and UCUM units, and nothing that looks like a
/// path, a template or an expression.
bool is_plain_code(std::string_view text) {
  const auto harmless = [](char c) { return is_plain(c) || std::string_view("/+[]{}%^*").contains(c); };
  if (!std::ranges::all_of(text, harmless) || text.contains("..") || text.contains("{{") || text.contains("//"))
    return false;
  if (text.starts_with('/') && text.find('/', 1) != std::string_view::npos) return false;
  for (std::size_t at = text.find('*'); at != std::string_view::npos; at = text.find('*', at + 1)) {
    if (at < 2 || text.substr(at - 2, 2) != "10" || at + 1 == text.size() || !is_digit(text[at + 1])) return false;
  }
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 1 < text.size() && is_alphanumeric(text[at + 1])) return false;  // not a percent-encoded byte
  }
  return true;
}

struct Rule {
  std::string_view name;
  bool (*holds)(std::string_view);
  PrimitiveProblem broken;
};

/// In the order of Primitive.
constexpr std::array<Rule, 20> rules{{
    {"base64Binary", is_base64, {"value", "is not base64"}},
    {"boolean", nullptr, {"structure", "must be true or false, without quotes"}},
    {"canonical", is_uri, {"value", "is not a URI: it must not be empty or contain white space"}},
    {"code", is_code, {"value", "is not a code: no white space at its ends, and single spaces inside"}},
    {"date", is_date, {"value", "is not a date: YYYY, YYYY-MM or YYYY-MM-DD"}},
    {"dateTime", is_date_time, {"value", "is not a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz"}},
    {"decimal", nullptr, {"structure", "must be a JSON number, without quotes"}},
    {"id", is_id, {"value", "is not an id: 1 to 64 of A-Z, a-z, 0-9, - and ."}},
    {"instant", is_instant, {"value", "is not an instant: YYYY-MM-DDThh:mm:ss.sss+zz:zz"}},
    {"integer", [](std::string_view t) { return is_integer(t, INT32_MIN); }, {"value", "is not a 32-bit integer"}},
    {"markdown", is_string, {"value", "must not be empty or contain control characters"}},
    {"oid", is_oid, {"value", "is not an OID: urn:oid:1.2.3"}},
    {"positiveInt",
     [](std::string_view t) { return is_integer(t, 1); },
     {"value", "is not an integer from 1 to 2147483647"}},
    {"string", is_string, {"value", "must not be empty or contain control characters"}},
    {"time", is_time, {"value", "is not a time: hh:mm:ss"}},
    {"unsignedInt",
     [](std::string_view t) { return is_integer(t, 0); },
     {"value", "is not an integer from 0 to 2147483647"}},
    {"uri", is_uri, {"value", "is not a URI: it must not be empty or contain white space"}},
    {"url", is_uri, {"value", "is not a URL: it must not be empty or contain white space"}},
    {"uuid", is_uuid, {"value", "is not a UUID: urn:uuid: and 32 lower-case hexadecimal digits in five groups"}},
    {"xhtml", is_string, {"value", "must not be empty or contain control characters"}},
}};

constexpr PrimitiveProblem not_text{"structure", "must be a JSON string"};
constexpr PrimitiveProblem not_number{"structure", "must be a JSON number, without quotes"};
constexpr PrimitiveProblem too_long{"too-long", "is longer than the 1 MB that FHIR allows"};

const Rule& rule_of(Primitive type) { return rules[static_cast<std::size_t>(type)]; }

}  // namespace

Primitive primitive_of(std::string_view type) {
  const auto found = std::ranges::lower_bound(rules, type, {}, &Rule::name);
  WARD_ASSERT(found != rules.end() && found->name == type);
  return static_cast<Primitive>(found - rules.begin());
}

bool is_text(Primitive type) {
  switch (type) {
    case Primitive::boolean:
    case Primitive::decimal:
    case Primitive::integer:
    case Primitive::positive_int:
    case Primitive::unsigned_int:
      return false;
    default:
      return true;
  }
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

const PrimitiveProblem* primitive_problem(Primitive type, json::Value value, std::string_view text) {
  const Rule& rule = rule_of(type);
  if (type == Primitive::boolean) return value.type() == json::Type::boolean ? nullptr : &rule.broken;
  if (is_text(type) && value.type() != json::Type::string) return &not_text;
  if (!is_text(type) && value.type() != json::Type::number) return &not_number;
  if (type == Primitive::decimal) return nullptr;  // JSON's numbers are FHIR's decimals
  if (text.size() > text_bytes_max && type != Primitive::base64_binary && type != Primitive::xhtml) return &too_long;
  return rule.holds(text) ? nullptr : &rule.broken;
}

bool is_free(Primitive type, std::string_view text) {
  switch (type) {
    case Primitive::string:
    case Primitive::markdown:
      return !is_plain_word(text) && !is_plain_number(text);
    case Primitive::code:
      return !is_plain_code(text);
    case Primitive::uri:
    case Primitive::canonical:
      return !is_plain_uri(text);
    case Primitive::url:
      return !is_plain_word(text);  // somebody may fetch it
    case Primitive::xhtml:
      return true;
    default:
      return false;
  }
}

}  // namespace ward::fhir
