#include "token/attempt.hpp"

namespace ward::identity {
namespace {

Refused prove(Attempt& attempt) {
  const KnownClient& candidate = *attempt.candidate;
  const bool by_name = attempt.method == ClientAuthentication::tls_client_auth;
  const auto proven = by_name ? attempt.certificate->check_name(*candidate.certificate_name, attempt.now)
                              : attempt.certificate->check_key(keys_of(attempt), attempt.now);
  if (!proven) return invalid_client(std::string(proven.error().code()));
  attempt.client = attempt.candidate;
  return {};
}

}  // namespace

// A certificate proves a client that is registered for it; for any other it is what tokens may be bound to.
Refused check_client_certificate(Attempt& attempt) {
  if (!attempt.request.certificate.empty()) {
    auto read = ClientCertificate::read(attempt.request.certificate, attempt.request.certificate_verified);
    if (!read) return invalid_client(std::string(read.error().code()));
    attempt.certificate = std::move(*read);
  }
  switch (attempt.method) {
    case ClientAuthentication::tls_client_auth:
    case ClientAuthentication::self_signed_tls_client_auth:
      return attempt.certificate ? prove(attempt) : Refused(invalid_client("certificate_absent"));
    case ClientAuthentication::none:
      attempt.client = attempt.candidate;  // a public client: PKCE and the redirect URI are all there is
      return {};
    default:
      return {};
  }
}

}  // namespace ward::identity
