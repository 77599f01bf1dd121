#include "client_data.hpp"

#include "base/encoding.hpp"
#include "base/guarded.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace ward::factors {
namespace {

constexpr std::size_t client_data_bytes_max = 8192;
constexpr std::size_t challenge_bytes_min = 16;  // section 13.4.3

// The challenge is compared as it is written: another spelling of the same bytes is another text.
bool challenge_fits(const json::Value& data, const Expected& expected) {
  if (expected.challenge.size() < challenge_bytes_min) return false;
  return constant_time_equal(data.string("challenge"), base64url_encode(expected.challenge));
}

bool same_origin(const json::Value& cross_origin) {
  return !cross_origin || (cross_origin.type() == json::Type::boolean && !cross_origin.boolean());
}

}  // namespace

Result<void> check_client_data(std::string_view client_data, std::string_view type, const Expected& expected) {
  if (client_data.size() > client_data_bytes_max) return fail("client_data", "the client data is too large");
  const auto document = json::Document::parse(client_data, {.depth_max = 8, .members_max = 64});
  if (!document || !document->root().is_object()) return fail("client_data", "the client data is no JSON object");
  const json::Value data = document->root();
  if (data.string("type") != type) return fail("type", "the client data is of another ceremony");
  if (!challenge_fits(data, expected)) return fail("challenge", "the challenge is not the one that was given");
  if (std::ranges::find(expected.origins, data.string("origin")) == expected.origins.end())
    return fail("origin", "the browser was at an origin that is not ours");
  if (!same_origin(data["crossOrigin"])) return fail("cross_origin", "the page was inside a page of another origin");
  if (data["topOrigin"]) return fail("top_origin", "the page was inside a page of another origin");
  return {};
}

}  // namespace ward::factors
