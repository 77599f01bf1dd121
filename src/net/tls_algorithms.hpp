// Versions, suites, groups and signatures of every TLS connection, as a server and as a client.
#pragma once

#include <openssl/ssl.h>

namespace ward::net {

/// NIST SP 800-52 r2, narrowed as in hipaa-controls "TLS". `nist` false: X25519 and its ML-KEM hybrid too.
/// False if OpenSSL's own configuration refuses them.
bool set_algorithms(SSL_CTX* context, bool nist);

}  // namespace ward::net
