#include "passkey_response.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"
#include "passkey.hpp"

namespace ward::factors {
namespace {

constexpr std::size_t transports_max = 8;
constexpr std::size_t transport_bytes_max = 32;

std::unexpected<Error> malformed(const char* what) {
  return fail("response", fmt::format("the authenticator's response: {}", what));
}

// A member of base64url; one that is absent, empty or malformed is none.
std::optional<std::string> bytes_of(const json::Value& object, std::string_view name) {
  if (!object[name].is_string()) return std::nullopt;
  auto bytes = base64url_decode(object.string(name));
  return bytes && !bytes->empty() ? bytes : std::nullopt;
}

Result<json::Document> parse_credential(std::string_view json) {
  if (json.size() > passkey_response_bytes_max) return malformed("too large");
  auto document = json::Document::parse(json, {.depth_max = 16, .members_max = 512});
  if (!document || !document->root()["response"].is_object()) return malformed("no PublicKeyCredential as JSON");
  if (document->root().string("type") != "public-key") return malformed("type is not \"public-key\"");
  return document;
}

// `id` is `rawId` as text; both are sent.
std::optional<std::string> id_of(const json::Value& credential) {
  auto id = bytes_of(credential, "rawId");
  if (!id || bytes_of(credential, "id") != id) return std::nullopt;
  return id;
}

bool is_transport(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= transport_bytes_max && name.find_first_not_of(allowed) == name.npos;
}

// Names that are not known yet are kept as well (section 5.8.4).
std::optional<std::vector<std::string>> transports_of(const json::Value& response) {
  std::vector<std::string> names;
  const json::Value list = response["transports"];
  if (!list) return names;
  if (!list.is_array() || list.size() > transports_max) return std::nullopt;
  for (json::Value entry = list.first(); entry; entry = entry.next()) {
    if (!entry.is_string() || !is_transport(entry.text())) return std::nullopt;
    names.push_back(entry.text());
  }
  return names;
}

}  // namespace

Result<RegistrationResponse> RegistrationResponse::parse(std::string_view json) {
  const auto document = parse_credential(json);
  if (!document) return std::unexpected(document.error());
  const json::Value response = document->root()["response"];
  auto id = id_of(document->root());
  if (!id) return malformed("id and rawId must be the same base64url");
  auto client_data = bytes_of(response, "clientDataJSON");
  auto attestation_object = bytes_of(response, "attestationObject");
  if (!client_data || !attestation_object) return malformed("clientDataJSON or attestationObject is no base64url");
  auto transports = transports_of(response);
  if (!transports) return malformed("transports is no list of names");
  return RegistrationResponse{std::move(*id), std::move(*client_data), std::move(*attestation_object),
                              std::move(*transports)};
}

Result<AssertionResponse> AssertionResponse::parse(std::string_view json) {
  const auto document = parse_credential(json);
  if (!document) return std::unexpected(document.error());
  const json::Value response = document->root()["response"];
  auto id = id_of(document->root());
  if (!id) return malformed("id and rawId must be the same base64url");
  auto client_data = bytes_of(response, "clientDataJSON");
  auto authenticator_data = bytes_of(response, "authenticatorData");
  auto signature = bytes_of(response, "signature");
  if (!client_data || !authenticator_data || !signature)
    return malformed("clientDataJSON, authenticatorData or signature is no base64url");
  std::optional<std::string> user_handle;
  if (const json::Value handle = response["userHandle"]; handle && handle.type() != json::Type::null) {
    user_handle = bytes_of(response, "userHandle");
    if (!user_handle || user_handle->size() > user_handle_bytes_max) return malformed("userHandle is no user handle");
  }
  return AssertionResponse{std::move(*id), std::move(*client_data), std::move(*authenticator_data),
                           std::move(*signature), std::move(user_handle)};
}

}  // namespace ward::factors
