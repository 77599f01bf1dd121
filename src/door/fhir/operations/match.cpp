// Patient/$match (R4 patient-operation-match.html): who of those whom the caller may see could be this person.
// Candidates come from bounded searches under the Grant, and are compared by what the view shows of them: nobody is
// found, and nobody's grade is moved, by an element that the caller may not see.
#include "base/encoding.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/narrow.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/operations/linkage.hpp"
#include "fhir/operations/operations.hpp"
#include "fhir/search.hpp"
#include "fhir/shared.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>
#include <set>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t found_max = 100;       // of one search
constexpr std::size_t candidates_max = 500;  // that are compared
constexpr std::size_t answer_max = 50;       // `count`, and without it

struct Asked {
  json::Value patient;
  bool only_certain = false;
  std::size_t count = answer_max;
};

struct Candidate {
  std::string id;
  Likeness likeness;
  access::Sendable shown;
};

Allowed<void> take(Asked& asked, json::Value one) {
  const std::string name = one.string("name");
  if (name == "resource" && one["resource"].string("resourceType") == "Patient") {
    asked.patient = one["resource"];
  } else if (name == "onlyCertainMatches" && one["valueBoolean"].type() == json::Type::boolean) {
    asked.only_certain = one["valueBoolean"].boolean();
  } else if (name == "count" && one["valueInteger"].type() == json::Type::number) {
    const std::string text(one["valueInteger"].raw());
    if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != text.npos || text == "0")
      return refuse(wrong_parameter("invalid", "count needs a whole number from 1"));
    asked.count = std::min<std::size_t>(std::stoul(text), answer_max);
  } else {
    return refuse(wrong_parameter("not-supported", "$match takes resource (a Patient), onlyCertainMatches and count"));
  }
  return {};
}

Allowed<Asked> read_asked(Exchange& x) {
  if (!x.content.document || x.content.document->root().string("resourceType") != "Parameters")
    return refuse(wrong_parameter("required", "$match needs Parameters with a Patient as resource"));
  if (auto judged = judge_resource(x, "Parameters", x.content); !judged) return refuse(judged.error());
  Asked asked;
  const json::Value list = x.content.document->root()["parameter"];
  for (json::Value one = list.first(); one; one = one.next()) {
    if (auto taken = take(asked, one); !taken) return refuse(taken.error());
  }
  if (!asked.patient) return refuse(wrong_parameter("required", "$match needs a Patient as resource"));
  return asked;
}

/// The searches that the view allows. Which those are follows from the view alone.
std::vector<fhir::Search> allowed_searches(const Exchange& x, const access::Grant& grant, json::Value patient) {
  std::vector<fhir::Search> out;
  for (const std::string& query : candidate_searches(patient)) {
    auto search = fhir::parse_search("Patient", query, {}, {.own_bases = x.live->own_bases});
    if (search && check_view(grant, "Patient", *search)) out.push_back(std::move(*search));
  }
  return out;
}

/// Compares by what is shown.
Allowed<void> consider(Exchange& x, const access::Grant& grant, json::Value patient, store::Version version,
                       std::vector<Candidate>& out) {
  access::Facts facts;
  facts.patients = version.patients;
  facts.visible = true;
  std::string id = version.id;
  auto shown = access::minimise(own_part(x, grant, version), grant, facts);
  if (!shown)
    return refuse({.status = 500,
                   .code = "minimise_failed",
                   .kind = CauseKind::internal,
                   .cause = std::string(shown.error().code())});
  const auto document = json::Document::parse(shown->view());
  if (!document) return {};
  const Likeness likeness = compare_patients(patient, document->root());
  if (likeness.grade == MatchGrade::certainly_not) return {};
  note_subjects(x.record, version);
  out.push_back({std::move(id), likeness, std::move(*shown)});
  return {};
}

void choose(std::vector<Candidate>& candidates, const Asked& asked) {
  if (asked.only_certain) {
    std::erase_if(candidates, [](const Candidate& one) { return one.likeness.grade != MatchGrade::certain; });
    if (candidates.size() > 1) candidates.clear();  // two that are certain contradict each other
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::pair(-a.likeness.probability, std::string_view(a.id)) <
           std::pair(-b.likeness.probability, std::string_view(b.id));
  });
  while (candidates.size() > asked.count) candidates.pop_back();
}

access::Sendable bundle_of(const Exchange& x, const std::vector<Candidate>& candidates) {
  access::Assembly assembly;
  assembly.frame(
      fmt::format(R"({{"resourceType":"Bundle","type":"searchset","total":{},"link":[{{"relation":"self","url":{}}}])",
                  candidates.size(), json_string(x.route->base + "/Patient/$match")));
  const char* before = R"(,"entry":[)";
  for (const Candidate& one : candidates) {
    assembly.frame(fmt::format(R"({}{{"fullUrl":"{}/Patient/{}","resource":)", before, x.route->base, one.id));
    assembly.minimised(one.shown);
    assembly.frame(fmt::format(
        R"(,"search":{{"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/match-grade","valueCode":"{}"}}],)"
        R"("mode":"match","score":{:.4f}}}}})",
        grade_code(one.likeness.grade), one.likeness.probability));
    before = ",";
  }
  assembly.frame(candidates.empty() ? "}" : "]}");
  return std::move(assembly).finish();
}

}  // namespace

awaitable<Allowed<void>> match(Exchange& x) {
  x.record.event = audit::event::phi_search;
  x.record.action = 'E';
  const auto asked = read_asked(x);
  if (!asked) co_return refuse(asked.error());
  if (auto known = only_parameters(x, {}); !known) co_return refuse(known.error());
  std::vector<fhir::Search> searches = allowed_searches(x, *x.grant, asked->patient);
  std::vector<Candidate> candidates;
  std::set<std::string> seen_ids;
  for (fhir::Search& search : searches) {
    auto seen = co_await search_under_own_grant(x, std::move(search), found_max);
    if (!seen) co_return refuse(seen.error());
    for (store::Version& version : seen->found) {
      if (seen_ids.size() >= candidates_max || !seen_ids.insert(version.id).second) continue;
      auto considered = consider(x, seen->grant, asked->patient, std::move(version), candidates);
      if (!considered) co_return considered;
    }
  }
  choose(candidates, *asked);
  if (!candidates.empty()) x.record.types.emplace_back("Patient", candidates.size());
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = bundle_of(x, candidates);
  co_return Allowed<void>{};
}

}  // namespace ward::door
