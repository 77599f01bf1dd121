// What the two HTTP versions have in common. Nothing above `net` knows which one a stream came by.
#pragma once

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "base/permit.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::net {

/// Names are lower case. Views live as long as the stream.
struct Header {
  std::string_view name, value;
};

struct Peer {
  boost::asio::ip::address address;  // of the client; of the last hop unless it is a configured proxy
  std::uint16_t port = 0;
  std::string_view sni;
  std::string_view tls_version;             // "TLSv1.3"
  std::string_view client_certificate_der;  // on the mtls listener, else empty
  /// The certificate's chain ends at `client_ca`. If false nobody vouches for it: only its key proves anything
  /// (RFC 8705 section 2.2), its names prove nothing.
  bool client_certificate_verified = false;
};

/// A request as it was read: one reading, already free of what RFC 9112/9113 and shield.md "Protocol" refuse.
struct RequestHead {
  std::string_view method;
  std::string_view path;   // as sent, starts with '/', no query, not decoded
  std::string_view query;  // as sent, without '?'
  bool has_query = false;
  std::string_view authority;  // Host or :authority, lower case, port kept
  std::vector<Header> headers;
  std::optional<std::uint64_t> content_length;
  bool has_body = false;
  int http_version = 11;  // 11 or 20, for the audit record

  std::string_view header(std::string_view name) const;  // first, or empty
  std::size_t count(std::string_view name) const;
};

struct ResponseHead {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower case; values are checked: no CR, LF, NUL
};

/// One request and its answer.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual const RequestHead& head() const = 0;
  virtual const Peer& peer() const = 0;

  /// The next piece of the body; an empty piece is the end. Waits (with the body's minimum rate) while none is there.
  /// Errors: "body_too_large" (413), "body_timeout" (408), "body_malformed" (400), "peer_gone".
  /// After an error the connection is closed (HTTP/2: the stream is reset) once the answer is out.
  virtual boost::asio::awaitable<Result<Buffer>> read_some() = 0;
  /// The whole body, at most `bytes_max`.
  virtual boost::asio::awaitable<Result<Buffer>> read_all(std::size_t bytes_max) = 0;

  /// Sends a whole answer. content-length, date, strict-transport-security, x-content-type-options and (unless set)
  /// cache-control: no-store are added. HEAD and 204/304 send no body. Only with a permit, once. connection,
  /// transfer-encoding and content-length of `head` are ignored (but content-length for HEAD with an empty body).
  /// Errors: "already_begun", "header_invalid", "peer_gone", "write_timeout".
  virtual boost::asio::awaitable<Result<void>> send(ResponseHead head, Buffer body, SendPermit permit) = 0;

  /// Sends an answer of unknown length: then `send_more` until `send_end`. If the stream is dropped before `send_end`
  /// the client sees a broken answer (reset, or no last chunk), never a complete one.
  virtual boost::asio::awaitable<Result<void>> send_start(ResponseHead head, SendPermit permit) = 0;
  virtual boost::asio::awaitable<Result<void>> send_more(Buffer piece) = 0;
  virtual boost::asio::awaitable<Result<void>> send_end() = 0;

  /// Whether the answer was already begun, and bytes written for it so far.
  virtual bool begun() const = 0;
  virtual std::uint64_t bytes_sent() const = 0;
};

}  // namespace ward::net
