#include "prove/grammar.hpp"

#include "r4/r4.hpp"

#include <fmt/format.h>

namespace ward::prove {
namespace {

using r4::ParamType;

constexpr const char* prefixes[] = {"", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"};
constexpr const char* of_strings[] = {"", "", "", ":exact", ":contains"};
constexpr const char* of_tokens[] = {"", "", "", ":not", ":text", ":in", ":not-in", ":above", ":below", ":of-type"};
constexpr const char* of_references[] = {"", "", "", ":identifier"};
constexpr const char* of_uris[] = {"", ":above", ":below"};
constexpr const char* summaries[] = {"true", "text", "data", "count", "false"};
constexpr const char* totals[] = {"accurate", "accurate", "estimate", "none"};
constexpr const char* counts[] = {"0", "1", "2", "3", "10", "50"};

/// How often a reference is followed that some record has, rather than any of R4's.
constexpr double likely = 0.8;

bool ordered(ParamType type) {
  return type == ParamType::date || type == ParamType::number || type == ParamType::quantity;
}

/// References of `type`, and those of other types to it.
std::vector<const r4::SearchParam*> references_of(const std::string& type) {
  std::vector<const r4::SearchParam*> found;
  for (const r4::SearchParam& param : r4::search_params(type))
    if (param.type == ParamType::reference) found.push_back(&param);
  return found;
}

}  // namespace

/// A parameter's name with a modifier; `value` becomes one for it.
std::string Grammar::condition_of(const std::string& type, std::string& value) {
  if (chance_.chance(0.06)) {
    value = words_.id(chance_, type);
    return "_id";
  }
  if (chance_.chance(0.04)) {
    value = chance_.chance(0.5) ? "gt2000" : "lt2100";
    return "_lastUpdated";
  }
  const auto all = r4::search_params(type);
  const std::vector<std::string>& filled = words_.params(type);
  const std::string code =
      !filled.empty() && chance_.chance(0.9)
          ? chance_.pick(filled)
          : std::string(all[static_cast<std::size_t>(chance_.between(0, long(all.size()) - 1))].code);
  const std::string plain = code.substr(0, code.find(':'));
  const r4::SearchParam* param = r4::find_param(type, plain);
  value = words_.value(chance_, type, code);
  if (param == nullptr || plain != code) return code;  // "subject:identifier" has its modifier already
  if (chance_.chance(0.08)) {
    value = chance_.chance(0.5) ? "true" : "false";
    return code + ":missing";
  }
  if (chance_.chance(0.12)) value += "," + words_.value(chance_, type, code);
  switch (param->type) {
    case ParamType::string:
      if (chance_.chance(0.4)) value = value.substr(0, static_cast<std::size_t>(chance_.between(1, 6)));
      return code + chance_.pick(of_strings);
    case ParamType::token:
      return code + chance_.pick(of_tokens);
    case ParamType::uri:
      return code + chance_.pick(of_uris);
    case ParamType::reference:
      if (chance_.chance(0.3) && value.find(',') == value.npos) value = value.substr(value.find('/') + 1);
      return code + chance_.pick(of_references);
    default:
      if (ordered(param->type)) value = chance_.pick(prefixes) + value;
      return code;
  }
}

void Grammar::add_condition(Call& call, const std::string& type) {
  std::string value;
  std::string name = condition_of(type, value);
  call.query.emplace_back(std::move(name), std::move(value));
}

void Grammar::add_chain(Call& call, const std::string& type) {
  std::string name, at = type;
  for (int depth = chance_.chance(0.25) ? 2 : 1; depth > 0; --depth) {
    if (const auto& links = words_.links_from(at); !links.empty() && chance_.chance(likely)) {
      const Link& link = chance_.pick(links);
      at = link.target;
      name += link.param + (chance_.chance(0.7) ? ":" + at : "") + ".";
      continue;
    }
    const auto references = references_of(at);
    if (references.empty()) return;
    const r4::SearchParam& param = *chance_.pick(references);
    if (param.targets.empty()) return;
    const auto& targets = param.targets;
    at = targets[static_cast<std::size_t>(chance_.between(0, long(targets.size()) - 1))];
    name += std::string(param.code) + (chance_.chance(0.7) ? ":" + at : "") + ".";
  }
  std::string value;
  name += condition_of(at, value);
  call.query.emplace_back(std::move(name), std::move(value));
}

void Grammar::add_reverse_chain(Call& call, const std::string& type) {
  std::string name, at = type;
  for (int depth = chance_.chance(0.25) ? 2 : 1; depth > 0; --depth) {
    if (const auto& links = words_.links_to(at); !links.empty() && chance_.chance(likely)) {
      const Link& link = chance_.pick(links);
      name += fmt::format("_has:{}:{}:", link.type, link.param);
      at = link.type;
      continue;
    }
    std::vector<const r4::SearchParam*> back;
    std::string other = this->type();
    for (const r4::SearchParam* param : references_of(other))
      for (const std::string_view target : param->targets)
        if (target == at) back.push_back(param);
    if (back.empty()) return;
    name += fmt::format("_has:{}:{}:", other, chance_.pick(back)->code);
    at = std::move(other);
  }
  std::string value;
  name += condition_of(at, value);
  call.query.emplace_back(std::move(name), std::move(value));
}

void Grammar::add_include(Call& call, const std::string& type) {
  const bool reverse = chance_.chance(0.5);
  const std::string name = std::string(reverse ? "_revinclude" : "_include") + (chance_.chance(0.25) ? ":iterate" : "");
  if (const auto& links = reverse ? words_.links_to(type) : words_.links_from(type);
      !links.empty() && chance_.chance(likely)) {
    const Link& link = chance_.pick(links);
    return call.query.emplace_back(name, link.type + ":" + (chance_.chance(0.2) ? "*" : link.param)), void();
  }
  const std::string source = reverse || chance_.chance(0.2) ? this->type() : type;
  if (chance_.chance(0.1)) return call.query.emplace_back(name, "*"), void();
  const auto references = references_of(source);
  if (references.empty()) return;
  const r4::SearchParam& param = *chance_.pick(references);
  std::string value = source + ":" + (chance_.chance(0.2) ? "*" : std::string(param.code));
  if (chance_.chance(0.2)) value += ":" + this->type();
  call.query.emplace_back(name, value);
}

void Grammar::add_result(Call& call, const std::string& type) {
  if (chance_.chance(0.4)) call.query.emplace_back("_total", chance_.pick(totals));
  if (chance_.chance(0.4)) call.query.emplace_back("_count", chance_.pick(counts));
  if (chance_.chance(0.1)) call.query.emplace_back("_summary", chance_.pick(summaries));
  if (chance_.chance(0.08)) call.query.emplace_back("_elements", chance_.chance(0.5) ? "identifier" : "subject,code");
  if (!chance_.chance(0.3)) return;
  const auto all = r4::search_params(type);
  std::string sort;
  for (int keys = chance_.chance(0.3) ? 2 : 1; keys > 0; --keys) {
    const auto& param = all[static_cast<std::size_t>(chance_.between(0, long(all.size()) - 1))];
    const std::vector<std::string>& filled = words_.params(type);
    const std::string code = chance_.chance(0.2)   ? "_lastUpdated"
                             : filled.empty()      ? std::string(param.code)
                             : chance_.chance(0.8) ? chance_.pick(filled)
                                                   : std::string(param.code);
    sort += (sort.empty() ? "" : ",") + std::string(chance_.chance(0.5) ? "-" : "") + code;
  }
  call.query.emplace_back("_sort", sort);
}

Call Grammar::search() {
  const std::string searched = type();
  Call call;
  call.path = searched;
  for (long left = chance_.between(0, 2); left > 0; --left) add_condition(call, searched);
  if (chance_.chance(0.3)) add_chain(call, searched);
  if (chance_.chance(0.25)) add_reverse_chain(call, searched);
  for (long left = chance_.chance(0.3) ? chance_.between(1, 2) : 0; left > 0; --left) add_include(call, searched);
  if (chance_.chance(0.03)) call.query.emplace_back("_list", words_.id(chance_, "List"));
  add_result(call, searched);
  call.form = chance_.chance(0.1);
  if (chance_.chance(0.05)) call.headers.emplace_back("prefer", "handling=lenient");
  return call;
}

Call Grammar::read() {
  const std::string of = type();
  Call call;
  call.path = of + "/" + words_.id(chance_, of);
  call.method = chance_.chance(0.1) ? "HEAD" : "GET";
  if (chance_.chance(0.3)) call.path += fmt::format("/_history/{}", chance_.between(1, 3));
  if (chance_.chance(0.2)) call.headers.emplace_back("if-none-match", chance_.chance(0.5) ? "W/\"1\"" : "*");
  if (chance_.chance(0.1)) call.headers.emplace_back("if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT");
  if (chance_.chance(0.1)) call.query.emplace_back("_summary", chance_.pick(summaries));
  return call;
}

Call Grammar::history() {
  const std::string of = type();
  Call call;
  call.path = chance_.chance(0.3)   ? "_history"
              : chance_.chance(0.5) ? of + "/_history"
                                    : of + "/" + words_.id(chance_, of) + "/_history";
  if (chance_.chance(0.5)) call.query.emplace_back("_count", chance_.pick(counts));
  if (chance_.chance(0.3)) call.query.emplace_back("_since", "2020-01-01T00:00:00Z");
  return call;
}

Call Grammar::compartment() {
  static constexpr const char* kinds[] = {"Patient",   "Patient",      "Patient",
                                          "Encounter", "Practitioner", "RelatedPerson"};
  const std::string of = type(), kind = chance_.pick(kinds);
  Call call;
  call.path = fmt::format("{}/{}/{}", kind, words_.id(chance_, kind), chance_.chance(0.1) ? "*" : of);
  if (chance_.chance(0.5)) add_condition(call, of);
  if (chance_.chance(0.3)) add_include(call, of);
  add_result(call, of);
  return call;
}

Call Grammar::operation() {
  const std::string of = type();
  Call call;
  switch (chance_.between(0, 4)) {
    case 0:
      call.path = "Patient/" + words_.id(chance_, "Patient") + "/$everything";
      if (chance_.chance(0.5)) call.query.emplace_back("_count", chance_.pick(counts));
      if (chance_.chance(0.3)) call.query.emplace_back("_type", of);
      break;
    case 1:
      call.path = "Encounter/" + words_.id(chance_, "Encounter") + "/$everything";
      break;
    case 2:
      call.path = "Observation/$lastn";
      call.query.emplace_back("patient", words_.id(chance_, "Patient"));
      if (chance_.chance(0.5)) add_condition(call, "Observation");
      if (chance_.chance(0.3)) call.query.emplace_back("max", "2");
      break;
    case 3:
      call.path = of + "/" + words_.id(chance_, of) + "/$meta";
      break;
    default:
      call.path = chance_.chance(0.5) ? "$meta" : of + "/$meta";
  }
  return call;
}

Call Grammar::batch() {
  Call call;
  call.method = "POST";
  call.headers.emplace_back("content-type", "application/fhir+json");
  std::string entries;
  for (long left = chance_.between(1, 3); left > 0; --left) {
    const Call one = chance_.chance(0.6) ? search() : read();
    const Asked asked = Call{.path = one.path, .query = one.query}.asked("");
    entries += fmt::format(R"({}{{"request":{{"method":"GET","url":"{}"}}}})", entries.empty() ? "" : ",",
                           asked.target.substr(1));
  }
  call.body = fmt::format(R"({{"resourceType":"Bundle","type":"{}","entry":[{}]}})",
                          chance_.chance(0.8) ? "batch" : "transaction", entries);
  return call;
}

Call Grammar::question() {
  const long which = chance_.between(0, 99);
  return which < 66   ? search()
         : which < 76 ? read()
         : which < 81 ? history()
         : which < 88 ? compartment()
         : which < 94 ? operation()
                      : batch();
}

Call Grammar::change() {
  const std::string of = type();
  const std::string id = words_.id(chance_, of);
  Call call;
  call.path = of;
  call.headers.emplace_back("content-type", "application/fhir+json");
  const std::string body = fmt::format(R"({{"resourceType":"{}"}})", of);
  switch (chance_.between(0, 5)) {
    case 0:
      call.method = "PUT";
      call.path += "/" + id;
      call.body = fmt::format(R"({{"resourceType":"{}","id":"{}"}})", of, id);
      if (chance_.chance(0.5)) call.headers.emplace_back("if-match", "W/\"1\"");
      break;
    case 1:
      call.method = "DELETE";
      call.path += "/" + id;
      call.headers.clear();
      break;
    case 2:
      call.method = "DELETE";
      call.headers.clear();
      add_condition(call, of);
      break;
    case 3:
      call.method = "PUT";
      add_condition(call, of);
      call.body = body;
      break;
    case 4:
      call.method = "PATCH";
      call.path += "/" + id;
      call.headers = {{"content-type", "application/json-patch+json"}};
      call.body = R"([{"op":"test","path":"/resourceType","value":")" + of + R"("}])";
      break;
    default: {
      call.method = "POST";
      Call condition;
      add_condition(condition, of);
      const Asked asked = condition.asked("");
      call.headers.emplace_back("if-none-exist", asked.target.substr(asked.target.find('?') + 1));
      call.body = body;
    }
  }
  return call;
}

}  // namespace ward::prove
