#include "configuration.hpp"

#include "templates.hpp"

#include <gtest/gtest.h>

namespace ward::app {
namespace {

Configuration read(std::string_view text) {
  const auto document = config::Document::parse(text, "ward.toml");
  EXPECT_TRUE(document);
  return read_configuration(*document, "ward.toml", "/nowhere");
}

/// The problems but those of certificate files, which these tests have none of.
std::vector<std::string> problems_of(const Configuration& configuration) {
  std::vector<std::string> all;
  for (const config::Problem& problem : configuration.problems)
    if (problem.text().find("tls.certificate") == std::string::npos &&
        problem.text().find("/nowhere/tls/") == std::string::npos)
      all.push_back(problem.text());
  return all;
}

TEST(Configuration, the_templates_are_good) {
  for (const std::string_view text : {init_template(), demo_template()})
    EXPECT_EQ(problems_of(read(text)), std::vector<std::string>{});
}

TEST(Configuration, an_empty_file_gives_the_strict_defaults) {
  const Configuration all = read("");
  EXPECT_EQ(all.https.address, "127.0.0.1");
  EXPECT_EQ(all.https.port, 8443);
  EXPECT_FALSE(all.mtls_on);
  EXPECT_TRUE(all.tls.nist);
  EXPECT_EQ(all.firewall.mode, shield::FirewallMode::block);
  EXPECT_FALSE(all.tokens_by_command);
  EXPECT_FALSE(all.fhir_unchecked_references);
  EXPECT_TRUE(all.identity.issuer.empty()) << "follows from the port that is bound";
  EXPECT_EQ(all.problems.size(), 1U) << "nothing is served without a certificate";
}

TEST(Configuration, only_the_mtls_listener_asks_for_certificates) {
  const Configuration all = read("[listen]\nmtls = \"127.0.0.1:8444\"\n[tls]\nclient_ca = \"/dev/null\"\n");
  EXPECT_TRUE(all.mtls_on);
  EXPECT_EQ(all.mtls.port, 8444);
  EXPECT_FALSE(all.tls.client_certificates);
  EXPECT_TRUE(all.tls.client_ca.empty());
  EXPECT_TRUE(all.mtls_tls().client_certificates);
  EXPECT_EQ(all.mtls_tls().client_ca, "/dev/null");
  const auto problems =
      problems_of(read("[tls]\nclient_ca = \"clients.pem\"\n[server]\nmtls_public_url = \"http://a\"\n"));
  ASSERT_EQ(problems.size(), 2U);
}

TEST(Configuration, listeners_are_addresses_and_ports) {
  struct Case {
    const char* https;
    const char* address;
    unsigned port;
    const char* problem;
  };
  for (const Case& one : {Case{"0.0.0.0:443", "0.0.0.0", 443, ""}, Case{"[::1]:8443", "::1", 8443, ""},
                          Case{"127.0.0.1:0", "127.0.0.1", 0, ""}, Case{"localhost:1", "", 0, "must be an IP address"},
                          Case{"127.0.0.1", "", 0, "ADDRESS:PORT"}, Case{"127.0.0.1:70000", "", 0, "ADDRESS:PORT"},
                          Case{"127.0.0.1:80x", "", 0, "ADDRESS:PORT"}, Case{"off", "", 0, "ADDRESS:PORT"}}) {
    const Configuration all = read(fmt::format("[listen]\nhttps = \"{}\"\n", one.https));
    const auto problems = problems_of(all);
    if (std::string_view(one.problem).empty()) {
      EXPECT_TRUE(problems.empty()) << one.https << " " << problems.front();
      EXPECT_EQ(all.https.address, one.address);
      EXPECT_EQ(all.https.port, one.port);
    } else {
      ASSERT_EQ(problems.size(), 1U) << one.https;
      EXPECT_NE(problems[0].find(one.problem), std::string::npos) << problems[0];
      EXPECT_TRUE(problems[0].starts_with("ward.toml:2: listen.https")) << problems[0];
    }
  }
  const Configuration off = read("[listen]\nhttp = \"off\"\nadmin = \"off\"\n");
  EXPECT_FALSE(off.http_on || off.admin_on);
}

TEST(Configuration, all_problems_are_found_in_one_run) {
  const auto problems = problems_of(read(
      "[server]\nhots = \"a\"\ncores = -1\n[tls]\nnist = 1\n[firewall]\nmode = \"on\"\n[route.a]\npath = \"x\"\n"));
  EXPECT_GE(problems.size(), 6U);
  EXPECT_TRUE(std::is_sorted(problems.begin(), problems.end())) << "by line";
}

TEST(Configuration, a_route_states_what_leaves) {
  const std::string head = "[route.lab]\npath = \"/lab/api\"\nupstream = \"https://lab.example/api\"\n";
  for (const auto& [more, good] :
       {std::pair("fields = { show = [\"id\", \"status\"] }", true), std::pair("fields = { hide = [\"notes\"] }", true),
        std::pair("whole = true\nreason = \"no PHI: prices\"", true), std::pair("", false),
        std::pair("whole = true", false), std::pair("fields = { }", false),
        std::pair("whole = true\nreason = \"x\"\nfields = { show = [\"id\"] }", false)}) {
    const Configuration all = read(head + more + "\n");
    EXPECT_EQ(problems_of(all).empty(), good) << more;
    ASSERT_EQ(all.routes.size(), 1U);
    EXPECT_EQ(all.routes[0].route.path, (std::vector<std::string>{"lab", "api"}));
    if (good) {
      EXPECT_TRUE(all.routes[0].route.contract.has_value()) << more;
    }
  }
}

}  // namespace
}  // namespace ward::app
