#include "plan.hpp"

#include <limits>

namespace ward::store {
namespace {

// Bounds are ?1 ..., the limit of a count is ?8, the row to start behind is ?9.
struct RangeSql {
  RangeKind kind;
  std::string_view name;
  bool ordered;
  Sql rows;
  Sql count;
};

constexpr int limit_at = 8;
constexpr int after_at = 9;

// In the order in which they are preferred where the counts say nothing yet.
constexpr RangeSql range_sql[] = {
    {RangeKind::id, "id", false,  //
     "SELECT row FROM resource WHERE type = ?1 AND id = ?2 AND live = 1 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM resource WHERE type = ?1 AND id = ?2 LIMIT ?8)"},
    {RangeKind::reference, "reference", true,
     "SELECT row FROM ref WHERE param = ?1 AND target = ?2 AND row > ?9 ORDER BY row",
     "SELECT count(*) FROM (SELECT 1 FROM ref WHERE param = ?1 AND target = ?2 LIMIT ?8)"},
    {RangeKind::words, "words", true,
     "SELECT rowid FROM full_text WHERE full_text MATCH ?1 AND rowid > ?9 ORDER BY rowid",
     "SELECT count(*) FROM (SELECT 1 FROM full_text WHERE full_text MATCH ?1 LIMIT ?8)"},
    {RangeKind::token, "token", true,
     "SELECT row FROM token WHERE param = ?1 AND code = ?2 AND system = ?3 AND row > ?9 ORDER BY row",
     "SELECT count(*) FROM (SELECT 1 FROM token WHERE param = ?1 AND code = ?2 AND system = ?3 LIMIT ?8)"},
    {RangeKind::token_any_system, "token_any_system", false,
     "SELECT row FROM token WHERE param = ?1 AND code = ?2 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM token WHERE param = ?1 AND code = ?2 LIMIT ?8)"},
    {RangeKind::string, "string", false,
     "SELECT row FROM string WHERE param = ?1 AND value >= ?2 AND value < ?3 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM string WHERE param = ?1 AND value >= ?2 AND value < ?3 LIMIT ?8)"},
    {RangeKind::uri, "uri", false, "SELECT row FROM uri WHERE param = ?1 AND value >= ?2 AND value < ?3 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM uri WHERE param = ?1 AND value >= ?2 AND value < ?3 LIMIT ?8)"},
    {RangeKind::quantity, "quantity", false,
     "SELECT row FROM quantity WHERE param = ?1 AND unit = ?2 AND value >= ?3 AND value <= ?4 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM quantity WHERE param = ?1 AND unit = ?2 AND value >= ?3 AND value <= ?4 "
     "LIMIT ?8)"},
    {RangeKind::number, "number", false,
     "SELECT row FROM number WHERE param = ?1 AND value >= ?2 AND value <= ?3 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM number WHERE param = ?1 AND value >= ?2 AND value <= ?3 LIMIT ?8)"},
    {RangeKind::compartment, "compartment", true,
     "SELECT row FROM compartment WHERE patient = ?1 AND type = ?2 AND row > ?9 ORDER BY row",
     "SELECT count(*) FROM (SELECT 1 FROM compartment WHERE patient = ?1 AND type = ?2 LIMIT ?8)"},
    {RangeKind::date, "date", false,
     "SELECT row FROM date WHERE param = ?1 AND long = ?2 AND low >= ?3 AND low <= ?4 AND row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM date WHERE param = ?1 AND long = ?2 AND low >= ?3 AND low <= ?4 LIMIT ?8)"},
    {RangeKind::updated, "updated", false,
     "SELECT row FROM resource INDEXED BY resource_updated WHERE type = ?1 AND live = 1 AND updated >= ?2 AND updated "
     "<= ?3 AND +row > ?9",
     "SELECT count(*) FROM (SELECT 1 FROM resource WHERE type = ?1 AND live = 1 AND updated >= ?2 AND updated <= ?3 "
     "LIMIT ?8)"},
    {RangeKind::type, "type", true,
     "SELECT row FROM resource INDEXED BY resource_live WHERE type = ?1 AND live = 1 AND row > ?9 ORDER BY row",
     "SELECT count(*) FROM (SELECT 1 FROM resource WHERE type = ?1 AND live = 1 LIMIT ?8)"},
};

const RangeSql& sql_of(RangeKind kind) {
  const RangeSql& found = range_sql[std::size_t(kind)];
  WARD_ASSERT(found.kind == kind);
  return found;
}

void bind(Run& run, const Range& range) {
  // Ids and words are TEXT; keys of strings and uris are BLOBs, whose bytes compare like memcmp.
  const bool text = range.kind == RangeKind::id || range.kind == RangeKind::words;
  int at = 0;
  for (const auto& bound : range.bounds) {
    ++at;
    if (const auto* number = std::get_if<std::int64_t>(&bound)) run.bind(at, *number);
    if (const auto* real = std::get_if<double>(&bound)) run.bind(at, *real);
    const auto* bytes = std::get_if<std::string>(&bound);
    if (bytes != nullptr && text) run.bind(at, std::string_view(*bytes));
    if (bytes != nullptr && !text) run.bind(at, Blob{*bytes});
  }
}

}  // namespace

std::string_view name(RangeKind kind) { return sql_of(kind).name; }
bool Range::ordered() const { return sql_of(kind).ordered; }

Run Range::rows(Connection& connection, std::int64_t after) const {
  Run run = connection.query(sql_of(kind).rows);
  bind(run, *this);
  run.bind(after_at, after);
  return run;
}

std::size_t Range::count(Connection& connection, std::size_t limit) const {
  Run run = connection.query(sql_of(kind).count);
  bind(run, *this);
  run.bind(limit_at, std::int64_t(limit));
  return run.step() ? std::size_t(run.integer(0)) : 0;
}

std::vector<Sql> range_statements() {
  std::vector<Sql> all;
  for (const RangeSql& sql : range_sql) all.push_back(sql.rows), all.push_back(sql.count);
  return all;
}

namespace {

using Ranges = std::vector<Range>;

/// The ranges of one condition; nothing if no index gives a superset of its matches.
class RangesOf {
 public:
  RangesOf(const Need& need, std::int64_t type) : need_(need), type_(type) {}

  std::optional<Ranges> find() {
    if (need_.condition->negate || need_.condition->missing) return std::nullopt;
    if (!need_.together.empty()) return find_together();
    for (const Test& test : need_.tests) {
      if (!test.possible) continue;
      if (!std::visit([&](const auto& match) { return add(test, match); }, *test.match)) return std::nullopt;
    }
    return std::move(ranges_);
  }

 private:
  std::int64_t param() const { return need_.param; }

  /// Of each list the ranges of the first condition that has some.
  std::optional<Ranges> find_together() {
    for (const std::vector<Need>& list : need_.together) {
      std::optional<Ranges> of_list;
      for (auto part = list.begin(); part != list.end() && !of_list; ++part) of_list = RangesOf(*part, type_).find();
      if (!of_list) return std::nullopt;
      std::ranges::move(*of_list, std::back_inserter(ranges_));
    }
    return std::move(ranges_);
  }

  bool add(const Test&, const TextIs&) { return false; }  // Predicate::words

  bool add(const Test&, const NearIs& is) {
    constexpr double km_of_degree = 110.5;  // a little less than there are, so that the range is a little wide
    const double reach = is.km / km_of_degree;
    ranges_.push_back({RangeKind::number, {param(), is.latitude - reach, is.latitude + reach}});
    return true;
  }

  bool add(const Test& test, const TokenIs& is) {
    if (!is.code) return false;
    if (test.system)
      ranges_.push_back({RangeKind::token, {param(), text_hash(*is.code), *test.system}});
    else
      ranges_.push_back({RangeKind::token_any_system, {param(), text_hash(*is.code)}});
    return true;
  }

  bool add(const Test&, const StringIs& is) {
    std::string key = is.text.substr(0, string_key_bytes);
    if (is.how == StringIs::contains) return false;
    if (is.how == StringIs::exact) key = certain_folding(key);
    if (key.empty()) return false;
    return add_prefix(RangeKind::string, key);
  }

  /// Folding keeps leading ASCII letters and digits, in lower case; what comes behind is not for us to know.
  static std::string certain_folding(std::string_view text) {
    std::string out;
    for (const char c : text) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) break;
      out.push_back(upper ? char(c + ('a' - 'A')) : c);
    }
    return out;
  }

  bool add_prefix(RangeKind kind, std::string_view key) {
    ranges_.push_back({kind, {param(), std::string(key), std::string(key) + '\xff'}});  // 0xFF is in no UTF-8 text
    return true;
  }
  void add_equal(RangeKind kind, std::string_view key) {
    ranges_.push_back({kind, {param(), std::string(key), std::string(key) + '\0'}});
  }

  bool add(const Test&, const UriIs& is) {
    if (is.value.empty()) return false;
    const std::string_view key = std::string_view(is.value).substr(0, uri_key_bytes);
    if (is.below)
      add_prefix(RangeKind::uri, key);
    else
      add_equal(RangeKind::uri, key);
    if (!is.above) return true;
    for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/', slash + 1)) {
      if (slash > 0) add_equal(RangeKind::uri, key.substr(0, slash));
      add_equal(RangeKind::uri, key.substr(0, slash + 1));
    }
    return true;
  }

  bool add(const Test& test, const ReferenceIs&) {
    for (const std::int64_t target : test.targets) ranges_.push_back({RangeKind::reference, {param(), target}});
    return true;
  }

  bool add(const Test&, const NumberIs& is) {
    if (is.how == Compare::ne) return false;
    const auto [low, high] = number_bounds(is.how, is.low, is.high);
    ranges_.push_back({RangeKind::number, {param(), low, high}});
    return true;
  }

  bool add(const Test&, const QuantityIs& is) {
    if (is.how == Compare::ne || is.code.empty()) return false;
    const auto [low, high] = number_bounds(is.how, is.low, is.high);
    ranges_.push_back({RangeKind::quantity, {param(), text_hash(is.code), low, high}});
    return true;
  }

  bool add(const Test&, const IdIs& is) {
    ranges_.push_back({RangeKind::id, {type_, is.id}});
    return true;
  }

  // An interval is found by its low end. One that ends above a point begins at most long_date_ms below it, unless it is
  // one of the long ones, which are apart so that they alone must be looked through.
  bool add(const Test&, const DateIs& is) {
    constexpr std::int64_t least = INT64_MIN, most = INT64_MAX;
    const std::int64_t reach = below(is.high, long_date_ms);
    switch (is.how) {
      case Compare::ne:
        return false;
      case Compare::eq:
        return add_dates(is.low, is.high, is.low, is.high);
      case Compare::sa:
        return add_dates(is.high, most, is.high, most);
      case Compare::gt:
        return add_dates(reach, most, least, most);
      case Compare::ge:
        return add_dates(std::min(is.low, reach), most, least, most);
      case Compare::lt:
      case Compare::eb:
        return add_dates(least, is.low, least, is.low);
      case Compare::le:
        return add_dates(least, is.high, least, is.high);
      case Compare::ap:
        return false;
    }
    return false;
  }
  bool add_dates(std::int64_t low, std::int64_t high, std::int64_t long_low, std::int64_t long_high) {
    ranges_.push_back({RangeKind::date, {param(), std::int64_t(0), low, high}});
    ranges_.push_back({RangeKind::date, {param(), std::int64_t(1), long_low, long_high}});
    return true;
  }
  static std::int64_t below(std::int64_t at, std::int64_t by) { return at < INT64_MIN + by ? INT64_MIN : at - by; }

  bool add(const Test&, const UpdatedIs& is) {
    switch (is.how) {
      case Compare::eq:
        return add_updated(is.low, is.high);
      case Compare::gt:
      case Compare::ge:
      case Compare::sa:
        return add_updated(is.low, INT64_MAX);
      case Compare::lt:
      case Compare::le:
      case Compare::eb:
        return add_updated(INT64_MIN, is.high);
      case Compare::ne:
      case Compare::ap:
        return false;
    }
    return false;
  }
  bool add_updated(std::int64_t low, std::int64_t high) {
    ranges_.push_back({RangeKind::updated, {type_, low, high}});
    return true;
  }

  const Need& need_;
  const std::int64_t type_;
  Ranges ranges_;
};

/// The compartments of all patients that any branch shows; nothing if a branch shows all.
std::optional<Ranges> visible_ranges(const Predicate& predicate, std::int64_t type, Names& names) {
  Ranges ranges;
  std::set<std::string_view> patients;
  for (const Sight& sight : predicate.sights) {
    if (sight.all) return std::nullopt;
    patients.insert(sight.patients.begin(), sight.patients.end());
  }
  const auto patient_type = names.type("Patient");
  if (!patient_type) return ranges;
  for (const std::string_view patient : patients)
    if (const auto row = names.row(*patient_type, patient)) ranges.push_back({RangeKind::compartment, {*row, type}});
  return ranges;
}

std::size_t count(const Ranges& ranges, Connection& connection, std::size_t limit) {
  std::size_t sum = 0;
  for (const Range& range : ranges) {
    if (sum >= limit) break;
    sum += range.count(connection, limit - sum);
  }
  return sum;
}

constexpr std::size_t few = 128;  // resources that are sooner tested than sought better

RangeKind kind(const Ranges& ranges) { return ranges.empty() ? RangeKind::id : ranges.front().kind; }

}  // namespace

// Counting costs as much as the smallest set, at most: all sets are counted up to a limit that grows.
Plan choose_plan(const Predicate& predicate, std::int64_t type, Names& names, Connection& connection) {
  std::vector<Ranges> options;
  const auto consider = [&](const std::vector<Need>& needs) {
    for (const Need& need : needs)
      if (auto ranges = RangesOf(need, type).find()) options.push_back(std::move(*ranges));
  };
  consider(predicate.needs);
  for (const std::string& expression : predicate.words) options.push_back(Ranges{{RangeKind::words, {expression}}});
  if (predicate.sights.size() == 1) consider(predicate.sights.front().also);
  const auto empty = [](const Ranges& ranges) { return ranges.empty(); };
  if (predicate.sights.empty() || std::ranges::any_of(options, empty))
    return {.nothing = true, .dense = false, .ranges = {}};

  std::ranges::sort(options, {}, kind);
  const auto smallest = [&](std::size_t limit) {
    std::size_t least = limit;
    Ranges* best = nullptr;
    for (Ranges& ranges : options) {
      const std::size_t rows = count(ranges, connection, least);
      if (rows < least) least = rows, best = &ranges;
    }
    return best;
  };
  // Looking up a caller's hundred patients costs more than testing the few resources that a condition leaves.
  if (Ranges* best = smallest(few)) return {.nothing = false, .dense = false, .ranges = std::move(*best)};
  if (auto visible = visible_ranges(predicate, type, names)) {
    if (visible->empty()) return {.nothing = true, .dense = false, .ranges = {}};
    options.push_back(std::move(*visible));
    std::ranges::sort(options, {}, kind);
  }
  for (std::size_t limit = few; limit <= collect_max; limit *= 4)
    if (Ranges* best = smallest(limit)) return {.nothing = false, .dense = false, .ranges = std::move(*best)};
  Plan plan{.nothing = false, .dense = true, .ranges = {{RangeKind::type, {type}}}};
  for (Ranges& ranges : options)
    if (ranges.size() == 1 && ranges.front().ordered()) {
      plan.ranges = std::move(ranges);
      break;
    }
  return plan;
}

}  // namespace ward::store
