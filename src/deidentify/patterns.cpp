#include "patterns.hpp"

#include "common_words.hpp"
#include "plain.hpp"
#include "terminology.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <charconv>
#include <string>

namespace ward::deidentify {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char at(const Match& match, std::size_t i) { return i < match.text.size() ? match.text[i] : '\0'; }
char before(const Match& match) { return match.begin > 0 ? match.text[match.begin - 1] : '\0'; }

int number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::ptrdiff_t digits(std::string_view text) { return std::ranges::count_if(text, is_digit); }

/// The word behind a match, small.
std::string word_behind(const Match& match) {
  std::size_t i = match.end;
  while (i < match.text.size() && (match.text[i] == ' ' || match.text[i] == '-') && i < match.end + 2) ++i;
  std::string word;
  while (i < match.text.size() && word.size() < 12 && (is_letter(match.text[i]) || match.text[i] == '%'))
    word += match.text[i++];
  std::ranges::transform(word, word.begin(), [](char c) { return is_letter(c) ? static_cast<char>(c | 0x20) : c; });
  return word;
}

/// A number in a list of them: "12.3.4.5.6", "2.16.840".
bool stands_alone(const Match& match) {
  const char left = before(match), right = at(match, match.end);
  if (is_digit(left) || is_digit(right)) return false;
  if (left == '.' && match.begin > 1 && is_digit(match.text[match.begin - 2])) return false;
  return !(right == '.' && is_digit(at(match, match.end + 1)));
}

bool is_quantity(const Match& match) {
  static constexpr std::string_view units[] = {
      "mg",   "mcg",   "ug",     "g",     "gm",     "kg",      "ml",       "l",      "dl",      "mmol",
      "meq",  "units", "unit",   "u",     "iu",     "mmhg",    "bpm",      "cm",     "mm",      "in",
      "lb",   "lbs",   "tab",    "tabs",  "tablet", "tablets", "cap",      "caps",   "capsule", "capsules",
      "dose", "doses", "puffs",  "drops", "hours",  "hour",    "days",     "weeks",  "months",  "minutes",
      "min",  "cells", "copies", "times", "x",      "%",       "strength", "murmur", "pain"};
  return std::ranges::find(units, word_behind(match)) != std::end(units);
}

bool label_value(const Match& match) { return digits(match.matched()) >= 3 && !is_quantity(match); }
bool long_label_value(const Match& match) { return digits(match.matched()) >= 4 && !is_quantity(match); }

bool is_ipv4(const Match& match) {
  const std::string text(match.matched());
  in_addr address{};
  return stands_alone(match) && ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const Match& match) {
  const std::string text(match.matched());
  in6_addr address{};
  return text.size() >= 3 && !is_letter(before(match)) && !is_digit(before(match)) &&
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_vehicle_number(const Match& match) {
  const std::string_view text = match.matched();
  return digits(text) >= 3 && std::ranges::any_of(text, is_letter);
}

bool is_card(const Match& match) { return stands_alone(match); }

bool is_outside_address(const Match& match) {
  return !is_terminology(match.matched()) && before(match) != '/' && before(match) != '.';  // part of what was judged
}

/// "on 3/4", and not "on 1/2 tablet".
bool is_short_date(const Match& match) {
  const char right = at(match, match.end);
  if (right == '/' || (right == '.' && is_digit(at(match, match.end + 1))) || is_digit(right) || is_quantity(match))
    return false;
  return true;
}

bool is_numeric_date(const Match& match) { return stands_alone(match) && !is_quantity(match); }

/// "may 5 tablets" and "march 3 blocks" are none; "May 5", "may 5, 2019" are dates.
bool is_month_date(const Match& match) {
  if (is_quantity(match)) return false;
  const std::string_view text = match.matched();
  const bool unsure = std::ranges::any_of(std::initializer_list<std::string_view>{"may", "mar", "dec", "sep", "jan"},
                                          [&](std::string_view word) { return text.find(word) != text.npos; });
  return !unsure || digits(text) >= 4;
}

bool is_no_common_word(const Match& match) {
  const std::string_view text = match.matched();
  return !is_common_word(fold(text.substr(0, text.find(' '))));
}

bool is_age(const Match& match) {
  const char right = at(match, match.end);
  return right != '%' && right != '/' && !(right == '.' && is_digit(at(match, match.end + 1))) && !is_quantity(match);
}

bool is_early_birth(const Match& match) { return number(match.matched()) <= match.year - 90; }

bool is_long_telephone(const Match& match) { return digits(match.matched()) >= 7 && digits(match.matched()) <= 15; }

// Latin, Greek and Cyrillic letters. Unicode's classes of all letters would make the automata large and slow.
#define LARGE "A-Z\\x{C0}-\\x{DE}\\x{100}-\\x{17F}\\x{386}-\\x{3AB}\\x{400}-\\x{42F}"
#define SMALL "a-z\\x{DF}-\\x{17F}\\x{3AC}-\\x{3CE}\\x{430}-\\x{52F}"
#define LETTER "A-Za-z\\x{C0}-\\x{24F}\\x{370}-\\x{52F}"
#define MONTH                                                                                                     \
  "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|" \
  "Nov(?:ember)?|Dec(?:ember)?)"
#define DAY "(?:0?[1-9]|[12][0-9]|3[01])"
#define MON "(?:0?[1-9]|1[0-2])"
#define YEAR "(?:18|19|20)[0-9]{2}"
#define TIME \
  "(?:[T ][0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,9})?)?(?: ?[AaPp][Mm])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
#define CAPITAL "[" LARGE "][" LETTER "'’-]*"
#define PERSON "(" CAPITAL "\\.?(?:,? (?:(?:de|van|von|der|la|del|bin|al) )?" CAPITAL "){0,3})"
#define STATE                                                                                                       \
  "(?:AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|" \
  "OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|Mass\\.)"
#define STATE_NAME                                                                                                  \
  "(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|"       \
  "Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|"    \
  "Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|" \
  "Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|"    \
  "Washington|West Virginia|Wisconsin|Wyoming)"
#define VALUE "([A-Z0-9][A-Z0-9./-]{1,40})"
#define LABEL "(?:\\s|[:#=]|\\bis\\b|\\bno\\b\\.?|\\bnumber\\b|\\bid\\b){1,6}"

using enum Identifier;
constexpr std::string_view over_89 = "90 or older";

constexpr Pattern all[] = {
    // (Q), (N), (F), (O), (R): what has a form of its own
    {photo, {}, "data:image/[a-z+.-]{2,20};base64,[A-Za-z0-9+/=]+", nullptr, false},
    {photo, {}, "(?i)[" LETTER "0-9_()-]{1,80}\\.(?:jpe?g|png|gif|heic|tiff?|bmp|webp|dcm)\\b", nullptr, false},
    {url, {}, "(?i)\\b(?:https?|ftp|sftp|wss?|file|ldap)://[^\\s<>\"')\\]]+", is_outside_address, false},
    {url, {}, "(?i)\\bwww\\.[a-z0-9-]{1,63}\\.[^\\s<>\"')\\]]+", nullptr, false},
    {email, {}, "(?i)(?:mailto:)?[" LETTER "0-9._%+'-]{1,64}@[" LETTER "0-9.-]+\\.[" LETTER "]{2,20}", nullptr, false},
    {email,
     {},
     "(?i)\\b[a-z0-9._-]{1,64} ?(?:\\(at\\)|\\[at\\]| at ) ?[a-z0-9-]{1,63} ?(?:\\(dot\\)|\\[dot\\]| dot ) "
     "?[a-z]{2,10}\\b",
     nullptr,
     false},
    {url,
     {},
     "(?i)\\b(?:[a-z0-9-]{1,63}\\.){1,5}(?:com|org|net|gov|edu|info|biz|health|clinic|example|invalid|io)\\b(?:/"
     "[^\\s<>\"')\\]]*)?",
     is_outside_address,
     false},
    {url, {}, "(?i)(?:^|[\\s:(])@([a-z0-9_]{3,40})\\b", nullptr, false},
    {other, {}, "(?i)\\b(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b"},
    {device, {}, "(?i)\\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\\b"},
    {device, {}, "\\(01\\)[0-9]{14}(?:\\([0-9]{2}\\)[A-Za-z0-9-]{1,30}){0,8}"},
    {ip, {}, "\\b(?:[0-9]{1,3}\\.){3}[0-9]{1,3}\\b", is_ipv4},
    {ip, {}, "(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})", is_ipv6, false},
    {vehicle, {}, "\\b[A-HJ-NPR-Z0-9]{17}\\b", is_vehicle_number},
    {account, {}, "\\b(?:[0-9]{4}[ -]){3}[0-9]{1,4}\\b", is_card},
    // (G)
    {ssn, {}, "\\b(?:[0-9]{3}|[Xx*]{3})[- ](?:[0-9]{2}|[Xx*]{2})[- ][0-9]{4}\\b", stands_alone},
    {ssn, {}, "(?i)\\b(?:ssn|social security)" LABEL "(?:last 4 ?|last four ?)?([0-9][0-9 -]{2,11}[0-9])"},
    // (I): a Medicare number has a form of its own
    {health_plan,
     {},
     "\\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]{2}["
     "0-9]{2}\\b"},
    {health_plan,
     {},
     "(?i)\\b(?:member|subscriber|policy|group|beneficiary|insurance|medicaid|medicare|health "
     "plan|plan|payer|hicn|mbi)(?: (?:id|no\\.?|number|#)|#|:|(?: id)? is)[\\s:#=]{0,4}" VALUE,
     label_value},
    // (H), (J), (K), (L), (M), (P), (R): a label, and a value with digits
    {mrn,
     {},
     "(?i)\\b(?:mrn|mr ?#|med(?:ical)?\\.? rec(?:ord)?s?|chart (?:no\\.?|number|#|id)|patient "
     "(?:id|no\\.?|number|#)|pt\\.? id|hospital (?:id|no\\.?|number|#))" LABEL VALUE,
     label_value},
    {mrn, {}, "(?i)\\b(?:mrn|mr#)[-_]?([0-9]{4,20})\\b"},
    {account,
     {},
     "(?i)\\b(?:account|acct|invoice|claim|bill|statement|card|iban|encounter|visit)(?:\\.? "
     "(?:id|no\\.?|number|#)|\\.?#|:)[\\s:#=]{0,4}" VALUE,
     long_label_value},
    {licence,
     {},
     "(?i)\\b(?:licen[cs]e|certificate|cert|passport|dea|npi|dl|driver'?s? licen[cs]e|permit)(?:\\.? "
     "(?:id|no\\.?|number|#)|#|:|,? is)?[\\s:#=]{1,4}" VALUE,
     long_label_value},
    {vehicle,
     {},
     "(?i)\\b(?:licen[cs]e plate|plates?|vehicle registration|vehicle id|vin|tag)(?: (?:id|no\\.?|number|#)|#|:|,? "
     "is)?[\\s:#=]{1,4}([A-Z0-9]{2,4}[ -]?[A-Z0-9]{2,13})\\b",
     [](const Match& m) { return digits(m.matched()) >= 2 && !is_quantity(m); }},
    {device,
     {},
     "(?i)\\b(?:serial|s/n|sn|udi|imei|device|pacemaker|implant|pump)(?: (?:id|no\\.?|number|#|serial|sn)|#|:|,? "
     "is)[\\s:#=]{0,4}(?:number |no\\.? |# ?)?" VALUE,
     label_value},
    {biometric,
     {},
     "(?i)\\b(?:finger ?print|retinal?|iris|voice ?print|biometric|palm|face)(?: "
     "(?:id|scan|template|hash|code|no\\.?|number|print))[\\s:#=]{1,4}([A-Z0-9][A-Z0-9:+/=-]+)",
     [](const Match& m) { return digits(m.matched()) >= 2; }},
    {other,
     {},
     "(?i)\\b(?:study|trial|participant|subject|specimen|sample|accession|barcode|order|prescription|rx|confirmation|"
     "tracking|token|user ?name|user|login|employee|student|badge|case|ticket|reference|donor|record)(?:\\.? "
     "(?:id|no\\.?|number|#)|#|:)[\\s:#=]{0,4}" VALUE,
     label_value},
    {other, {}, "(?i)\\b(?:user ?name|login|password|passcode)[:=]\\s?([^\\s,;]{3,60})", nullptr, false},
    // (D), (E)
    {fax,
     {},
     "(?i)\\b(?:fax|facsimile)(?:\\s|[:#.=]|\\bno\\b|\\bnumber\\b|\\bis\\b|\\bto\\b|\\bat\\b){1,6}(\\+?[0-9(][0-9(). "
     "/-]{5,22}[0-9])",
     is_long_telephone},
    {phone,
     {},
     "(?i)\\b(?:tel|telephone|phone|cell|mobile|pager|call(?:ed|back)?|ph|contact|text(?:ed)?|home|work|reach(?:ed|"
     "able)?)(?:\\s|[:#.=]|\\bno\\b|\\bnumber\\b|\\bis\\b|\\bat\\b|\\bon\\b|\\bphone\\b|\\bher\\b|\\bhim\\b){1,6}(\\+?["
     "0-9(][0-9(). /-]{5,22}[0-9])",
     is_long_telephone},
    {phone,
     {},
     "(?:\\+?1[-. ]{0,2})?(?:\\([2-9][0-9]{2}\\) ?|\\b[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}(?:,? "
     "?(?:x|ext\\.?) ?[0-9]{1,6})?\\b",
     stands_alone},
    {phone,
     {},
     "\\+[1-9][0-9]{0,2}(?:[ .()-]{0,2}[0-9]{1,5}){2,6}\\b",
     [](const Match& m) { return digits(m.matched()) >= 8 && digits(m.matched()) <= 15 && !is_quantity(m); }},
    // (C)
    {date, {}, "\\b" YEAR "-" MON "-" DAY TIME "\\b", nullptr},
    {date, {}, "\\b" YEAR "[/.]" MON "[/.]" DAY TIME "\\b", stands_alone},
    {date, {}, "\\b" YEAR "-(?:0[1-9]|1[0-2])\\b", stands_alone},
    {date, {}, "\\b" DAY "[/.-]" DAY "[/.-]" YEAR TIME "\\b", stands_alone},
    {date, {}, "\\b" DAY "/" DAY "/[0-9]{2}" TIME "\\b", is_numeric_date},
    {date,
     {},
     "\\b(?:0[1-9]|[12][0-9]|3[01])-(?:0[1-9]|[12][0-9]|3[01])-[0-9]{2}\\b",
     [](const Match& m) { return is_numeric_date(m) && before(m) != '-' && at(m, m.end) != '-'; }},
    {date, {}, "\\b" MON "/" YEAR "\\b", is_numeric_date},
    {date, {}, "(?i)\\b(?:on|since|dated|as of|due|dob:?|d\\.o\\.b\\.:?) (" MON "/" DAY ")\\b", is_short_date},
    {date,
     {},
     "\\b(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-2][0-9][0-5][0-9](?:[0-5][0-9])?)?\\b",
     is_numeric_date},
    {date, {}, "(?i)\\b" MONTH "\\.? " DAY "(?:st|nd|rd|th)?(?:,? {1,2}(?:" YEAR "|'[0-9]{2}))?\\b", is_month_date},
    {date,
     {},
     "(?i)\\b" DAY "(?:st|nd|rd|th)?[ -](?:of )?" MONTH "\\b\\.?(?:,?[ -](?:" YEAR "|[0-9]{2}\\b))?",
     is_month_date},
    {date, {}, "(?i)\\b" MONTH "\\.?,?(?: of)? ?(?:" YEAR "|'[0-9]{2})\\b", is_month_date},
    {date,
     {},
     "\\b(?:January|February|April|June|July|August|September|October|November|December|JANUARY|FEBRUARY|APRIL|JUNE|"
     "JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)\\b",
     nullptr,
     false},
    {date,
     {},
     "\\b(?:[Ii]n|[Ss]ince|[Ll]ast|[Nn]ext|[Uu]ntil|[Tt]ill|[Ee]arly|[Ll]ate|[Mm]id|[Tt]his|[Oo]f|[Bb]y|[Dd]uring) "
     "(March|May|MARCH|MAY)\\b",
     nullptr,
     false},
    {date, over_89,
     "(?i)\\b(?:9[0-9]|1[0-4][0-9])(?:\\.[0-9])?[ -]?(?:years?|yrs?|yr|y)\\.?[ /-]?(?:of age|old|o|o\\.)\\b", nullptr},
    {date, over_89, "(?i)\\b(?:age[ds]?|age of|age is|turn(?:s|ed|ing))[: ]{1,3}(9[0-9]|1[0-4][0-9])\\b", is_age},
    {date, over_89,
     "(?i)\\b(?:ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one|a) hundred(?: and "
     "[a-z]{3,6})?)[ -]years?[ -](?:old|of age)\\b",
     nullptr, false},
    {date, over_89, "(?i)\\b(?:nonagenarian|centenarian)s?\\b", nullptr, false},
    {date,
     {},
     "(?i)\\b(?:born|b\\.|dob|d\\.o\\.b\\.|birth year|year of birth)(?: in|:)? {0,2}((?:18|19)[0-9]{2})\\b",
     is_early_birth},
    // (A) by title behind it, before (B): MD is a state too
    {Identifier::name,
     {},
     "\\b(" CAPITAL "(?: [" LARGE "]\\.?)?(?:,| [" LARGE "][" LETTER "'’-]+,?)) "
     "(?:MD|M\\.D\\.|DO|RN|NP|PA-C|PhD|LPN|DDS|PharmD|LCSW|MBBS)\\b",
     is_no_common_word,
     false},
    // (B)
    {geography,
     {},
     "\\b[0-9]{1,6}[A-Za-z]? (?:[NSEW]\\.? |North |South |East |West )?(?:[A-Z0-9][A-Za-z0-9'.-]{1,25} "
     "){1,4}(?i:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Terrace|Parkway|Pkwy|Highway|Hwy|Turnpike|Crescent)"
     "\\b\\.?(?:,? {1,2}(?i:apt|apartment|unit|suite|ste|floor|fl|#)\\.? ?#?[A-Za-z0-9-]{1,6}\\b)?",
     [](const Match& m) { return !is_quantity({m.text, m.begin, m.begin + m.matched().find(' '), m.year}); }},
    {geography,
     {},
     "\\b[0-9]{1,6} (?:[A-Z][a-z'.-]{2,25} "
     "){1,3}(?:Drive|Dr|Court|Ct|Place|Pl|Way|Circle|Cir|Square|Sq|Trail|Loop)\\b\\.?(?:,? "
     "{1,2}(?i:apt|apartment|unit|suite|ste|#)\\.? ?#?[A-Za-z0-9-]{1,6}\\b)?",
     [](const Match& m) { return !is_quantity({m.text, m.begin, m.begin + m.matched().find(' '), m.year}); }},
    {geography, {}, "(?i)\\bP\\.? ?O\\.? ?Box #?[0-9]{1,8}\\b"},
    {geography, {}, "\\b(" CAPITAL "(?: " CAPITAL "){0,2}), ?" STATE_NAME "\\b", is_no_common_word, false},
    {geography,
     {},
     "\\b(" CAPITAL "(?: " CAPITAL "){0,2}),? {1,2}(?:" STATE "|" STATE_NAME "),? {1,2}[0-9]{5}\\b",
     is_no_common_word},
    {geography, "[ZIP]", "\\b(?:" STATE "|" STATE_NAME "),? {1,2}([0-9]{5}(?:-[0-9]{4})?)\\b", nullptr},
    {geography, "[ZIP]", "\\b[0-9]{5}-[0-9]{4}\\b", stands_alone},
    {geography, "[ZIP]", "(?i)\\b(?:zip(?: ?code)?|postal code)[: ]{1,3}([0-9]{5}(?:-?[0-9]{4})?)\\b"},
    {geography, {}, "-?[0-9]{1,3}\\.[0-9]{4,10}°? ?[NS]?, ?-?[0-9]{1,3}\\.[0-9]{4,10}"},
    {geography,
     {},
     "\\b(?:lives in|resides in|resident of|moved (?:to|from)|native of|hometown(?: is|:)?|city:) (" CAPITAL
     "(?: " CAPITAL "){0,2})",
     is_no_common_word,
     false},
    // (A)
    {Identifier::name, {}, "\\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Rev|Sr|Nurse)\\b\\.? " PERSON, is_no_common_word, false},
    {Identifier::name, {}, "\\b(?:MR|MRS|MS|DR|MISS)\\. " PERSON, is_no_common_word, false},
    {Identifier::name,
     {},
     "(?i:\\b(?:name|surname|last name|first name|next of kin|nok|emergency "
     "contact|attending|author|pcp|provider|physician|surgeon|guardian|proxy|employer|spouse))\\s?[:=]\\s{0,2}" PERSON,
     is_no_common_word,
     false},
    {Identifier::name,
     {},
     "(?i:\\b(?:signed|dictated|transcribed|cosigned|co-signed|authored|referred|accompanied) by:? (?:her |his |their "
     ")?(?:son |daughter |wife |husband |mother |father |sister |brother )?)" PERSON,
     is_no_common_word,
     false},
    {Identifier::name,
     {},
     "(?i:\\b(?:son|daughter|wife|husband|mother|father|sister|brother|spouse|partner|caregiver|neighbor|friend|aunt|"
     "uncle|dog|cat|named|called|goes by|known as)),? (?:named |is )?([" LARGE "][" SMALL "][" LETTER "'’-]+(?: "
     "[" LARGE "][" SMALL "][" LETTER "'’-]+)?)",
     is_no_common_word,
     false},
};

}  // namespace

std::span<const Pattern> patterns() { return all; }

}  // namespace ward::deidentify
