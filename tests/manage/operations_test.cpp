// The table of operations, and who may use it.
#include "operations.hpp"
#include "api.hpp"
#include "openapi.hpp"

#include <gtest/gtest.h>
#include <set>

namespace ward::manage {
namespace {

std::string matched(std::string_view method, std::vector<std::string> segments) {
  const Match found = match(method, segments);
  return found.operation != nullptr ? std::string(found.operation->id) + " " + found.id : "(" + found.allowed + ")";
}

TEST(Operations, are_found_by_method_and_path) {
  EXPECT_EQ(matched("GET", {"users"}), "listUsers ");
  EXPECT_EQ(matched("GET", {"users", "ann"}), "getUser ann");
  EXPECT_EQ(matched("POST", {"users", "ann", "reset-mfa"}), "resetFactors ann");
  EXPECT_EQ(matched("POST", {"keys", "rotate"}), "rotateKey ");
  EXPECT_EQ(matched("POST", {"keys", "rotate", "retire"}), "retireKey rotate");
  EXPECT_EQ(matched("PUT", {"users"}), "(GET, POST)");
  EXPECT_EQ(matched("GET", {}), "()");
  EXPECT_EQ(matched("GET", {"users", "ann", "x"}), "()");
  EXPECT_EQ(matched("GET", {"users", "ann", "sessions", "x"}), "()");
  EXPECT_EQ(matched("GET", {""}), "()");
}

TEST(Operations, each_has_a_name_of_its_own_and_is_described) {
  std::set<std::string_view> ids;
  const auto description = boost::json::parse(openapi());
  for (const Operation& one : operations()) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_NE(one.run, nullptr) << one.id;
    std::string method(one.method);
    for (char& c : method) c = static_cast<char>(c | 0x20);
    EXPECT_EQ(description.at("paths").at(one.path).at(method).at("operationId").as_string(), one.id);
  }
}

identity::Caller administrator(std::int64_t age) {
  identity::Caller caller{.kind = identity::Caller::Kind::person, .subject = "ann", .roles = {"administrator"}};
  caller.scope = scope::ScopeSet::parse("openid ward/admin").value();
  caller.acr = "urn:ward:aal2";
  caller.auth_time = 1'800'000'000 - age;
  return caller;
}
constexpr WallTime now{std::chrono::seconds(1'800'000'000)};

std::string refused(const identity::Caller& caller) {
  const auto allowed = authorise(caller, now);
  return allowed ? "" : std::to_string(allowed.error().status) + " " + allowed.error().code;
}

TEST(Authorise, takes_administrators_with_a_fresh_second_factor) {
  EXPECT_EQ(refused(administrator(0)), "");
  EXPECT_EQ(refused(administrator(900)), "");
  EXPECT_EQ(refused(administrator(901)), "401 insufficient_user_authentication");
  identity::Caller one = administrator(0);
  one.acr = "urn:ward:aal1";
  EXPECT_EQ(refused(one), "401 insufficient_user_authentication");
  one = administrator(0);
  one.roles = {"physician"};
  EXPECT_EQ(refused(one), "403 role_missing");
  one = administrator(0);
  one.scope = scope::ScopeSet::parse("openid ward/launch").value();
  EXPECT_EQ(refused(one), "403 scope_missing");
  one = administrator(0);
  one.outside = true;
  EXPECT_EQ(refused(one), "403 outside_issuer");
}

TEST(Authorise, takes_machines_by_their_registration) {
  identity::Caller machine{.kind = identity::Caller::Kind::client, .subject = "robot", .roles = {}};
  machine.scope = scope::ScopeSet::parse("ward/admin").value();
  EXPECT_EQ(refused(machine), "");
  machine.scope = scope::ScopeSet::parse("system/*.cruds").value();
  EXPECT_EQ(refused(machine), "403 scope_missing");
}

TEST(Authorise, challenges_by_the_scheme_of_the_token) {  // RFC 9470 section 3, RFC 9449 section 7.1
  identity::Caller one = administrator(5000);
  EXPECT_TRUE(authorise(one, now).error().headers.at(0).second.starts_with("Bearer error="));
  one.key_thumbprint = "thumb";
  EXPECT_TRUE(authorise(one, now).error().headers.at(0).second.starts_with("DPoP error="));
}

}  // namespace
}  // namespace ward::manage
