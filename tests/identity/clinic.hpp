// A small house to call at: a clock that stands still, a store in memory, keys in a fresh folder, people and clients.
#pragma once

#include "base/encoding.hpp"
#include "crypto/jose.hpp"
#include "crypto/keys.hpp"
#include "identity/identity.hpp"
#include "json/json.hpp"
#include "store/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <filesystem>
#include <map>

namespace ward::identity {

/// Keeps only the rooms' own values.
class MemoryStore final : public store::Store {
 public:
  std::map<std::pair<std::string, std::string>, std::string> values;
  bool broken = false;

  Result<void> put(std::vector<Entry> entries) override {
    if (broken) return fail("store_failed", "the disk is gone");
    for (Entry& entry : entries) {
      if (entry.value)
        values[{entry.space, entry.key}] = *entry.value;
      else
        values.erase({entry.space, entry.key});
    }
    return {};
  }
  store::Queued queue(std::vector<Entry> entries) override {
    store::Queued queued;
    queued.completion()(put(std::move(entries)));
    return queued;
  }
  Result<std::unique_ptr<store::Reader>> reader() override;

  boost::asio::awaitable<Result<std::vector<store::Done>>> write(std::vector<store::Change>, ChangePermit) override {
    std::abort();
  }
  Result<std::vector<store::Done>> write_blocking(std::vector<store::Change>, ChangePermit) override { std::abort(); }
  Result<std::vector<std::uint64_t>> committed_intents(const std::vector<std::uint64_t>&) override {
    return std::vector<std::uint64_t>{};
  }
  std::uint64_t generation() const override { return 1; }
  bool healthy() const override { return !broken; }
};

class MemoryReader final : public store::Reader {
 public:
  explicit MemoryReader(MemoryStore& store) : store_(store) {}
  Result<std::optional<std::string>> get(std::string_view space, std::string_view key) override {
    const auto found = store_.values.find({std::string(space), std::string(key)});
    return found == store_.values.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view space, std::string_view after,
                                                                std::size_t limit) override {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [key, value] : store_.values)
      if (key.first == space && key.second > after && found.size() < limit) found.emplace_back(key.second, value);
    return found;
  }
  Result<std::optional<store::Version>> read(std::string_view, std::string_view) override { std::abort(); }
  Result<std::optional<store::Version>> read_version(std::string_view, std::string_view, std::uint64_t) override {
    std::abort();
  }
  Result<std::vector<store::Version>> history(std::string_view, std::string_view, std::size_t,
                                              std::optional<std::uint64_t>) override {
    std::abort();
  }
  Result<store::Page> search(const store::Query&) override { std::abort(); }
  Result<store::HistoryPage> recent(const store::History&) override { std::abort(); }
  Result<std::vector<std::string>> missing(const std::vector<std::string>&) override { std::abort(); }
  Result<std::vector<std::string>> related(std::string_view, std::string_view, WallTime) override { std::abort(); }
  std::uint64_t relationship_generation() override { return 0; }
  Result<std::vector<std::string>> dangling(std::size_t) override { std::abort(); }

 private:
  MemoryStore& store_;
};

inline Result<std::unique_ptr<store::Reader>> MemoryStore::reader() { return std::make_unique<MemoryReader>(*this); }

/// A JWS made by hand, so that it may be wrong.
inline std::string signed_by(const crypto::SigningKey& key, std::string_view header, std::string_view claims,
                             crypto::Algorithm algorithm) {
  const std::string text = base64url_encode(header) + "." + base64url_encode(claims);
  return text + "." + base64url_encode(crypto::sign(key, algorithm, text));
}

/// An endpoint's answer, in a loop of its own.
inline Answer serve(Identity& identity, std::string_view path, FormRequest request) {
  request.path = path;
  boost::asio::io_context loop;
  Answer answer;
  boost::asio::co_spawn(
      loop, [&]() -> boost::asio::awaitable<void> { answer = co_await identity.serve(request); },
      [](std::exception_ptr failed) {
        if (failed) std::rethrow_exception(failed);
      });
  loop.run();
  return answer;
}

class ClinicTest : public ::testing::Test {
 protected:
  static constexpr const char* issuer = "https://clinic.example:8443";
  static constexpr const char* fhir = "https://clinic.example:8443/fhir";
  static constexpr const char* jwt_bearer = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
  static constexpr std::int64_t start = 1'800'000'000;

  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("ward-identity-" + random.token(6));
    std::filesystem::create_directory(folder);
    ring = crypto::KeyRing::open(folder / "keys", {folder / "master.key", ""}, true, clock, random).value();
    settings.issuer = issuer;
    settings.fhir_base = fhir;
    open();
    OAuthClient backend;
    backend.client_id = "backend";
    backend.name = "Backend service";
    backend.jwks = crypto::KeySet({crypto::PublicKey::of(key, "k1"), crypto::PublicKey::of(rsa, "k2")}).text();
    backend.scope = "system/Patient.rs system/Observation.rs";
    backend.roles = {"system"};
    backend.purpose = "TREAT";
    ASSERT_TRUE(identity->put_client(backend));
    OAuthClient reporter;
    reporter.client_id = "reporter";
    reporter.authentication = ClientAuthentication::client_secret_basic;
    reporter.secret_hash = hash_client_secret("s3cret+with/letters");
    reporter.scope = "system/*.rs";
    ASSERT_TRUE(identity->put_client(reporter));
    ASSERT_TRUE(identity->put_person({"dora", "", {"physician"}, "Practitioner/d1", {"TREAT", "HOPERAT"}}));
    ASSERT_TRUE(identity->put_person({"paul", "", {"patient"}, "Patient/p1", {}}));
  }
  void TearDown() override {
    identity.reset();
    std::filesystem::remove_all(folder);
  }

  void open() {
    auto opened = Identity::open(settings, memory, *ring, clock, random);
    ASSERT_TRUE(opened) << opened.error().text();
    identity = std::move(*opened);
    gate = identity->authenticator();
  }

  std::string claims(std::string_view more = "", std::string_view client = "backend",
                     std::string_view audience = "https://clinic.example:8443/oauth/token") {
    return R"({"iss":")" + std::string(client) + R"(","sub":")" + std::string(client) + R"(","aud":")" +
           std::string(audience) + R"(","exp":)" + std::to_string(now() + 240) + R"(,"jti":")" + random.token(9) + '"' +
           std::string(more) + "}";
  }
  std::string assertion() {
    return signed_by(key, R"({"alg":"ES384","kid":"k1","typ":"JWT"})", claims(), crypto::Algorithm::es384);
  }
  static std::string form_with(const std::string& assertion_text,
                               std::string_view more = "&scope=system%2FPatient.rs") {
    return std::string("grant_type=client_credentials&client_assertion_type=") + jwt_bearer +
           "&client_assertion=" + assertion_text + std::string(more);
  }
  static FormRequest request(std::string_view body, std::string_view authorization = "") {
    return {"application/x-www-form-urlencoded", authorization, body, false};
  }
  Answer post(const std::string& body, const std::string& authorization = "") {
    return serve(*identity, "/oauth/token", request(body, authorization));
  }
  static std::string basic(std::string_view id, std::string_view secret) {
    return "Basic " + base64_encode(percent_encode(id) + ":" + percent_encode(secret));
  }
  static std::string member(const std::string& json, std::string_view name) {
    const auto document = json::Document::parse(json);
    return document ? document->root().string(name) : std::string();
  }
  static std::string header(const Answer& answer, std::string_view name) {
    for (const auto& [field, value] : answer.headers)
      if (field == name) return value;
    return {};
  }
  std::string backend_token() {
    const Answer answer = post(form_with(assertion()));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return member(answer.body, "access_token");
  }
  /// "good", or the refusal's cause up to its colon.
  std::string check(const std::string& token) {
    const auto caller = gate->authenticate("Bearer " + token);
    return caller ? "good" : caller.error().cause.substr(0, caller.error().cause.find(':'));
  }
  std::int64_t now() const { return unix_seconds(clock.wall()); }

  SystemRandom random;
  SimulatedClock clock{WallTime(std::chrono::seconds(start))};
  std::filesystem::path folder;
  std::unique_ptr<crypto::KeyRing> ring;
  MemoryStore memory;
  Settings settings;
  std::unique_ptr<Identity> identity;
  std::unique_ptr<Authenticator> gate;
  crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p384);
  crypto::SigningKey other = crypto::SigningKey::generate(crypto::SigningKey::Kind::p384);
  inline static const crypto::SigningKey rsa = crypto::SigningKey::generate(crypto::SigningKey::Kind::rsa2048);
};

}  // namespace ward::identity
