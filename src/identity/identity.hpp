// Who is calling: people and clients, access tokens, the token and revocation endpoints, and what discovery says.
//
// Narrow for now: machines (client credentials), outside issuers' tokens, and `ward token`. People's sign-in moves in
// beside it. The door calls these functions, sends their answers and records their events; nothing here does I/O but
// the store and the key ring.
#pragma once

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/refusal.hpp"
#include "scope/scope.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::store {
class Store;
}
namespace ward::crypto {
class KeyRing;
class SigningKey;
}  // namespace ward::crypto

namespace ward::identity {

// ---- people and clients ----

struct Person {
  std::string username;       // 1 to 64 of [A-Za-z0-9._@-]
  std::string password_hash;  // Argon2id, encoded; empty: no password yet
  std::vector<std::string> roles;
  std::string fhir_user;              // "Practitioner/x", "Patient/x" ...; may be empty
  std::vector<std::string> purposes;  // of use (HL7 PurposeOfUse: TREAT, HPAYMT ...), the first is the default
  std::uint64_t generation = 1;       // grows when sessions and tokens are revoked
  bool disabled = false;
};

enum class ClientAuthentication : std::uint8_t { private_key_jwt, client_secret_basic };

struct OAuthClient {
  std::string client_id;  // 1 to 64 of [A-Za-z0-9._-]
  std::string name;
  ClientAuthentication authentication = ClientAuthentication::private_key_jwt;
  std::string secret_hash;  // SHA-256 of a random secret, hex
  std::string jwks;         // JSON text of a public JWK set
  std::string scope;        // the most it may ask for
  std::vector<std::string> roles;
  std::vector<std::string> grant_types{"client_credentials"};
  std::chrono::seconds access_token_lifetime{0};  // 0: as configured
  std::string purpose;
  std::uint64_t generation = 1;
  bool disabled = false;
};

/// JSON, with the names of RFC 7591 where it has them. `parse_*` error: "client_invalid", "person_invalid".
std::string to_json(const Person&);
std::string to_json(const OAuthClient&);
Result<Person> parse_person(std::string_view json);
Result<OAuthClient> parse_client(std::string_view json);

/// Argon2id, 19 MiB, t=2, p=1 (OWASP, and identity.md). Slow by design: not on a connection's core.
Result<std::string> hash_password(const Secret<std::string>& password, Random&);
bool password_matches(const Secret<std::string>& password, const std::string& password_hash);
/// A client secret is random (32 bytes, base64url), so a plain hash keeps it.
std::string hash_client_secret(std::string_view secret);

// ---- a caller ----

struct Caller {
  enum class Kind : std::uint8_t { person, client };
  Kind kind = Kind::client;
  std::string subject;   // username, or client_id; of an outside issuer: its `sub`
  std::string username;  // of a person
  std::string client_id;
  std::string fhir_user;  // "Practitioner/x"; empty: none
  std::vector<std::string> roles;
  scope::ScopeSet scope;
  std::string purpose;   // empty: policy's default
  std::string token_id;  // jti
  std::string issuer;
  bool outside = false;  // token of a configured outside issuer
  WallTime issued{}, expires{};
  std::uint64_t generation = 0;
};
using CallerRef = std::shared_ptr<const Caller>;

/// What happened, for the audit record. Holds no token, no secret.
struct Event {
  std::string name;  // token_issued | token_refused | token_revoked | revocation_refused | client_changed |
                     // person_changed | tokens_revoked
  bool success = false;
  std::string actor;  // who was proven (subject), or claimed if `success` is false
  std::string client_id;
  std::string scope;  // granted, or asked
  std::string token_id;
  std::string reason;  // the failed check: "assertion_expired"
};

/// An answer for the door to send, and what to record.
struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // Content-Type, Cache-Control, WWW-Authenticate ...
  std::string body;
  Event event;
};

/// A form that was posted. Views live as long as the call.
struct FormRequest {
  std::string_view content_type;
  std::string_view authorization;  // the Authorization header; empty: none
  std::string_view body;
  bool has_query = false;  // parameters in the URI are refused (RFC 6749 section 3.2)
};

// ---- settings ----

/// Tokens of another issuer that are taken as they are (JWT access tokens, RFC 9068, or plain JWTs).
struct OutsideIssuer {
  std::string url;
  std::string jwks;        // JSON text
  std::string audience;    // must be in `aud`
  std::string role_claim;  // a string or an array of strings; empty: none
  std::vector<std::pair<std::string, std::string>>
      role_map;                    // their word to ours; empty: as it is, if it is among `roles`
  std::vector<std::string> roles;  // roles that it may give; any other is dropped
  std::string default_role;
  std::string fhir_user_claim;  // empty: not taken
  std::string type = "at+jwt";  // `typ`; "JWT" takes plain JWTs
  std::vector<std::string> algorithms{"ES256", "ES384", "RS256", "PS256", "EdDSA"};
  std::string purpose;
};

struct Settings {
  std::string issuer;     // "https://localhost:8443", no slash at its end
  std::string fhir_base;  // "https://localhost:8443/fhir": `aud` of access tokens
  std::string realm = "ward";
  std::chrono::seconds access_token_lifetime{300};
  std::chrono::seconds skew{5};
  std::vector<OutsideIssuer> issuers;
  std::string token_endpoint() const { return issuer + "/oauth/token"; }
  std::string revocation_endpoint() const { return issuer + "/oauth/revoke"; }
  std::string jwks_uri() const { return issuer + "/oauth/jwks"; }
  /// RFC 9728 section 3.1: the well-known part goes between host and path,
  /// ".../.well-known/oauth-protected-resource/fhir".
  std::string resource_metadata_uri() const;
};

/// Reads [identity] and [[issuer]]; problems go to the sections. `base` is the server's own address, used if the
/// section names no issuer.
Settings configure(const config::Section& identity, const std::vector<config::Section>& issuers,
                   const std::string& base);

// ---- the room ----

class Authenticator;

/// People, clients, keys for tokens. Any thread; changes are durable in the store when they return.
class Identity {
 public:
  static Result<std::unique_ptr<Identity>> open(Settings, store::Store&, crypto::KeyRing&, Clock&, Random&);
  virtual ~Identity() = default;

  /// Puts new settings in place (reload). The issuer must stay the same.
  virtual Result<void> reconfigure(Settings) = 0;

  // Directory. Writing an existing one with changed rights raises its generation: its tokens end with the next request.
  virtual std::optional<Person> person(std::string_view username) const = 0;
  virtual std::optional<OAuthClient> client(std::string_view client_id) const = 0;
  virtual std::vector<Person> people() const = 0;
  virtual std::vector<OAuthClient> clients() const = 0;
  virtual Result<Event> put_person(Person) = 0;
  virtual Result<Event> put_client(OAuthClient) = 0;
  virtual Result<Event> remove_person(std::string_view username) = 0;
  virtual Result<Event> remove_client(std::string_view client_id) = 0;
  /// Ends all tokens of a person or client. Errors: "not_found".
  virtual Result<Event> revoke_person_tokens(std::string_view username) = 0;
  virtual Result<Event> revoke_client_tokens(std::string_view client_id) = 0;

  // Endpoints.
  virtual Answer token(const FormRequest&) = 0;   // POST /oauth/token
  virtual Answer revoke(const FormRequest&) = 0;  // POST /oauth/revoke (RFC 7009)

  // Documents (cacheable, CORS-open).
  virtual std::string authorization_server_metadata() const = 0;  // /.well-known/oauth-authorization-server (RFC 8414)
  virtual std::string openid_configuration() const = 0;           // /.well-known/openid-configuration
  virtual std::string smart_configuration() const = 0;            // <fhir>/.well-known/smart-configuration
  virtual std::string protected_resource_metadata()
      const = 0;                         // /.well-known/oauth-protected-resource/fhir, and without /fhir (RFC 9728)
  virtual std::string jwks() const = 0;  // /oauth/jwks

  struct Minted {
    std::string token;
    std::chrono::seconds lifetime;
    std::string scope;
    Event event;
  };
  /// For `ward token`: an access token for a person or client, without a proof. `scope` empty: for a client all that it
  /// may have, for a person user/*.cruds (patient/*.cruds if fhir_user is a Patient). Errors: "not_found", "disabled",
  /// "scope".
  virtual Result<Minted> mint_person(std::string_view username, std::string_view scope,
                                     std::string_view purpose = "") = 0;
  virtual Result<Minted> mint_client(std::string_view client_id, std::string_view scope) = 0;

  /// A check of tokens with a cache of its own: one per core.
  virtual std::unique_ptr<Authenticator> authenticator(std::size_t entries_max = 4096) = 0;
};

/// Checks bearer tokens. Not thread-safe: one per core. Revocation takes effect with the next call.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// `authorization` is the whole header ("Bearer ..."); empty: none. A refusal is a 401 (400 for a malformed header)
  /// with WWW-Authenticate (RFC 6750 section 3, RFC 9728 section 5.1).
  virtual Allowed<CallerRef> authenticate(std::string_view authorization) = 0;
};

/// WWW-Authenticate for a 403 of too narrow a scope (RFC 6750 section 3.1).
std::string insufficient_scope(const Settings&, std::string_view scope_needed);

}  // namespace ward::identity
