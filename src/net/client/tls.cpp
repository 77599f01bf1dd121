#include "client/connect.hpp"
#include "tls_algorithms.hpp"

#include <openssl/err.h>

namespace ward::net::client {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view what) {
  ERR_clear_error();
  return fail("upstream_tls", fmt::format("{}: {}", file.string(), what));
}

Result<void> trust(SSL_CTX* context, const UpstreamTls& tls) {
  if (tls.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      return fail("upstream_tls", "the system's CA certificates cannot be read; install ca-certificates or set `ca`");
  } else if (SSL_CTX_load_verify_locations(context, tls.ca.c_str(), nullptr) != 1) {
    return unusable(tls.ca, "no PEM certificates could be read for `ca`");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

Result<void> present(SSL_CTX* context, const UpstreamTls& tls) {
  if (tls.certificate.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) != 1)
    return unusable(tls.certificate, "no PEM certificate could be read for `certificate`");
  if (SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable(tls.key, "no PEM key could be read for `key`, or it is not the certificate's");
  return {};
}

}  // namespace

Result<TlsSettings> make_tls(const UpstreamTls& tls, bool http2) {
  TlsSettings context(SSL_CTX_new(TLS_client_method()));
  if (!context || !set_algorithms(context.get(), true))
    return fail("upstream_tls", "OpenSSL refuses the suites or groups; is its configuration narrower than ours?");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // connections are kept instead
  static constexpr unsigned char both[] = "\x02h2\x08http/1.1";
  constexpr unsigned h2_bytes = 3;
  const unsigned char* protocols = http2 ? both : both + h2_bytes;
  const unsigned size = static_cast<unsigned>(sizeof both - 1) - (http2 ? 0 : h2_bytes);
  if (SSL_CTX_set_alpn_protos(raw, protocols, size) != 0) return fail("upstream_tls", "OpenSSL takes no ALPN list");
  if (auto trusted = trust(raw, tls); !trusted) return std::unexpected(trusted.error());
  if (auto presented = present(raw, tls); !presented) return std::unexpected(presented.error());
  return context;
}

}  // namespace ward::net::client
