// HTTP/1.1 messages from bytes, without a socket: one strict reading (RFC 9112; shield.md "Protocol").
#pragma once

#include "server.hpp"

namespace ward::net::http1 {

/// Why a message is not taken: the status of the fixed answer, and words for the record.
struct Malformed {
  int status;
  std::string_view detail;
};

/// Reads one request after the other. Beast's parser does the parsing; before it, `check_lines` refuses what Beast
/// would let pass.
class Message {
 public:
  Message();
  ~Message();

  /// 0: the head is not complete yet. Else its length, and `head()` etc. hold views into `data`, which was made lower
  /// case where names are. Call again from the start with more bytes of the same message.
  std::expected<std::size_t, Malformed> read_head(char* data, std::size_t size, const Limits& limits);

  const RequestHead& head() const { return head_; }
  bool keep_alive() const { return keep_alive_; }
  bool chunked() const { return chunked_; }
  bool expects_continue() const { return expects_continue_; }

  /// Decodes a chunked body: appends at most `out_bytes_max` to `out`, returns how much of `bytes` was used. What was
  /// not used must come again, with more behind it. Trailers are dropped.
  std::expected<std::size_t, Malformed> read_chunks(std::string_view bytes, Buffer& out, std::size_t out_bytes_max);
  bool chunks_done() const;

 private:
  struct Parser;
  std::expected<void, Malformed> take_target(std::string_view target);
  std::expected<void, Malformed> take_fields();

  std::unique_ptr<Parser> parser_;
  RequestHead head_;
  std::size_t scanned_ = 0;
  bool keep_alive_ = false, chunked_ = false, expects_continue_ = false;
};

}  // namespace ward::net::http1
