// HTTP/1.1 over real sockets, TLS unless said otherwise.
#include "support.hpp"

#include <boost/asio/this_coro.hpp>

#include <sys/socket.h>

namespace ward::net::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view request = "GET /a?b=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

Limits quick() {
  Limits limits;
  limits.header_timeout = 400ms;
  limits.idle_timeout = 600ms;
  limits.write_timeout = 600ms;
  limits.drain_timeout = 2s;
  return limits;
}

bool ends(Client& client) { return client.read_to_end().empty() || client.read_some().empty(); }

TEST(Http1, answers_with_the_headers_that_every_answer_has) {
  Running running;
  Client client(running.https, true);
  ASSERT_TRUE(client.connected());
  client.send(request);
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a?b=1 localhost\n")) << answer;
  for (const char* line : {"\r\nstrict-transport-security: max-age=63072000; includeSubDomains\r\n",
                           "\r\nx-content-type-options: nosniff\r\n", "\r\ncache-control: no-store\r\n",
                           "\r\ndate: ", "\r\ncontent-length: 21\r\n"}) {
    EXPECT_NE(answer.find(line), answer.npos) << line;
  }
}

TEST(Http1, keeps_the_connection_and_answers_pipelined_requests_in_order) {
  Running running;
  Client client(running.https, true);
  std::string burst;
  for (int i = 0; i < 40; ++i) {
    burst += fmt::format("POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", i);
    burst += fmt::format(
        "POST /chunked{} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n", i);
  }
  client.send(burst);
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(client.read_answer().ends_with(fmt::format("POST /{} localhost\nabc", i)));
    EXPECT_TRUE(client.read_answer().ends_with(fmt::format("POST /chunked{} localhost\nxyz", i)));
  }
}

TEST(Http1, answers_malformed_messages_once_and_closes) {
  Running running;
  const std::pair<const char*, int> cases[] = {{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
                                                "chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
                                                400},
                                               {"GET / HTTP/1.1\nHost: a\n\n", 400},
                                               {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
                                               {"\x16\x03\x01\x02", 0},
                                               {"nonsense\r\n\r\n", 400}};
  for (const auto& [bytes, status] : cases) {
    Client client(running.plain, false);
    client.send(bytes);
    if (status == 0) ::shutdown(client.fd(), SHUT_WR);
    const std::string answer = client.read_to_end();
    EXPECT_EQ(status_of(answer), status) << bytes << answer;
    EXPECT_EQ(answer.find("smuggled"), answer.npos);
    if (status == 0) continue;
    EXPECT_NE(answer.find("connection: close"), answer.npos) << bytes;
  }
  EXPECT_TRUE(running.observer.has("permit malformed_http1"));
  EXPECT_TRUE(running.observer.has("malformed_http1: both content-length and transfer-encoding") ||
              running.observer.has("malformed_http1: head is malformed"));
}

TEST(Http1, says_100_continue_only_when_the_handler_wants_the_body) {
  Running running;
  Client wanted(running.https, true);
  wanted.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("abc");
  EXPECT_TRUE(wanted.read_answer().ends_with("\nabc"));
  Client unwanted(running.https, true);
  unwanted.send("POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  const std::string answer = unwanted.read_answer();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_NE(answer.find("connection: close"), answer.npos) << "the body may or may not come, so nothing can follow it";
}

TEST(Http1, an_unread_small_body_does_not_become_the_next_request) {
  Running running;
  Client client(running.https, true);
  client.send(
      "POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 45\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: "
      "localhost\r\n\r\n123" +
      std::string(request));
  EXPECT_TRUE(client.read_answer().ends_with("POST /unread localhost\n"));
  const std::string second = client.read_answer();
  EXPECT_EQ(second.find("smuggled"), second.npos) << second;
}

TEST(Http1, refuses_bodies_over_the_limits) {
  Limits limits;
  limits.body_bytes_max = 1'000;
  Running running(limits);
  for (const auto& [length, status] : {std::pair(1'000, 200), std::pair(1'001, 413)}) {
    Client counted(running.https, true);
    counted.send(fmt::format("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", length,
                             std::string(static_cast<std::size_t>(length), 'b')));
    EXPECT_EQ(status_of(counted.read_answer()), status) << length;
    Client chunked(running.https, true);
    chunked.send(
        fmt::format("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                    length, std::string(static_cast<std::size_t>(length), 'b')));
    EXPECT_EQ(status_of(chunked.read_answer()), status) << length;
  }
}

TEST(Http1, streams_answers_and_breaks_visibly_what_is_not_ended) {
  Running running;
  Client client(running.https, true);
  client.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string whole = client.read_answer();
  EXPECT_NE(whole.find("8\r\npiece 0\n\r\n"), whole.npos) << whole;
  EXPECT_TRUE(whole.ends_with("0\r\n\r\n"));
  client.send("GET /half HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string half = client.read_to_end();
  EXPECT_EQ(half.find("\r\n0\r\n\r\n"), half.npos) << half;
}

TEST(Http1, HEAD_gets_the_head_alone_and_HTTP_1_0_is_closed) {
  Running running;
  Client client(running.https, true);
  client.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(client.read_until("\r\n\r\n").find("content-length: 18\r\n"), std::string::npos);
  const std::string old = client.read_to_end();
  EXPECT_TRUE(old.ends_with("GET /b localhost\n")) << old;
  EXPECT_NE(old.find("connection: close"), old.npos);
}

TEST(Http1, sends_large_answers_whole_to_slow_readers) {
  Running running;
  Client client(running.https, true);
  client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::this_thread::sleep_for(200ms);
  const std::string answer = client.read_answer();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 1u << 20);
}

TEST(Http1, a_handler_that_gives_no_answer_or_throws_is_a_500) {
  Running running;
  for (const char* path : {"/silent", "/throw", "/bad-header"}) {
    Client client(running.https, true);
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path));
    const std::string answer = client.read_to_end();
    EXPECT_EQ(status_of(answer), 500) << path;
    EXPECT_EQ(answer.find("set-cookie"), answer.npos);
  }
}

TEST(Http1, ends_slow_and_idle_clients) {
  Running running(quick());
  const auto start = std::chrono::steady_clock::now();
  Client slow(running.https, true), idle(running.https, true), silent(running.https, true),
      unshaken(running.https, false);
  slow.send("GET / HT");
  idle.send(request);
  EXPECT_EQ(status_of(idle.read_answer()), 200);
  EXPECT_EQ(status_of(slow.read_to_end()), 408);
  EXPECT_TRUE(ends(idle));
  EXPECT_TRUE(ends(silent));
  EXPECT_TRUE(ends(unshaken));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_TRUE(running.observer.has("slow_client: head took too long"));
}

TEST(Http1, ends_clients_that_take_no_bytes) {
  Running running(quick());
  Client client(running.https, true);
  std::string burst;
  for (int i = 0; i < 20; ++i) burst += "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(burst);
  for (int i = 0; i < 40 && !running.observer.has("slow_client"); ++i) std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(running.observer.has("slow_client: took no bytes"));
}

TEST(Http1, refuses_hosts_and_server_names_that_are_not_ours) {
  Running running({}, {"localhost", "ehr.example"});
  const std::pair<const char*, int> hosts[] = {
      {"localhost", 200}, {"EHR.example:8443", 200}, {"evil.example", 421}, {"localhost.evil.example", 421}};
  for (const auto& [host, status] : hosts) {
    Client client(running.https, true);
    client.send(fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host));
    EXPECT_EQ(status_of(client.read_answer()), status) << host;
  }
  Client::Options other;
  other.sni = "evil.example";
  Client client(running.https, other);
  client.send(request);
  EXPECT_EQ(status_of(client.read_answer()), 421);
}

TEST(Http1, believes_forwarded_addresses_of_trusted_proxies_only) {
  const std::string forwarded =
      "GET /peer HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n\r\n";
  Running untrusting;
  Client first(untrusting.https, true);
  first.send(forwarded);
  EXPECT_TRUE(first.read_answer().ends_with("\r\n\r\n127.0.0.1 TLSv1.3 0 false"));
  Running trusting({}, {}, {}, {"127.0.0.0/8", "198.51.100.0/24"});
  Client second(trusting.https, true);
  second.send(forwarded);
  EXPECT_TRUE(second.read_answer().ends_with("\r\n\r\n203.0.113.9 TLSv1.3 0 false"));
  Client third(trusting.https, true);
  third.send("GET /peer HTTP/1.1\r\nHost: localhost\r\nForwarded: for=\"[2001:db8::5]:80\";proto=https\r\n\r\n");
  EXPECT_TRUE(third.read_answer().ends_with("\r\n\r\n2001:db8::5 TLSv1.3 0 false"));
}

TEST(Http1, limits_connections_per_address) {
  Limits limits;
  limits.connections_per_address_max = 2;
  Running running(limits);
  Client a(running.plain, false), b(running.plain, false);
  for (Client* client : {&a, &b}) {
    client->send(request);
    EXPECT_EQ(status_of(client->read_answer()), 200);
  }
  Client c(running.plain, false);
  c.send(request);
  EXPECT_EQ(c.read_to_end(), "");
  EXPECT_TRUE(running.observer.has("address_connection_limit"));
}

TEST(Redirect, answers_308_to_the_same_path_and_query_and_nothing_else) {
  Running running({}, {"ehr.example"});
  Client client(running.redirect, false);
  client.send("POST /Patient/1?_format=json&x=%20 HTTP/1.1\r\nHost: EHR.example:8080\r\nContent-Length: 0\r\n\r\n");
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 308);
  EXPECT_NE(answer.find("\r\nlocation: https://ehr.example:8443/Patient/1?_format=json&x=%20\r\n"), answer.npos)
      << answer;
  EXPECT_EQ(answer.find("strict-transport-security"), answer.npos) << "RFC 6797 section 7.2: not over http";
  client.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  const std::string refused = client.read_answer();
  EXPECT_EQ(status_of(refused), 400);
  EXPECT_EQ(refused.find("location"), refused.npos);
}

TEST(Plain, listens_on_loopback_only) {
  Running running;
  EXPECT_FALSE(running.server->listen_plain({"0.0.0.0", 0}, echo));
  EXPECT_FALSE(running.server->listen_plain({"::", 0}, echo));
  EXPECT_TRUE(running.server->listen_plain({"127.0.0.2", 0}, echo));
}

TEST(Server, spreads_connections_over_cores_and_knows_the_core) {
  Running running;
  std::set<std::string> cores;
  for (int i = 0; i < 64 && cores.size() < 2; ++i) {
    Client client(running.plain, false);
    client.send("GET /core HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = client.read_answer();
    cores.insert(answer.substr(answer.find("\r\n\r\n") + 4));
  }
  EXPECT_EQ(cores, (std::set<std::string>{"0", "1"}));
}

boost::asio::awaitable<void> slow_answer(Stream& stream) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(500ms);
  co_await timer.async_wait(boost::asio::use_awaitable);
  const Result<void> sent = co_await stream.send({}, Buffer("late"), permit());
  (void)sent;
}

TEST(Server, drains_what_runs_and_takes_nothing_new) {
  Running running(quick(), {}, slow_answer);
  Client busy(running.https, true), idle(running.https, true);
  busy.send(request);
  std::this_thread::sleep_for(100ms);
  const auto start = std::chrono::steady_clock::now();
  std::thread draining([&] { running.server->drain(); });
  const std::string answer = busy.read_to_end();
  draining.join();
  EXPECT_TRUE(answer.ends_with("late")) << answer;
  EXPECT_NE(answer.find("connection: close"), answer.npos);
  EXPECT_TRUE(ends(idle));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  Client late(running.https, true);
  EXPECT_FALSE(late.connected());
  EXPECT_EQ(running.server->connections(), 0u);
}

}  // namespace
}  // namespace ward::net::test
