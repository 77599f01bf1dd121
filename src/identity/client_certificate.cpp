#include "client_certificate.hpp"

#include "base/encoding.hpp"

#include <arpa/inet.h>
#include <algorithm>

namespace ward::identity {
namespace {

constexpr std::string_view members[] = {"tls_client_auth_subject_dn", "tls_client_auth_san_dns",
                                        "tls_client_auth_san_uri", "tls_client_auth_san_ip",
                                        "tls_client_auth_san_email"};

std::unexpected<Error> bad_name(std::string message) { return fail("client_certificate_name", std::move(message)); }

// RFC 8705 section 2.1.2: dotted decimal, or the colon form of IPv6; certificates have the bytes.
std::string address_bytes(const std::string& text) {
  std::string bytes(16, '\0');
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes.substr(0, 4);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  return {};
}

// RFC 5280 section 7.5: the host of an address ignores case, the part before it does not.
std::string normal_email(std::string_view email) {
  const auto at = email.rfind('@');
  if (at == email.npos) return std::string(email);
  return std::string(email.substr(0, at)) + ascii_lower(email.substr(at));
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

template <class Normal>
bool has(const std::vector<std::string>& names, std::string_view wanted, Normal normal) {
  return std::ranges::any_of(names, [&](const std::string& name) { return normal(name) == wanted; });
}

}  // namespace

std::string_view CertificateName::member(Kind kind) { return members[static_cast<std::size_t>(kind)]; }

Result<CertificateName> CertificateName::read(json::Value client) {
  std::optional<Kind> found;
  for (std::size_t i = 0; i < std::size(members); ++i) {
    if (!client[members[i]]) continue;
    if (found) return bad_name("only one of the tls_client_auth_* members may be given (RFC 8705 section 2.1.2)");
    found = static_cast<Kind>(i);
  }
  if (!found)
    return bad_name("tls_client_auth needs one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip, _san_email");
  if (!client[member(*found)].is_string()) return bad_name(std::string(member(*found)) + " must be a string");
  return parse(*found, client.string(member(*found)));
}

Result<CertificateName> CertificateName::parse(Kind kind, std::string_view value) {
  const std::string name(member(kind));
  if (value.empty() || value.size() > bytes_max) return bad_name(name + " must have 1 to 1024 bytes");
  CertificateName made(kind, value);
  if (kind == Kind::subject_dn) {
    auto subject = crypto::DistinguishedName::parse(value);
    if (!subject) return bad_name(name + ": " + subject.error().message());
    made.subject_ = std::move(*subject);
    return made;
  }
  if (!is_printable(value)) return bad_name(name + " must be of ASCII characters without spaces");
  switch (kind) {
    case Kind::san_dns:
      made.wanted_ = ascii_lower(value);
      break;
    case Kind::san_ip:
      made.wanted_ = address_bytes(made.text_);
      if (made.wanted_.empty()) return bad_name(name + " must be an IP address, as in 192.0.2.1 or 2001:db8::1");
      break;
    case Kind::san_email:
      made.wanted_ = normal_email(value);
      break;
    default:
      made.wanted_ = value;
  }
  return made;
}

// Whole names: a wildcard in a certificate is a name like any other, and matches only itself.
bool CertificateName::matches(const crypto::PeerCertificate& certificate) const {
  const auto as_it_is = [](const std::string& name) -> std::string_view { return name; };
  switch (kind_) {
    case Kind::subject_dn:
      return certificate.subject && *certificate.subject == *subject_;
    case Kind::san_dns:
      return has(certificate.dns, wanted_, [](const std::string& name) { return ascii_lower(name); });
    case Kind::san_uri:
      return has(certificate.uris, wanted_, as_it_is);
    case Kind::san_ip:
      return has(certificate.addresses, wanted_, as_it_is);
    case Kind::san_email:
      return has(certificate.emails, wanted_, normal_email);
  }
  return false;
}

Result<ClientCertificate> ClientCertificate::read(std::string_view der, bool chain_verified) {
  if (der.empty())
    return fail("certificate_absent", "no client certificate was sent; it is asked for at the mtls listener only");
  auto certificate = crypto::PeerCertificate::parse(der);
  if (!certificate) return fail("certificate_invalid", "the client certificate is not readable");
  ClientCertificate made;
  made.certificate_ = std::move(*certificate);
  made.thumbprint_ = crypto::certificate_thumbprint(der);
  made.chain_verified_ = chain_verified;
  return made;
}

Result<void> ClientCertificate::check_name(const CertificateName& registered, WallTime now) const {
  if (!chain_verified_)
    return fail("certificate_unverified", "the client certificate is not issued by an authority that is trusted here");
  if (auto timely = check_time(now); !timely) return timely;
  if (!registered.matches(certificate_))
    return fail("certificate_other", "the client certificate does not have the registered name");
  return {};
}

Result<void> ClientCertificate::check_key(const crypto::KeySet& registered, WallTime now) const {
  if (auto timely = check_time(now); !timely) return timely;
  const std::string thumbprint = certificate_.key ? certificate_.key->thumbprint() : std::string();
  const bool known = std::ranges::any_of(registered.keys(), [&](const crypto::PublicKey& key) {
    return certificate_.key && key.thumbprint() == thumbprint;
  });
  if (!known) return fail("certificate_other", "the key of the client certificate is not in the registered jwks");
  return {};
}

// A connection may outlive the certificate that began it, and nobody else looks at the times of a self-signed one.
Result<void> ClientCertificate::check_time(WallTime now) const {
  if (now < certificate_.from || now > certificate_.until)
    return fail("certificate_expired", "the client certificate is expired, or not valid yet");
  return {};
}

}  // namespace ward::identity
