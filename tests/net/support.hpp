// A running server on free ports, certificates made on the spot, and blocking clients that can misbehave.
#pragma once

#include "net/server.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace ward::net::test {

SendPermit permit();

/// Files of a fresh key and certificate in a folder of its own, removed at the end.
struct Pki {
  struct Wish {
    std::string name = "localhost";
    std::string curve = "P-256";  // or "RSA:2048"
    bool server_auth = true, digital_signature = true;
    int days = 90, age_days = 1;
    const char* digest = "SHA256";
    CertificateFiles issuer = {};  // whose key signs; empty: its own
    bool authority = false;
  };
  Pki();
  ~Pki();
  CertificateFiles make(const Wish& wish);
  std::filesystem::path folder;

 private:
  int made_ = 0;
};

struct Recorded final : Observer {
  void refused(const boost::asio::ip::address&, std::string_view what, std::string_view detail) override;
  SendPermit fixed_answer(std::string_view what) override;
  bool has(std::string_view what) const;
  std::size_t count(std::string_view what) const;
  std::vector<std::string> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
};

/// A blocking connection, TLS or plain. Reads give up after five seconds.
class Client {
 public:
  struct Options {
    bool tls = true;
    std::string sni = "localhost", alpn = "http/1.1", ciphers;
    int version_max = 0;
    CertificateFiles own;  // client certificate
    const char* groups = nullptr;
  };
  Client(std::uint16_t port, const Options& options);
  Client(std::uint16_t port, bool tls) : Client(port, with_tls(tls)) {}
  ~Client();
  Client(const Client&) = delete;

  bool connected() const { return connected_; }
  bool send(std::string_view bytes);
  std::string read_some();  // "" at the end or after five seconds
  std::string read_until(std::string_view mark);
  std::string read_to_end();
  /// One answer with content-length or chunked coding: head and body as sent.
  std::string read_answer();
  SSL* ssl() { return ssl_; }
  int fd() const { return fd_; }
  std::string rest;  // read, not given out yet

 private:
  static Options with_tls(bool tls) {
    Options options;
    options.tls = tls;
    return options;
  }
  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

/// A server with all three listeners. The handler is `echo` unless told otherwise.
struct Running {
  explicit Running(Limits limits = {}, std::vector<std::string> hosts = {}, Handler handler = {},
                   std::vector<std::string> trusted = {});
  ~Running();

  Pki pki;
  SystemClock clock;
  Recorded observer;
  TlsOptions tls;
  std::unique_ptr<TlsContext> context;
  std::unique_ptr<Server> server;
  std::uint16_t https = 0, redirect = 0, plain = 0;
};

/// Answers with the request as it was understood: "METHOD path?query authority\nbody". /stream answers in pieces,
/// /silent not at all, /half begins and stops, /throw throws, /large answers with 1 MiB, /unread ignores the body.
boost::asio::awaitable<void> echo(Stream& stream);

/// "HTTP/1.1 200 OK..." -> 200, or 0.
int status_of(std::string_view answer);

}  // namespace ward::net::test
