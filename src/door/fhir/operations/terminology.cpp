// ValueSet/$expand and $validate-code, CodeSystem/$lookup and $validate-code, over HL7's code systems and value sets as
// published with R4, and over value sets that the caller sends. Nothing stored is looked at, so nothing stored is told.
#include "fhir/terminology.hpp"

#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/operations/operations.hpp"
#include "r4/terminology.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;
using fhir::Code;

constexpr std::size_t page_max = 1'000;  // codes of one answer
constexpr std::size_t codings_max = 50;

/// What the caller gave beside plain values, which are in the query.
struct Given {
  json::Value value_set;
  std::vector<Code> codings;
};

void take_coding(json::Value coding, std::vector<Code>& out) {
  if (out.size() < codings_max)
    out.push_back({coding.string("system"), coding.string("code"), coding.string("display")});
}

std::optional<std::string> plain_value(json::Value parameter) {
  for (json::Value member = parameter.first(); member; member = member.next()) {
    if (!member.name().starts_with("value")) continue;
    if (member.is_string()) return member.text();
    if (member.type() == json::Type::number || member.type() == json::Type::boolean) return std::string(member.raw());
  }
  return std::nullopt;
}

/// A body of Parameters, or of the type itself (a ValueSet for ValueSet/$expand).
Allowed<Given> given(Exchange& x) {
  Given found;
  if (!x.content.document) return found;
  const bool is_parameters = x.content.document->root().string("resourceType") == "Parameters";
  if (auto judged = judge_resource(x, is_parameters ? std::string_view("Parameters") : x.fhir.type, x.content); !judged)
    return refuse(judged.error());
  const json::Value root = x.content.document->root();
  if (!is_parameters) {
    found.value_set = root;
    return found;
  }
  const json::Value list = root["parameter"];
  for (json::Value one = list.first(); one; one = one.next()) {
    const std::string name = one.string("name");
    if (name == "valueSet" && one["resource"].string("resourceType") == "ValueSet") {
      found.value_set = one["resource"];
    } else if (name == "coding" && one["valueCoding"].is_object()) {
      take_coding(one["valueCoding"], found.codings);
    } else if (name == "codeableConcept" && one["valueCodeableConcept"].is_object()) {
      for (json::Value coding = one["valueCodeableConcept"]["coding"].first(); coding; coding = coding.next())
        take_coding(coding, found.codings);
    } else if (auto value = plain_value(one)) {
      x.query.emplace_back(name, std::move(*value));
    } else {
      return refuse(wrong_parameter("not-supported", "a parameter of this name and kind is not taken here"));
    }
  }
  return found;
}

Refusal not_loaded(std::string said) {
  return {.status = 404,
          .code = "not_found",
          .kind = CauseKind::validation,
          .cause = "terminology",
          .issues = {{.code = "not-found", .diagnostics = std::move(said)}}};
}

Refusal of_error(const Error& error) {
  if (error.is("value_set_unknown") || error.is("system_unknown")) return not_loaded(error.message());
  return {.status = 422,
          .code = std::string(error.code()),
          .kind = CauseKind::validation,
          .cause = "terminology",
          .issues = {
              {.code = error.is("expansion_costly") ? "too-costly" : "not-supported", .diagnostics = error.message()}}};
}

std::string with_version(std::string url, const std::string& version) {
  return version.empty() || url.contains('|') ? url : url + "|" + version;
}

/// The value of a plain parameter; the first refusal sticks.
class Values {
 public:
  explicit Values(const Exchange& x) : x_(x) {}
  std::string operator()(std::string_view name) {
    auto value = value_of(x_, name);
    if (!value && !wrong_) wrong_ = value.error();
    return value ? *value : std::string();
  }
  const std::optional<Refusal>& wrong() const { return wrong_; }

 private:
  const Exchange& x_;
  std::optional<Refusal> wrong_;
};

void answer(Exchange& x, std::string body) {
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = access::Sendable::without_phi(Buffer(body));
}

std::string parameter(std::string_view name, std::string_view type, std::string_view json) {
  return fmt::format(R"({{"name":"{}","value{}":{}}})", name, type, json);
}

void answer_parameters(Exchange& x, const std::vector<std::string>& parameters) {
  answer(x, fmt::format(R"({{"resourceType":"Parameters","parameter":[{}]}})", fmt::join(parameters, ",")));
}

// ---- ValueSet

Allowed<std::vector<Code>> codes_of(const Given& what, const std::string& url) {
  if (!what.value_set && url.empty())
    return refuse(wrong_parameter("required", "give the url of a value set, or the ValueSet itself in the body"));
  auto codes = what.value_set ? fhir::expand_value_set(what.value_set) : fhir::expand_value_set(url);
  if (!codes) return refuse(of_error(codes.error()));
  return std::move(*codes);
}

/// What a value set is called: of the one that was sent, or of the loaded one.
std::string names_of(const Given& what, const std::string& url) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format(R"("{}":{},)", name, json_string(value));
  };
  if (what.value_set) {
    for (const std::string_view name : {"url", "version", "name", "title"}) add(name, what.value_set.string(name));
  } else if (const r4::Expansion* const set = r4::find_expansion(url)) {
    add("url", set->url());
    add("version", set->version());
    add("name", set->name());
    add("title", set->title());
  }
  return out;
}

std::string contains_text(const std::vector<Code>& codes, std::size_t from, std::size_t count) {
  std::string out;
  for (std::size_t i = from; i < codes.size() && i - from < count; ++i) {
    out += out.empty() ? R"(,"contains":[{)" : ",{";
    if (!codes[i].system.empty()) out += fmt::format(R"("system":{},)", json_string(codes[i].system));
    out += fmt::format(R"("code":{})", json_string(codes[i].code));
    if (!codes[i].display.empty()) out += fmt::format(R"(,"display":{})", json_string(codes[i].display));
    out += "}";
  }
  return out.empty() ? out : out + "]";
}

Allowed<std::size_t> whole_number(const std::string& text, std::size_t otherwise, std::string_view name) {
  if (text.empty()) return otherwise;
  if (text.size() > 9 || text.find_first_not_of("0123456789") != text.npos)
    return refuse(wrong_parameter("invalid", fmt::format("{} needs a whole number from 0", name)));
  return static_cast<std::size_t>(std::stoul(text));
}

// ---- $validate-code

struct Judged {
  bool holds = false;
  Code code;            // the one that was found, or the first that was given
  std::string message;  // why not, or what is odd about the display
};

/// `find` gives the code as the set or system has it.
template <typename Find>
Judged judge(const std::vector<Code>& asked, std::string_view where, const Find& find) {
  Judged judged;
  if (!asked.empty()) judged.code = asked[0];
  for (const Code& one : asked) {
    const std::optional<Code> found = find(one);
    if (!found) continue;
    judged.code = *found;
    const bool right =
        one.display.empty() || found->display.empty() || fhir::fold(one.display) == fhir::fold(found->display);
    judged.holds = right;
    if (!right) judged.message = "the display is not the one of this code";
    return judged;
  }
  judged.message = fmt::format("the code is not in {}", where);
  return judged;
}

void answer_judged(Exchange& x, const Judged& judged) {
  std::vector<std::string> parameters{parameter("result", "Boolean", judged.holds ? "true" : "false")};
  if (!judged.message.empty()) parameters.push_back(parameter("message", "String", json_string(judged.message)));
  if (judged.holds && !judged.code.display.empty())
    parameters.push_back(parameter("display", "String", json_string(judged.code.display)));
  if (!judged.code.code.empty()) parameters.push_back(parameter("code", "Code", json_string(judged.code.code)));
  if (!judged.code.system.empty()) parameters.push_back(parameter("system", "Uri", json_string(judged.code.system)));
  answer_parameters(x, parameters);
}

/// The codes that the caller asks about: those of the body, or code and system.
Allowed<std::vector<Code>> asked_codes(const Given& what, Values& values, const std::string& system) {
  std::vector<Code> asked = what.codings;
  const std::string code = values("code"), display = values("display");
  if (!code.empty()) asked.push_back({system, code, display});
  if (values.wrong()) return refuse(*values.wrong());
  if (asked.empty()) return refuse(wrong_parameter("required", "give a code, a coding or a codeableConcept"));
  return asked;
}

std::optional<Code> in_system(const r4::CodeSystem& system, const Code& asked) {
  if (!asked.system.empty() && asked.system != system.url()) return std::nullopt;
  const auto index = system.find(asked.code);
  if (!index) return std::nullopt;
  const r4::Concept found = system.at(*index);
  return Code{std::string(system.url()), std::string(found.code), std::string(found.display)};
}

std::string property(std::string_view code, std::string_view value) {
  return fmt::format(
      R"({{"name":"property","part":[{{"name":"code","valueCode":"{}"}},{{"name":"value","valueCode":{}}}]}})", code,
      json_string(value));
}

}  // namespace

awaitable<Allowed<void>> expand(Exchange& x) {
  x.record.action = 'E';
  const auto what = given(x);
  if (!what) co_return refuse(what.error());
  if (auto known = only_parameters(x, {"url", "valueSetVersion", "filter", "count", "offset"}); !known)
    co_return refuse(known.error());
  Values values(x);
  const std::string url = with_version(values("url"), values("valueSetVersion"));
  const std::string filter = fhir::fold(values("filter"));
  const std::string count_text = values("count"), offset_text = values("offset");
  if (values.wrong()) co_return refuse(*values.wrong());
  const auto count = whole_number(count_text, page_max, "count");
  if (!count) co_return refuse(count.error());
  const auto offset = whole_number(offset_text, 0, "offset");
  if (!offset) co_return refuse(offset.error());
  auto codes = codes_of(*what, url);
  if (!codes) co_return refuse(codes.error());
  if (!filter.empty()) std::erase_if(*codes, [&](const Code& code) { return !fhir::matches_filter(code, filter); });
  if (codes->size() > page_max && count_text.empty())
    co_return refuse(
        {.status = 422,
         .code = "expansion_costly",
         .kind = CauseKind::validation,
         .cause = "terminology",
         .issues = {{.code = "too-costly",
                     .diagnostics = fmt::format("these are more than {} codes; give count and offset, or a "
                                                "filter",
                                                page_max)}}});
  std::string body = fmt::format(
      R"({{"resourceType":"ValueSet",{}"status":"active","expansion":{{"timestamp":"{}","total":{},"offset":{}{}}}}})",
      names_of(*what, url), rfc3339(x.services.clock.wall()), codes->size(), *offset,
      contains_text(*codes, *offset, std::min(*count, page_max)));
  answer(x, std::move(body));
  co_return Allowed<void>{};
}

awaitable<Allowed<void>> value_set_validate_code(Exchange& x) {
  x.record.action = 'E';
  const auto what = given(x);
  if (!what) co_return refuse(what.error());
  if (auto known = only_parameters(x, {"url", "valueSetVersion", "code", "system", "display"}); !known)
    co_return refuse(known.error());
  Values values(x);
  const std::string url = with_version(values("url"), values("valueSetVersion"));
  const auto asked = asked_codes(*what, values, values("system"));
  if (!asked) co_return refuse(asked.error());
  const auto codes = codes_of(*what, url);
  if (!codes) co_return refuse(codes.error());
  const auto find = [&](const Code& one) -> std::optional<Code> {
    for (const Code& code : *codes)
      if (code.code == one.code && (one.system.empty() || code.system == one.system)) return code;
    return std::nullopt;
  };
  answer_judged(x, judge(*asked, "the value set", find));
  co_return Allowed<void>{};
}

awaitable<Allowed<void>> code_system_validate_code(Exchange& x) {
  x.record.action = 'E';
  const auto what = given(x);
  if (!what) co_return refuse(what.error());
  if (auto known = only_parameters(x, {"url", "version", "code", "display"}); !known) co_return refuse(known.error());
  Values values(x);
  std::string url = values("url");
  if (url.empty() && !what->codings.empty()) url = what->codings[0].system;
  const std::string version = values("version");
  const auto asked = asked_codes(*what, values, "");
  if (!asked) co_return refuse(asked.error());
  if (url.empty()) co_return refuse(wrong_parameter("required", "give the url of a code system"));
  const r4::CodeSystem* const system = r4::find_code_system(with_version(url, version));
  if (system == nullptr) co_return refuse(not_loaded("the code system is not loaded here"));
  const auto find = [&](const Code& one) { return in_system(*system, one); };
  answer_judged(x, judge(*asked, "the code system", find));
  co_return Allowed<void>{};
}

awaitable<Allowed<void>> lookup(Exchange& x) {
  x.record.action = 'E';
  const auto what = given(x);
  if (!what) co_return refuse(what.error());
  if (auto known = only_parameters(x, {"system", "version", "code", "property"}); !known)
    co_return refuse(known.error());
  Values values(x);
  const std::string version = values("version");
  const auto asked = asked_codes(*what, values, values("system"));
  if (!asked) co_return refuse(asked.error());
  const Code& one = asked->front();
  if (one.system.empty()) co_return refuse(wrong_parameter("required", "$lookup needs the system of the code"));
  const r4::CodeSystem* const system = r4::find_code_system(with_version(one.system, version));
  if (system == nullptr) co_return refuse(not_loaded("the code system is not loaded here"));
  const auto index = system->find(one.code);
  if (!index) co_return refuse(not_loaded("the code system has no such code"));
  const r4::Concept found = system->at(*index);
  std::vector<std::string> parameters{parameter("name", "String", json_string(system->name()))};
  if (!system->version().empty()) parameters.push_back(parameter("version", "String", json_string(system->version())));
  parameters.push_back(parameter("display", "String", json_string(found.display.empty() ? found.code : found.display)));
  if (!found.definition.empty())
    parameters.push_back(fmt::format(
        R"({{"name":"property","part":[{{"name":"code","valueCode":"definition"}},{{"name":"value","valueString":{}}}]}})",
        json_string(found.definition)));
  if (found.parent >= 0)
    parameters.push_back(property("parent", system->at(static_cast<std::size_t>(found.parent)).code));
  for (std::size_t i = 0; i < system->size(); ++i)
    if (system->at(i).parent == static_cast<int>(*index)) parameters.push_back(property("child", system->at(i).code));
  answer_parameters(x, parameters);
  co_return Allowed<void>{};
}

}  // namespace ward::door
