// Bytes to HTTP/1.1 responses, in one piece and in two: both must give the same answer.
#include "base/error.hpp"
#include "client/response.hpp"
#include "target.hpp"

namespace {

using namespace ward;
using namespace ward::net;

std::string read(std::string_view bytes, std::size_t first_piece, bool head, bool proven) {
  client::ResponseReader reader(head, {1'024, 4'096});
  std::string waiting;
  for (const std::string_view piece : {bytes.substr(0, first_piece), bytes.substr(first_piece)}) {
    waiting += piece;
    const auto used = reader.put(waiting);
    if (!used) return std::string(used.error().code);
    waiting.erase(0, *used);
  }
  if (!reader.done()) {
    const auto ended = reader.end(proven);
    if (!ended) return std::string(ended.error().code);
  }
  const bool keep_alive = reader.keep_alive();
  const ClientResponse response = reader.take();
  WARD_ASSERT(response.status >= 200 && response.status < 600 && response.body.size() <= 4'096);
  std::string seen = fmt::format("{} {} [{}]", response.status, keep_alive, response.body.view());
  for (const auto& [name, value] : response.headers) {
    WARD_ASSERT(is_token(name) && is_field_value(value) && !client::is_hop_by_hop(name));
    seen += fmt::format("{}: {}\n", name, value);
  }
  return seen + waiting;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const bool head = (bytes[1] & 1) != 0, proven = (bytes[1] & 2) != 0;
  const std::string whole = read(text, text.size(), head, proven);
  WARD_ASSERT(whole == read(text, std::min<std::size_t>(bytes[0], text.size()), head, proven));
  return 0;
}
