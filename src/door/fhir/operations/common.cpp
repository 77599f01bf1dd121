#include "fhir/operations/common.hpp"

#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/visible.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>
#include <charconv>

namespace ward::door {
namespace {

constexpr std::size_t parameters_max = 64;

/// The text of value[x]; nothing for what is no primitive.
std::optional<std::string> primitive_of(json::Value parameter) {
  for (json::Value member = parameter.first(); member; member = member.next()) {
    if (!member.name().starts_with("value")) continue;
    if (member.is_string()) return member.text();
    if (member.type() == json::Type::number || member.type() == json::Type::boolean) return std::string(member.raw());
  }
  return std::nullopt;
}

/// A name of the caller's own, where it is safe to repeat.
std::string shown_name(std::string_view name) {
  const bool plain = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '_' || c == ':' || c == '.';
                     });
  return plain ? std::string(name) : "a parameter";
}

}  // namespace

Refusal wrong_parameter(std::string_view issue, std::string said) {
  return {.status = 400,
          .code = "parameter",
          .kind = CauseKind::validation,
          .cause = "parameter of an operation",
          .issues = {{.code = std::string(issue), .diagnostics = std::move(said)}}};
}

Allowed<void> take_parameters(Exchange& x, json::Value parameters) {
  const json::Value list = parameters["parameter"];
  if (list.size() > parameters_max)
    return refuse(wrong_parameter("too-long", fmt::format("there are more than {} parameters", parameters_max)));
  for (json::Value one = list.first(); one; one = one.next()) {
    auto value = primitive_of(one);
    if (!value)
      return refuse(
          wrong_parameter("not-supported", fmt::format("{} has no plain value", shown_name(one.string("name")))));
    x.query.emplace_back(one.string("name"), std::move(*value));
  }
  return {};
}

Allowed<void> only_parameters(const Exchange& x, std::initializer_list<std::string_view> known) {
  for (const auto& pair : x.query) {
    const std::string& name = pair.first;
    if (name == "_format" || name == "_pretty") continue;
    if (std::find(known.begin(), known.end(), name) == known.end())
      return refuse(wrong_parameter("not-supported", fmt::format("this operation does not take {}", shown_name(name))));
  }
  return {};
}

std::vector<std::string> values_of(const Exchange& x, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& pair : x.query) {
    if (pair.first != name) continue;
    std::string_view rest = pair.second;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      if (end > 0) values.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return values;
}

Allowed<std::string> value_of(const Exchange& x, std::string_view name) {
  std::string value;
  bool any = false;
  for (const auto& pair : x.query) {
    if (pair.first != name) continue;
    if (any) return refuse(wrong_parameter("invalid", fmt::format("{} may be given once", name)));
    any = true;
    value = pair.second;
  }
  return value;
}

Allowed<std::size_t> number_of(const Exchange& x, std::string_view name, std::size_t otherwise, std::size_t most) {
  auto text = value_of(x, name);
  if (!text) return refuse(text.error());
  if (text->empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc::result_out_of_range) return most;
  if (error != std::errc() || end != text->data() + text->size() || number == 0)
    return refuse(wrong_parameter("invalid", fmt::format("{} needs a whole number from 1", name)));
  return std::min(number, most);
}

Allowed<std::string> time_of(const Exchange& x, std::string_view name) {
  auto text = value_of(x, name);
  if (!text) return text;
  if (!text->empty() && !fhir::time_interval(*text))
    return refuse(wrong_parameter("invalid", fmt::format("{} needs a date or an instant", name)));
  return text;
}

std::vector<std::pair<std::string, std::string>> without_page(
    const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& pair : query)
    if (pair.first != page_param) kept.push_back(pair);
  return kept;
}

std::string query_text(const Exchange& x) {
  std::string text;
  for (const auto& [name, value] : without_page(x.query))
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

boost::asio::awaitable<Allowed<store::Version>> instance_of(Exchange& x, const access::Grant& grant) {
  auto found = co_await current_of(x, grant);
  if (found && found->deleted) co_return refuse(gone(x.fhir.type, x.fhir.id));
  co_return found;
}

Allowed<std::optional<access::Grant>> grant_if_any(Exchange& x, access::Interaction interaction,
                                                   std::string_view type) {
  auto grant = decide(x, interaction, type);
  if (grant) return std::optional<access::Grant>(std::move(*grant));
  if (grant.error().status >= 500) return refuse(grant.error());
  return std::optional<access::Grant>();
}

}  // namespace ward::door
