#include "tls_algorithms.hpp"

#include <openssl/err.h>

namespace ward::net {

bool set_algorithms(SSL_CTX* context, bool nist) {
  const bool versions = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
  const bool suites = SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256") == 1 &&
                      SSL_CTX_set_cipher_list(context,
                                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                              "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") == 1;
  bool groups = false;
  if (nist) {
    groups = SSL_CTX_set1_groups_list(context, "P-256:P-384:P-521") == 1;
  } else {
    groups =
        SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256:P-384:P-521") == 1 ||  // OpenSSL 3.5 and later
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") == 1;
  }
  const bool signatures =
      SSL_CTX_set1_sigalgs_list(context,
                                "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
                                "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512") == 1;
  ERR_clear_error();
  return versions && suites && groups && signatures;
}

}  // namespace ward::net
