#include "http1/message.hpp"

#include "base/encoding.hpp"
#include "http1/lines.hpp"
#include "target.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace ward::net::http1 {

namespace beast = boost::beast;
using beast::http::error;

namespace {

constexpr std::size_t chunk_extension_bytes_max = 256;
constexpr std::size_t chunked_end_bytes = 5;  // "0\r\n\r\n": Beast asserts that so much is there when it comes back to a last chunk
constexpr std::size_t chunk_line_bytes_max = 4'096;  // also all trailers together

std::unexpected<Malformed> malformed(int status, std::string_view detail) {
  return std::unexpected(Malformed{status, detail});
}
std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

class Reader final : public beast::http::basic_parser<true> {
 public:
  explicit Reader(RequestHead& head) : head_(head) {
    this->eager(false);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());  // find_head has bounded it
    this->body_limit(boost::none);                                  // counted by whoever reads
  }

  std::string_view target;
  Buffer* out = nullptr;
  std::size_t out_left = 0;

 private:
  using Code = beast::error_code;
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view asked, int version,
                       Code&) override {
    head_.method = view(method);
    target = view(asked);
    head_.http_version = version;
  }
  void on_response_impl(int, beast::string_view, int, Code&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Code&) override {
    if (!is_header_done()) head_.headers.push_back({view(name), view(value)});  // trailers are dropped
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(beast::string_view, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view extensions, Code& code) override {
    if (extensions.size() > chunk_extension_bytes_max) code = error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Code&) override {
    const std::size_t taken = std::min(body.size(), out_left);
    out->append({body.data(), taken});
    out_left -= taken;
    return taken;
  }
  void on_finish_impl(Code&) override {}

  RequestHead& head_;
};

bool is_length(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

struct Message::Parser {
  std::optional<Reader> reader;
};

Message::Message() : parser_(std::make_unique<Parser>()) {}
Message::~Message() = default;

std::expected<std::size_t, Malformed> Message::read_head(char* data, std::size_t size, const Limits& limits) {
  head_.method = {};  // the fixed answer to a malformed head must not see the request before
  head_.http_version = 11;
  const std::expected<std::size_t, Malformed> length = find_head({data, size}, scanned_, limits);
  if (!length || *length == 0) return length;
  scanned_ = 0;
  const std::expected<void, Malformed> lines = check_lines({data, *length}, limits);
  if (!lines) return std::unexpected(lines.error());

  head_.headers.clear();
  Reader& reader = parser_->reader.emplace(head_);
  beast::error_code code;
  const std::size_t used = reader.put({data, *length}, code);
  if (code || used != *length || !reader.is_header_done()) return malformed(400, "head is malformed");
  for (const Header& field : head_.headers) lower_in_place(const_cast<char*>(field.name.data()), field.name.size());
  keep_alive_ = reader.keep_alive();
  chunked_ = reader.chunked();
  const std::expected<void, Malformed> fields = take_fields();
  if (!fields) return std::unexpected(fields.error());
  const std::expected<void, Malformed> target = take_target(reader.target);
  if (!target) return std::unexpected(target.error());
  return length;
}

std::expected<void, Malformed> Message::take_fields() {
  head_.content_length.reset();
  head_.authority = {};
  std::string_view expectation;
  unsigned hosts = 0, lengths = 0, codings = 0;
  for (const Header& field : head_.headers) {
    if (field.name == "host") {
      ++hosts;
      head_.authority = field.value;
    } else if (field.name == "content-length") {
      if (++lengths > 1 || !is_length(field.value)) return malformed(400, "content-length is repeated or no number");
      std::uint64_t length = 0;
      for (const char digit : field.value) length = length * 10 + static_cast<std::uint64_t>(digit - '0');
      head_.content_length = length;
    } else if (field.name == "transfer-encoding") {
      if (++codings > 1 || !equal_ignoring_case(field.value, "chunked"))
        return malformed(400, "transfer-encoding is not chunked alone");
    } else if (field.name == "expect") {
      expectation = field.value;
    }
  }
  const bool old = head_.http_version == 10;
  if (lengths > 0 && codings > 0) return malformed(400, "both content-length and transfer-encoding");
  if (codings > 0 && old) return malformed(400, "transfer-encoding in HTTP/1.0");
  if (hosts > 1) return malformed(400, "several Host fields");
  if (hosts == 0 && !old) return malformed(400, "no Host field");
  if (hosts == 1 && !is_authority(head_.authority)) return malformed(400, "Host is malformed");
  if (!expectation.empty() && !equal_ignoring_case(expectation, "100-continue"))
    return malformed(417, "unknown expectation");
  expects_continue_ = !expectation.empty() && !old;
  head_.has_body = codings > 0 || head_.content_length.value_or(0) > 0;
  if (old) keep_alive_ = false;
  lower_in_place(const_cast<char*>(head_.authority.data()), head_.authority.size());
  return {};
}

std::expected<void, Malformed> Message::take_target(std::string_view text) {
  const std::optional<Target> target = read_target(text);
  if (!target) return malformed(400, "target is malformed");
  if (!target->authority.empty() && !equal_ignoring_case(target->authority, head_.authority))
    return malformed(400, "target and Host disagree");
  head_.path = target->path;
  head_.query = target->query;
  head_.has_query = target->has_query;
  return {};
}

std::expected<std::size_t, Malformed> Message::read_chunks(std::string_view bytes, Buffer& out,
                                                           std::size_t out_bytes_max) {
  Reader& reader = *parser_->reader;
  reader.out = &out;
  reader.out_left = out_bytes_max;
  std::size_t used = 0;
  while (bytes.size() - used >= chunked_end_bytes && !reader.is_done() && reader.out_left > 0) {
    beast::error_code code;
    used += reader.put({bytes.data() + used, bytes.size() - used}, code);
    if (code == error::need_more) {
      if (bytes.size() - used > chunk_line_bytes_max) return malformed(400, "chunk header or trailers are too large");
      break;
    }
    if (code) return malformed(400, "chunked body is malformed");
  }
  return used;
}

bool Message::chunks_done() const { return parser_->reader && parser_->reader->is_done(); }

}  // namespace ward::net::http1
