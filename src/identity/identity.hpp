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

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
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
  std::string name;  // as it is shown; empty: the username
  bool operator==(const Person&) const = default;
};

/// How a client proves itself (RFC 7591 section 2, RFC 8705 section 2.1).
enum class ClientAuthentication : std::uint8_t {
  private_key_jwt,
  client_secret_basic,
  client_secret_post,
  tls_client_auth,
  self_signed_tls_client_auth,
  none,
};

struct OAuthClient {
  std::string client_id;  // 1 to 64 of [A-Za-z0-9._-]
  std::string name;
  ClientAuthentication authentication = ClientAuthentication::private_key_jwt;
  std::string secret_hash;  // SHA-256 of a random secret, hex
  std::string jwks;         // JSON text of a public JWK set
  std::string jwks_uri;     // where it publishes one instead (RFC 7591 section 2)
  std::string scope;        // the most it may ask for
  std::vector<std::string> roles;
  std::vector<std::string> grant_types{"client_credentials"};
  std::chrono::seconds access_token_lifetime{0};  // 0: as configured
  std::string purpose;
  std::uint64_t generation = 1;
  bool disabled = false;
  // Of apps that people sign in to.
  std::vector<std::string> redirect_uris;
  std::vector<std::string> post_logout_redirect_uris;
  std::string client_uri, logo_uri, policy_uri, contact;
  std::string owner;         // who runs it, as the consent page says
  bool first_party = false;  // our own: nobody is asked for consent
  bool require_pushed_authorization_requests = false;
  bool dpop_bound_access_tokens = false;
  bool tls_client_certificate_bound_access_tokens = false;
  bool fapi = false;  // the FAPI 2.0 Security Profile, as one switch
  std::string id_token_signed_response_alg = "ES256";
  /// The one name that a certificate of `tls_client_auth` must have (RFC 8705 section 2.1.2).
  struct CertificateName {
    std::string kind;  // subject_dn | san_dns | san_uri | san_ip | san_email; empty: none
    std::string value;
    bool operator==(const CertificateName&) const = default;
  } certificate_name;

  bool has_grant(std::string_view type) const;
};

/// JSON, with the names of RFC 7591 where it has them. `parse_*` error: "client_invalid", "person_invalid".
std::string to_json(const Person&);
std::string to_json(const OAuthClient&);
Result<Person> parse_person(std::string_view json);
Result<OAuthClient> parse_client(std::string_view json);
/// The same before it has its secret or key: `check`ed only when it is put.
Result<OAuthClient> read_registration(std::string_view json);

/// Argon2id, 19 MiB, t=2, p=1 (OWASP, and identity.md). Slow by design: not on a connection's core.
Result<std::string> hash_password(const Secret<std::string>& password, Random&);
bool password_matches(const Secret<std::string>& password, const std::string& password_hash);
/// A fresh TOTP secret, base32.
Secret<std::string> new_totp_secret(Random&);
/// Whether set_totp would take it.
bool is_totp_secret(const Secret<std::string>& secret);
/// What is wrong with a new password, in a sentence; empty: nothing. `own_words`: username, names.
std::string password_problem(const Secret<std::string>& password, std::vector<std::string> own_words);
/// A client secret is random (32 bytes, base64url), so a plain hash keeps it.
std::string hash_client_secret(std::string_view secret);

// ---- a caller ----

/// `acr` of who signed in with two factors, or with a passkey, which is two: NIST SP 800-63B-4 AAL2.
inline constexpr std::string_view acr_two_factors = "urn:ward:aal2";

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
  std::string agreement;  // what a person agreed to, that the token hangs on; empty: none
  std::string patient;    // launch context: the id of a Patient; empty: none
  std::string encounter;
  std::string key_thumbprint;          // cnf.jkt: only with a DPoP proof of this key (RFC 9449)
  std::string certificate_thumbprint;  // cnf.x5t#S256: only over TLS with this certificate (RFC 8705)
  std::string acr;
  std::int64_t auth_time = 0;  // seconds; 0: nobody signed in for it
  bool outside = false;        // token of a configured outside issuer
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
  std::vector<Event> also;  // what else happened; each a record of its own
};

/// A patient whom somebody may choose. What the picker shows was minimised for that person before it came here.
struct PatientChoice {
  std::string id, name, birth_date, detail;
};
struct PatientChoices {
  std::vector<PatientChoice> found;
  bool more = false;
};
/// Finds patients that a person may see; the door knows how. `query` empty: the first ones.
using FindPatients = std::function<boost::asio::awaitable<Result<PatientChoices>>(const Caller&, std::string query)>;

/// A RelatedPerson who may act for a patient. What is shown was minimised like the above.
struct Delegate {
  std::string fhir_user;  // "RelatedPerson/x"
  std::string name, relation;
};
/// Who may act for the patient that `caller` is.
using FindDelegates = std::function<boost::asio::awaitable<Result<std::vector<Delegate>>>(const Caller& caller)>;

/// That somebody broke the glass to a patient's record.
struct EmergencyAccess {
  std::string person;   // "Practitioner/3"
  std::int64_t at = 0;  // seconds
};
/// Those about the patient that `caller` is, newest first.
using FindEmergencies = std::function<std::vector<EmergencyAccess>(const Caller& caller)>;

/// A request to the authorization server or to its pages. Views live as long as the call.
struct FormRequest {
  std::string_view content_type;
  std::string_view authorization;  // the Authorization header; empty: none
  std::string_view body;
  bool has_query = false;  // parameters in the URI are refused (RFC 6749 section 3.2)
  std::string_view method = "POST";
  std::string_view path;   // "/oauth/authorize"
  std::string_view query;  // as sent
  std::string_view dpop;   // RFC 9449; empty: none
  std::string_view cookie;
  std::string_view origin;
  std::string_view fetch_site;  // Sec-Fetch-Site
  std::string_view accept;
  std::string_view accept_language;
  std::string_view user_agent;
  std::string address;                     // of the client
  std::string_view certificate;            // DER, on the mtls listener; empty: none
  bool certificate_verified = false;       // its chain ends at the configured authority
  FindPatients find_patients = nullptr;    // for the picker
  FindDelegates find_delegates = nullptr;  // for the account
  FindEmergencies find_emergencies = nullptr;
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
  std::chrono::seconds staff_idle{15 * 60}, patient_idle{30 * 60}, session_max{12 * 3600};
  std::chrono::seconds fresh_factor{5 * 60};      // how old a proof may be, to change what a person signs in with
  std::chrono::seconds key_rotation{90 * 86400};  // how old a key that signs tokens becomes
  std::string brand = "Ward";                     // as pages call this service
  std::string brand_colour;                       // "#rrggbb"; empty: Ward's own
  std::string brand_logo;                         // a path of ours or a data: image
  bool jwks_uri_loopback = false;                 // a client's jwks_uri may be on this machine
  std::filesystem::path jwks_uri_ca;              // PEM: who vouches for the servers of jwks_uri; empty: the system's
  std::string mtls_base;  // of the listener that asks for certificates: "https://localhost:8444"; empty: none
  std::string endpoint(std::string_view name) const { return issuer + "/oauth/" + std::string(name); }
  std::string token_endpoint() const { return endpoint("token"); }
  std::string revocation_endpoint() const { return endpoint("revoke"); }
  std::string jwks_uri() const { return endpoint("jwks"); }
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
  /// At most `limit` of them in the order of their names, from the first behind `after` on (empty: from the start).
  virtual std::vector<Person> people_after(std::string_view after, std::size_t limit) const = 0;
  virtual std::vector<OAuthClient> clients_after(std::string_view after, std::size_t limit) const = 0;
  virtual Result<Event> put_person(Person) = 0;
  /// For who read `before` a while ago: changes nothing if somebody else did meanwhile ("changed_meanwhile"), or if the
  /// person is gone ("not_found").
  virtual Result<Event> change_person(const Person& before, Person after) = 0;
  virtual Result<Event> put_client(OAuthClient) = 0;
  /// With all that hangs on the name: factors, sessions, agreements, consents, history. Who gets the same name later
  /// begins with nothing.
  virtual Result<Event> remove_person(std::string_view username) = 0;
  virtual Result<Event> remove_client(std::string_view client_id) = 0;
  /// Ends all tokens of a person or client. Errors: "not_found".
  virtual Result<Event> revoke_person_tokens(std::string_view username) = 0;
  virtual Result<Event> revoke_client_tokens(std::string_view client_id) = 0;

  // Second factors and sessions, for who administers. Errors: "not_found", "totp_invalid".
  /// `secret`: base32, as an authenticator app takes it.
  virtual Result<Event> set_totp(std::string_view username, const Secret<std::string>& secret) = 0;
  /// Ten new ones in the place of those before; shown this once.
  virtual Result<std::vector<Secret<std::string>>> make_recovery_codes(std::string_view username) = 0;
  /// Takes all second factors away: the person enrols anew at the next sign-in.
  virtual Result<Event> reset_factors(std::string_view username) = 0;
  /// Whether a person has a factor beside a password.
  virtual bool has_second_factor(std::string_view username) const = 0;
  struct SessionInfo {
    std::string id, username, device, network;  // `id`: 24 hex digits, that name the session and do not open it
    std::int64_t created = 0, seen = 0;
    std::string amr;  // what was proven (RFC 8176), separated by spaces
  };
  virtual std::vector<SessionInfo> sessions_of(std::string_view username) const = 0;
  /// Of everybody, by id, from the first behind `after` on.
  virtual std::vector<SessionInfo> sessions_after(std::string_view after, std::size_t limit) const = 0;
  virtual std::optional<SessionInfo> session(std::string_view id) const = 0;
  /// Ends one, with the access that was to last as long as it; whose it was.
  virtual Result<SessionInfo> end_session(std::string_view id) = 0;
  /// Every session of a person; how many.
  virtual Result<std::size_t> end_sessions(std::string_view username) = 0;

  // Endpoints. They go on on the executor of the caller.
  /// Whether a path is of the authorization server or one of its pages: /oauth/*, /login*, /logout, /account*.
  virtual bool serves(std::string_view path) const = 0;
  virtual boost::asio::awaitable<Answer> serve(const FormRequest&) = 0;
  /// Whether a script of this origin may read our answers: an app is registered there (Fetch standard, CORS).
  virtual bool allows_origin(std::string_view origin) const = 0;

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

/// How a request shows its token. Views live as long as the call.
struct Credentials {
  std::string_view authorization;  // the whole header, "Bearer ..." or "DPoP ..."; empty: none
  std::string_view dpop;           // the proof (RFC 9449); empty: none
  std::string_view method;
  std::string_view path;         // below the issuer's address, as sent
  std::string_view certificate;  // DER, of the mtls listener; empty: none
};

/// Checks access tokens, and that who shows a bound one has its key. Not thread-safe: one per core. Revocation takes
/// effect with the next call.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// `authorization` is the whole header ("Bearer ..."); empty: none. A refusal is a 401 (400 for a malformed header)
  /// with WWW-Authenticate (RFC 6750 section 3, RFC 9728 section 5.1).
  virtual Allowed<CallerRef> authenticate(const Credentials& credentials) = 0;
  Allowed<CallerRef> authenticate(std::string_view authorization) {
    return authenticate(
        Credentials{.authorization = authorization, .dpop = {}, .method = {}, .path = {}, .certificate = {}});
  }
};

/// WWW-Authenticate for a 403 of too narrow a scope (RFC 6750 section 3.1).
std::string insufficient_scope(const Settings&, std::string_view scope_needed);

}  // namespace ward::identity
