// The door of this program forgets one check, on what _revinclude and _include bring along. The proof has to see it.
#include "prove/prover.hpp"

#include "templates.hpp"

#include <gtest/gtest.h>

namespace ward::prove {
namespace {

std::shared_ptr<const access::Policy> demo_policy() {
  static const auto document = config::Document::parse(app::demo_template(), "ward.toml");
  return access::Policy::load(document->root());
}

TEST(ProveHole, what_revinclude_shows_too_much_is_found_and_cut_down) {
  const auto folder = std::filesystem::temp_directory_path() / ("ward-hole-" + std::to_string(::getpid()));
  const auto proof = prove({.policy = demo_policy(),
                            .role = "physician",
                            .directory = folder,
                            .requests_max = 60'000,
                            .time = std::chrono::seconds(60)},
                           [](const ProofProgress&) {});
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(proof) << proof.error().text();
  ASSERT_FALSE(proof->differences.empty()) << proof->requests << " requests";
  const Call& smallest = proof->differences.front().smallest;
  EXPECT_NE(smallest.text().find("include"), std::string::npos) << smallest.text();
  EXPECT_LE(smallest.parts(), 2U) << smallest.text();
}

}  // namespace
}  // namespace ward::prove
