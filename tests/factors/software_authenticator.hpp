// An authenticator and a browser in software: makes registrations and assertions as WebAuthn says, and lets a test bend
// each part before or after it is signed. Header only, for tests of other rooms too.
#pragma once

#include "base/encoding.hpp"
#include "base/error.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ward::factors::test {

// ---- CBOR (RFC 8949), written ----

inline std::string cbor_head(unsigned major, std::uint64_t number) {
  const auto first = [major](unsigned low) { return static_cast<char>(major << 5 | low); };
  if (number < 24) return {first(static_cast<unsigned>(number))};
  const unsigned bytes = number < 256 ? 1 : number < 65'536 ? 2 : number < 4'294'967'296 ? 4 : 8;
  std::string out{first(bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27)};
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
  return out;
}
inline std::string cbor_integer(std::int64_t value) {
  return value >= 0 ? cbor_head(0, static_cast<std::uint64_t>(value))
                    : cbor_head(1, static_cast<std::uint64_t>(-1 - value));
}
inline std::string cbor_bytes(std::string_view bytes) { return cbor_head(2, bytes.size()) + std::string(bytes); }
inline std::string cbor_text(std::string_view text) { return cbor_head(3, text.size()) + std::string(text); }
inline std::string cbor_array(std::initializer_list<std::string> items) {
  std::string out = cbor_head(4, items.size());
  for (const auto& item : items) out += item;
  return out;
}
/// Keys and values in turn.
inline std::string cbor_map(std::initializer_list<std::string> members) {
  std::string out = cbor_head(5, members.size() / 2);
  for (const auto& item : members) out += item;
  return out;
}
inline const std::string cbor_true = "\xF5";

// ---- keys ----

enum class Kind { es256, eddsa, rs256 };

inline std::string sha256(std::string_view data) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

class Key {
 public:
  explicit Key(Kind kind) : kind_(kind) {
    EVP_PKEY* key = kind == Kind::es256   ? EVP_EC_gen("P-256")
                    : kind == Kind::eddsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                          : EVP_RSA_gen(2048);
    WARD_ASSERT(key != nullptr);
    key_.reset(key, EVP_PKEY_free);
  }
  Kind kind() const { return kind_; }
  EVP_PKEY* native() const { return key_.get(); }
  int algorithm() const { return kind_ == Kind::es256 ? -7 : kind_ == Kind::eddsa ? -8 : -257; }

  std::string sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const EVP_MD* digest = kind_ == Kind::eddsa ? nullptr : EVP_sha256();
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 1024;
    std::string out(size, '\0');
    WARD_ASSERT(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1);
    WARD_ASSERT(
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, message.size()) == 1);
    out.resize(size);
    return out;
  }
  /// COSE_Key. Another algorithm or curve may be claimed.
  std::string cose(std::optional<int> claimed = std::nullopt, int curve = 0) const {
    const std::string alg = cbor_integer(claimed.value_or(algorithm()));
    if (kind_ == Kind::rs256)
      return cbor_map({cbor_integer(1), cbor_integer(3), cbor_integer(3), alg, cbor_integer(-1),
                       cbor_bytes(number(OSSL_PKEY_PARAM_RSA_N, 256)), cbor_integer(-2),
                       cbor_bytes(number(OSSL_PKEY_PARAM_RSA_E, 3))});
    if (kind_ == Kind::eddsa)
      return cbor_map({cbor_integer(1), cbor_integer(1), cbor_integer(3), alg, cbor_integer(-1),
                       cbor_integer(curve ? curve : 6), cbor_integer(-2), cbor_bytes(raw())});
    return cbor_map({cbor_integer(1), cbor_integer(2), cbor_integer(3), alg, cbor_integer(-1),
                     cbor_integer(curve ? curve : 1), cbor_integer(-2),
                     cbor_bytes(number(OSSL_PKEY_PARAM_EC_PUB_X, 32)), cbor_integer(-3),
                     cbor_bytes(number(OSSL_PKEY_PARAM_EC_PUB_Y, 32))});
  }

 private:
  std::string number(const char* name, int size) const {
    BIGNUM* value = nullptr;
    WARD_ASSERT(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string out(static_cast<std::size_t>(size), '\0');
    WARD_ASSERT(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), size) == size);
    BN_free(value);
    return out;
  }
  std::string raw() const {
    std::size_t size = 32;
    std::string out(size, '\0');
    WARD_ASSERT(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1);
    return out;
  }
  Kind kind_;
  std::shared_ptr<EVP_PKEY> key_;
};

// ---- the certificate of a make of authenticators ----

struct CertificatePlan {
  std::string country = "SE", organisation = "Key Maker", unit = "Authenticator Attestation",
              name = "Key Maker Batch 1";
  int version = 2;  // X.509 version 3
  std::optional<bool> authority = false;
  std::optional<std::string> aaguid;
  bool aaguid_critical = false;
};

inline void add_extension(X509* certificate, const std::string& name, bool critical, const std::string& der) {
  ASN1_OBJECT* object = OBJ_txt2obj(name.c_str(), 1);
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>(der.data()), static_cast<int>(der.size()));
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, object, critical ? 1 : 0, value);
  WARD_ASSERT(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  ASN1_OBJECT_free(object);
}

inline std::string make_certificate(const Key& key, const CertificatePlan& plan) {
  const std::unique_ptr<X509, void (*)(X509*)> owner(X509_new(), X509_free);
  X509* certificate = owner.get();
  X509_set_version(certificate, plan.version);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key.native());
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const auto& [field, value] :
       {std::pair{"C", plan.country}, {"O", plan.organisation}, {"OU", plan.unit}, {"CN", plan.name}})
    if (!value.empty())
      X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.c_str()),
                                 -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  if (plan.authority)
    add_extension(certificate, "2.5.29.19", true,
                  *plan.authority ? std::string("\x30\x03\x01\x01\xFF", 5) : std::string("\x30\x00", 2));
  if (plan.aaguid)
    add_extension(certificate, "1.3.6.1.4.1.45724.1.1.4", plan.aaguid_critical,
                  std::string("\x04\x10", 2) + *plan.aaguid);
  WARD_ASSERT(X509_sign(certificate, key.native(), key.kind() == Kind::eddsa ? nullptr : EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

// ---- ceremonies ----

using Edit = std::function<void(std::string&)>;

inline void edited(const Edit& edit, std::string& text) {
  if (edit) edit(text);
}

/// What both ceremonies say. The edits see a part as it was made, before it goes into the next one.
struct Ceremony {
  std::string type, challenge, origin, rp_id;
  std::string client_data_more = R"(,"crossOrigin":false)";
  std::uint8_t flags = 0x05;  // present and verified; AT and ED are added where they belong
  std::uint32_t counter = 0;
  std::string extensions;  // a CBOR map
  std::string credential_type = "public-key";
  std::optional<std::string> raw_id, text_id;  // in the response, instead of the credential's
  Edit edit_client_data, edit_authenticator_data, edit_signature, edit_json;

  std::string client_data() const {
    std::string text = R"({"type":")" + type + R"(","challenge":")" + base64url_encode(challenge) + R"(","origin":")" +
                       origin + "\"" + client_data_more + "}";
    edited(edit_client_data, text);
    return text;
  }
  std::string authenticator_data(const std::string& attested) const {
    std::uint8_t all = flags;
    if (!attested.empty()) all |= 0x40;
    if (!extensions.empty()) all |= 0x80;
    std::string data = sha256(rp_id) + static_cast<char>(all);
    for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(counter >> shift));
    data += attested + extensions;
    edited(edit_authenticator_data, data);
    return data;
  }
  std::string signature(const Key& key, const std::string& data, const std::string& client) const {
    std::string out = key.sign(data + sha256(client));
    edited(edit_signature, out);
    return out;
  }
  std::string json(const std::string& id, const std::string& response) const {
    std::string out = R"({"id":")" + base64url_encode(text_id.value_or(id)) + R"(","rawId":")" +
                      base64url_encode(raw_id.value_or(id)) + R"(","type":")" + credential_type +
                      R"(","authenticatorAttachment":"platform","clientExtensionResults":{},"response":{)" + response +
                      "}}";
    edited(edit_json, out);
    return out;
  }
};

enum class Attestation { none, self, certified };

struct RegistrationPlan : Ceremony {
  Attestation attestation = Attestation::none;
  std::optional<std::string> format;
  std::optional<int> statement_algorithm;
  CertificatePlan certificate;
  Kind certificate_kind = Kind::es256;
  std::string statement_more;  // one more member
  std::optional<std::string> x5c;
  std::optional<std::string> cose;
  std::optional<std::string> attested_id;
  std::string transports = R"(["internal","hybrid"])";
  Edit edit_attestation_object;
};

struct AssertionPlan : Ceremony {
  std::optional<std::string> user_handle;
};

/// One credential.
class SoftwareAuthenticator {
 public:
  explicit SoftwareAuthenticator(Kind kind, std::string id = "credential-0123456789abcdef")
      : key_(kind), id_(std::move(id)) {}
  const Key& key() const { return key_; }
  const std::string& id() const { return id_; }
  std::string aaguid = std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10", 16);

  std::string create(const RegistrationPlan& plan) const {
    const std::string client = plan.client_data();
    const std::string attested_id = plan.attested_id.value_or(id_);
    const std::string attested = aaguid + static_cast<char>(attested_id.size() >> 8) +
                                 static_cast<char>(attested_id.size()) + attested_id + plan.cose.value_or(key_.cose());
    const std::string data = plan.authenticator_data(attested);
    std::string object = cbor_map(
        {cbor_text("fmt"), cbor_text(plan.format.value_or(plan.attestation == Attestation::none ? "none" : "packed")),
         cbor_text("attStmt"), statement(plan, data, client), cbor_text("authData"), cbor_bytes(data)});
    edited(plan.edit_attestation_object, object);
    std::string response = R"("clientDataJSON":")" + base64url_encode(client) + R"(","attestationObject":")" +
                           base64url_encode(object) + "\"";
    if (!plan.transports.empty()) response += R"(,"transports":)" + plan.transports;
    return plan.json(id_, response);
  }

  std::string get(const AssertionPlan& plan) const {
    const std::string client = plan.client_data();
    const std::string data = plan.authenticator_data("");
    std::string response = R"("clientDataJSON":")" + base64url_encode(client) + R"(","authenticatorData":")" +
                           base64url_encode(data) + R"(","signature":")" +
                           base64url_encode(plan.signature(key_, data, client)) + "\"";
    if (plan.user_handle) response += R"(,"userHandle":")" + base64url_encode(*plan.user_handle) + "\"";
    return plan.json(id_, response);
  }

 private:
  std::string statement(const RegistrationPlan& plan, const std::string& data, const std::string& client) const {
    if (plan.attestation == Attestation::none)
      return plan.statement_more.empty() ? cbor_map({}) : cbor_head(5, 1) + plan.statement_more;
    const bool certified = plan.attestation == Attestation::certified;
    const Key signer = certified ? Key(plan.certificate_kind) : key_;
    const std::uint64_t members = 2u + (certified ? 1u : 0u) + (plan.statement_more.empty() ? 0u : 1u);
    std::string out = cbor_head(5, members) + cbor_text("alg") +
                      cbor_integer(plan.statement_algorithm.value_or(signer.algorithm())) + cbor_text("sig") +
                      cbor_bytes(plan.signature(signer, data, client));
    if (certified)
      out += cbor_text("x5c") + plan.x5c.value_or(cbor_array({cbor_bytes(make_certificate(signer, plan.certificate))}));
    return out + plan.statement_more;
  }
  Key key_;
  std::string id_;
};

}  // namespace ward::factors::test
