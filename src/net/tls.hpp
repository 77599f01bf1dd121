// TLS settings of our listeners (NIST SP 800-52 r2; docs: hipaa-controls "TLS") and certificates checked at load.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ward::net {

struct CertificateFiles {
  std::filesystem::path chain, key;
  std::filesystem::path ocsp;  // DER response to staple; empty: none
};

struct TlsOptions {
  std::vector<CertificateFiles> certificates;  // chosen by SNI, the first by default; ECDSA and RSA side by side
  bool nist = true;                            // off: X25519 and X25519MLKEM768 (where OpenSSL has it) too
  bool client_certificates = false;            // ask for them (mtls listener); off: a browser is never asked for one
  std::filesystem::path client_ca;             // PEM, whose chains count as verified; empty: none does
};

/// What is noted about certificates at load, by file; `fatal` refuses the load.
struct CertificateFinding {
  std::filesystem::path file;
  bool fatal;
  std::string message;
};

/// Reloadable: connections made after `reload` use the new files; a bad set changes nothing. Any thread.
class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> create(const TlsOptions&, Clock&);
  virtual ~TlsContext() = default;
  virtual Result<void> reload(const TlsOptions&) = 0;
  /// A new SSL* (OpenSSL) of the current set, for net's listeners; the caller frees it. nullptr when out of memory.
  virtual void* native() = 0;
  virtual std::vector<CertificateFinding> findings() const = 0;
};

/// The checks alone, for `ward check`.
std::vector<CertificateFinding> check_certificate(const CertificateFiles&, Clock&);

}  // namespace ward::net
