#include "prove/words.hpp"

#include "fhir/index.hpp"
#include "json/json.hpp"
#include "prove/world.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::prove {
namespace {

std::string date_of(std::int64_t ms) { return rfc3339(WallTime(std::chrono::milliseconds(ms))).substr(0, 10); }

std::string token_of(const store::TokenEntry& token) {
  return token.system.empty() ? token.code : token.system + "|" + token.code;
}

}  // namespace

Result<void> Words::take(ByType& into, const demo::Resource& resource, std::set<Link>& links) {
  Of& of = into[resource.type];
  of.ids.push_back(resource.id);
  const auto document = json::Document::parse(resource.json);
  if (!document) return std::unexpected(document.error());
  const auto index = fhir::index(*document, resource.type, resource.id, {});
  if (!index) return std::unexpected(index.error());
  const auto add = [&](const std::string& param, std::string value) {
    if (!value.empty()) of.values[param].push_back(std::move(value));
  };
  for (const auto& one : index->tokens) {
    add(one.param, token_of(one));
    add(one.param, one.code);
  }
  for (const auto& one : index->strings) add(one.param, one.exact);
  for (const auto& one : index->dates)
    if (one.low > -62'000'000'000'000 && one.low < 200'000'000'000'000) add(one.param, date_of(one.low));
  for (const auto& one : index->numbers) add(one.param, fmt::format("{}", one.low));
  for (const auto& one : index->quantities) add(one.param, fmt::format("{}|{}|{}", one.low, one.system, one.code));
  for (const auto& one : index->references) {
    add(one.param, one.type.empty() ? one.url : one.type + "/" + one.id);
    if (!one.type.empty()) links.insert({resource.type, one.param, one.type});
  }
  for (const auto& one : index->uris) add(one.param, one.value);
  return {};
}

Result<Words> Words::of(std::span<const demo::Resource> all, std::span<const demo::Resource> hidden) {
  Words words;
  std::set<Link> links;
  for (const demo::Resource& one : all)
    if (auto taken = take(words.all_, one, links); !taken) return std::unexpected(std::move(taken.error()));
  for (const demo::Resource& one : hidden) {
    if (auto taken = take(words.all_, one, links); !taken) return std::unexpected(std::move(taken.error()));
    if (auto taken = take(words.hidden_, one, links); !taken) return std::unexpected(std::move(taken.error()));
  }
  for (auto& [type, of] : words.all_) {
    words.types_.push_back(type);
    for (const auto& [param, values] : of.values) of.params.push_back(param);
  }
  for (const Link& link : links) {
    words.all_[link.type].from.push_back(link);
    words.all_[link.target].to.push_back(link);
  }
  return words;
}

const std::vector<Link>& Words::links_from(const std::string& type) const {
  static const std::vector<Link> none;
  const auto found = all_.find(type);
  return found == all_.end() ? none : found->second.from;
}

const std::vector<Link>& Words::links_to(const std::string& type) const {
  static const std::vector<Link> none;
  const auto found = all_.find(type);
  return found == all_.end() ? none : found->second.to;
}

const std::vector<std::string>& Words::params(const std::string& type) const {
  static const std::vector<std::string> none;
  const auto found = all_.find(type);
  return found == all_.end() ? none : found->second.params;
}

std::string Words::value(demo::Chance& chance, const std::string& type, const std::string& param) const {
  if (chance.chance(0.03)) return "nothing-has-this";
  const ByType& from = chance.chance(0.7) ? hidden_ : all_;
  for (const ByType* set : {&from, &all_}) {
    const auto of = set->find(type);
    if (of == set->end()) continue;
    const auto values = of->second.values.find(param);
    if (values != of->second.values.end()) return chance.pick(values->second);
  }
  return "1";
}

std::string Words::id(demo::Chance& chance, const std::string& type) const {
  if (chance.chance(0.03)) return "nobody-has-this";
  const ByType& from = chance.chance(0.5) ? hidden_ : all_;
  for (const ByType* set : {&from, &all_}) {
    const auto of = set->find(type);
    if (of != set->end() && !of->second.ids.empty()) return chance.pick(of->second.ids);
  }
  return "nobody-has-this";
}

}  // namespace ward::prove
