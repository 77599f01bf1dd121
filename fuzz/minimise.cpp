// Bodies of an upstream through views: what comes out is JSON if what went in was, and never holds what is hidden.
#include "access/minimise.hpp"

#include "base/config.hpp"
#include "json/json.hpp"

#include <cstdlib>

namespace {

using namespace ward;
using namespace ward::access;

constexpr std::string_view policy_text = R"toml(
[role.r]
may = ["user/*.rs"]
reason = "fuzz"
patients = "all"
purpose = "TREAT"
view.Patient = { hide = ["name", "identifier.where(system='s')"], year = ["birthDate"], mask = ["gender"] }
view.Observation = { show = ["status", "valueQuantity.value"] }
)toml";

Grant grant() {
  static const auto document = config::Document::parse(policy_text, "fuzz.toml");
  static const auto policy = Policy::load(document->root());
  Subject subject;
  subject.roles = {"r"};
  subject.scopes = *scope::ScopeSet::parse("user/*.rs");
  return *decide(policy, subject, Interaction::read, "Patient", nullptr, WallTime{});
}

/// No Patient in the output may have a name.
void check(json::Value value) {
  if (value.is_object() && value.string("resourceType") == "Patient" && value["name"]) std::abort();
  for (json::Value one = value.first(); one; one = one.next()) check(one);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Grant with = grant();
  static const Grant fields = Grant::for_fields({.show = false, .paths = {"a.b", "c"}}, {}, "TREAT");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool good = json::Document::parse(text).has_value();
  for (const bool container : {false, true}) {
    const auto out = minimise(Phi<Buffer>(Buffer(text)), with, {.visible = true, .container = container});
    if (!out || !good) continue;
    const auto parsed = json::Document::parse(out->view(), {.depth_max = 200, .members_max = 1'000'000});
    if (!parsed) std::abort();
    if (!container) check(parsed->root());
  }
  const auto out = minimise(Phi<Buffer>(Buffer(text)), fields, {});
  if (out && good && !json::Document::parse(out->view())) std::abort();
  return 0;
}
