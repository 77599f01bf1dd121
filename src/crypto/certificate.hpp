// X.509 certificates that Ward makes itself: the demo's authority and server certificate, and client certificates.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ward::crypto {

struct CertificateAndKey {
  std::string certificate_pem;  // of a leaf: the leaf alone
  Secret<std::string> key_pem;  // PKCS#8, P-256
};

struct LeafNames {
  std::string common_name;
  std::vector<std::string> dns;  // "localhost"
  std::vector<std::string> ip;   // "127.0.0.1", "::1"
};

inline constexpr std::chrono::days leaf_lifetime_max{397};  // what browsers take
inline constexpr std::chrono::days authority_lifetime{3650};

/// A P-256 authority: CA:TRUE, pathlen 0, keyCertSign and cRLSign. Valid from an hour ago (clocks differ).
Result<CertificateAndKey> make_authority(const std::string& common_name, Clock&, Random&);
/// A P-256 certificate for a server (EKU serverAuth) or a client (clientAuth), signed by `authority`. Error
/// "certificate": a bad name, a lifetime above the maximum, or an authority that is none.
Result<CertificateAndKey> make_server_certificate(const CertificateAndKey& authority, const LeafNames&, Clock&, Random&,
                                                  std::chrono::days lifetime = leaf_lifetime_max);
Result<CertificateAndKey> make_client_certificate(const CertificateAndKey& authority, const LeafNames&, Clock&, Random&,
                                                  std::chrono::days lifetime = leaf_lifetime_max);

/// When a PEM certificate (the first in it) ends: to renew in time.
Result<WallTime> certificate_end(std::string_view pem);

}  // namespace ward::crypto
