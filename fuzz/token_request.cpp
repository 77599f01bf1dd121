// A request at the token endpoint, up to the client's proof: first line the Authorization header, the rest the body.
#include "token/attempt.hpp"

namespace {

/// Nothing gets as far as a write.
class NoStore final : public ward::store::Store {
 public:
  ward::Result<void> put(std::vector<Entry>) override { __builtin_trap(); }
  ward::store::Queued queue(std::vector<Entry>) override { __builtin_trap(); }
  ward::Result<std::unique_ptr<ward::store::Reader>> reader() override { __builtin_trap(); }
  boost::asio::awaitable<ward::Result<std::vector<ward::store::Done>>> write(std::vector<ward::store::Change>,
                                                                             ward::ChangePermit) override {
    __builtin_trap();
  }
  ward::Result<std::vector<ward::store::Done>> write_blocking(std::vector<ward::store::Change>,
                                                              ward::ChangePermit) override {
    __builtin_trap();
  }
  ward::Result<std::vector<std::uint64_t>> committed_intents(const std::vector<std::uint64_t>&) override {
    __builtin_trap();
  }
  std::uint64_t generation() const override { return 1; }
  bool healthy() const override { return true; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::identity;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const std::string_view authorization = line == input.npos ? std::string_view() : input.substr(0, line);
  const FormRequest request{"application/x-www-form-urlencoded", authorization,
                            line == input.npos ? input : input.substr(line + 1), false};

  static const std::string secret_hash = hash_client_secret("secret");
  static const Snapshot directory = [] {
    Snapshot made;
    KnownClient known;
    known.client.client_id = "a";
    known.client.authentication = ClientAuthentication::client_secret_basic;
    known.client.secret_hash = secret_hash;
    known.scope = ward::scope::ScopeSet::parse("system/*.cruds").value();
    made.clients["a"] = std::make_shared<const KnownClient>(known);
    return made;
  }();
  static const Settings settings{.issuer = "https://a.example", .fhir_base = "https://a.example/fhir"};
  static SeenIds seen(100, 10);
  static NoStore store;
  static Agreements agreements(store);
  static ward::SeededRandom random(1);
  static DpopProofs proofs(random);
  static const ward::Secret<std::string> key(std::string(64, 'k'));
  Attempt attempt{.request = request,
                  .settings = settings,
                  .directory = directory,
                  .assertions = seen,
                  .agreements = agreements,
                  .proofs = proofs,
                  .now = ward::WallTime(std::chrono::seconds(1'800'000'000)),
                  .refresh_key = key,
                  .endpoint = "https://a.example/oauth/token"};
  constexpr Check first[] = {check_form, check_grant_type};
  constexpr Check last[] = {check_client_grant, check_dpop, check_resource, check_scope};
  ward::identity::Refused refused = run(first, attempt);
  if (!refused) refused = run(client_named, attempt);
  if (!refused) refused = run(client_proven, attempt);
  if (!refused && attempt.client == nullptr) __builtin_trap();
  if (!refused) refused = run(last, attempt);
  // RFC 6749 section 5.2: the characters of error_description.
  if (refused)
    for (unsigned char c : refused->description)
      if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') __builtin_trap();
  return 0;
}
