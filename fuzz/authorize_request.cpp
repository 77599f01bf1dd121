// An authorization request through all its checks: first line the Cookie header, the rest the query.
#include "authorize/attempt.hpp"
#include "cookies.hpp"
#include "records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::identity;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const std::string_view cookie = line == input.npos ? std::string_view() : input.substr(0, line);
  const auto session = find_cookie(cookie, session_cookie);
  if (session && session->size() != 43) __builtin_trap();
  auto parameters = Form::parse(line == input.npos ? input : input.substr(line + 1));
  if (!parameters) return 0;

  static const Snapshot directory = [] {
    Snapshot made;
    KnownClient known;
    known.client.client_id = "a";
    known.client.authentication = ClientAuthentication::none;
    known.client.grant_types = {"authorization_code"};
    known.client.redirect_uris = {"https://app.example/back", "http://127.0.0.1/back"};
    known.scope = ward::scope::ScopeSet::parse("openid launch/patient patient/*.cruds user/*.cruds").value();
    made.clients["a"] = std::make_shared<const KnownClient>(known);
    return made;
  }();
  static const Settings settings{.issuer = "https://a.example", .fhir_base = "https://a.example/fhir"};
  static Pushed pushed;
  static Launches launches;
  authorize::Attempt attempt{.settings = settings,
                             .directory = directory,
                             .pushed = pushed,
                             .launches = launches,
                             .now = ward::WallTime(std::chrono::seconds(1'800'000'000)),
                             .parameters = std::move(*parameters),
                             .flow = {}};
  const auto refused = authorize::run(attempt);
  // Nothing goes to an address that is not registered, and nothing goes on without PKCE.
  if (attempt.redirect_proven && !same_redirect_uri("https://app.example/back", attempt.flow.redirect_uri) &&
      !same_redirect_uri("http://127.0.0.1/back", attempt.flow.redirect_uri))
    __builtin_trap();
  if (!refused && (attempt.flow.code_challenge.size() != 43 || attempt.flow.scope.empty())) __builtin_trap();
  static const ward::Secret<std::string> key(std::string(64, 'k'));
  if (!refused && !open_flow(seal_flow(attempt.flow, key), key, attempt.flow.browser, attempt.flow.created))
    __builtin_trap();
  return 0;
}
