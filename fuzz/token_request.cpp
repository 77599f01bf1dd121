// A request at the token endpoint, up to the client's proof: first line the Authorization header, the rest the body.
#include "token/attempt.hpp"

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
  Attempt attempt{request, settings, directory, seen, ward::WallTime(std::chrono::seconds(1'800'000'000)),
                  {},      {},       {},        {},   {},
                  nullptr, {},       nullptr,   {}};
  constexpr Check first[] = {check_form, check_grant_type};
  constexpr Check last[] = {check_client_grant, check_resource, check_scope};
  ward::identity::Refused refused = run(first, attempt);
  if (!refused) refused = run(client_checks, attempt);
  if (!refused && attempt.client == nullptr) __builtin_trap();
  if (!refused) refused = run(last, attempt);
  // RFC 6749 section 5.2: the characters of error_description.
  if (refused)
    for (unsigned char c : refused->description)
      if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') __builtin_trap();
  return 0;
}
