#include "base/config.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

namespace ward::config::detail {
/// What toml++ asserts of its input (a "[" before a comma, say) is thrown: no file may end the process.
struct Misparse {};
[[noreturn]] inline void misparse() { throw Misparse(); }
}  // namespace ward::config::detail
#define TOML_ASSERT(expression) ((expression) ? static_cast<void>(0) : ::ward::config::detail::misparse())
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace ward::config {
namespace detail {

/// Where a key stands.
struct Origin {
  std::string file;
  unsigned line = 0;
};

struct Shared {
  std::string file;
  std::map<std::string, Origin> overlaid;  // by dotted path; what is laid over is copied, and a copy forgets its line
  toml::table root;
  std::vector<Problem> problems;
  std::map<const toml::table*, std::set<std::string>> asked;
  std::shared_ptr<Node> root_node;
};

struct Node {
  std::weak_ptr<Shared> shared;
  const toml::table* table = nullptr;
  std::string path;
  std::string file;
  unsigned line = 0;
};

}  // namespace detail

namespace {

using detail::Node;
using detail::Origin;
using detail::Shared;

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

const toml::node* value_of(const Node& node, std::string_view key) {
  if (node.table == nullptr) return nullptr;
  if (const auto shared = node.shared.lock()) shared->asked[node.table].insert(std::string(key));
  return node.table->get(key);
}

Origin origin_of(const Shared& shared, const std::string& path, const toml::node& value) {
  const auto found = shared.overlaid.find(path);
  return found == shared.overlaid.end() ? Origin{shared.file, value.source().begin.line} : found->second;
}

/// Of the key, or of its table if it is not there.
Origin origin_of(const Node& node, std::string_view key) {
  const toml::node* value = node.table != nullptr ? node.table->get(key) : nullptr;
  const auto shared = node.shared.lock();
  return value == nullptr || !shared ? Origin{node.file, node.line}
                                     : origin_of(*shared, joined(node.path, key), *value);
}

void report(const Node& node, std::string_view key, std::string message) {
  const auto shared = node.shared.lock();
  if (!shared) return;
  const Origin origin = origin_of(node, key);
  shared->problems.push_back({origin.file, origin.line, joined(node.path, key) + ": " + std::move(message)});
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// A number and its unit: "8 MiB", "5min".
bool split_quantity(std::string_view text, double& amount, std::string_view& unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || amount < 0) return false;
  unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return !unit.empty();
}

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit time_units[] = {{"ms", 1},       {"s", 1e3},       {"min", 6e4},      {"h", 3.6e6},
                               {"day", 8.64e7}, {"days", 8.64e7}, {"weeks", 6.048e8}};
constexpr Unit byte_units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
constexpr Unit rate_units[] = {{"/s", 1}, {"/min", 1.0 / 60}, {"/h", 1.0 / 3600}, {"/day", 1.0 / 86400}};

template <std::size_t N>
std::optional<double> quantity(const Node& node, std::string_view key, const Unit (&units)[N],
                               std::string_view example) {
  const toml::node* value = value_of(node, key);
  if (value == nullptr) return std::nullopt;
  const auto text = value->value<std::string>();
  double amount = 0;
  std::string_view unit;
  if (value->is_string() && split_quantity(*text, amount, unit))
    for (const Unit& known : units)
      if (known.name == unit) return amount * known.factor;
  std::vector<std::string_view> names;
  for (const Unit& known : units) names.push_back(known.name);
  report(node, key, fmt::format("needs a number and a unit ({}), as in \"{}\"", fmt::join(names, ", "), example));
  return std::nullopt;
}

void collect_unknown(const Shared& shared, const toml::table& table, const std::string& path,
                     std::vector<Problem>& problems) {
  const auto found = shared.asked.find(&table);
  if (found == shared.asked.end()) return;
  const std::vector<std::string> known(found->second.begin(), found->second.end());
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    const std::string here = joined(path, name);
    if (!found->second.contains(name)) {
      const std::string near = nearest(name, known);
      const Origin origin = origin_of(shared, here, value);
      problems.push_back({origin.file, origin.line,
                          here + ": unknown key" +
                              (near.empty() ? fmt::format("; known here: {}", fmt::join(known, ", "))
                                            : "; did you mean \"" + near + "\"?")});
    } else if (const toml::table* inner = value.as_table()) {
      collect_unknown(shared, *inner, here, problems);
    } else if (const toml::array* array = value.as_array()) {
      for (const toml::node& element : *array)
        if (const toml::table* one = element.as_table()) collect_unknown(shared, *one, here, problems);
    }
  }
}

void lay_over(toml::table& below, const toml::table& above, const std::string& path, const std::string& file,
              std::map<std::string, Origin>& overlaid) {
  for (const auto& [key, value] : above) {
    const std::string here = joined(path, key.str());
    toml::table* inner = below.get_as<toml::table>(key.str());
    if (inner != nullptr && value.is_table()) {
      lay_over(*inner, *value.as_table(), here, file, overlaid);
      continue;
    }
    below.insert_or_assign(key, value);
    overlaid[here] = {file, value.source().begin.line};
    if (const toml::table* table = value.as_table()) {
      toml::table* placed = below.get_as<toml::table>(key.str());
      lay_over(*placed, *table, here, file, overlaid);
    }
  }
}

/// The first line with which the text above cannot be read: a Misparse knows no place.
unsigned line_of_misparse(std::string_view text) {
  unsigned line = 1;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', end + 1), ++line) {
    try {
      static_cast<void>(toml::parse(text.substr(0, end)));
    } catch (const toml::parse_error&) {
      // A value over several lines is not yet complete.
    } catch (const detail::Misparse&) {
      return line;
    }
  }
  return line;
}

/// TOML 1.0 has text beyond ASCII in strings and comments alone; elsewhere toml++ 3.3 comes to what it takes for
/// unreachable. The line of the first byte that stands elsewhere, or 0.
unsigned line_of_stray_text(std::string_view text) {
  unsigned line = 1;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) return line;
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '\'') {
      const std::string quotes(text.substr(i).starts_with(std::string(3, c)) ? 3 : 1, c);
      for (i += quotes.size(); i < text.size() && !text.substr(i).starts_with(quotes); ++i) {
        if (text[i] == '\n' && quotes.size() == 1) break;
        if (c == '"' && text[i] == '\\' && i + 1 < text.size()) ++i;
        if (text[i] == '\n') ++line;
      }
      if (i < text.size() && text.substr(i).starts_with(quotes)) i += quotes.size();
    } else {
      if (c == '\n') ++line;
      ++i;
    }
  }
  return 0;
}

std::expected<toml::table, std::vector<Problem>> parse_table(std::string_view toml_text, const std::string& file) {
  if (const unsigned line = line_of_stray_text(toml_text))
    return std::unexpected(std::vector<Problem>{{file, line, "is no TOML: letters beyond ASCII stand in quotes, keys too"}});
  try {
    return toml::parse(toml_text, std::string_view(file));
  } catch (const toml::parse_error& error) {
    return std::unexpected(std::vector<Problem>{{file, error.source().begin.line, std::string(error.description())}});
  } catch (const detail::Misparse&) {
    return std::unexpected(
        std::vector<Problem>{{file, line_of_misparse(toml_text), "is no TOML: a key or a value was expected here"}});
  }
}

std::expected<std::string, std::vector<Problem>> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  if (!in)
    return std::unexpected(std::vector<Problem>{
        {file.string(), 0, "cannot be read; check the path and its permissions, or write one with `ward init`"}});
  return content.str();
}

}  // namespace

std::string Problem::text() const {
  return line == 0 ? file + ": " + message : fmt::format("{}:{}: {}", file, line, message);
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

bool Section::exists() const { return node_ && node_->table != nullptr; }
const std::string& Section::path() const { return node_->path; }
unsigned Section::line() const { return node_->line; }

std::string Section::where(std::string_view key) const {
  const Origin origin = origin_of(*node_, key);
  return fmt::format("{}:{}", origin.file, origin.line);
}

bool Section::has(std::string_view key) const { return value_of(*node_, key) != nullptr; }

std::string Section::text(std::string_view key, std::string_view otherwise) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return std::string(otherwise);
  if (value->is_string()) return *value->value<std::string>();
  report(*node_, key, "needs a text in quotes");
  return std::string(otherwise);
}

bool Section::flag(std::string_view key, bool otherwise) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return *value->value<bool>();
  report(*node_, key, "needs true or false, without quotes");
  return otherwise;
}

std::int64_t Section::integer(std::string_view key, std::int64_t otherwise, std::int64_t least,
                              std::int64_t most) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return otherwise;
  const auto number = value->is_integer() ? value->value<std::int64_t>() : std::nullopt;
  if (number && *number >= least && *number <= most) return *number;
  report(*node_, key, fmt::format("needs a whole number from {} to {}", least, most));
  return otherwise;
}

double Section::number(std::string_view key, double otherwise) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return otherwise;
  if (value->is_number()) return *value->value<double>();
  report(*node_, key, "needs a number, without quotes");
  return otherwise;
}

std::vector<std::string> Section::texts(std::string_view key, std::vector<std::string> otherwise) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return otherwise;
  if (value->is_string()) return {*value->value<std::string>()};
  std::vector<std::string> all;
  if (const toml::array* array = value->as_array()) {
    for (const toml::node& element : *array)
      if (element.is_string()) all.push_back(*element.value<std::string>());
    if (all.size() == array->size()) return all;
  }
  report(*node_, key, "needs a list of texts, as in [\"one\", \"two\"]");
  return otherwise;
}

std::chrono::milliseconds Section::duration(std::string_view key, std::chrono::milliseconds otherwise) const {
  const auto amount = quantity(*node_, key, time_units, "5 min");
  return amount ? std::chrono::milliseconds(static_cast<std::int64_t>(*amount)) : otherwise;
}

std::uint64_t Section::bytes(std::string_view key, std::uint64_t otherwise) const {
  const auto amount = quantity(*node_, key, byte_units, "8 MiB");
  return amount ? static_cast<std::uint64_t>(*amount) : otherwise;
}

double Section::rate(std::string_view key, double per_second_otherwise) const {
  return quantity(*node_, key, rate_units, "600/min").value_or(per_second_otherwise);
}

std::string Section::choice(std::string_view key, std::vector<std::string_view> allowed,
                            std::string_view otherwise) const {
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return std::string(otherwise);
  const auto text = value->is_string() ? value->value<std::string>() : std::nullopt;
  if (text && std::find(allowed.begin(), allowed.end(), *text) != allowed.end()) return *text;
  const std::string near = text ? nearest(*text, std::vector<std::string>(allowed.begin(), allowed.end())) : "";
  report(*node_, key,
         fmt::format("needs one of: {}{}", fmt::join(allowed, ", "),
                     near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return std::string(otherwise);
}

Section Section::section(std::string_view key) const {
  Section inner;
  const toml::node* value = value_of(*node_, key);
  const toml::table* table = value != nullptr ? value->as_table() : nullptr;
  if (value != nullptr && table == nullptr) report(*node_, key, "needs a table");
  inner.node_ = std::make_shared<Node>(Node{.shared = node_->shared,
                                            .table = table,
                                            .path = joined(node_->path, key),
                                            .file = origin_of(*node_, key).file,
                                            .line = origin_of(*node_, key).line});
  if (table != nullptr)
    if (const auto shared = node_->shared.lock()) shared->asked.try_emplace(table);
  return inner;
}

std::vector<Section> Section::sections(std::string_view key) const {
  std::vector<Section> all;
  const toml::node* value = value_of(*node_, key);
  if (value == nullptr) return all;
  const toml::array* array = value->as_array();
  if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
    report(*node_, key, fmt::format("needs [[{}]] tables", joined(node_->path, key)));
    return all;
  }
  for (const toml::node& element : *array) {
    Section one;
    one.node_ = std::make_shared<Node>(
        Node{.shared = node_->shared,
             .table = element.as_table(),
             .path = joined(node_->path, key),
             .file = origin_of(*node_, key).file,
             .line = element.source().begin.line != 0 ? element.source().begin.line : origin_of(*node_, key).line});
    if (const auto shared = node_->shared.lock()) shared->asked.try_emplace(element.as_table());
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> Section::names() const {
  std::vector<std::string> all;
  if (node_->table == nullptr) return all;
  for (const auto& [key, value] : *node_->table) {
    all.emplace_back(key.str());
    value_of(*node_, key.str());
  }
  return all;
}

bool Section::is_section(std::string_view key) const {
  const toml::node* value = value_of(*node_, key);
  return value != nullptr && value->is_table();
}

void Section::problem(std::string_view key, std::string message) const { report(*node_, key, std::move(message)); }

std::expected<Document, std::vector<Problem>> Document::parse(std::string_view toml_text, std::string_view file_name) {
  auto table = parse_table(toml_text, std::string(file_name));
  if (!table) return std::unexpected(std::move(table.error()));
  Document document;
  document.shared_ = std::make_shared<Shared>();
  document.shared_->file = std::string(file_name);
  document.shared_->root = std::move(*table);
  document.shared_->asked.try_emplace(&document.shared_->root);
  return document;
}

std::expected<Document, std::vector<Problem>> Document::read(const std::filesystem::path& file,
                                                             const std::vector<std::filesystem::path>& overlays) {
  const auto content = read_file(file);
  if (!content) return std::unexpected(content.error());
  auto document = parse(*content, file.filename().string());
  if (!document) return document;
  for (const auto& overlay : overlays) {
    const auto above = read_file(overlay);
    if (!above) return std::unexpected(above.error());
    const auto table = parse_table(*above, overlay.filename().string());
    if (!table) return std::unexpected(table.error());
    lay_over(document->shared_->root, *table, "", overlay.filename().string(), document->shared_->overlaid);
  }
  return document;
}

Section Document::root() const {
  Section root;
  root.node_ = std::make_shared<Node>(
      Node{.shared = shared_, .table = &shared_->root, .path = "", .file = shared_->file, .line = 1});
  return root;
}

std::vector<Problem> Document::finish() const {
  std::vector<Problem> all = shared_->problems;
  collect_unknown(*shared_, shared_->root, "", all);
  std::sort(all.begin(), all.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line, a.message) < std::tie(b.file, b.line, b.message);
  });
  return all;
}

}  // namespace ward::config
