#include "fhir/operations/linkage.hpp"

#include "base/encoding.hpp"
#include "fhir/index.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace ward::door {
namespace {

constexpr std::size_t items_max = 16;     // of one element that are looked at
constexpr std::size_t searches_max = 16;  // that find candidates

/// log2(m/u) if the element agrees, log2((1-m)/(1-u)) if it does not; `near` for what is alike. From published
/// linkages of hospital records: m is how often one person's records agree, u how often two persons' do.
struct Weight {
  double agree, near, differ;
};
constexpr Weight identifier{13, 13, -4};
constexpr Weight family{8.5, 5, -4.5};
constexpr Weight given_name{6.5, 3.5, -3.5};
constexpr Weight birth_date{11, 4, -6};
constexpr Weight gender{1, 0, -3.5};
constexpr Weight telecom{8, 8, -0.5};
constexpr Weight address{5, 2, -1};

constexpr double prior = -10;  // log2 of the odds that a candidate is the person, before anything is compared
constexpr double certain_from = 0.9999;
constexpr double probable_from = 0.9;
constexpr double possible_from = 0.2;
constexpr double alike_from = 0.92;  // of similarity()

struct Identifier {
  std::string system, value;
};

template <typename Take>
void each(json::Value list, const Take& take) {
  std::size_t count = 0;
  for (json::Value one = list.first(); one && count < items_max; one = one.next(), ++count) take(one);
}

std::vector<Identifier> identifiers(json::Value patient) {
  std::vector<Identifier> out;
  each(patient["identifier"], [&](json::Value one) {
    Identifier found{one.string("system"), one.string("value")};
    if (!found.value.empty()) out.push_back(std::move(found));
  });
  return out;
}

void add_folded(std::vector<std::string>& out, std::string_view text) {
  std::string folded = fhir::fold(text);
  if (!folded.empty() && out.size() < items_max) out.push_back(std::move(folded));
}

std::vector<std::string> families(json::Value patient) {
  std::vector<std::string> out;
  each(patient["name"], [&](json::Value name) { add_folded(out, name.string("family")); });
  return out;
}

std::vector<std::string> givens(json::Value patient) {
  std::vector<std::string> out;
  each(patient["name"], [&](json::Value name) {
    each(name["given"], [&](json::Value one) {
      if (one.is_string()) add_folded(out, one.text());
    });
  });
  return out;
}

/// Digits of a phone, or the whole of another address.
std::vector<std::string> contacts(json::Value patient) {
  std::vector<std::string> out;
  each(patient["telecom"], [&](json::Value one) {
    const std::string value = one.string("value");
    std::string digits;
    for (const char c : value)
      if (c >= '0' && c <= '9') digits.push_back(c);
    if (value.contains('@') || digits.size() < 6)
      add_folded(out, value);
    else
      out.push_back(digits.size() > 9 ? digits.substr(digits.size() - 9) : digits);  // without a country's prefix
  });
  return out;
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

double best_similarity(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  double best = 0;
  for (const std::string& one : a)
    for (const std::string& other : b) best = std::max(best, similarity(one, other));
  return best;
}

double by_names(const std::vector<std::string>& a, const std::vector<std::string>& b, const Weight& weight) {
  if (a.empty() || b.empty()) return 0;
  if (share(a, b)) return weight.agree;
  return best_similarity(a, b) >= alike_from ? weight.near : weight.differ;
}

double by_identifiers(const std::vector<Identifier>& a, const std::vector<Identifier>& b) {
  bool same_system = false;
  for (const Identifier& one : a) {
    for (const Identifier& other : b) {
      if (one.system != other.system) continue;
      if (one.value == other.value) return identifier.agree;
      same_system = same_system || !one.system.empty();
    }
  }
  return same_system ? identifier.differ : 0;
}

/// Equal, alike (day and month exchanged, one digit off, one of them less precise), or different.
double by_birth_date(const std::string& a, const std::string& b) {
  if (a.size() < 4 || b.size() < 4) return 0;
  if (a == b) return a.size() == 10 ? birth_date.agree : birth_date.near;
  if (a.size() != b.size()) return a.starts_with(b) || b.starts_with(a) ? birth_date.near : birth_date.differ;
  if (a.size() != 10) return birth_date.differ;
  const bool exchanged =
      a.substr(0, 4) == b.substr(0, 4) && a.substr(5, 2) == b.substr(8, 2) && a.substr(8, 2) == b.substr(5, 2);
  const auto off = std::inner_product(a.begin(), a.end(), b.begin(), 0, std::plus<>(), std::not_equal_to<>());
  return exchanged || off == 1 ? birth_date.near : birth_date.differ;
}

double by_addresses(json::Value a, json::Value b) {
  std::vector<std::string> codes_a, codes_b, towns_a, towns_b;
  const auto collect = [](json::Value patient, std::vector<std::string>& codes, std::vector<std::string>& towns) {
    each(patient["address"], [&](json::Value one) {
      add_folded(codes, one.string("postalCode"));
      add_folded(towns, one.string("city"));
    });
  };
  collect(a, codes_a, towns_a);
  collect(b, codes_b, towns_b);
  if (share(codes_a, codes_b)) return address.agree;
  if (share(towns_a, towns_b)) return address.near;
  const bool both = (!codes_a.empty() && !codes_b.empty()) || (!towns_a.empty() && !towns_b.empty());
  return both ? address.differ : 0;
}

}  // namespace

std::string_view grade_code(MatchGrade grade) {
  constexpr std::string_view codes[] = {"certain", "probable", "possible", "certainly-not"};
  return codes[static_cast<std::size_t>(grade)];
}

double similarity(std::string_view a, std::string_view b) {
  constexpr std::size_t most = 64;
  a = a.substr(0, most);
  b = b.substr(0, most);
  if (a == b) return a.empty() ? 0 : 1;
  if (a.empty() || b.empty()) return 0;
  const std::size_t reach = std::max<std::size_t>(std::max(a.size(), b.size()) / 2, 1) - 1;
  std::array<bool, most> used_a{}, used_b{};
  double common = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t from = i > reach ? i - reach : 0;
    for (std::size_t j = from; j < std::min(b.size(), i + reach + 1); ++j) {
      if (used_b[j] || a[i] != b[j]) continue;
      used_a[i] = used_b[j] = true;
      ++common;
      break;
    }
  }
  if (common == 0) return 0;
  double moved = 0;
  for (std::size_t i = 0, j = 0; i < a.size(); ++i) {
    if (!used_a[i]) continue;
    while (!used_b[j]) ++j;
    if (a[i] != b[j]) ++moved;
    ++j;
  }
  const double size_a = static_cast<double>(a.size()), size_b = static_cast<double>(b.size());
  const double jaro = (common / size_a + common / size_b + (common - moved / 2) / common) / 3;
  std::size_t prefix = 0;
  while (prefix < 4 && prefix < std::min(a.size(), b.size()) && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * 0.1 * (1 - jaro);
}

Likeness compare_patients(json::Value asked, json::Value candidate) {
  double sum = prior;
  const double by_number = by_identifiers(identifiers(asked), identifiers(candidate));
  const double by_family = by_names(families(asked), families(candidate), family);
  const double by_birth = by_birth_date(asked.string("birthDate"), candidate.string("birthDate"));
  sum += by_number + by_family + by_birth + by_names(givens(asked), givens(candidate), given_name);
  const std::string sex = asked.string("gender"), other_sex = candidate.string("gender");
  if (!sex.empty() && !other_sex.empty() && sex != "unknown" && other_sex != "unknown")
    sum += sex == other_sex ? gender.agree : gender.differ;
  const auto reached = contacts(asked), other_reached = contacts(candidate);
  if (!reached.empty() && !other_reached.empty()) sum += share(reached, other_reached) ? telecom.agree : telecom.differ;
  sum += by_addresses(asked, candidate);
  Likeness out;
  out.probability = 1 / (1 + std::exp2(-sum));
  // A number alone is not certain: it may have been mistyped, or be another's insurance.
  const bool two_agree = (by_number > 0) + (by_family == family.agree) + (by_birth == birth_date.agree) >= 2;
  out.grade = out.probability >= certain_from && two_agree ? MatchGrade::certain
              : out.probability >= probable_from           ? MatchGrade::probable
              : out.probability >= possible_from           ? MatchGrade::possible
                                                           : MatchGrade::certainly_not;
  return out;
}

std::vector<std::string> candidate_searches(json::Value asked) {
  std::vector<std::string> out;
  const auto add = [&](std::string query) {
    if (out.size() < searches_max && std::find(out.begin(), out.end(), query) == out.end())
      out.push_back(std::move(query));
  };
  // In a value of a search these three separate.
  const auto value = [](std::string_view text) {
    std::string escaped;
    for (const char c : text) {
      if (c == '\\' || c == ',' || c == '|' || c == '$') escaped.push_back('\\');
      escaped.push_back(c);
    }
    return percent_encode(escaped);
  };
  for (const Identifier& one : identifiers(asked)) {
    if (out.size() >= searches_max / 2) break;
    add("identifier=" + (one.system.empty() ? value(one.value) : value(one.system) + "%7C" + value(one.value)));
  }
  const auto names = families(asked), firsts = givens(asked);
  const std::string birth = asked.string("birthDate");
  if (birth.size() == 10) {
    add("birthdate=" + value(birth) + (names.empty() ? "" : "&family=" + value(names[0].substr(0, 1))));
    if (!firsts.empty()) add("birthdate=" + value(birth) + "&given=" + value(firsts[0].substr(0, 1)));
  }
  if (!names.empty() && !firsts.empty()) add("family=" + value(names[0]) + "&given=" + value(firsts[0]));
  if (!names.empty() && birth.size() >= 4) add("family=" + value(names[0]) + "&birthdate=" + value(birth.substr(0, 4)));
  if (!firsts.empty() && birth.size() >= 7)
    add("given=" + value(firsts[0]) + "&birthdate=" + value(birth.substr(0, 7)));
  each(asked["telecom"], [&](json::Value one) {
    const std::string address_text = one.string("value");
    if (!address_text.empty()) add("telecom=" + value(address_text));
  });
  return out;
}

}  // namespace ward::door
