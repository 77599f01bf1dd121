// An HTTP/1.1 response from bytes, without a socket: one strict reading (RFC 9112), so that two readers cannot disagree
// about where an answer ends.
#pragma once

#include "client.hpp"

namespace ward::net::client {

/// `code` is one of Client's error codes; `detail` has no byte of the message.
struct Malformed {
  std::string_view code, detail;
};

struct Bounds {
  std::size_t header_bytes_max, body_bytes_max;
};

/// Reads one response, interim ones (1xx) skipped. Beast's parser does the parsing; before it, what RFC 9112 forbids
/// and parsers forgive is refused.
class ResponseReader {
 public:
  ResponseReader(bool to_head_request, Bounds bounds);
  ~ResponseReader();

  /// Uses bytes from the front and returns how many. What was not used must come again, with more behind it.
  std::expected<std::size_t, Malformed> put(std::string_view bytes);
  /// The peer ended the connection. `proven`: by a message that a man in the middle cannot make (TLS close_notify);
  /// only then a body without a length is complete.
  std::expected<void, Malformed> end(bool proven);

  bool done() const { return phase_ == Phase::done; }
  bool keep_alive() const { return keep_alive_; }
  ClientResponse take() { return std::move(response_); }

 private:
  enum class Phase : std::uint8_t { head, counted, chunked, until_end, done };
  struct Parser;
  std::expected<std::size_t, Malformed> put_head(std::string_view bytes);
  std::expected<void, Malformed> take_fields();
  std::expected<std::size_t, Malformed> put_body(std::string_view bytes);
  std::expected<std::size_t, Malformed> put_chunks(std::string_view bytes);

  const bool to_head_request_;
  const Bounds bounds_;
  std::unique_ptr<Parser> parser_;
  ClientResponse response_;
  Phase phase_ = Phase::head;
  std::uint64_t left_ = 0;
  unsigned interim_ = 0;
  std::size_t head_bytes_ = 0;
  bool keep_alive_ = false;
};

/// Framing and connection fields, which concern one connection only (RFC 9110 section 7.6.1).
bool is_hop_by_hop(std::string_view name);

}  // namespace ward::net::client
