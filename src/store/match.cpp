#include "match.hpp"

#include <cmath>
#include <limits>

namespace ward::store {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Decimals are not exact in binary; this is far above that error, and below the precision of any number that is stated
/// with ten digits (a place in a genome).
double slack(double value) { return std::abs(value) * 1e-13; }

/// R4 search, "ap": for dates 10 % of the gap between now and the value, at least a day here.
std::int64_t about(std::int64_t from, std::int64_t to, std::int64_t now) {
  constexpr double day = 24.0 * 3600 * 1000;
  const double gap = std::abs(double(now) - (double(from) + double(to)) / 2) / 10;
  return std::int64_t(std::clamp(gap, day, 1e14));
}

std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
  return sum;
}

class Judge {
 public:
  Judge(const Need& need, const Entries& entries, std::int64_t now) : need_(need), entries_(entries), now_(now) {}

  bool satisfied() const {
    const Condition& condition = *need_.condition;
    if (!need_.together.empty()) return together() != condition.negate;
    if (condition.missing) return *condition.missing != has_value();
    return any_passes() != condition.negate;
  }

 private:
  Judge(const Need& need, const Entries& entries, std::int64_t now, std::optional<std::uint32_t> group)
      : need_(need), entries_(entries), now_(now), group_(group) {}

  bool any_passes() const {
    if (!need_.ids.empty()) return need_.ids.contains(entries_.id);
    if (!need_.targets.empty())
      return any(entries_.references, [&](const Entries::Reference& e) { return need_.targets.contains(e.target); });
    return std::ranges::any_of(need_.tests, [&](const Test& test) { return test.possible && passes(test); });
  }

  /// Whether some element has values for all conditions of one list.
  bool together() const {
    const std::uint32_t last = last_group();
    return std::ranges::any_of(need_.together, [&](const std::vector<Need>& list) {
      for (std::uint32_t group = 0; group <= last; ++group)
        if (std::ranges::all_of(list, [&](const Need& part) { return holds_in(part, group); })) return true;
      return false;
    });
  }

  bool holds_in(const Need& part, std::uint32_t group) const {
    return Judge(part, entries_, now_, part.condition->anywhere ? std::nullopt : std::optional(group)).satisfied();
  }

  std::uint32_t last_group() const {
    std::uint32_t last = 0;
    const auto look = [&](const auto& list) {
      for (const auto& e : list) last = std::max(last, e.group);
    };
    look(entries_.tokens), look(entries_.strings), look(entries_.dates), look(entries_.numbers);
    look(entries_.quantities), look(entries_.references), look(entries_.uris);
    return last;
  }

  bool has_value() const {
    if (need_.condition->param == "_id" || need_.condition->param == "_lastUpdated") return true;
    const auto named = [&](const auto& list) {
      return std::ranges::any_of(list, [&](const auto& e) { return e.param == need_.param && in_group(e); });
    };
    return need_.param != 0 &&
           (named(entries_.tokens) || named(entries_.strings) || named(entries_.dates) || named(entries_.numbers) ||
            named(entries_.quantities) || named(entries_.references) || named(entries_.uris));
  }

  bool passes(const Test& test) const {
    return std::visit([&](const auto& match) { return passes(test, match); }, *test.match);
  }

  template <class List, class Good>
  bool any(const List& list, Good good) const {
    return std::ranges::any_of(list, [&](const auto& e) { return e.param == need_.param && in_group(e) && good(e); });
  }
  bool in_group(const auto& e) const { return !group_ || e.group == *group_; }

  bool passes(const Test& test, const TokenIs& is) const {
    return any(entries_.tokens, [&](const Entries::Token& e) {
      return (!is.code || e.code == *is.code) && (!test.system || e.system == *test.system);
    });
  }
  bool passes(const Test&, const StringIs& is) const {
    return any(entries_.strings, [&](const Entries::String& e) {
      if (is.how == StringIs::exact) return e.exact == is.text;
      if (is.how == StringIs::prefix) return e.folded.starts_with(is.text);
      return e.folded.find(is.text) != std::string_view::npos;
    });
  }
  bool passes(const Test&, const DateIs& is) const {
    return any(entries_.dates,
               [&](const Entries::Date& e) { return date_compares(is.how, e.low, e.high, is.low, is.high, now_); });
  }
  bool passes(const Test&, const NumberIs& is) const {
    return any(entries_.numbers,
               [&](const Entries::Number& e) { return number_compares(is.how, e.low, e.high, is.low, is.high); });
  }
  bool passes(const Test& test, const QuantityIs& is) const {
    return any(entries_.quantities, [&](const Entries::Quantity& e) {
      const bool as_code = e.code == is.code && (!test.system || e.system == *test.system);
      const bool as_unit = !is.system && e.unit == is.code;  // R4 quantity: "||code" is looked for in code and unit
      return (is.code.empty() || as_code || as_unit) && number_compares(is.how, e.low, e.high, is.low, is.high);
    });
  }
  bool passes(const Test& test, const ReferenceIs&) const {
    return any(entries_.references, [&](const Entries::Reference& e) {
      return std::ranges::find(test.targets, e.target) != test.targets.end();
    });
  }
  bool passes(const Test&, const UriIs& is) const {
    return any(entries_.uris, [&](const Entries::Uri& e) {
      return e.value == is.value || (is.below && uri_below(e.value, is.value)) ||
             (is.above && uri_below(is.value, e.value));
    });
  }
  bool passes(const Test&, const IdIs& is) const { return entries_.id == is.id; }
  bool passes(const Test&, const UpdatedIs& is) const {
    return date_compares(is.how, entries_.updated, entries_.updated + 1, is.low, is.high, now_);
  }
  bool passes(const Test&, const TextIs&) const { return true; }  // Predicate::words
  bool passes(const Test&, const NearIs& is) const {
    return any(entries_.numbers, [&](const Entries::Number& latitude) {
      return std::ranges::any_of(entries_.numbers, [&](const Entries::Number& e) {
        return e.param == need_.longitude && e.group == latitude.group &&
               distance_km(is.latitude, is.longitude, latitude.low, e.low) <= is.km;
      });
    });
  }

  const Need& need_;
  const Entries& entries_;
  const std::int64_t now_;
  const std::optional<std::uint32_t> group_ = std::nullopt;
};

bool all_satisfied(const std::vector<Need>& needs, const Entries& entries, std::int64_t now) {
  return std::ranges::all_of(needs, [&](const Need& need) { return Judge(need, entries, now).satisfied(); });
}

class Compiler {
 public:
  Compiler(std::int64_t type, Names& names) : type_(type), names_(names) {}

  std::vector<Need> needs(const std::vector<Condition>& conditions) {
    std::vector<Need> out;
    out.reserve(conditions.size());
    for (const Condition& condition : conditions)
      if (!words_of(condition)) out.push_back(need(condition));
    return out;
  }

  /// Of all conditions so far.
  std::vector<std::string> words() { return std::move(words_); }

 private:
  static constexpr std::size_t many = 8;

  Need need(const Condition& condition) {
    Need out{.condition = &condition, .param = number(condition.param), .longitude = 0, .tests = {}};
    for (const Match& match : condition.any_of) {
      out.tests.push_back(test(match, out.param));
      if (std::holds_alternative<NearIs>(match)) out.longitude = number(condition.param + ":longitude");
    }
    for (const auto& list : condition.together) {
      out.together.emplace_back();
      for (const Condition& part : list) out.together.back().push_back(need(part));
    }
    if (out.tests.size() > many) look_up(out);
    return out;
  }

  std::uint32_t number(const std::string& param) { return std::uint32_t(names_.param(type_, param).value_or(0)); }

  static void look_up(Need& need) {
    const auto all = [&](auto is) {
      return std::ranges::all_of(need.tests, [&](const Test& one) { return is(*one.match); });
    };
    if (all([](const Match& match) { return std::holds_alternative<IdIs>(match); }))
      for (const Test& one : need.tests) need.ids.insert(std::get<IdIs>(*one.match).id);
    else if (all([](const Match& match) { return std::holds_alternative<ReferenceIs>(match); }))
      for (const Test& one : need.tests) need.targets.insert(one.targets.begin(), one.targets.end());
  }

  /// Takes a condition on words. All are literals in FTS5's language, so that no operator of it can come from outside.
  bool words_of(const Condition& condition) {
    std::string any;
    for (const Match& match : condition.any_of) {
      const auto* text = std::get_if<TextIs>(&match);
      if (text == nullptr) return false;
      std::string all;
      for (const std::string& word : text->words) all += (all.empty() ? "(" : " AND ") + quoted(word);
      any += (any.empty() ? "" : " OR ") + all + ")";
    }
    if (any.empty()) return false;
    const std::string_view columns = condition.param == "_text" ? "narrative" : "{narrative content}";
    words_.push_back(fmt::format("kind : t{} AND {} : ({})", type_, columns, any));
    return true;
  }

  static std::string quoted(std::string_view word) {
    std::string out = "\"";
    for (const char c : word) out.append(c == '"' ? "\"\"" : std::string_view(&c, 1));
    return out + "\"";
  }

  Test test(const Match& match, std::uint32_t param) {
    Test out{.match = &match, .possible = true, .system = std::nullopt, .targets = {}};
    const bool own = std::holds_alternative<IdIs>(match) || std::holds_alternative<UpdatedIs>(match);
    out.possible = own || param != 0;
    if (const auto* token = std::get_if<TokenIs>(&match)) resolve(token->system, out);
    if (const auto* quantity = std::get_if<QuantityIs>(&match)) resolve(quantity->system, out);
    if (const auto* reference = std::get_if<ReferenceIs>(&match)) {
      out.targets = targets(*reference);
      out.possible = out.possible && !out.targets.empty();
    }
    return out;
  }

  void resolve(const std::optional<std::string>& system, Test& out) {
    if (!system) return;
    out.system = names_.system(*system);
    out.possible = out.possible && out.system.has_value();
  }

  std::vector<std::int64_t> targets(const ReferenceIs& is) {
    std::vector<std::int64_t> rows;
    if (is.type.empty() && is.url.empty()) return names_.rows_of_any_type(is.id);
    const std::string_view type = is.url.empty() ? std::string_view(is.type) : url_type;
    const auto number = names_.type(type);
    if (!number) return rows;
    const auto row = names_.row(*number, is.url.empty() ? is.id : is.url);
    if (row) rows.push_back(*row);
    return rows;
  }

  std::int64_t type_;
  Names& names_;
  std::vector<std::string> words_;
};

bool wholly_seen(const std::vector<Sight>& sights, const Entries& entries) {
  return std::ranges::any_of(sights, &Sight::all) || std::ranges::all_of(entries.patients, [&](std::string_view id) {
           return id.starts_with('#') ||
                  std::ranges::any_of(sights, [&](const Sight& sight) { return sight.patients.contains(id); });
         });
}

}  // namespace

bool Predicate::asks() const {
  return std::ranges::any_of(sights, [](const Sight& sight) { return sight.sees != nullptr; });
}

bool Predicate::satisfied(const Entries& entries, const Version* version) const {
  if (!words.empty() && !wholly_seen(sights, entries)) return false;
  if (!all_satisfied(needs, entries, now_ms)) return false;
  return std::ranges::any_of(sights, [&](const Sight& sight) {
    const bool sealed = std::ranges::any_of(
        sight.sealed, [&](auto mark) { return std::ranges::find(entries.patients, mark) != entries.patients.end(); });
    if (sealed) return false;
    const bool seen =
        sight.all || std::ranges::any_of(entries.patients, [&](auto id) { return sight.patients.contains(id); });
    if (!seen || !all_satisfied(sight.also, entries, now_ms)) return false;
    return sight.sees == nullptr || version == nullptr || (*sight.sees)(*version);
  });
}

Predicate compile(const Query& query, std::int64_t type, Names& names, WallTime now) {
  Compiler compiler(type, names);
  Predicate out;
  out.now_ms = now.time_since_epoch().count();
  out.needs = compiler.needs(query.all_of);
  for (const VisibleBranch& branch : query.visible) {
    Sight sight{.all = branch.all, .patients = {}, .also = compiler.needs(branch.also), .sealed = {}, .sees = nullptr};
    if (branch.sees) sight.sees = &branch.sees;
    sight.sealed.assign(branch.sealed.begin(), branch.sealed.end());
    if (!branch.all) sight.patients.insert(branch.patients.begin(), branch.patients.end());
    out.sights.push_back(std::move(sight));
  }
  out.words = compiler.words();
  return out;
}

bool date_compares(Compare how, std::int64_t low, std::int64_t high, std::int64_t from, std::int64_t to,
                   std::int64_t now) {
  const bool inside = low >= from && high <= to;
  switch (how) {
    case Compare::eq:
      return inside;
    case Compare::ne:
      return !inside;
    case Compare::gt:
      return high > to;
    case Compare::lt:
      return low < from;
    case Compare::ge:
      return high > to || inside;
    case Compare::le:
      return low < from || inside;
    case Compare::sa:
      return low >= to;
    case Compare::eb:
      return high <= from;
    case Compare::ap: {
      const std::int64_t gap = about(from, to, now);
      return low < plus(to, gap) && high > plus(from, -gap);
    }
  }
  return false;
}

bool number_compares(Compare how, double low, double high, double from, double to) {
  if (how == Compare::ne) return !number_compares(Compare::eq, low, high, from, to);
  const double value = middle(low, high);
  const auto [least, most] = number_bounds(how, from, to);
  return value >= least && value <= most;
}

NumberBounds number_bounds(Compare how, double from, double to) {
  const double asked = middle(from, to);
  const double near = slack(asked);
  switch (how) {
    case Compare::eq:
      return {from - slack(from), to > from ? std::nextafter(to - slack(to), from) : to + slack(to)};
    case Compare::gt:
    case Compare::sa:
      return {std::nextafter(asked + near, infinite), infinite};
    case Compare::lt:
    case Compare::eb:
      return {-infinite, std::nextafter(asked - near, -infinite)};
    case Compare::ge:
      return {asked - near, infinite};
    case Compare::le:
      return {-infinite, asked + near};
    case Compare::ap:
      return {std::min(from, asked - std::abs(asked) / 10), std::max(to, asked + std::abs(asked) / 10)};
    case Compare::ne:
      break;
  }
  return {-infinite, infinite};
}

double distance_km(double latitude, double longitude, double other_latitude, double other_longitude) {
  constexpr double earth_km = 6371.0088, degree = 3.14159265358979323846 / 180;
  const double up = std::sin((other_latitude - latitude) * degree / 2);
  const double along = std::sin((other_longitude - longitude) * degree / 2);
  const double half = up * up + std::cos(latitude * degree) * std::cos(other_latitude * degree) * along * along;
  return 2 * earth_km * std::asin(std::sqrt(std::min(1.0, half)));
}

bool uri_below(std::string_view uri, std::string_view base) {
  if (!uri.starts_with(base)) return false;
  return uri.size() == base.size() || base.ends_with('/') || uri[base.size()] == '/';
}

}  // namespace ward::store
