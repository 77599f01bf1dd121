#include "client_certificates.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

namespace ward::net {
namespace {

constexpr int security_bits_min = 112;  // SP 800-57: RSA of 2048 bits, P-224
constexpr long chain_bytes_max = 32L * 1024;
constexpr int chain_depth_max = 5;

/// RFC 8705 has both: clients whose names an authority vouches for, and those that are known by their key alone. So the
/// chain is verified, which leaves its result in the session, and the handshake goes on either way. A key that others
/// can compute proves nothing.
int note_chain(X509_STORE_CTX* chain, void*) {
  X509_verify_cert(chain);
  ERR_clear_error();  // an unknown authority is no error of this connection
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  EVP_PKEY* key = leaf == nullptr ? nullptr : X509_get0_pubkey(leaf);
  if (key != nullptr && EVP_PKEY_get_security_bits(key) >= security_bits_min) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_EE_KEY_TOO_SMALL);
  return 0;
}

}  // namespace

Result<void> ask_for_certificates(SSL_CTX* context, const std::filesystem::path& ca) {
  if (!ca.empty() && SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr) != 1) {
    ERR_clear_error();
    return fail("tls_client_ca", fmt::format("{}: no PEM certificates could be read for client_ca", ca.string()));
  }
  // Clients are told no list of authorities: many would then keep back a certificate that none of those has issued.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, note_chain, nullptr);
  SSL_CTX_set_verify_depth(context, chain_depth_max);
  SSL_CTX_set_max_cert_list(context, chain_bytes_max);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return {};
}

}  // namespace ward::net
