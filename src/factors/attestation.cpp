#include "attestation.hpp"

#include "attestation_certificate.hpp"
#include "public_key.hpp"

#include <fido.h>

namespace ward::factors {
namespace {

using cbor::Item;
using cbor::Type;

constexpr std::size_t signature_bytes_max = 1024;
constexpr std::size_t certificates_max = 8;
constexpr std::size_t certificate_bytes_max = 8192;

std::unexpected<Error> wrong(const char* what) {
  return fail("attestation", fmt::format("the packed attestation {}", what));
}

struct FreeCred {
  void operator()(fido_cred_t* cred) const { fido_cred_free(&cred); }
};

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// libfido2 reads what we have read and bounded already; `self` where the credential's own key has signed.
bool signature_fits(const AttestationObject& object, const AuthenticatorData& data, int algorithm,
                    std::string_view client_data_hash, const Expected& expected, bool self) {
  const std::unique_ptr<fido_cred_t, FreeCred> owner(fido_cred_new());
  fido_cred_t* cred = owner.get();
  const ExtensionOutputs& outputs = data.extensions;
  const std::string_view statement = object.statement->encoding;
  const bool set =
      cred != nullptr && fido_cred_set_type(cred, algorithm) == FIDO_OK &&
      fido_cred_set_fmt(cred, "packed") == FIDO_OK &&
      fido_cred_set_rp(cred, expected.rp_id.c_str(), nullptr) == FIDO_OK &&
      fido_cred_set_clientdata_hash(cred, bytes(client_data_hash), client_data_hash.size()) == FIDO_OK &&
      fido_cred_set_uv(cred, expected.user_verification_required ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
      fido_cred_set_extensions(cred, outputs.mask) == FIDO_OK &&
      fido_cred_set_prot(cred, outputs.credential_protection) == FIDO_OK &&
      fido_cred_set_pin_minlen(cred, outputs.pin_length_min) == FIDO_OK &&
      fido_cred_set_authdata_raw(cred, bytes(data.source), data.source.size()) == FIDO_OK &&
      fido_cred_set_attstmt(cred, bytes(statement), statement.size()) == FIDO_OK;
  if (!set) return false;
  return (self ? fido_cred_verify_self(cred) : fido_cred_verify(cred)) == FIDO_OK;
}

bool are_certificates(const std::vector<const Item*>& chain) {
  if (chain.empty() || chain.size() > certificates_max) return false;
  for (const Item* one : chain)
    if (one->type != Type::bytes || one->string.empty() || one->string.size() > certificate_bytes_max) return false;
  return true;
}

// Section 8.2.
Result<void> verify_packed(const AttestationObject& object, const AuthenticatorData& data, int algorithm,
                           std::string_view client_data_hash, const Expected& expected) {
  const cbor::Document& document = object.document;
  const Item* signature = document.member(object.statement, "sig");
  const Item* x5c = document.member(object.statement, "x5c");
  const auto signed_with = cbor::integer(document.member(object.statement, "alg"));
  if (!signed_with || !is_allowed_algorithm(*signed_with)) return wrong("is signed with an algorithm that is not ours");
  if (!cbor::is(signature, Type::bytes) || signature->string.empty() || signature->string.size() > signature_bytes_max)
    return wrong("has no signature");
  if (object.statement->number != (x5c == nullptr ? 2u : 3u)) return wrong("has members that are not known");
  if (x5c == nullptr) {
    if (*signed_with != algorithm) return wrong("of the key itself names another algorithm");
  } else {
    const auto chain = document.elements(*x5c);
    if (!are_certificates(chain)) return wrong("has no certificates");
    if (auto certificate = check_attestation_certificate(chain[0]->string, data.attested->aaguid); !certificate)
      return certificate;
  }
  if (!signature_fits(object, data, algorithm, client_data_hash, expected, x5c == nullptr))
    return wrong("has a signature that does not verify");
  return {};
}

}  // namespace

Result<AttestationObject> AttestationObject::parse(std::string_view source) {
  auto document = cbor::Document::parse(source);
  if (!document) return fail("attestation_object", "the attestation object is malformed");
  AttestationObject object{.document = std::move(*document), .format = {}, .authenticator_data = {}, .statement = {}};
  const Item* root = &object.document.root();
  const Item* format = object.document.member(root, "fmt");
  const Item* data = object.document.member(root, "authData");
  object.statement = object.document.member(root, "attStmt");
  if (!cbor::is(format, Type::text) || !cbor::is(data, Type::bytes) || !cbor::is(object.statement, Type::map))
    return fail("attestation_object", "the attestation object lacks fmt, authData or attStmt");
  object.format = format->string;
  object.authenticator_data = data->string;
  return object;
}

Result<void> verify_attestation(const AttestationObject& object, const AuthenticatorData& data, int algorithm,
                                std::string_view client_data_hash, const Expected& expected) {
  if (object.format == "packed") return verify_packed(object, data, algorithm, client_data_hash, expected);
  if (object.format != "none") return fail("attestation_format", "the attestation is neither none nor packed");
  if (object.statement->number != 0) return fail("attestation", "an attestation of the format none has to be empty");
  return {};
}

}  // namespace ward::factors
