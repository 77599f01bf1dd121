// HTTP/2: an nghttp2 client over TLS, and raw frames for what no client would send.
#include "http2/session.hpp"
#include "support.hpp"

#include <nghttp2/nghttp2.h>

namespace ward::net::test {
namespace {

using namespace std::chrono_literals;

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift);
  return bytes.append(payload);
}

const std::string preface = std::string(NGHTTP2_CLIENT_MAGIC) + frame(NGHTTP2_SETTINGS, 0, 0, "");

std::string literal(std::string_view name, std::string_view value) {  // HPACK, never indexed
  std::string bytes(1, '\x10');
  for (const std::string_view text : {name, value}) {
    if (text.size() < 127) {
      bytes += static_cast<char>(text.size());
    } else {
      bytes += '\x7f';
      std::size_t left = text.size() - 127;
      for (; left >= 128; left >>= 7) bytes += static_cast<char>((left & 127) | 128);
      bytes += static_cast<char>(left);
    }
    bytes += text;
  }
  return bytes;
}

using Fields = std::vector<std::pair<std::string, std::string>>;
const Fields ordinary = {{":method", "GET"}, {":scheme", "https"}, {":path", "/a?b=1"}, {":authority", "localhost"}};

std::string headers(std::uint32_t stream, const Fields& fields, bool ends = true) {
  std::string block;
  for (const auto& [name, value] : fields) block += literal(name, value);
  return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | (ends ? NGHTTP2_FLAG_END_STREAM : 0), stream, block);
}

Client::Options h2() {
  Client::Options options;
  options.alpn = "h2";
  return options;
}

/// What a client sees of one session, collected by nghttp2.
class H2 {
 public:
  struct Answer {
    Fields fields;
    std::string body;
    bool ended = false;
    std::optional<std::uint32_t> reset;
    std::string field(std::string_view name) const {
      for (const auto& [key, value] : fields) {
        if (key == name) return value;
      }
      return "";
    }
  };

  explicit H2(std::uint16_t port, std::uint32_t window = 0) : client(port, h2()) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* n, std::size_t ns,
                      const std::uint8_t* v, std::size_t vs, std::uint8_t, void* self) {
          static_cast<H2*>(self)->answers[f->hd.stream_id].fields.emplace_back(
              std::string(reinterpret_cast<const char*>(n), ns), std::string(reinterpret_cast<const char*>(v), vs));
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* self) {
          static_cast<H2*>(self)->answers[id].body.append(reinterpret_cast<const char*>(bytes), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* self) {
          Answer& answer = static_cast<H2*>(self)->answers[id];
          answer.ended = true;
          if (code != 0) answer.reset = code;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         [](nghttp2_session*, const nghttp2_frame* f, void* self) {
                                                           if (f->hd.type == NGHTTP2_GOAWAY)
                                                             static_cast<H2*>(self)->goaway = f->goaway.error_code;
                                                           return 0;
                                                         });
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry small{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    nghttp2_submit_settings(session, 0, &small, window != 0 ? 1 : 0);
  }
  ~H2() { nghttp2_session_del(session); }

  std::int32_t ask(const Fields& fields, std::string body = {}) {
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields)
      pairs.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                       reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0});
    bodies.push_back(std::make_unique<std::pair<std::string, std::size_t>>(std::move(body), 0));
    nghttp2_data_provider provider;
    provider.source.ptr = bodies.back().get();
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* memory, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) {
      auto& [text, used] = *static_cast<std::pair<std::string, std::size_t>*>(source->ptr);
      const std::size_t size = std::min(room, text.size() - used);
      std::memcpy(memory, text.data() + used, size);
      used += size;
      if (used == text.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    return nghttp2_submit_request(session, nullptr, pairs.data(), pairs.size(),
                                  bodies.back()->first.empty() ? nullptr : &provider, nullptr);
  }

  void push() {
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = nghttp2_session_mem_send(session, &bytes); size > 0;
         size = nghttp2_session_mem_send(session, &bytes)) {
      client.send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    }
  }

  /// Until every stream asked for has ended, or the connection has.
  void run() {
    for (;;) {
      push();
      if (!bodies.empty() && answers.size() == bodies.size() &&
          std::all_of(answers.begin(), answers.end(), [](const auto& item) { return item.second.ended; }))
        return;
      const std::string bytes = client.read_some();
      if (bytes.empty()) return;
      nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
  }

  Client client;
  nghttp2_session* session = nullptr;
  std::map<std::int32_t, Answer> answers;
  std::vector<std::unique_ptr<std::pair<std::string, std::size_t>>> bodies;
  std::optional<std::uint32_t> goaway;
};

TEST(Http2, answers_many_streams_with_the_headers_that_every_answer_has) {
  Running running;
  H2 client(running.https);
  for (int i = 0; i < 50; ++i)
    client.ask(
        {{":method", "POST"}, {":scheme", "https"}, {":path", fmt::format("/{}?x", i)}, {":authority", "LOCALHOST:1"}},
        std::string(1'000, 'b'));
  client.run();
  ASSERT_EQ(client.answers.size(), 50u);
  for (const auto& [id, answer] : client.answers) {
    EXPECT_EQ(answer.field(":status"), "200");
    EXPECT_EQ(answer.body, fmt::format("POST /{}?x localhost:1\n", (id - 1) / 2) + std::string(1'000, 'b'));
    EXPECT_EQ(answer.field("strict-transport-security"), "max-age=63072000; includeSubDomains");
    EXPECT_EQ(answer.field("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.field("cache-control"), "no-store");
    EXPECT_EQ(answer.field("content-length"), std::to_string(answer.body.size()));
    EXPECT_FALSE(answer.reset);
  }
}

TEST(Http2, carries_bodies_larger_than_every_window_both_ways) {
  Running running;
  H2 client(running.https, 1'000);
  const std::string body(3u << 20, 'u');
  client.ask({{":method", "POST"}, {":scheme", "https"}, {":path", "/up"}, {":authority", "localhost"}}, body);
  client.ask({{":method", "GET"}, {":scheme", "https"}, {":path", "/large"}, {":authority", "localhost"}});
  client.run();
  EXPECT_EQ(client.answers[1].body.size(), body.size() + std::string_view("POST /up localhost\n").size());
  EXPECT_EQ(client.answers[3].body.size(), 1u << 20);
}

TEST(Http2, streams_answers_and_resets_what_is_not_ended) {
  Running running;
  H2 client(running.https);
  for (const char* path : {"/stream", "/half", "/silent", "/throw", "/unread"})
    client.ask({{":method", "GET"}, {":scheme", "https"}, {":path", path}, {":authority", "localhost"}});
  client.ask({{":method", "HEAD"}, {":scheme", "https"}, {":path", "/a"}, {":authority", "localhost"}});
  client.run();
  EXPECT_EQ(client.answers[1].body, "piece 0\npiece 1\npiece 2\n");
  EXPECT_FALSE(client.answers[1].reset);
  EXPECT_EQ(client.answers[3].reset, std::uint32_t{NGHTTP2_INTERNAL_ERROR});
  EXPECT_EQ(client.answers[5].field(":status"), "500");
  EXPECT_TRUE(client.answers[7].field(":status") == "500" || client.answers[7].reset);
  EXPECT_EQ(client.answers[9].body, "GET /unread localhost\n");
  EXPECT_EQ(client.answers[11].field("content-length"), "18");
  EXPECT_EQ(client.answers[11].body, "");
}

TEST(Http2, reads_requests_as_strictly_as_http_1) {
  Running running({}, {"localhost"});
  struct Case {
    const char* name;
    Fields fields;
    const char* status;  // "" reset
  };
  const auto with = [](Fields more) {
    Fields fields = ordinary;
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  const auto path = [](const char* text) {
    return Fields{{":method", "GET"}, {":scheme", "https"}, {":path", text}, {":authority", "localhost"}};
  };
  const std::string long_path = "/" + std::string(9'000, 'a');
  const Case cases[] = {
      {"an ordinary request", ordinary, "200"},
      {"host and :authority that agree", with({{"host", "Localhost"}}), "200"},
      {"host and :authority that disagree", with({{"host", "evil.example"}}), "400"},
      {"another authority",
       {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":authority", "evil.example"}},
       "421"},
      {"user information in the authority",
       {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":authority", "u@localhost"}},
       "400"},
      {"a fragment", path("/a#b"), "400"},
      {"a relative path", path("a"), ""},
      {"an absolute-form", path("https://localhost/a"), ""},
      {"a target over the limit", path(long_path.c_str()), "414"},
      {"a transfer-encoding", with({{"transfer-encoding", "chunked"}}), ""},
      {"a connection field", with({{"connection", "close"}}), ""},
      {"an upper-case name", with({{"X-A", "b"}}), ""},
      {"a pseudo header after a field", with({{"x-a", "b"}, {":path", "/c"}}), ""},
      {"a second :path", with({{":path", "/c"}}), ""},
      {"no :path", {{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}}, ""},
      {"no :method", {{":scheme", "https"}, {":path", "/"}, {":authority", "localhost"}}, ""},
      {"an unknown pseudo header",
       {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":authority", "localhost"}, {":x", "y"}},
       ""},
      {"a line break in a value", with({{"x-a", "b\r\nc"}}), ""},
      {"101 fields",
       [&] {
         Fields fields;
         for (int i = 0; i < 101; ++i) fields.emplace_back(fmt::format("x-{}", i), "b");
         return with(fields);
       }(),
       "431"},
      {"an unknown expectation", with({{"expect", "miracles"}}), "417"},
  };
  for (const Case& item : cases) {
    H2 client(running.https);
    client.push();
    client.client.send(headers(1, item.fields));
    std::string status;
    for (std::string bytes = client.client.read_some(); !bytes.empty(); bytes = client.client.read_some()) {
      status += bytes;  // the stream is unknown to the client's session, so the frames are read by hand
      const bool answered = status.find(frame(NGHTTP2_RST_STREAM, 0, 1, "").substr(3, 6)) != status.npos ||
                            status.find("localhost\n") != status.npos || status.find("\n", 60) != status.npos;
      if (answered) break;
    }
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_inflate_new(&inflater);
    std::string seen;
    for (std::size_t at = 0; at + 9 <= status.size();) {
      const auto byte = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(status[at + i]));
      };
      const std::size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (byte(3) == NGHTTP2_HEADERS && seen.empty()) {
        auto* in = reinterpret_cast<std::uint8_t*>(status.data() + at + 9);
        nghttp2_nv pair;
        int flags = 0;
        const ssize_t used = nghttp2_hd_inflate_hd2(inflater, &pair, &flags, in, length, 1);
        if (used > 0) seen.assign(reinterpret_cast<char*>(pair.value), pair.valuelen);
      }
      at += 9 + length;
    }
    nghttp2_hd_inflate_del(inflater);
    EXPECT_EQ(seen, item.status) << item.name;
  }
}

/// The error code of the GOAWAY that ends it, if one does.
std::optional<std::uint32_t> goaway_after(std::uint16_t port, const std::string& bytes) {
  Client client(port, h2());
  std::string seen;
  for (std::size_t at = 0; at < bytes.size(); at += 16'384) {
    if (!client.send(std::string_view(bytes).substr(at, 16'384))) break;
  }
  for (std::string more = client.read_some(); !more.empty(); more = client.read_some()) {
    seen += more;
    if (seen.size() > (4u << 20)) break;
    const std::size_t at = seen.find(frame(NGHTTP2_GOAWAY, 0, 0, "").substr(3));
    if (at != seen.npos && at + 14 <= seen.size()) return static_cast<unsigned char>(seen[at + 13]);
  }
  return std::nullopt;
}

TEST(Http2, floods_spend_their_budget_and_end_the_connection) {
  Limits limits;
  limits.header_timeout = 1s;
  Running running(limits);
  const auto times = [](int count, const auto& make) {
    std::string bytes = preface;
    for (int i = 0; i < count; ++i) bytes += make(i);
    return bytes;
  };
  const std::string code(4, '\x08');
  struct Case {
    const char* name;
    std::string few, many, what;
  };
  const auto resets = [&](int i) {
    return headers(static_cast<std::uint32_t>(2 * i + 1), ordinary) +
           frame(NGHTTP2_RST_STREAM, 0, static_cast<std::uint32_t>(2 * i + 1), std::string_view("\0\0\0\x08", 4));
  };
  const auto pings = [](int) { return frame(NGHTTP2_PING, 0, 0, "12345678"); };
  const auto settings = [](int) { return frame(NGHTTP2_SETTINGS, 0, 0, ""); };
  const auto priorities = [](int) { return frame(NGHTTP2_PRIORITY, 0, 3, std::string_view("\0\0\0\0\x10", 5)); };
  const auto updates = [](int) { return frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string_view("\0\0\0\x01", 4)); };
  const auto unknown = [](int) { return frame(0x77, 0, 0, "x"); };
  const auto empty_data = [](int i) {
    return i == 0 ? headers(1, {{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "localhost"}},
                            false)
                  : frame(NGHTTP2_DATA, 0, 1, "");
  };
  const Case cases[] = {
      {"rapid reset", times(50, resets), times(1'000, resets), "h2_resets"},
      {"PING", times(50, pings), times(1'000, pings), "h2_control_frames"},
      {"SETTINGS", times(50, settings), times(1'000, settings), "h2_control_frames"},
      {"PRIORITY", times(50, priorities), times(1'000, priorities), "h2_control_frames"},
      {"WINDOW_UPDATE", times(200, updates), times(3'000, updates), "h2_window_updates"},
      {"unknown frames", times(50, unknown), times(1'000, unknown), "h2_control_frames"},
      {"empty DATA", times(50, empty_data) + frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, ""),
       times(1'000, empty_data), "h2_empty_frames"},
  };
  for (const Case& item : cases) {
    const std::size_t before = running.observer.count(item.what);
    H2 twin(running.https);
    twin.client.send(item.few + headers(201, ordinary));
    std::string seen;
    while (seen.find("GET /a?b=1 localhost\n") == seen.npos) {
      const std::string more = twin.client.read_some();
      if (more.empty()) break;
      seen += more;
    }
    EXPECT_NE(seen.find("GET /a?b=1 localhost\n"), seen.npos) << "a few: " << item.name;
    EXPECT_EQ(running.observer.count(item.what), before) << item.name;
    EXPECT_EQ(goaway_after(running.https, item.many), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM}) << item.name;
    for (int i = 0; i < 100 && running.observer.count(item.what) == before; ++i) std::this_thread::sleep_for(20ms);
    EXPECT_GT(running.observer.count(item.what), before) << item.name;
  }
}

TEST(Http2, header_floods_end_the_connection) {
  Running running;
  std::string continuations = preface + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, literal(":method", "GET"));
  for (int i = 0; i < 100; ++i)
    continuations += frame(NGHTTP2_CONTINUATION, 0, 1, literal(fmt::format("x-{}", i), "b"));
  EXPECT_EQ(goaway_after(running.https, continuations), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  // One entry of 3,900 bytes in the dynamic table, then a byte for each repetition.
  std::string bomb = literal(":method", "GET") + literal(":scheme", "https") + literal(":path", "/") +
                     literal(":authority", "localhost");
  std::string entry = literal("x-bomb", std::string(3'900, 'b'));
  entry[0] = '\x40';
  bomb += entry + std::string(10'000, '\xbe');
  EXPECT_EQ(goaway_after(running.https,
                         preface + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 1, bomb)),
            std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  // The GOAWAY is on its way before the observer hears of it.
  for (const char* what : {"h2_continuations", "h2_header_bomb"}) {
    for (int i = 0; i < 100 && !running.observer.has(what); ++i) std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(running.observer.has(what)) << what;
  }
}

TEST(Http2, ends_slow_clients) {
  Limits limits;
  limits.header_timeout = 400ms;
  limits.idle_timeout = 600ms;
  limits.write_timeout = 600ms;
  Running running(limits);
  const auto start = std::chrono::steady_clock::now();
  Client silent(running.https, h2()), idle(running.https, h2()), slow_head(running.https, h2()),
      zero_window(running.https, h2());
  idle.send(preface);
  slow_head.send(preface + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, literal(":method", "GET")));
  zero_window.send(
      std::string(NGHTTP2_CLIENT_MAGIC) + frame(NGHTTP2_SETTINGS, 0, 0, std::string_view("\0\x04\0\0\0\0", 6)) +
      headers(1, {{":method", "GET"}, {":scheme", "https"}, {":path", "/large"}, {":authority", "localhost"}}));
  for (Client* client : {&silent, &idle, &slow_head}) client->read_to_end();
  std::string seen;
  while (seen.find(frame(NGHTTP2_RST_STREAM, 0, 1, "").substr(3)) == seen.npos) {
    const std::string more = zero_window.read_some();
    if (more.empty()) break;
    seen += more;
  }
  EXPECT_NE(seen.find(frame(NGHTTP2_RST_STREAM, 0, 1, "").substr(3)), seen.npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
}

TEST(Http2, drains_with_GOAWAY_and_finishes_what_runs) {
  Running running;
  H2 client(running.https);
  client.ask(ordinary);
  client.run();
  EXPECT_EQ(client.answers[1].field(":status"), "200");
  std::thread draining([&] { running.server->drain(); });
  while (!client.client.read_some().empty()) continue;
  draining.join();
  EXPECT_EQ(running.server->connections(), 0u);
}

}  // namespace
}  // namespace ward::net::test
