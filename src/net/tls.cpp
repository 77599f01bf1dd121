#include "tls.hpp"

#include "base/encoding.hpp"
#include "certificate.hpp"
#include "client_certificates.hpp"
#include "tickets.hpp"
#include "tls_algorithms.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

namespace ward::net {
namespace {

using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

/// Certificates for the same names: one per kind of key, so that OpenSSL can choose by what the client can verify.
struct Identity {
  Context context;
  std::vector<std::string> names;
  std::vector<int> key_kinds;
  std::vector<std::pair<X509*, std::string>> ocsp;  // leaf (owned by the context) and its response
};

struct Set {
  std::vector<Identity> identities;
  std::vector<CertificateFinding> findings;
};

int ssl_set_index() {  // every SSL keeps the set that it was made of
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, [](void*, void* set, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::shared_ptr<const Set>*>(set);
      });
  return index;
}

int keys_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

const Set* set_of(SSL* ssl) {
  const auto* set = static_cast<std::shared_ptr<const Set>*>(SSL_get_ex_data(ssl, ssl_set_index()));
  return set == nullptr ? nullptr : set->get();
}

int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
               int encrypt) {
  auto* keys = static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index()));
  return keys == nullptr ? -1 : keys->prepare(name, iv, cipher, mac, encrypt == 1);
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                    unsigned in_length, void*) {
  static constexpr unsigned char ours[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, ours, sizeof ours - 1, in, in_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool matches(const std::vector<std::string>& names, std::string_view host) {
  const std::size_t dot = host.find('.');
  const std::string_view parent = dot == host.npos ? std::string_view{} : host.substr(dot);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == host || (!parent.empty() && name.starts_with("*.") && std::string_view(name).substr(1) == parent);
  });
}

int choose_identity(SSL* ssl, int*, void*) {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const Set* set = set_of(ssl);
  if (asked == nullptr || set == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const std::string host = ascii_lower(asked);
  for (const Identity& identity : set->identities) {
    if (!matches(identity.names, host)) continue;
    if (SSL_set_SSL_CTX(ssl, identity.context.get()) == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

int staple(SSL* ssl, void*) {
  const Set* set = set_of(ssl);
  const X509* leaf = SSL_get_certificate(ssl);
  if (set == nullptr || leaf == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const Identity& identity : set->identities) {
    for (const auto& [certificate, response] : identity.ocsp) {
      if (certificate != leaf) continue;
      auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(response.data(), response.size()));
      if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
      SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

Result<Context> make_context(const TlsOptions& options, TicketKeys& keys) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context || !set_algorithms(context.get(), options.nist))
    return fail("tls_setup", "OpenSSL refuses the suites or groups; is its configuration narrower than ours?");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(raw, 1);  // one read(2) per record instead of two
  SSL_CTX_set_max_early_data(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets only
  SSL_CTX_set_num_tickets(raw, 1);
  // A ticket is of use only where it was given: with clients' certificates asked for, or without.
  const std::string_view session_context = options.client_certificates ? "ward mtls" : "ward";
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(session_context.data()),
                                 static_cast<unsigned>(session_context.size()));
  SSL_CTX_set_timeout(raw, 3'600);
  SSL_CTX_set_ex_data(raw, keys_index(), &keys);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, ticket_key);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(raw, choose_identity);
  SSL_CTX_set_tlsext_status_cb(raw, staple);
  if (options.client_certificates) {
    Result<void> asked = ask_for_certificates(raw, options.client_ca);
    if (!asked) return std::unexpected(asked.error());
  }
  return context;
}

Result<void> add(Identity& identity, const LoadedCertificate& loaded, const std::filesystem::path& file) {
  SSL_CTX* context = identity.context.get();
  X509* leaf = loaded.chain.front().get();
  STACK_OF(X509)* rest = sk_X509_new_null();
  for (std::size_t i = 1; i < loaded.chain.size(); ++i) sk_X509_push(rest, loaded.chain[i].get());
  const int taken = SSL_CTX_use_cert_and_key(context, leaf, loaded.key.get(), rest, 1);
  sk_X509_free(rest);
  if (taken != 1)
    return fail("tls_certificate", fmt::format("{}: OpenSSL does not take this certificate and key", file.string()));
  identity.key_kinds.push_back(EVP_PKEY_get_base_id(loaded.key.get()));
  if (!loaded.ocsp.empty()) identity.ocsp.emplace_back(SSL_CTX_get0_certificate(context), loaded.ocsp);
  return {};
}

/// The identity for the same names that has no key of this kind yet, or a new one.
Result<Identity*> identity_for(Set& set, const LoadedCertificate& loaded, const TlsOptions& options, TicketKeys& keys) {
  const int kind = EVP_PKEY_get_base_id(loaded.key.get());
  for (Identity& identity : set.identities) {
    const bool has_kind =
        std::find(identity.key_kinds.begin(), identity.key_kinds.end(), kind) != identity.key_kinds.end();
    if (identity.names == loaded.names && !has_kind) return &identity;
  }
  Result<Context> context = make_context(options, keys);
  if (!context) return std::unexpected(context.error());
  Identity fresh;
  fresh.context = std::move(*context);
  fresh.names = loaded.names;
  set.identities.push_back(std::move(fresh));
  return &set.identities.back();
}

Result<std::shared_ptr<const Set>> load_set(const TlsOptions& options, Clock& clock, TicketKeys& keys) {
  auto set = std::make_shared<Set>();
  for (const CertificateFiles& files : options.certificates) {
    const std::optional<LoadedCertificate> loaded = load_certificate(files, clock, set->findings);
    if (!loaded) continue;
    Result<Identity*> identity = identity_for(*set, *loaded, options, keys);
    if (!identity) return std::unexpected(identity.error());
    Result<void> added = add(**identity, *loaded, files.chain);
    if (!added) return std::unexpected(added.error());
  }
  for (const CertificateFinding& finding : set->findings) {
    if (finding.fatal) return fail("tls_certificate", fmt::format("{}: {}", finding.file.string(), finding.message));
  }
  if (set->identities.empty())
    return fail("tls_certificate", "no certificate is configured: name at least one chain and key");
  return std::shared_ptr<const Set>(std::move(set));
}

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(Clock& clock) : clock_(clock), keys_(clock) {}

  Result<void> reload(const TlsOptions& options) override {
    Result<std::shared_ptr<const Set>> fresh = load_set(options, clock_, keys_);
    if (!fresh) return std::unexpected(fresh.error());
    const std::lock_guard lock(mutex_);
    set_ = std::move(*fresh);
    return {};
  }

  void* native() override {
    const std::shared_ptr<const Set> set = current();
    SSL* ssl = SSL_new(set->identities.front().context.get());
    if (ssl != nullptr) SSL_set_ex_data(ssl, ssl_set_index(), new std::shared_ptr<const Set>(set));
    return ssl;
  }

  std::vector<CertificateFinding> findings() const override { return current()->findings; }

 private:
  std::shared_ptr<const Set> current() const {
    const std::lock_guard lock(mutex_);
    return set_;
  }

  Clock& clock_;
  TicketKeys keys_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Set> set_;
};

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::create(const TlsOptions& options, Clock& clock) {
  auto context = std::make_unique<OpenSslContext>(clock);
  Result<void> loaded = context->reload(options);
  if (!loaded) return std::unexpected(loaded.error());
  return std::unique_ptr<TlsContext>(std::move(context));
}

}  // namespace ward::net
