// A policy is written by people: whatever they write gives problems with lines, and never more than was meant.
#include "access/grant.hpp"

#include "base/config.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  using namespace ward::access;
  const std::string text = "[role.r]\n" + std::string(reinterpret_cast<const char*>(data), size);
  const auto document = config::Document::parse(text, "fuzz.toml");
  if (!document) return 0;
  const auto policy = Policy::load(document->root());
  Subject subject;
  subject.roles = {"r"};
  subject.scopes = *scope::ScopeSet::parse("user/*.cruds");
  const auto grant = decide(policy, subject, Interaction::read, "Patient", nullptr, WallTime{});
  if (grant && !document->finish().empty()) {
    // A role may still work where something is wrong that can only narrow it: what nobody reads, or a default taken.
    for (const auto& problem : document->finish()) {
      const bool narrow =
          problem.message.find("unknown key") != std::string::npos ||
          problem.message.find(".r.") == std::string::npos || problem.message.find(".writes") != std::string::npos ||
          problem.message.find(".reason") != std::string::npos || problem.message.find(".show") != std::string::npos;
      if (!narrow) std::abort();
    }
  }
  return 0;
}
