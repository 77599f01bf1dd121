#include "attestation_certificate.hpp"

#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <memory>

namespace ward::factors {
namespace {

constexpr const char* aaguid_extension = "1.3.6.1.4.1.45724.1.1.4";  // id-fido-gen-ce-aaguid

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
  void operator()(BASIC_CONSTRAINTS* constraints) const { BASIC_CONSTRAINTS_free(constraints); }
};

std::unexpected<Error> wrong(const char* what) {
  return fail("attestation", fmt::format("the attestation's certificate {}", what));
}

std::string_view text(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The first value of an attribute of the subject; empty if there is none.
std::string_view subject_text(const X509* certificate, int attribute) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, attribute, -1);
  return at < 0 ? std::string_view() : text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

bool is_no_authority(const X509* certificate) {
  const std::unique_ptr<BASIC_CONSTRAINTS, Free> constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  return constraints && constraints->ca == 0;
}

// The extension holds the AAGUID as an OCTET STRING in its own, and must not be critical.
bool aaguid_fits(const X509* certificate, std::string_view aaguid) {
  const std::unique_ptr<ASN1_OBJECT, Free> name(OBJ_txt2obj(aaguid_extension, 1));
  const int at = X509_get_ext_by_OBJ(certificate, name.get(), -1);
  if (at < 0) return true;
  X509_EXTENSION* extension = X509_get_ext(certificate, at);
  const std::string_view value = text(X509_EXTENSION_get_data(extension));
  return X509_EXTENSION_get_critical(extension) == 0 && value.size() == 18 && value.starts_with("\x04\x10") &&
         value.substr(2) == aaguid;
}

}  // namespace

Result<void> check_attestation_certificate(std::string_view der, std::string_view aaguid) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<X509, Free> owner(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const X509* certificate = owner.get();
  if (certificate == nullptr || at != reinterpret_cast<const unsigned char*>(der.data()) + der.size())
    return wrong("is malformed");
  if (X509_get_version(certificate) != X509_VERSION_3) return wrong("is not of version 3");
  if (subject_text(certificate, NID_countryName).size() != 2 ||
      subject_text(certificate, NID_organizationName).empty() || subject_text(certificate, NID_commonName).empty() ||
      subject_text(certificate, NID_organizationalUnitName) != "Authenticator Attestation")
    return wrong("has a subject that is not an authenticator's");
  if (!is_no_authority(certificate)) return wrong("is an authority's");
  if (!aaguid_fits(certificate, aaguid)) return wrong("is for authenticators of another make");
  return {};
}

}  // namespace ward::factors
