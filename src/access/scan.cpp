#include "scan.hpp"

#include <simdjson.h>
#include <bit>

namespace ward::access::detail {

namespace {
// The index takes four bytes for each byte of the body; a thread keeps it for bodies up to this size.
constexpr std::size_t kept_bytes_max = 8u << 20;
}  // namespace

struct Scan::Inside {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;
};

Scan::Scan() : inside_(std::make_unique<Inside>()) {}
Scan::~Scan() = default;

bool Scan::run(std::string_view body) {
  if (body.empty() || body.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES) return false;
  if (inside_->capacity < body.size() || (inside_->capacity > kept_bytes_max && body.size() <= kept_bytes_max)) {
    const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(body.size(), 64 * 1024));
    inside_->parser.reset();
    inside_->capacity = 0;
    const auto error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, inside_->parser);
    if (error != simdjson::SUCCESS) return false;
    inside_->capacity = capacity;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
  return inside_->parser->stage1(bytes, body.size(), simdjson::stage1_mode::regular) == simdjson::SUCCESS;
}

const std::uint32_t* Scan::index() const { return inside_->parser->structural_indexes.get(); }
std::uint32_t Scan::count() const { return inside_->parser->n_structural_indexes; }

}  // namespace ward::access::detail
