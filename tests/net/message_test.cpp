// RFC 9112 and shield.md "Protocol": what is refused, each with a twin that is not.
#include "http1/message.hpp"
#include "support.hpp"

namespace ward::net::http1 {
namespace {

struct Case {
  const char* name;
  int status;  // 0: taken
  std::string head;
};

std::string get(std::string_view fields) {
  return fmt::format("GET /Patient/1 HTTP/1.1\r\nHost: a.example\r\n{}\r\n", fields);
}
std::string post(std::string_view fields) {
  return fmt::format("POST /Patient HTTP/1.1\r\nHost: a.example\r\n{}\r\n", fields);
}
std::string line(std::string_view request_line) { return fmt::format("{}\r\nHost: a.example\r\n\r\n", request_line); }

const Case cases[] = {
    {"a plain GET is taken", 0, get("")},
    {"ordinary fields are taken", 0, get("Accept: application/fhir+json\r\nX-Empty:\r\nX-Tab:\ta b\t\r\n")},
    {"an unknown method that is a token is taken", 0, line("PURGE / HTTP/1.1")},
    {"a lower-case method is its own method", 0, line("get / HTTP/1.1")},
    {"a method with a space in it is refused", 400, line("GE T / HTTP/1.1")},
    {"a method with a colon is refused", 400, line("GE:T / HTTP/1.1")},
    {"an empty method is refused", 400, line(" / HTTP/1.1")},
    {"a method of 33 letters is refused", 400, line(std::string(33, 'A') + " / HTTP/1.1")},
    {"two spaces before the target are refused", 400, line("GET  / HTTP/1.1")},
    {"a tab instead of a space is refused", 400, line("GET\t/ HTTP/1.1")},
    {"a space at the end of the request line is refused", 400, line("GET / HTTP/1.1 ")},
    {"no version is refused", 400, line("GET /")},
    {"HTTP/2.0 in a request line is refused", 505, line("GET / HTTP/2.0")},
    {"HTTP/1.2 is refused", 505, line("GET / HTTP/1.2")},
    {"a lower-case version is refused", 400, line("GET / http/1.1")},
    {"HTTP/1.10 is refused", 400, line("GET / HTTP/1.10")},
    {"HTTP/1.0 with a Host is taken", 0, line("GET / HTTP/1.0")},
    {"HTTP/1.0 without a Host is taken", 0, "GET / HTTP/1.0\r\n\r\n"},
    {"HTTP/1.0 with a transfer coding is refused", 400,
     "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"an empty line before the request line is refused", 400, "\r\n" + get("")},
    {"a fragment in the target is refused", 400, line("GET /a#b HTTP/1.1")},
    {"a control character in the target is refused", 400, line("GET /a\x01 HTTP/1.1")},
    {"DEL in the target is refused", 400, line("GET /a\x7f HTTP/1.1")},
    {"a non-ASCII byte in the target is refused", 400, line("GET /\xc3\xa9 HTTP/1.1")},
    {"a percent-encoded one is taken", 0, line("GET /%C3%A9 HTTP/1.1")},
    {"a vertical bar in a query is taken", 0, line("GET /Patient?identifier=sys|1 HTTP/1.1")},
    {"a relative target is refused", 400, line("GET Patient HTTP/1.1")},
    {"asterisk-form is refused", 400, line("OPTIONS * HTTP/1.1")},
    {"authority-form is refused", 400, line("CONNECT a.example:443 HTTP/1.1")},
    {"an absolute-form that agrees with Host is taken", 0, line("GET https://A.example/x?y HTTP/1.1")},
    {"an absolute-form that disagrees with Host is refused", 400, line("GET https://b.example/x HTTP/1.1")},
    {"an absolute-form with another port is refused", 400, line("GET https://a.example:8/x HTTP/1.1")},
    {"an absolute-form with user information is refused", 400, line("GET https://u@a.example/x HTTP/1.1")},
    {"an absolute-form of another scheme is refused", 400, line("GET ftp://a.example/x HTTP/1.1")},
    {"no Host is refused", 400, "GET / HTTP/1.1\r\n\r\n"},
    {"two Hosts are refused", 400, get("Host: a.example\r\n")},
    {"an empty Host is refused", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {"a Host with a path is refused", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"a Host with user information is refused", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {"a Host with two values is refused", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {"a Host with port 65536 is refused", 400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"},
    {"a Host with port 65535 is taken", 0, "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n"},
    {"a Host that is an IPv6 literal is taken", 0, "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"},
    {"a Host with an open bracket is refused", 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {"a space before the colon is refused", 400, get("X-A : b\r\n")},
    {"a tab before the colon is refused", 400, get("X-A\t: b\r\n")},
    {"an empty field name is refused", 400, get(": b\r\n")},
    {"a field name with parentheses is refused", 400, get("X(a): b\r\n")},
    {"a non-ASCII field name is refused", 400, get("X-\xc3\xa9: b\r\n")},
    {"a line without a colon is refused", 400, get("just words\r\n")},
    {"a folded line is refused", 400, get("X-A: b\r\n c\r\n")},
    {"a folded line by tab is refused", 400, get("X-A: b\r\n\tc\r\n")},
    {"a first field line that begins with a space is refused", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"a bare LF after the request line is refused", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {"a bare LF after a field is refused", 400, get("X-A: b\nX-B: c\r\n")},
    {"a bare LF as the empty line is refused", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {"a bare CR in a value is refused", 400, get("X-A: b\rc\r\n")},
    {"a NUL in a value is refused", 400, get(std::string("X-A: b\0c\r\n", 10))},
    {"a control character in a value is refused", 400, get("X-A: b\x08\r\n")},
    {"a high byte in a value is taken", 0, get("X-A: caf\xe9\r\n")},
    {"a body with content-length is taken", 0, post("Content-Length: 5\r\n")},
    {"content-length 0 is taken", 0, post("Content-Length: 0\r\n")},
    {"a chunked body is taken", 0, post("Transfer-Encoding: chunked\r\n")},
    {"a chunked body in capitals is taken", 0, post("Transfer-Encoding: CHUNKED\r\n")},
    {"content-length and transfer-encoding together are refused", 400,
     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
    {"transfer-encoding and content-length together are refused", 400,
     post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
    {"two lengths are refused", 400, post("Content-Length: 5\r\nContent-Length: 6\r\n")},
    {"the same length twice is refused", 400, post("Content-Length: 5\r\nContent-Length: 5\r\n")},
    {"a list of lengths is refused", 400, post("Content-Length: 5, 5\r\n")},
    {"a signed length is refused", 400, post("Content-Length: +5\r\n")},
    {"a negative length is refused", 400, post("Content-Length: -5\r\n")},
    {"a hexadecimal length is refused", 400, post("Content-Length: 0x5\r\n")},
    {"an empty length is refused", 400, post("Content-Length:\r\n")},
    {"a length with a space in it is refused", 400, post("Content-Length: 5 6\r\n")},
    {"a length that overflows is refused", 400, post("Content-Length: 99999999999999999999\r\n")},
    {"an unknown transfer coding is refused", 400, post("Transfer-Encoding: gzip\r\n")},
    {"gzip, chunked is refused", 400, post("Transfer-Encoding: gzip, chunked\r\n")},
    {"chunked, identity is refused", 400, post("Transfer-Encoding: chunked, identity\r\n")},
    {"chunked twice is refused", 400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {"xchunked is refused", 400, post("Transfer-Encoding: xchunked\r\n")},
    {"a vertical tab before chunked is refused", 400,
     post("Transfer-Encoding: \x0b"
          "chunked\r\n")},
    {"an empty transfer coding is refused", 400, post("Transfer-Encoding:\r\n")},
    {"an expectation of 100-continue is taken", 0, post("Content-Length: 5\r\nExpect: 100-Continue\r\n")},
    {"another expectation is refused", 417, post("Content-Length: 5\r\nExpect: miracles\r\n")},
    {"an upgrade is read as an ordinary request", 0, get("Connection: Upgrade\r\nUpgrade: h2c\r\n")},
    {"a target over the limit is refused", 414, line("GET /" + std::string(8'192, 'a') + " HTTP/1.1")},
    {"a target at the limit is taken", 0, line("GET /" + std::string(8'191, 'a') + " HTTP/1.1")},
    {"a header block over the limit is refused", 431, get("X-A: " + std::string(33'000, 'a') + "\r\n")},
    {"101 fields are refused", 431,
     [] {
       std::string fields;
       for (int i = 0; i < 100; ++i) fields += fmt::format("X-{}: b\r\n", i);
       return get(fields);
     }()},
};

TEST(Http1Head, is_read_one_way_only) {
  const Limits limits;
  for (const Case& item : cases) {
    std::string bytes = item.head;
    Message message;
    const auto read = message.read_head(bytes.data(), bytes.size(), limits);
    const int status = read ? 0 : read.error().status;
    EXPECT_EQ(status, item.status) << item.name << (read ? "" : std::string(": ") + std::string(read.error().detail));
    if (read) {
      EXPECT_EQ(*read, bytes.size()) << item.name;
    }
  }
}

TEST(Http1Head, reads_the_same_byte_by_byte) {
  const Limits limits;
  for (const Case& item : cases) {
    if (item.head.size() > 4'000) continue;
    Message message;
    int status = -1;
    for (std::size_t size = 1; size <= item.head.size() && status == -1; ++size) {
      std::string bytes = item.head.substr(0, size);  // moved to another place each time, as a growing buffer does
      const auto read = message.read_head(bytes.data(), bytes.size(), limits);
      if (!read)
        status = read.error().status;
      else if (*read > 0)
        status = 0;
    }
    EXPECT_EQ(status, item.status) << item.name;
  }
}

TEST(Http1Head, gives_names_in_lower_case_and_the_target_in_parts) {
  std::string bytes =
      "POST /Patient/_search?a=B?c HTTP/1.1\r\nHOST: EHR.Example:8443\r\nX-Case: Kept\r\nContent-Length: 12\r\n\r\n";
  Message message;
  ASSERT_TRUE(message.read_head(bytes.data(), bytes.size(), Limits{}));
  const RequestHead& head = message.head();
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.path, "/Patient/_search");
  EXPECT_EQ(head.query, "a=B?c");
  EXPECT_EQ(head.authority, "ehr.example:8443");
  EXPECT_EQ(head.header("x-case"), "Kept");
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_TRUE(head.has_body);
  EXPECT_TRUE(message.keep_alive());
}

struct ChunkCase {
  const char* name;
  bool taken;
  std::string bytes, body;
};

const ChunkCase chunk_cases[] = {
    {"two chunks", true, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
    {"capital hexadecimal", true, "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
    {"a short extension", true, "3;a=b\r\nabc\r\n0\r\n\r\n", "abc"},
    {"an extension over the limit", false, "3;a=" + std::string(300, 'x') + "\r\nabc\r\n0\r\n\r\n", ""},
    {"trailers are dropped", true, "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", "abc"},
    {"trailers over the limit", false, "3\r\nabc\r\n0\r\nX-A: " + std::string(5'000, 'x'), ""},
    {"a signed size", false, "+3\r\nabc\r\n0\r\n\r\n", ""},
    {"a size with 0x", false, "0x3\r\nabc\r\n0\r\n\r\n", ""},
    {"a space before the size", false, " 3\r\nabc\r\n0\r\n\r\n", ""},
    {"an empty size", false, "\r\nabc\r\n0\r\n\r\n", ""},
    {"a size that overflows", false, "FFFFFFFFFFFFFFFFF\r\nabc", ""},
    {"a chunk longer than its size", false, "2\r\nabc\r\n0\r\n\r\n", ""},
    {"a bare LF after the size", false, "3\nabc\r\n0\r\n\r\n", ""},
    {"a bare LF after the chunk", false, "3\r\nabc\n0\r\n\r\n", ""},
    {"a chunk line without end", false, std::string(5'000, '0'), ""},
};

TEST(Http1Chunks, are_decoded_strictly) {
  for (const ChunkCase& item : chunk_cases) {
    for (const std::size_t step : {item.bytes.size(), std::size_t{1}}) {
      std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
      Message message;
      ASSERT_TRUE(message.read_head(head.data(), head.size(), Limits{}));
      std::string pending;
      Buffer out;
      bool failed = false;
      for (std::size_t at = 0; at < item.bytes.size() && !failed && !message.chunks_done(); at += step) {
        pending += item.bytes.substr(at, step);
        const auto used = message.read_chunks(pending, out, 1u << 20);
        failed = !used;
        if (used) pending.erase(0, *used);
      }
      EXPECT_EQ(!failed && message.chunks_done(), item.taken) << item.name << ", in steps of " << step;
      if (item.taken) {
        EXPECT_EQ(out.view(), item.body) << item.name;
      }
    }
  }
}

}  // namespace
}  // namespace ward::net::http1
