// The tables of schemas.hpp.
#include "schemas.hpp"

namespace ward::manage {
namespace {

constexpr std::size_t name_max = 64, words_max = 16;

/// Several tables as one.
template <std::size_t... N>
constexpr auto join(const Field (&... tables)[N]) {
  std::array<Field, (N + ...)> all{};
  std::size_t at = 0;
  (..., [&] {
    for (const Field& one : tables) all[at++] = one;
  }());
  return all;
}

// ---- what goes in ----

constexpr Field username{.name = "username",
                         .kind = Kind::word,
                         .description = "Sign-in name; it never changes",
                         .required = true,
                         .more = user_characters,
                         .length_max = name_max};
constexpr Field roles{.name = "roles",
                      .kind = Kind::words,
                      .description = "Roles of the policy",
                      .required = true,
                      .more = role_characters,
                      .length_max = name_max,
                      .items_max = words_max};
constexpr Field fhir_user{
    .name = "fhir_user", .description = "Who that is in FHIR, as in Practitioner/12", .length_max = 128};
constexpr Field purposes{.name = "purposes",
                         .kind = Kind::words,
                         .description = "Purposes of use; the first is the default",
                         .more = role_characters,
                         .length_max = name_max,
                         .items_max = words_max};
constexpr Field full_name{.name = "name", .description = "As pages show it", .length_max = 200};
constexpr Field disabled{.name = "disabled",
                         .kind = Kind::boolean,
                         .description = "Takes effect on the next request, also for tokens that are out"};
constexpr Field password{.name = "password",
                         .description = "Ends every session and token of the person",
                         .length_max = 1024,
                         .length_min = 8,
                         .secret = true};
constexpr Field totp_secret{.name = "totp_secret",
                            .description = "Base32; without it the person enrols at the first sign-in",
                            .length_max = 256,
                            .length_min = 26,
                            .secret = true};

constexpr Field user_fields[] = {username, roles, fhir_user, purposes, full_name, disabled, password, totp_secret};

constexpr Field changed_roles{.name = "roles",
                              .kind = Kind::words,
                              .description = "Roles of the policy",
                              .more = role_characters,
                              .length_max = name_max,
                              .items_max = words_max};
constexpr Field user_change_fields[] = {changed_roles, fhir_user, purposes, full_name, disabled, password};

constexpr std::string_view methods[] = {"private_key_jwt", "client_secret_basic",         "client_secret_post",
                                        "tls_client_auth", "self_signed_tls_client_auth", "none"};
constexpr std::string_view grants[] = {"client_credentials", "authorization_code", "refresh_token"};
constexpr std::string_view id_token_algorithms[] = {"ES256", "RS256"};

constexpr Field client_id{.name = "client_id",
                          .kind = Kind::word,
                          .description = "It never changes",
                          .required = true,
                          .more = client_characters,
                          .length_max = name_max};
constexpr Field registration_fields[] = {
    {.name = "client_name", .description = "As the consent page shows it", .length_max = 200},
    {.name = "token_endpoint_auth_method", .description = "How it proves itself", .choices = methods},
    {.name = "scope", .description = "The most it may ask for", .length_max = 4096},
    {.name = "grant_types", .kind = Kind::texts, .description = "RFC 7591 section 2", .choices = grants},
    {.name = "redirect_uris", .kind = Kind::texts, .description = "Exact", .length_max = 2048},
    {.name = "post_logout_redirect_uris", .kind = Kind::texts, .description = "Exact", .length_max = 2048},
    {.name = "jwks", .kind = Kind::object, .description = "Its public keys"},
    {.name = "jwks_uri", .description = "Where it publishes them instead", .length_max = 512},
    {.name = "roles",
     .kind = Kind::words,
     .description = "Of the policy, for what it does in its own name",
     .more = role_characters,
     .length_max = name_max,
     .items_max = words_max},
    {.name = "purpose",
     .kind = Kind::word,
     .description = "Of use, of what it does in its own name",
     .more = role_characters,
     .length_max = name_max},
    {.name = "owner", .description = "Who runs it"},
    {.name = "contact", .description = "Whom to ask"},
    {.name = "client_uri", .description = "https"},
    {.name = "logo_uri", .description = "https"},
    {.name = "policy_uri", .description = "https"},
    {.name = "access_token_lifetime",
     .kind = Kind::integer,
     .description = "Seconds; 0: as configured",
     .integer_max = 3600},
    {.name = "id_token_signed_response_alg", .description = "Of its ID tokens", .choices = id_token_algorithms},
    {.name = "first_party", .kind = Kind::boolean, .description = "Our own: nobody is asked for consent"},
    {.name = "require_pushed_authorization_requests", .kind = Kind::boolean, .description = "RFC 9126"},
    {.name = "dpop_bound_access_tokens", .kind = Kind::boolean, .description = "RFC 9449"},
    {.name = "tls_client_certificate_bound_access_tokens", .kind = Kind::boolean, .description = "RFC 8705"},
    {.name = "fapi", .kind = Kind::boolean, .description = "The FAPI 2.0 Security Profile"},
    {.name = "tls_client_auth_subject_dn", .description = "RFC 8705 section 2.1.2"},
    {.name = "tls_client_auth_san_dns", .description = "RFC 8705 section 2.1.2"},
    {.name = "tls_client_auth_san_uri", .description = "RFC 8705 section 2.1.2"},
    {.name = "tls_client_auth_san_ip", .description = "RFC 8705 section 2.1.2"},
    {.name = "tls_client_auth_san_email", .description = "RFC 8705 section 2.1.2"},
    disabled};

constexpr Field own_secret[] = {
    {.name = "client_secret", .description = "Without it one is made", .length_min = 32, .secret = true}};
constexpr Field client_name[] = {client_id};
constexpr auto new_client_fields = join(client_name, registration_fields, own_secret);

constexpr std::string_view purposes_of_keys[] = {"token-sign", "id-token-sign"};
constexpr Field rotation_fields[] = {
    {.name = "purpose", .description = "Which key", .required = true, .choices = purposes_of_keys}};

constexpr std::string_view kinds[] = {"care-team", "panel", "department", "delegate", "parent", "member"};
constexpr Field new_relationship_fields[] = {
    {.name = "person",
     .description = "Who, as in Practitioner/3 or Organization/2",
     .required = true,
     .length_max = 128},
    {.name = "patient",
     .description = "Id of the patient; of kind member the group, as in Organization/2",
     .required = true,
     .length_max = 128},
    {.name = "kind", .description = "As in the policy's `patients`", .required = true, .choices = kinds},
    {.name = "source", .description = "The system that says so", .length_max = 128},
    {.name = "from", .kind = Kind::time, .description = "Not before"},
    {.name = "until", .kind = Kind::time, .description = "Not from then on"}};
constexpr Field review_fields[] = {
    {.name = "note", .description = "What was found", .required = true, .length_max = 2000, .length_min = 3}};

// ---- what comes out ----

constexpr Field yes_or_no(std::string_view name, std::string_view description) {
  return {.name = name, .kind = Kind::boolean, .description = description, .required = true};
}
constexpr Field said(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .required = true};
}
constexpr Field at(std::string_view name, std::string_view description) {
  return {.name = name, .kind = Kind::time, .description = description, .required = true};
}
constexpr Field all_purposes{.name = "purposes",
                             .kind = Kind::words,
                             .description = "Purposes of use",
                             .required = true,
                             .more = role_characters,
                             .length_max = name_max};
constexpr Field codes{.name = "recovery_codes", .kind = Kind::texts, .description = "Shown this once", .secret = true};
constexpr Field shown_user_fields[] = {username,
                                       roles,
                                       said("fhir_user", "Who that is in FHIR; may be empty"),
                                       all_purposes,
                                       said("name", "As pages show it; may be empty"),
                                       yes_or_no("disabled", "May not sign in"),
                                       yes_or_no("password", "Whether there is one"),
                                       yes_or_no("second_factor", "Whether one is enrolled"),
                                       codes};

constexpr Field client_secrets[] = {{.name = "client_secret", .description = "Shown this once", .secret = true},
                                    {.name = "jwk",
                                     .kind = Kind::object,
                                     .description = "The private key, made here; shown this once",
                                     .secret = true}};
constexpr auto shown_client_fields = join(client_name, registration_fields, client_secrets);

constexpr Field session_fields[] = {said("id", "Names the session, and does not open it"),
                                    username,
                                    said("device", "Browser and system"),
                                    said("network", "Where, no closer than /24 or /48"),
                                    said("amr", "What was proven (RFC 8176)"),
                                    at("created", "Signed in"),
                                    at("last_seen", "Last request")};
constexpr Field ended_fields[] = {
    username,
    {.name = "ended", .kind = Kind::integer, .description = "How many", .required = true, .integer_max = 1'000'000}};

constexpr std::string_view states[] = {"current", "previous", "retired"};
constexpr Field key_fields[] = {
    said("kid", "As in the JWKS"),
    said("purpose", "What it is for"),
    said("kind", "p256, rsa3072, aes256 ..."),
    at("created", "Made"),
    {.name = "state", .description = "previous: still checks, signs no more", .required = true, .choices = states}};

constexpr std::string_view reset_states[] = {"requested", "done"};
constexpr Field reset_fields[] = {
    said("id", "Of the request"),
    username,
    said("requested_by", "The first administrator"),
    {.name = "confirmed_by", .description = "The second one"},
    {.name = "state",
     .description = "requested: another administrator confirms it with the same call",
     .required = true,
     .choices = reset_states},
    {.name = "expires", .kind = Kind::time, .description = "Until when it can be confirmed"}};

constexpr Field relationship_id[] = {said("id", "Follows from person, patient and kind")};
constexpr auto relationship_fields = join(relationship_id, new_relationship_fields);

constexpr std::string_view case_states[] = {"open", "reviewed"};
constexpr Field emergency_fields[] = {
    said("id", "Of the case"),
    said("person", "Who opened the record"),
    said("patient", "Whose id was given; also of nobody"),
    at("from", "When"),
    at("until", "Until when it was open"),
    {.name = "state", .description = "Whether somebody looked at it", .required = true, .choices = case_states},
    {.name = "reviewed_by", .description = "Who"},
    {.name = "note", .description = "What they found"}};

}  // namespace

const Schema new_user{"NewUser", "A person to be added", user_fields};
const Schema user_change{"UserChange",
                         "A merge patch (RFC 7396): other roles or another password end what was given by the old ones",
                         user_change_fields, true};
const Schema new_client{"NewClient", "A registration, with RFC 7591's names", new_client_fields};
const Schema client_change{"ClientChange", "A merge patch (RFC 7396) of a registration", registration_fields, true};
const Schema rotation{"KeyRotation", "Which key is to be followed by a new one", rotation_fields};
const Schema user{"User", "A person", shown_user_fields};
const Schema client{"Client", "A registration", shown_client_fields};
const Schema session{"Session", "A person's browser that is signed in", session_fields};
const Schema new_relationship{"NewRelationship", "Who is related to a patient, and how", new_relationship_fields};
const Schema relationship{"Relationship", "Somebody's relationship to a patient, pushed by another system",
                          relationship_fields};
const Schema review{"EmergencyReview", "What was found", review_fields};
const Schema emergency{"Emergency", "A record that somebody opened in an emergency", emergency_fields};
const Schema ended{"Ended", "Sessions that are over", ended_fields};
const Schema key{"Key", "A key of the server; never the key itself", key_fields};
const Schema reset{"FactorReset", "A person's second factors go, when two administrators say so", reset_fields};

}  // namespace ward::manage
