// An app's server that publishes keys at a jwks_uri, and misbehaves by path.
#pragma once

#include "base/random.hpp"
#include "crypto/certificate.hpp"
#include "crypto/jose.hpp"
#include "net/server.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>
#include <fstream>

namespace ward::audit {
class NoPhi {
 public:
  static SendPermit permit() { return {}; }
};
}  // namespace ward::audit

namespace ward::identity {

struct Ignores final : net::Observer {
  void refused(const boost::asio::ip::address&, std::string_view, std::string_view) override {}
  SendPermit fixed_answer(std::string_view) override { return audit::NoPhi::permit(); }
};

class PublishedKeys {
 public:
  PublishedKeys() : folder_(std::filesystem::temp_directory_path() / ("ward-jwks-" + random_.token(6))) {
    std::filesystem::create_directory(folder_);
    const auto authority = crypto::make_authority("Test authority", clock_, random_).value();
    const auto made =
        crypto::make_server_certificate(authority, {"localhost", {"localhost"}, {}}, clock_, random_).value();
    write("ca.pem", authority.certificate_pem);
    write("server.pem", made.certificate_pem);
    write("server.key", made.key_pem.reveal());
    net::TlsOptions options;
    options.certificates = {{folder_ / "server.pem", folder_ / "server.key", {}}};
    tls_ = std::move(*net::TlsContext::create(options, clock_));
    net::Server::Options few;
    few.cores = 1;
    server_ = std::move(*net::Server::create(few, observer_, clock_));
    port = server_->listen_https({}, *tls_, [this](net::Stream& stream) { return answer(stream); }).value();
    server_->start();
  }
  PublishedKeys(const PublishedKeys&) = delete;
  ~PublishedKeys() {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path ca() const { return folder_ / "ca.pem"; }
  std::string url(const std::string& path) const { return "https://localhost:" + std::to_string(port) + path; }

  std::uint16_t port = 0;
  crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p256);
  std::string kid = "first";
  std::atomic<bool> broken{false};
  std::atomic<int> hits{0};

 private:
  void write(const char* name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
    ::chmod((folder_ / name).c_str(), 0600);
  }

  boost::asio::awaitable<void> answer(net::Stream& stream) {
    using namespace std::chrono_literals;
    ++hits;
    net::ResponseHead head;
    const std::string_view path = stream.head().path;
    Buffer body(broken ? "{" : crypto::KeySet({crypto::PublicKey::of(key, kid)}).text());
    if (path == "/hour") head.headers.emplace_back("cache-control", "public, max-age=86400");
    if (path == "/now") head.headers.emplace_back("cache-control", "no-store, max-age=0");
    if (path == "/moved") {
      head.status = 302;
      head.headers.emplace_back("location", url("/keys"));
    }
    if (path == "/large") body = Buffer(std::string(70'000, ' '));
    if (path == "/symmetric") body = Buffer(R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})");
    if (path == "/slow" || path == "/short") {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, path == "/slow" ? 1'500ms : 150ms);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    const Result<void> sent = co_await stream.send(std::move(head), std::move(body), audit::NoPhi::permit());
    (void)sent;
  }

  SystemRandom random_;
  SystemClock clock_;
  Ignores observer_;
  std::filesystem::path folder_;
  std::unique_ptr<net::TlsContext> tls_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace ward::identity
