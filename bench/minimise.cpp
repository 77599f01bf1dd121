// How fast bodies leave: GB/s per core of a search bundle through views of different widths.
#include "access/minimise.hpp"

#include "base/config.hpp"
#include "base/encoding.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace ward;
using namespace ward::access;

std::string observation(int i) {
  return fmt::format(
      R"({{"resourceType":"Observation","id":"o{0}","meta":{{"versionId":"1","lastUpdated":"2026-01-02T03:04:05.678Z"}},"status":"final",)"
      R"("category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital signs"}}]}}],)"
      R"("code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}}],"text":"Systolic blood pressure"}},)"
      R"("subject":{{"reference":"Patient/p{1}"}},"encounter":{{"reference":"Encounter/e{0}"}},"effectiveDateTime":"2026-01-02T03:04:05+01:00","issued":"2026-01-02T03:04:05.678+01:00",)"
      R"("performer":[{{"reference":"Practitioner/x"}}],"valueQuantity":{{"value":{2}.5,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},)"
      R"("note":[{{"text":"Taken after five minutes of rest, in the left arm, by an automatic cuff of the usual size; the patient was calm."}}]}})",
      i, i % 7, 100 + i % 60);
}

std::string bundle(int entries) {
  std::string out = R"({"resourceType":"Bundle","type":"searchset","entry":[)";
  for (int i = 0; i < entries; ++i) {
    if (i > 0) out += ',';
    out += fmt::format(
        R"({{"fullUrl":"https://localhost/fhir/Observation/o{}","resource":{},"search":{{"mode":"match"}}}})", i,
        observation(i));
  }
  return out + "]}";
}

Grant grant(const char* view) {
  const std::string text =
      std::string("[role.r]\nmay = [\"user/*.rs\"]\nreason = \"bench\"\npatients = \"all\"\npurpose = \"TREAT\"\n") +
      view;
  const auto document = config::Document::parse(text, "bench.toml");
  Subject subject;
  subject.roles = {"r"};
  subject.scopes = *scope::ScopeSet::parse("user/*.rs");
  const auto policy = Policy::load(document->root());
  return *decide(policy, subject, Interaction::search, "Observation", nullptr, WallTime{});
}

void run(benchmark::State& state, const char* view, int entries) {
  const Grant with = grant(view);
  const std::string body = entries == 1 ? observation(1) : bundle(entries);
  const Facts facts{.visible = true, .container = entries > 1};
  std::size_t out = 0;
  for (auto _ : state) {
    Phi<Buffer> phi{Buffer(body)};  // the copy is part of the figure: pausing the clock costs more
    auto sendable = minimise(std::move(phi), with, facts);
    out = sendable ? sendable->size() : 0;
    benchmark::DoNotOptimize(sendable);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
  state.counters["in"] = static_cast<double>(body.size());
  state.counters["out"] = static_cast<double>(out);
}

constexpr const char* ten =
    "view.Observation = { show = [\"status\", \"code\", \"subject\", \"effective[x]\", \"value[x]\", \"category\", "
    "\"issued\", \"performer\", \"encounter\", \"meta\"] }\n";

BENCHMARK_CAPTURE(run, bundle_unrestricted, "", 100);
BENCHMARK_CAPTURE(run, bundle_nothing_dropped, "view.Coverage = { hide = [\"payor\"] }\n", 100);
BENCHMARK_CAPTURE(run, bundle_hide_one, "view.Observation = { hide = [\"note\"] }\n", 100);
BENCHMARK_CAPTURE(run, bundle_ten_elements, ten, 100);
BENCHMARK_CAPTURE(run, read_ten_elements, ten, 1);

}  // namespace

BENCHMARK_MAIN();
