// The client against our own server over TLS, and against a scripted peer that misbehaves.
#include "client.hpp"
#include "client/connect.hpp"
#include "client/response.hpp"
#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace ward::net::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using Answer = std::expected<ClientResponse, net::Client::Failure>;

ClientRequest get(std::string path) {
  return {.method = "GET", .path_and_query = std::move(path), .authority = "", .headers = {}, .body = {}};
}

std::string code_of(const Answer& answer) {
  return answer ? std::to_string(answer->status) : std::string(answer.error().error.code());
}

/// A client on a loop of its own, driven by the test's thread.
struct Caller {
  explicit Caller(std::string_view origin, ClientOptions options = {}) {
    auto made = net::Client::create(io, origin, options);
    EXPECT_TRUE(made) << made.error().text();
    if (made) client = std::move(*made);
  }
  ~Caller() {
    client.reset();
    io.restart();
    io.run_for(200ms);
  }
  std::vector<Answer> ask_all(std::vector<ClientRequest> requests) {
    std::vector<std::optional<Answer>> answers(requests.size());
    std::size_t done = 0;
    for (std::size_t i = 0; i < requests.size(); ++i)
      asio::co_spawn(io, client->request(std::move(requests[i])),
                     [&answers, &done, i](const std::exception_ptr& thrown, Answer answer) {
                       EXPECT_FALSE(thrown);
                       answers[i].emplace(std::move(answer));
                       ++done;
                     });
    io.restart();
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (done < answers.size() && std::chrono::steady_clock::now() < until) io.run_for(5ms), io.restart();
    std::vector<Answer> all;
    for (auto& answer : answers) {
      EXPECT_TRUE(answer) << "no answer at all";
      if (answer) all.push_back(std::move(*answer));
    }
    return all;
  }
  Answer ask(ClientRequest request) {
    std::vector<ClientRequest> one;
    one.push_back(std::move(request));
    return std::move(ask_all(std::move(one)).front());
  }

  asio::io_context io{1};
  std::unique_ptr<net::Client> client;
};

/// A plain peer: for each connection in turn it reads one request head for each text and answers with that text;
/// "" hangs up without a word, "silence" keeps still.
class Scripted {
 public:
  using Connection = std::vector<std::string>;
  explicit Scripted(std::vector<Connection> script) : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this, script = std::move(script)] { serve(script); });
  }
  ~Scripted() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket(io_).connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string origin() const { return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  std::vector<std::string> heads;
  std::atomic<int> connections{0};

 private:
  void serve(const std::vector<Connection>& script) {
    std::list<tcp::socket> kept;
    for (const Connection& connection : script) {
      tcp::socket socket(io_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || stopping_) return;
      ++connections;
      std::string data;
      bool keep = false;
      for (const std::string& text : connection) {
        if (text.empty()) break;
        const std::size_t size = asio::read_until(socket, asio::dynamic_buffer(data), "\r\n\r\n", error);
        if (error) break;
        heads.push_back(data.substr(0, size));
        data.erase(0, size);
        keep = text == "silence";
        if (!keep) asio::write(socket, asio::buffer(text), error);
      }
      if (keep) kept.push_back(std::move(socket));
    }
    while (!stopping_) {
      tcp::socket last(io_);
      boost::system::error_code error;
      acceptor_.accept(last, error);
      if (!stopping_) ++connections;
    }
  }
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
};

ClientOptions trusting(const Running& running, bool http2) {
  ClientOptions options;
  options.http2 = http2;
  options.tls.ca = running.tls.certificates.front().chain;
  return options;
}

class Over : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(BothVersions, Over, testing::Values(false, true),
                         [](const auto& one) { return one.param ? "http2" : "http1"; });

TEST_P(Over, a_request_arrives_as_it_was_built_and_its_answer_comes_back) {
  Running running;
  Caller caller(fmt::format("https://localhost:{}", running.https), trusting(running, GetParam()));
  ClientRequest request{.method = "POST",
                        .path_and_query = "/a?b=c",
                        .authority = "",
                        .headers = {{"x-thing", "1"}},
                        .body = Buffer(std::string(300'000, 'x'))};
  const Answer answer = caller.ask(std::move(request));
  ASSERT_TRUE(answer) << answer.error().error.text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body.view(), fmt::format("POST /a?b=c localhost:{}\n{}", running.https, std::string(300'000, 'x')));
  EXPECT_EQ(answer->header("strict-transport-security").empty(), false);
  EXPECT_TRUE(answer->header("connection").empty() && answer->header("transfer-encoding").empty());
}

TEST_P(Over, many_requests_share_few_connections) {
  Running running;
  ClientOptions options = trusting(running, GetParam());
  options.connections_max = 4;
  Caller caller(fmt::format("https://localhost:{}", running.https), options);
  std::vector<ClientRequest> requests;
  for (int i = 0; i < 60; ++i) requests.push_back(get(fmt::format("/{}", i)));
  const auto answers = caller.ask_all(std::move(requests));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i]) << answers[i].error().error.text();
    EXPECT_TRUE(answers[i]->body.view().starts_with(fmt::format("GET /{} ", i)));
  }
  EXPECT_LE(running.server->connections(), GetParam() ? 1U : 4U);
}

TEST_P(Over, what_takes_too_long_or_breaks_off_is_told_apart) {
  Limits limits;
  Running running(limits);
  ClientOptions options = trusting(running, GetParam());
  options.first_byte_timeout = 300ms;
  options.between_bytes_timeout = 300ms;
  options.body_bytes_max = 100'000;
  Caller caller(fmt::format("https://localhost:{}", running.https), options);
  EXPECT_EQ(code_of(caller.ask(get("/large"))), "upstream_too_large");
  EXPECT_EQ(code_of(caller.ask(get("/a"))), "200");
  const Answer half = caller.ask(get("/half"));
  ASSERT_FALSE(half);
  EXPECT_TRUE(half.error().error.is("upstream_closed") || half.error().error.is("upstream_timeout"))
      << half.error().error.code();
  EXPECT_EQ(code_of(caller.ask(get("/a"))), "200");
}

TEST(client, an_unknown_issuer_or_another_name_is_refused_and_nothing_was_sent) {
  Running running;
  struct Case {
    const char* name;
    bool trusted;
    std::string server_name, expected;
  };
  for (const Case& one : {Case{"trusted, right name", true, "", "200"}, Case{"not trusted", false, "", "upstream_tls"},
                          Case{"another name", true, "other.example", "upstream_tls"}}) {
    ClientOptions options;
    if (one.trusted) options = trusting(running, true);
    options.tls.server_name = one.server_name;
    Caller caller(fmt::format("https://localhost:{}", running.https), options);
    const Answer answer = caller.ask(get("/"));
    EXPECT_EQ(code_of(answer), one.expected) << one.name;
    EXPECT_TRUE(answer || !answer.error().sent) << one.name;
  }
}

TEST(client, an_address_that_may_not_be_connected_to_is_refused_before_anything_is_sent) {
  Running running;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    ClientOptions options = trusting(running, true);
    std::size_t asked = 0;
    options.address_allowed = [&](const asio::ip::address& address) {
      ++asked;
      return !address.is_loopback();
    };
    Caller caller(fmt::format("https://{}:{}", host, running.https), options);
    const Answer answer = caller.ask(get("/"));
    EXPECT_EQ(code_of(answer), "upstream_address") << host;
    EXPECT_FALSE(answer.error().sent);
    EXPECT_GT(asked, 0U);
  }
  ClientOptions options = trusting(running, true);
  options.address_allowed = [](const asio::ip::address& address) { return address.is_loopback(); };
  Caller caller(fmt::format("https://localhost:{}", running.https), options);
  EXPECT_EQ(code_of(caller.ask(get("/"))), "200");
}

/// Sends a byte now and then, for ever.
asio::awaitable<void> drip(Stream& stream) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Result<void> sent = co_await stream.send_start({}, permit());
  for (int i = 0; sent && i < 40; ++i) {
    timer.expires_after(50ms);
    co_await timer.async_wait(asio::use_awaitable);
    sent = co_await stream.send_more(Buffer("x"));
  }
}

TEST_P(Over, the_whole_answer_has_its_time) {
  Running running({}, {}, drip);
  ClientOptions options = trusting(running, GetParam());
  options.answer_timeout = 300ms;
  Caller caller(fmt::format("https://localhost:{}", running.https), options);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of(caller.ask(get("/"))), "upstream_timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1500ms);
}

TEST(client, a_stale_connection_is_replaced_once_for_what_may_be_repeated) {
  const std::string ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  Scripted peer({{ok}, {ok}, {""}});
  Caller caller(peer.origin());
  EXPECT_EQ(code_of(caller.ask(get("/1"))), "200");
  EXPECT_EQ(code_of(caller.ask(get("/2"))), "200");
  const Answer never =
      caller.ask({.method = "POST", .path_and_query = "/3", .authority = "", .headers = {}, .body = Buffer("x")});
  EXPECT_EQ(code_of(never), "upstream_closed");
  EXPECT_EQ(peer.connections, 3);
}

TEST(client, silence_ends_at_its_time_out) {
  Scripted peer({{"silence"}});
  ClientOptions options;
  options.first_byte_timeout = 200ms;
  Caller caller(peer.origin(), options);
  const auto began = std::chrono::steady_clock::now();
  const Answer answer = caller.ask(get("/"));
  EXPECT_EQ(code_of(answer), "upstream_timeout");
  EXPECT_TRUE(answer.error().sent);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(client, a_waiting_request_is_refused_unsent_when_no_connection_becomes_free) {
  Scripted peer({{"silence"}});
  ClientOptions options;
  options.connections_max = 1;
  options.connect_timeout = 200ms;
  options.first_byte_timeout = 1s;
  Caller caller(peer.origin(), options);
  std::vector<ClientRequest> two;
  two.push_back(get("/1"));
  two.push_back(get("/2"));
  const auto answers = caller.ask_all(std::move(two));
  EXPECT_TRUE(answers[0].error().sent);
  EXPECT_FALSE(answers[1].error().sent);
  EXPECT_EQ(code_of(answers[1]), "upstream_timeout");
}

TEST(client, nobody_listening_is_unsent) {
  std::uint16_t port = 0;
  {
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    port = acceptor.local_endpoint().port();
  }
  Caller caller(fmt::format("http://127.0.0.1:{}", port));
  const Answer answer = caller.ask(get("/"));
  EXPECT_EQ(code_of(answer), "upstream_connect");
  EXPECT_FALSE(answer.error().sent);
}

TEST(client, a_request_that_would_end_a_line_or_frame_a_body_is_never_built) {
  Caller caller("http://127.0.0.1:1");
  const auto with = [](std::string name, std::string value) {
    ClientRequest request = get("/");
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
  };
  EXPECT_EQ(code_of(caller.ask(with("x", "a\r\nb: c"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(with("x y", "a"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(with("content-length", "3"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(with("transfer-encoding", "chunked"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(with("host", "a"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(get("/a b"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(get("a"))), "request_invalid");
  EXPECT_EQ(code_of(caller.ask(get("/\r\n"))), "request_invalid");
}

TEST(client, an_origin_is_a_scheme_a_host_and_a_port_only) {
  struct Case {
    const char* text;
    const char* authority;  // empty: refused
  };
  for (const Case& one :
       {Case{"https://ehr.example", "ehr.example"}, Case{"https://EHR.example:8443", "ehr.example:8443"},
        Case{"https://ehr.example:443", "ehr.example"}, Case{"http://[::1]:80", "[::1]"},
        Case{"https://ehr.example/", ""}, Case{"https://a@b", ""}, Case{"ftp://a", ""}, Case{"https://", ""},
        Case{"https://a:0", ""}, Case{"https://a:99999", ""}, Case{"https://a?b", ""}}) {
    const auto origin = client::parse_origin(one.text);
    EXPECT_EQ(origin ? origin->authority : "", one.authority) << one.text;
  }
}

// ---- responses from bytes ----

std::string read(std::string_view bytes, bool proven_end = false, bool head = false) {
  client::ResponseReader reader(head, {4'096, 1'000});
  const auto used = reader.put(bytes);
  if (!used) return std::string(used.error().code);
  if (!reader.done()) {
    const auto ended = reader.end(proven_end);
    if (!ended) return std::string(ended.error().code);
  }
  const bool keep = reader.keep_alive();
  const ClientResponse response = reader.take();
  return fmt::format("{} [{}]{}{}", response.status, response.body.view(), keep ? "" : " close",
                     *used == bytes.size() ? "" : " +more");
}

TEST(response, is_read_strictly) {
  struct Case {
    const char* name;
    const char* bytes;
    const char* expected;
  };
  const Case cases[] = {
      {"a counted body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 [abc]"},
      {"a chunked body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
       "200 [abc]"},
      {"interim answers are skipped",
       "HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "200 []"},
      {"no body of a 204", "HTTP/1.1 204 No Content\r\n\r\n", "204 []"},
      {"a second answer is not ours", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "204 [] +more"},
      {"connection: close", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", "204 [] close"},
      {"an old peer is not kept", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na", "200 [a] close"},
      {"two equal lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na", "upstream_malformed"},
      {"a list of lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\na", "upstream_malformed"},
      {"a signed length", "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na", "upstream_malformed"},
      {"length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
       "upstream_malformed"},
      {"gzip, chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "upstream_malformed"},
      {"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "upstream_malformed"},
      {"a folded line", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "upstream_malformed"},
      {"a bare LF", "HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n", "upstream_malformed"},
      {"a space before the colon", "HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n", "upstream_malformed"},
      {"a bad chunk size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
       "upstream_malformed"},
      {"a chunk without CRLF", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
       "upstream_malformed"},
      {"a switch of protocols", "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", "upstream_malformed"},
      {"another protocol", "ICY 200 OK\r\n\r\n", "upstream_malformed"},
      {"version 2 in text", "HTTP/2.0 200 OK\r\n\r\n", "upstream_malformed"},
      {"status 999", "HTTP/1.1 999 What\r\n\r\n", "upstream_malformed"},
      {"a body that breaks off", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc", "upstream_closed"},
      {"chunks that break off", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "upstream_closed"},
      {"an unframed body without proof of its end", "HTTP/1.1 200 OK\r\n\r\nabc", "upstream_malformed"},
      {"a body beyond the bound", "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", "upstream_too_large"},
      {"a chunk beyond the bound", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n",
       "upstream_too_large"},
      {"nothing", "", "upstream_closed"},
  };
  for (const Case& one : cases) EXPECT_EQ(read(one.bytes), one.expected) << one.name;
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nabc", true), "200 [abc] close");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", false, true), "200 []");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nx: " + std::string(5'000, 'a')), "upstream_too_large");
}

}  // namespace
}  // namespace ward::net::test
