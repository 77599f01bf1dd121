#include "authenticator_data.hpp"

#include "cbor.hpp"

#include <fido.h>

namespace ward::factors {
namespace {

using cbor::Type;

constexpr std::uint8_t attested_flag = 0x40;
constexpr std::uint8_t extensions_flag = 0x80;

std::unexpected<Error> malformed(const char* what) {
  return fail("authenticator_data", fmt::format("authenticator data: {}", what));
}

// The next bytes of the source.
class Cut {
 public:
  explicit Cut(std::string_view rest) : rest_(rest) {}
  std::optional<std::string_view> take(std::size_t bytes) {
    if (rest_.size() < bytes) return std::nullopt;
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  std::optional<std::uint32_t> take_number(std::size_t bytes) {
    const auto taken = take(bytes);
    if (!taken) return std::nullopt;
    std::uint32_t number = 0;
    for (const char byte : *taken) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Section 6.5.1.
std::optional<AuthenticatorData::Attested> take_attested(Cut& cut) {
  const auto aaguid = cut.take(16);
  const auto id_bytes = aaguid ? cut.take_number(2) : std::nullopt;
  const auto id = id_bytes ? cut.take(*id_bytes) : std::nullopt;
  if (!id) return std::nullopt;
  const auto key = cbor::Document::parse_first(cut.rest());
  if (!key || key->root().type != Type::map) return std::nullopt;
  return AuthenticatorData::Attested{*aaguid, *id, *cut.take(key->root().encoding.size())};
}

// At registration an output says that something was done; in an assertion it holds the result.
ExtensionOutputs outputs_of(const cbor::Document& map) {
  ExtensionOutputs outputs;
  const auto done = [](const cbor::Item* item) {
    return cbor::is(item, Type::bytes) || (cbor::is(item, Type::boolean) && item->number == 1);
  };
  if (done(map.member(&map.root(), "hmac-secret"))) outputs.mask |= FIDO_EXT_HMAC_SECRET;
  if (done(map.member(&map.root(), "credBlob"))) outputs.mask |= FIDO_EXT_CRED_BLOB;
  if (const auto level = cbor::integer(map.member(&map.root(), "credProtect")); level && *level >= 0 && *level <= 3)
    outputs.credential_protection = static_cast<int>(*level);
  if (const auto length = cbor::integer(map.member(&map.root(), "minPinLength")); length && *length > 0)
    outputs.pin_length_min = static_cast<std::size_t>(*length);
  return outputs;
}

}  // namespace

Result<AuthenticatorData> AuthenticatorData::parse(std::string_view source) {
  Cut cut(source);
  AuthenticatorData data{.source = source};
  const auto hash = cut.take(32);
  const auto flags = hash ? cut.take_number(1) : std::nullopt;
  const auto counter = flags ? cut.take_number(4) : std::nullopt;
  if (!counter) return malformed("too short");
  data.rp_id_hash = *hash;
  data.flags = static_cast<std::uint8_t>(*flags);
  data.counter = *counter;
  if (data.flags & attested_flag) {
    data.attested = take_attested(cut);
    if (!data.attested) return malformed("the attested credential is malformed");
  }
  if (data.flags & extensions_flag) {
    const auto extensions = cbor::Document::parse_first(cut.rest());
    if (!extensions || extensions->root().type != Type::map) return malformed("the extensions are malformed");
    data.extensions = outputs_of(*extensions);
    cut.take(extensions->root().encoding.size());
  }
  if (!cut.rest().empty()) return malformed("there is something behind it");
  return data;
}

}  // namespace ward::factors
