// Project Wycheproof's JOSE cases: other people's idea of what goes wrong.
#include "crypto/jose.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ward::crypto {
namespace {

namespace fs = std::filesystem;

std::string read(const char* name) {
  const char* folder = std::getenv("WARD_SHARED_DATA");
  const fs::path data =
      folder ? fs::path(folder) : fs::path(__FILE__).parent_path() / ".." / ".." / ".." / "shared" / "data";
  std::ifstream in(data / "jose" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The files hold private keys; a verifier gets the public members. Other members stay as they are.
std::string public_part(json::Value key) {
  std::string text = "{";
  for (json::Value member = key.first(); member; member = member.next()) {
    const std::string_view name = member.name();
    if (name == "d" || name == "p" || name == "q" || name == "dp" || name == "dq" || name == "qi") continue;
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + std::string(member.raw());
  }
  return text + "}";
}

std::string as_set(json::Value key) {
  const json::Value list = key["keys"];
  if (!list) return R"({"keys":[)" + public_part(key) + "]}";
  std::string text = R"({"keys":[)";
  for (json::Value one = list.first(); one; one = one.next())
    text += (text.back() == '[' ? "" : ",") + public_part(one);
  return text + "]}";
}

// Valid there and refused here, on purpose.
const char* stricter(json::Value key, std::string_view jws) {
  const std::string type = key.string("kty"), algorithm = key.string("alg"), curve = key.string("crv");
  if (type == "oct" || (key["keys"] && key["keys"].first().string("kty") == "oct")) return "no HMAC";
  if (curve == "P-521") return "no P-521";
  if (algorithm == "RS512" || algorithm == "PS512") return "no SHA-512";
  if (algorithm == "ES521") return "no ES512";
  if (jws.empty()) return "no encryption";
  if (algorithm == "PS256" && jws.starts_with("eyJhbGciOiJQUzM4NC")) return "the key says PS256, the token PS384";
  return nullptr;
}

void run(const char* file) {
  const std::string text = read(file);
  if (text.empty()) GTEST_SKIP() << file << ": WARD_SHARED_DATA does not have it";
  const auto document = json::Document::parse(text, {.depth_max = 32, .members_max = 1'000'000});
  ASSERT_TRUE(document) << document.error().text();
  unsigned accepted = 0, refused = 0, left_out = 0;
  for (json::Value group = document->root()["testGroups"].first(); group; group = group.next()) {
    const json::Value key = group["public"] ? group["public"] : group["private"];
    const auto set = KeySet::parse(as_set(key));
    for (json::Value test = group["tests"].first(); test; test = test.next()) {
      const std::string jws = test.string("jws");
      const bool good = set && verify_jws(jws, *set).has_value();
      const std::string label =
          group.string("comment") + " " + std::string(test["tcId"].raw()) + " " + test.string("comment");
      if (test.string("result") == "valid" && !good && stricter(key, jws)) {
        ++left_out;
        continue;
      }
      EXPECT_EQ(good, test.string("result") == "valid") << label << (set ? "" : " " + set.error().text());
      ++(good ? accepted : refused);
    }
  }
  std::cout << file << ": " << accepted << " accepted, " << refused << " refused, " << left_out
            << " valid but not offered\n";
}

TEST(Wycheproof, json_web_signature) { run("json_web_signature.json"); }
TEST(Wycheproof, json_web_key) { run("json_web_key.json"); }
TEST(Wycheproof, json_web_crypto) { run("json_web_crypto.json"); }

}  // namespace
}  // namespace ward::crypto
