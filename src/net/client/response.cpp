#include "client/response.hpp"

#include "base/encoding.hpp"
#include "target.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace ward::net::client {

namespace beast = boost::beast;
using beast::http::error;

namespace {

constexpr std::size_t fields_max = 200;
constexpr unsigned interim_max = 8;
constexpr std::size_t chunk_extension_bytes_max = 256;
constexpr std::size_t chunked_end_bytes = 5;  // "0\r\n\r\n": Beast asserts that so much is there when it comes back to a last chunk
constexpr std::size_t chunk_line_bytes_max = 4'096;  // also all trailers together

std::unexpected<Malformed> malformed(std::string_view detail) {
  return std::unexpected(Malformed{"upstream_malformed", detail});
}
std::unexpected<Malformed> too_large(std::string_view detail) {
  return std::unexpected(Malformed{"upstream_too_large", detail});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4).
bool is_status_line(std::string_view line) {
  if (line.size() < 13 || !line.starts_with("HTTP/1.") || (line[7] != '0' && line[7] != '1') || line[8] != ' ')
    return false;
  const bool code = line[9] >= '1' && line[9] <= '5' && is_digit(line[10]) && is_digit(line[11]) && line[12] == ' ';
  return code && is_field_value(line.substr(13));
}

std::expected<void, Malformed> check_field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return malformed("folded header line");
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) return malformed("header name is not a token");
  if (!is_field_value(line.substr(colon + 1))) return malformed("control character in a header value");
  return {};
}

std::expected<void, Malformed> check_lines(std::string_view head) {
  const std::size_t first = head.find("\r\n");
  if (!is_status_line(head.substr(0, first))) return malformed("status line is malformed");
  std::size_t fields = 0;
  for (std::size_t at = first + 2; at + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    if (++fields > fields_max) return too_large("too many header fields");
    const auto checked = check_field_line(head.substr(at, end - at));
    if (!checked) return checked;
    at = end + 2;
  }
  return {};
}

/// Length of the head with its empty line, 0 if that has not come yet.
std::expected<std::size_t, Malformed> find_head(std::string_view bytes, std::size_t bytes_max) {
  for (std::size_t line = 0;;) {
    const std::size_t end = bytes.find('\n', line);
    if (end == bytes.npos) {
      if (bytes.size() > bytes_max) return too_large("header block is too large");
      return 0;
    }
    if (end == line || bytes[end - 1] != '\r') return malformed("line ends without CR");
    if (end >= bytes_max) return too_large("header block is too large");
    if (end - line == 1) {
      if (line == 0) return malformed("empty status line");
      return end + 1;
    }
    line = end + 1;
  }
}

std::optional<std::uint64_t> length_of(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::uint64_t length = 0;
  for (const char digit : text) length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  return length;
}

template <class Each>
void for_each_token(std::string_view list, Each each) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (!one.empty()) each(ascii_lower(one));
    if (comma == list.npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  static constexpr std::string_view names[] = {
      "connection", "keep-alive", "proxy-connection",  "proxy-authenticate", "te",
      "trailer",    "upgrade",    "transfer-encoding", "proxy-authorization"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

struct ResponseReader::Parser final : beast::http::basic_parser<false> {
  using Code = beast::error_code;

  explicit Parser(bool skip_body) {
    this->eager(false);
    this->skip(skip_body);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());  // find_head has bounded it
    this->body_limit(boost::none);                                  // counted by whoever reads
  }

  int status = 0, version = 11;
  std::vector<std::pair<std::string, std::string>> fields;
  Buffer* body = nullptr;
  std::size_t body_bytes_max = 0;
  bool overflown = false;

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, Code&) override {}
  void on_response_impl(int code, beast::string_view, int http_version, Code&) override {
    status = code;
    version = http_version;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Code&) override {
    if (is_header_done()) return;  // trailers are dropped
    fields.emplace_back(ascii_lower({name.data(), name.size()}), std::string(value.data(), value.size()));
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(beast::string_view, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions, Code& code) override {
    if (extensions.size() > chunk_extension_bytes_max) code = error::bad_chunk_extension;
    overflown = size > body_bytes_max - body->size();
    if (overflown) code = error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, Code&) override {
    body->append({bytes.data(), bytes.size()});
    return bytes.size();
  }
  void on_finish_impl(Code&) override {}
};

ResponseReader::ResponseReader(bool to_head_request, Bounds bounds)
    : to_head_request_(to_head_request), bounds_(bounds) {}
ResponseReader::~ResponseReader() = default;

std::expected<std::size_t, Malformed> ResponseReader::put(std::string_view bytes) {
  std::size_t used = 0;
  while (phase_ == Phase::head) {
    const auto head = put_head(bytes.substr(used));
    if (!head) return head;
    if (*head == 0) return used;
    used += *head;
  }
  const auto body = put_body(bytes.substr(used));
  if (!body) return body;
  return used + *body;
}

std::expected<std::size_t, Malformed> ResponseReader::put_head(std::string_view bytes) {
  const auto length = find_head(bytes, bounds_.header_bytes_max - head_bytes_);
  if (!length || *length == 0) return length;
  head_bytes_ += *length;  // interim heads count too
  const auto lines = check_lines(bytes.substr(0, *length));
  if (!lines) return std::unexpected(lines.error());
  parser_ = std::make_unique<Parser>(to_head_request_);
  beast::error_code code;
  const std::size_t used = parser_->put({bytes.data(), *length}, code);
  if (code || used != *length || !parser_->is_header_done()) return malformed("head is malformed");
  if (parser_->status == 101) return malformed("switching protocols was not asked for");
  if (parser_->status < 200) {
    if (++interim_ > interim_max) return malformed("too many interim responses");
    return length;
  }
  const auto fields = take_fields();
  if (!fields) return std::unexpected(fields.error());
  return length;
}

std::expected<void, Malformed> ResponseReader::take_fields() {
  unsigned lengths = 0, codings = 0;
  std::set<std::string, std::less<>> named;  // by Connection: hop-by-hop too
  bool close = parser_->version < 11;
  for (const auto& [name, value] : parser_->fields) {
    if (name == "content-length") {
      const std::optional<std::uint64_t> length = length_of(value);
      if (++lengths > 1 || !length) return malformed("content-length is repeated or no number");
      left_ = *length;
    } else if (name == "transfer-encoding") {
      if (++codings > 1 || !equal_ignoring_case(value, "chunked"))
        return malformed("transfer-encoding is not chunked alone");
    } else if (name == "connection") {
      for_each_token(value, [&](std::string token) {
        close = close || token == "close";
        if (token != "content-length" && token != "content-type") named.insert(std::move(token));
      });
    }
  }
  if (lengths > 0 && codings > 0) return malformed("both content-length and transfer-encoding");
  if (codings > 0 && parser_->version < 11) return malformed("transfer-encoding in HTTP/1.0");
  response_.status = parser_->status;
  for (auto& field : parser_->fields)
    if (!is_hop_by_hop(field.first) && !named.contains(field.first)) response_.headers.push_back(std::move(field));
  keep_alive_ = !close;
  if (to_head_request_ || response_.status == 204 || response_.status == 304) {
    phase_ = Phase::done;
  } else if (codings > 0) {
    phase_ = Phase::chunked;
    parser_->body = &response_.body;
    parser_->body_bytes_max = bounds_.body_bytes_max;
  } else if (lengths > 0) {
    if (left_ > bounds_.body_bytes_max) return too_large("body is too large");
    phase_ = left_ > 0 ? Phase::counted : Phase::done;
    response_.body.reserve(static_cast<std::size_t>(left_));
  } else {
    phase_ = Phase::until_end;
    keep_alive_ = false;
  }
  return {};
}

std::expected<std::size_t, Malformed> ResponseReader::put_body(std::string_view bytes) {
  if (phase_ == Phase::chunked) return put_chunks(bytes);
  if (phase_ == Phase::counted) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    response_.body.append(bytes.substr(0, taken));
    left_ -= taken;
    if (left_ == 0) phase_ = Phase::done;
    return taken;
  }
  if (phase_ == Phase::until_end) {
    if (bytes.size() > bounds_.body_bytes_max - response_.body.size()) return too_large("body is too large");
    response_.body.append(bytes);
    return bytes.size();
  }
  return 0;
}

std::expected<std::size_t, Malformed> ResponseReader::put_chunks(std::string_view bytes) {
  std::size_t used = 0;
  while (bytes.size() - used >= chunked_end_bytes && !parser_->is_done()) {
    beast::error_code code;
    used += parser_->put({bytes.data() + used, bytes.size() - used}, code);
    if (code == error::need_more) {
      if (bytes.size() - used > chunk_line_bytes_max) return malformed("chunk header or trailers are too large");
      break;
    }
    if (parser_->overflown) return too_large("body is too large");
    if (code) return malformed("chunked body is malformed");
  }
  if (parser_->is_done()) phase_ = Phase::done;
  return used;
}

std::expected<void, Malformed> ResponseReader::end(bool proven) {
  if (phase_ == Phase::until_end && proven) phase_ = Phase::done;
  if (phase_ == Phase::done) return {};
  if (phase_ == Phase::until_end) return malformed("a body without a length ended without proof that it is whole");
  return std::unexpected(Malformed{"upstream_closed", "the connection ended within an answer"});
}

}  // namespace ward::net::client
