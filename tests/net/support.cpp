#include "support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <fstream>

namespace ward::audit {
class NoPhi {
 public:
  static SendPermit permit() { return {}; }
};
}  // namespace ward::audit

namespace ward::net::test {

SendPermit permit() { return audit::NoPhi::permit(); }

Pki::Pki() {
  char name[] = "/tmp/ward-net-XXXXXX";
  folder = ::mkdtemp(name);
}
Pki::~Pki() { std::filesystem::remove_all(folder); }

static void extend(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <class Read>
static auto read_with(const std::filesystem::path& file, Read read) {
  FILE* in = std::fopen(file.c_str(), "r");
  auto* found = read(in, nullptr, nullptr, nullptr);
  std::fclose(in);
  return found;
}

CertificateFiles Pki::make(const Wish& wish) {
  const std::string stem = (folder / std::to_string(++made_)).string();
  CertificateFiles files{stem + ".pem", stem + ".key", {}};
  EVP_PKEY* key = wish.curve.starts_with("RSA:") ? EVP_RSA_gen(static_cast<unsigned>(std::stoi(wish.curve.substr(4))))
                                                 : EVP_EC_gen(wish.curve.c_str());
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), made_);
  constexpr long day = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(certificate), -wish.age_days * day);
  X509_gmtime_adj(X509_getm_notAfter(certificate), (wish.days - wish.age_days) * day);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1,
                             -1, 0);
  const bool lone = wish.issuer.chain.empty();
  X509* issuer = lone ? nullptr : read_with(wish.issuer.chain, PEM_read_X509);
  EVP_PKEY* issuer_key = lone ? nullptr : read_with(wish.issuer.key, PEM_read_PrivateKey);
  X509_set_issuer_name(certificate, lone ? name : X509_get_subject_name(issuer));
  extend(certificate, NID_subject_alt_name, ("DNS:" + wish.name).c_str());
  extend(certificate, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (wish.authority)
    extend(certificate, NID_key_usage, "critical,keyCertSign");
  else if (wish.digital_signature)
    extend(certificate, NID_key_usage, "critical,digitalSignature");
  else
    extend(certificate, NID_key_usage, "critical,keyEncipherment");
  extend(certificate, NID_ext_key_usage, wish.server_auth ? "serverAuth,clientAuth" : "clientAuth");
  X509_sign(certificate, lone ? key : issuer_key, EVP_get_digestbyname(wish.digest));
  X509_free(issuer);
  EVP_PKEY_free(issuer_key);
  FILE* out = std::fopen(files.chain.c_str(), "w");
  PEM_write_X509(out, certificate);
  std::fclose(out);
  out = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  ::chmod(files.key.c_str(), 0600);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

void Recorded::refused(const boost::asio::ip::address&, std::string_view what, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(fmt::format("{}: {}", what, detail));
}
SendPermit Recorded::fixed_answer(std::string_view what) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(fmt::format("permit {}", what));
  return permit();
}
bool Recorded::has(std::string_view what) const { return count(what) > 0; }
std::size_t Recorded::count(std::string_view what) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(seen_.begin(), seen_.end(), [&](const std::string& line) { return line.starts_with(what); }));
}
std::vector<std::string> Recorded::all() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

Client::Client(std::uint16_t port, const Options& options) {
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{5, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (!options.tls || !connected_) return;
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  if (options.version_max != 0) SSL_CTX_set_max_proto_version(context_, options.version_max);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context_, options.ciphers.c_str());
  if (options.groups != nullptr) SSL_CTX_set1_groups_list(context_, options.groups);
  if (!options.own.chain.empty()) {
    SSL_CTX_use_certificate_chain_file(context_, options.own.chain.c_str());
    SSL_CTX_use_PrivateKey_file(context_, options.own.key.c_str(), SSL_FILETYPE_PEM);
  }
  ssl_ = SSL_new(context_);
  if (!options.sni.empty()) SSL_set_tlsext_host_name(ssl_, options.sni.c_str());
  SSL_set_tlsext_status_type(ssl_, TLSEXT_STATUSTYPE_ocsp);
  std::string alpn;
  if (!options.alpn.empty()) alpn = std::string(1, static_cast<char>(options.alpn.size())) + options.alpn;
  if (!alpn.empty())
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn.data()), static_cast<unsigned>(alpn.size()));
  SSL_set_fd(ssl_, fd_);
  connected_ = SSL_connect(ssl_) == 1;
}

Client::~Client() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (context_ != nullptr) SSL_CTX_free(context_);
  ::close(fd_);
}

bool Client::send(std::string_view bytes) {
  if (ssl_ != nullptr)
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string Client::read_some() {
  if (!rest.empty()) return std::exchange(rest, {});
  char memory[16'384];
  const auto size = ssl_ != nullptr ? static_cast<ssize_t>(SSL_read(ssl_, memory, sizeof memory))
                                    : ::recv(fd_, memory, sizeof memory, 0);
  return size > 0 ? std::string(memory, static_cast<std::size_t>(size)) : std::string();
}

std::string Client::read_until(std::string_view mark) {
  std::string text;
  for (;;) {
    const std::size_t found = text.find(mark);
    if (found != text.npos) {
      rest = text.substr(found + mark.size());
      return text.substr(0, found + mark.size());
    }
    const std::string more = read_some();
    if (more.empty()) return text;
    text += more;
  }
}

std::string Client::read_to_end() {
  std::string text;
  for (std::string more = read_some(); !more.empty(); more = read_some()) text += more;
  return text;
}

std::string Client::read_answer() {
  std::string head = read_until("\r\n\r\n");
  if (head.find("transfer-encoding: chunked") != head.npos) return head + read_until("0\r\n\r\n");
  const std::size_t at = head.find("content-length: ");
  if (at == head.npos) return head;
  const std::size_t length = std::stoul(head.substr(at + 16));
  std::string body = std::exchange(rest, {});
  while (body.size() < length) {
    const std::string more = read_some();
    if (more.empty()) break;
    body += more;
  }
  if (body.size() > length) rest = body.substr(length);
  return head + body.substr(0, length);
}

int status_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

static boost::asio::awaitable<void> echo_stream(Stream& stream) {
  const Result<void> begun = co_await stream.send_start({}, permit());
  if (!begun) co_return;
  for (int i = 0; i < 3; ++i) {
    const Result<void> sent = co_await stream.send_more(Buffer(fmt::format("piece {}\n", i)));
    if (!sent) co_return;
  }
  if (stream.head().path == "/half") co_return;
  const Result<void> ended = co_await stream.send_end();
  (void)ended;
}

static int status_for(const Error& error) {
  if (error.is("body_too_large")) return 413;
  return error.is("body_timeout") ? 408 : 400;
}

boost::asio::awaitable<void> echo(Stream& stream) {
  const RequestHead& request = stream.head();
  if (request.path == "/stream" || request.path == "/half") {
    co_await echo_stream(stream);
    co_return;
  }
  if (request.path == "/silent") co_return;
  if (request.path == "/throw") throw std::runtime_error("a handler's bug");
  ResponseHead head;
  Buffer body(fmt::format("{} {}{}{} {}\n", request.method, request.path, request.has_query ? "?" : "", request.query,
                          request.authority));
  if (request.path == "/large") body = Buffer(std::string(1u << 20, 'L'));
  if (request.path == "/peer")
    body = Buffer(fmt::format("{} {} {} {}", stream.peer().address.to_string(), stream.peer().tls_version,
                              stream.peer().client_certificate_der.size(), stream.peer().client_certificate_verified));
  if (request.path == "/bad-header") head.headers.emplace_back("x-split", "a\r\nset-cookie: b");
  if (request.path == "/core") body = Buffer(std::to_string(Server::this_core()));
  if (request.path != "/unread") {
    Result<Buffer> sent = co_await stream.read_all(4u << 20);
    if (sent)
      body.append(sent->view());
    else
      head.status = status_for(sent.error());
  }
  const Result<void> answered = co_await stream.send(std::move(head), std::move(body), permit());
  (void)answered;
}

Running::Running(Limits limits, std::vector<std::string> hosts, Handler handler, std::vector<std::string> trusted) {
  tls.certificates = {pki.make({})};
  auto made = TlsContext::create(tls, clock);
  if (!made) throw std::runtime_error(made.error().text());
  context = std::move(*made);
  Server::Options options;
  options.cores = 2;
  options.limits = limits;
  options.hosts = std::move(hosts);
  options.trusted_proxies = std::move(trusted);
  server = std::move(*Server::create(options, observer, clock));
  if (!handler) handler = echo;
  https = *server->listen_https({}, *context, handler);
  redirect = *server->listen_redirect({}, 8443);
  plain = *server->listen_plain({}, handler);
  server->start();
}

Running::~Running() { server.reset(); }

}  // namespace ward::net::test
