// Bytes to HTTP/1.1 messages, pipelined, in one piece and in two: both must give the same messages.
#include "base/error.hpp"
#include "http1/message.hpp"
#include "target.hpp"

namespace {

using namespace ward;
using namespace ward::net;

void check(const http1::Message& message) {
  const RequestHead& head = message.head();
  WARD_ASSERT(is_token(head.method) && head.path.starts_with('/'));
  WARD_ASSERT(head.authority.empty() || is_authority(head.authority));
  WARD_ASSERT(!(message.chunked() && head.content_length));
  for (const Header& field : head.headers) WARD_ASSERT(is_token(field.name) && is_field_value(field.value));
}

/// What was read, as text to compare.
std::string read_all(std::string_view bytes, std::size_t first_piece) {
  Limits limits;
  limits.uri_bytes_max = 256;
  limits.header_bytes_max = 1'024;
  limits.header_fields_max = 16;
  std::string seen, data;
  std::size_t given = 0;
  http1::Message message;
  const auto more = [&] {
    if (given == bytes.size()) return false;
    const std::size_t size = given == 0 ? std::clamp<std::size_t>(first_piece, 1, bytes.size()) : bytes.size() - given;
    data += bytes.substr(given, size);
    given += size;
    return size > 0;
  };
  for (int messages = 0; messages < 8; ++messages) {
    std::expected<std::size_t, http1::Malformed> length = std::size_t{0};
    do length = message.read_head(data.data(), data.size(), limits);
    while (length && *length == 0 && more());
    if (!length) return seen += fmt::format("!{}", length.error().status);
    if (*length == 0) return seen;
    check(message);
    seen += fmt::format("{} {} {} {};", message.head().method, message.head().path, message.head().query,
                        message.head().headers.size());
    const std::uint64_t counted = message.head().content_length.value_or(0);
    const bool chunked = message.chunked();
    data.erase(0, *length);  // the views into it are not used from here on
    if (chunked) {
      Buffer body;
      while (!message.chunks_done()) {
        const auto used = message.read_chunks(data, body, 1u << 16);
        if (!used) return seen += "!chunk";
        data.erase(0, *used);
        if (!message.chunks_done() && body.size() < (1u << 20) && *used == 0 && !more()) return seen += "...";
      }
      seen += fmt::format("[{}]", body.view());
    } else {
      while (data.size() < counted) {
        if (!more()) return seen += "...";
      }
      data.erase(0, static_cast<std::size_t>(counted));
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string whole = read_all(text, text.size()), split = read_all(text, bytes[0]);
  WARD_ASSERT(whole == split);
  return 0;
}
