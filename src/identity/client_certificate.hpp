// Clients that prove themselves by a TLS certificate (RFC 8705).
#pragma once

#include "crypto/peer_certificate.hpp"
#include "json/json.hpp"

namespace ward::identity {

/// Which certificate a client with `tls_client_auth` has (section 2.1.2): one name, of one kind.
class CertificateName {
 public:
  enum class Kind : std::uint8_t { subject_dn, san_dns, san_uri, san_ip, san_email };
  static constexpr std::size_t bytes_max = 1024;

  /// From the client's metadata: exactly one of the tls_client_auth_* members.
  /// Error "client_certificate_name": none, several, or a value that is no such name; written for who registers.
  static Result<CertificateName> read(json::Value client);
  static Result<CertificateName> parse(Kind kind, std::string_view value);
  static std::string_view member(Kind kind);  // "tls_client_auth_subject_dn"

  Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }  // as registered
  bool matches(const crypto::PeerCertificate& certificate) const;

 private:
  CertificateName(Kind kind, std::string_view text) : kind_(kind), text_(text) {}
  Kind kind_;
  std::string text_, wanted_;  // wanted_: in the form that is compared
  std::optional<crypto::DistinguishedName> subject_;
};

/// The certificate of one connection, which TLS has proven to be the peer's own. Immutable; any thread.
class ClientCertificate {
 public:
  /// `der` and `chain_verified` as net::Peer has them. Errors: "certificate_absent", "certificate_invalid".
  static Result<ClientCertificate> read(std::string_view der, bool chain_verified);

  /// `x5t#S256`, for `cnf` of what is bound to the certificate (section 3.1). For the check alone of a bound token
  /// crypto::certificate_thumbprint is enough.
  const std::string& thumbprint() const { return thumbprint_; }

  /// `tls_client_auth` (section 2.1): somebody whom we trust vouches for the name. Errors, which may be told to the
  /// client: "certificate_unverified", "certificate_expired", "certificate_other".
  Result<void> check_name(const CertificateName& registered, WallTime now) const;
  /// `self_signed_tls_client_auth` (section 2.2): the key is one of the client's `jwks`. A JWK's `x5c` certifies its
  /// own key (RFC 7517 section 4.7), so that comparing keys is enough. Errors: "certificate_expired",
  /// "certificate_other".
  Result<void> check_key(const crypto::KeySet& registered, WallTime now) const;

 private:
  ClientCertificate() = default;
  Result<void> check_time(WallTime now) const;
  crypto::PeerCertificate certificate_;
  std::string thumbprint_;
  bool chain_verified_ = false;
};

}  // namespace ward::identity
