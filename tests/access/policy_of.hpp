// A policy from TOML text, for tests.
#pragma once

#include "access/grant.hpp"
#include "access/minimise.hpp"
#include "base/config.hpp"

#include <gtest/gtest.h>

namespace ward::access {

struct Loaded {
  std::shared_ptr<const Policy> policy;
  std::vector<std::string> problems;
};

inline Loaded load(std::string_view toml) {
  const auto document = config::Document::parse(toml, "ward.toml");
  Loaded out;
  if (!document) {
    for (const auto& problem : document.error()) out.problems.push_back(problem.text());
    return out;
  }
  out.policy = Policy::load(document->root());
  for (const auto& problem : document->finish()) out.problems.push_back(problem.text());
  return out;
}

inline std::shared_ptr<const Policy> policy_of(std::string_view toml) {
  Loaded loaded = load(toml);
  EXPECT_TRUE(loaded.problems.empty()) << ::testing::PrintToString(loaded.problems) << toml;
  return loaded.policy;
}

inline Subject person(std::vector<std::string> roles, std::string_view scopes = "user/*.cruds",
                      std::string_view fhir_user = "Practitioner/1") {
  Subject out;
  out.id = "someone";
  out.client_id = "app";
  out.roles = std::move(roles);
  out.fhir_user = fhir_user;
  out.scopes = scope::ScopeSet::parse(scopes).value();
  out.expires = WallTime(std::chrono::hours(1));
  return out;
}

/// Practitioner/1: panel of 1 and 2, member of Organization/9; Organization/9: department of 3; RelatedPerson/5:
/// delegate of 4.
inline Result<std::vector<std::string>> related(std::string_view who, std::string_view kind) {
  std::vector<std::string> none;
  if (who == "Practitioner/1" && kind == "panel") return std::vector<std::string>{"2", "1"};
  if (who == "Practitioner/1" && kind == "member") return std::vector<std::string>{"Organization/9"};
  if (who == "Organization/9" && kind == "department") return std::vector<std::string>{"3"};
  if (who == "RelatedPerson/5" && kind == "delegate") return std::vector<std::string>{"4"};
  return none;
}

inline Grant grant_of(const std::shared_ptr<const Policy>& policy, const Subject& subject, Interaction interaction,
                      std::string_view type) {
  auto grant = decide(policy, subject, interaction, type, related, WallTime{});
  EXPECT_TRUE(grant) << (grant ? "" : grant.error().code);
  return grant ? *grant : Grant::whole("none", "", "");
}

inline std::string minimised(const Grant& grant, std::string_view body, const Facts& facts) {
  auto sendable = minimise(Phi<Buffer>(Buffer(body)), grant, facts);
  return sendable ? std::string(sendable->view()) : "error: " + std::string(sendable.error().code());
}

}  // namespace ward::access
