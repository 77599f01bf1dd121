#include "names.hpp"

namespace ward::store {
namespace {
constexpr std::size_t remembered_max = 20'000;  // per kind; systems come from outside
}

std::int64_t Names::remember(Cache& cache, std::string_view name, std::int64_t number) {
  if (cache.size() >= remembered_max) cache.clear();
  cache.emplace(name, number);
  return number;
}

std::optional<std::int64_t> Names::type(std::string_view name) {
  if (const auto found = types_.find(name); found != types_.end()) return found->second;
  const auto number = connection_.number("SELECT number FROM type WHERE name = ?1", name);
  if (number) remember(types_, name, *number);
  return number;
}

std::string Names::type_name(std::int64_t number) {
  if (const auto found = type_names_.find(number); found != type_names_.end()) return found->second;
  Run run = connection_.query("SELECT name FROM type WHERE number = ?1", number);
  std::string name(run.step() ? run.text(0) : std::string_view());
  if (!name.empty()) type_names_.emplace(number, name);
  return name;
}

std::optional<std::int64_t> Names::param(std::int64_t type, std::string_view code) {
  Cache& params = params_[type];
  if (const auto found = params.find(code); found != params.end()) return found->second;
  const auto number = connection_.number("SELECT number FROM param WHERE type = ?1 AND code = ?2", type, code);
  if (number) remember(params, code, *number);
  return number;
}

std::optional<std::int64_t> Names::system(std::string_view uri) {
  if (uri.empty()) return 0;
  if (const auto found = systems_.find(uri); found != systems_.end()) return found->second;
  const auto number = connection_.number("SELECT number FROM system WHERE uri = ?1", uri);
  if (number) remember(systems_, uri, *number);
  return number;
}

std::optional<std::int64_t> Names::row(std::int64_t type, std::string_view id) {
  return connection_.number("SELECT row FROM resource WHERE type = ?1 AND id = ?2", type, id);
}

std::vector<std::int64_t> Names::rows_of_any_type(std::string_view id) {
  std::vector<std::int64_t> rows;
  Run run = connection_.query("SELECT r.row FROM type t CROSS JOIN resource r ON r.type = t.number AND r.id = ?1", id);
  while (run.step()) rows.push_back(run.integer(0));
  return rows;
}

std::int64_t Names::make_type(std::string_view name) {
  if (const auto number = type(name)) return *number;
  connection_.execute("INSERT INTO type(name) VALUES(?1)", name);
  return remember(types_, name, connection_.inserted());
}

std::int64_t Names::make_param(std::int64_t type, std::string_view code) {
  if (const auto number = param(type, code)) return *number;
  connection_.execute("INSERT INTO param(type, code) VALUES(?1, ?2)", type, code);
  return remember(params_[type], code, connection_.inserted());
}

std::int64_t Names::make_system(std::string_view uri) {
  if (const auto number = system(uri)) return *number;
  connection_.execute("INSERT INTO system(uri) VALUES(?1)", uri);
  return remember(systems_, uri, connection_.inserted());
}

std::int64_t Names::make_row(std::int64_t type, std::string_view id) {
  if (const auto found = row(type, id)) return *found;
  connection_.execute("INSERT INTO resource(type, id, version, live) VALUES(?1, ?2, 0, 0)", type, id);
  return connection_.inserted();
}

void Names::forget() {
  types_.clear();
  systems_.clear();
  params_.clear();
  type_names_.clear();
}

}  // namespace ward::store
