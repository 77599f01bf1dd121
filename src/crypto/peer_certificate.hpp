// What a certificate says about the peer that has proven by TLS that it is its own (RFC 5280).
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "crypto/jose.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct X509_name_st;

namespace ward::crypto {

/// A distinguished name that is not empty. Immutable; copies share; any thread.
class DistinguishedName {
 public:
  static constexpr std::size_t bytes_max = 1024;

  /// The text form of RFC 4514, as "CN=lab,OU=Interfaces,O=Clinic,C=US". Attribute types: those of its section 3 and
  /// some that certificates often have (emailAddress, serialNumber, organizationIdentifier ...), ignoring case, or
  /// numbers. Spaces around separators are taken. Error "dn_invalid".
  static Result<DistinguishedName> parse(std::string_view text);
  /// Takes over the reference. For certificates.
  static std::optional<DistinguishedName> adopt(X509_name_st* name);

  /// As RFC 5280 section 7.1 compares: ignoring the case of ASCII letters, the kind of string, and repeated spaces.
  bool operator==(const DistinguishedName& other) const;

 private:
  explicit DistinguishedName(std::shared_ptr<X509_name_st> name) : name_(std::move(name)) {}
  std::shared_ptr<X509_name_st> name_;
};

/// A certificate, read. It says nothing of whether anybody vouches for it.
struct PeerCertificate {
  static constexpr std::size_t bytes_max = 32 * 1024;
  static constexpr int names_max = 100;

  /// One X.509 certificate in DER and nothing behind it. Error "certificate".
  static Result<PeerCertificate> parse(std::string_view der);

  std::optional<DistinguishedName> subject;    // empty: all names are alternative ones
  std::vector<std::string> dns, uris, emails;  // subjectAltName, as written
  std::vector<std::string> addresses;          // of 4 or 16 bytes, in network order
  std::optional<PublicKey> key;                // empty: a kind that we verify nothing with
  WallTime from, until;                        // notBefore and notAfter, both included
};

/// `x5t#S256` (RFC 8705 section 3.1): base64url of the SHA-256 of the certificate's DER.
std::string certificate_thumbprint(std::string_view der);

}  // namespace ward::crypto
