#include "flow.hpp"

#include "base/encoding.hpp"
#include "crypto/seal.hpp"
#include "members.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view associated = "ward flow 1";
constexpr std::size_t sealed_bytes_max = 16 * 1024;

constexpr Member<Flow> members[] = {
    {"c", &Flow::client_id},
    {"r", &Flow::redirect_uri},
    {"m", &Flow::response_mode},
    {"st", &Flow::state},
    {"s", &Flow::scope},
    {"n", &Flow::nonce},
    {"cc", &Flow::code_challenge},
    {"lh", &Flow::login_hint},
    {"ul", &Flow::ui_locales},
    {"jkt", &Flow::key_thumbprint},
    {"l", &Flow::launch},
    {"p", &Flow::patient},
    {"e", &Flow::encounter},
    {"x", &Flow::context},
    {"ma", &Flow::max_age},
    {"pn", &Flow::prompt_none},
    {"pl", &Flow::prompt_login},
    {"pc", &Flow::prompt_consent},
    {"ps", &Flow::prompt_select_account},
    {"t", &Flow::created},
    {"b", &Flow::browser},
    {"u", &Flow::person},
    {"su", &Flow::subject},
};

}  // namespace

std::string seal_flow(const Flow& flow, const Secret<std::string>& key) {
  Flow shifted = flow;
  ++shifted.max_age;  // so that "any" is the default, and 0 is kept
  return base64url_encode(crypto::seal_siv(key, write_members(shifted, members), associated));
}

Result<Flow> open_flow(std::string_view sealed, const Secret<std::string>& key, std::string_view browser,
                       std::int64_t now_ms) {
  if (sealed.size() > sealed_bytes_max) return fail("flow_unsealable", "the request is not one of ours");
  const auto bytes = base64url_decode(sealed);
  const auto text = bytes ? crypto::open_siv(key, *bytes, associated) : Result<std::string>(fail("unsealable", ""));
  if (!text) return fail("flow_unsealable", "the request is not one of ours");
  auto flow = read_members<Flow>(*text, members);
  if (!flow) return flow;
  --flow->max_age;
  if (now_ms - flow->created > flow_lifetime_ms) return fail("flow_expired", "the request is older than half an hour");
  if (flow->browser != browser) return fail("flow_browser", "the request began in another browser");
  return flow;
}

}  // namespace ward::identity
