// Asking clients for a certificate: on the mtls listener alone.
#pragma once

#include "base/error.hpp"

#include <openssl/ssl.h>
#include <filesystem>

namespace ward::net {

/// Every client may send a certificate, of any issuer, and TLS has it prove the key. Whether the chain ends at one of
/// `ca` (PEM; empty: nobody is trusted) is left in SSL_get_verify_result. No session is resumed, so that each
/// connection is proven anew. Error "tls_client_ca".
Result<void> ask_for_certificates(SSL_CTX* context, const std::filesystem::path& ca);

}  // namespace ward::net
