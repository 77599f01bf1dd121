// A room of identity as in a server: a store and keys on the disk that TMPDIR is on, the machine's own clock.
#pragma once

#include "base/encoding.hpp"
#include "crypto/jose.hpp"
#include "crypto/keys.hpp"
#include "measure.hpp"
#include "room.hpp"
#include "store/store.hpp"

#include <stdlib.h>
#include <filesystem>

namespace ward::bench {

inline constexpr const char* issuer = "https://clinic.example:8443";

struct Place {
  explicit Place(std::uint64_t cache_bytes = store::Options{}.cache_bytes) {
    std::string pattern = (std::filesystem::temp_directory_path() / "ward-bench-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    keys = crypto::KeyRing::open(root / "keys", {.file = root / "master", .command = ""}, true, clock, random).value();
    store::Options options;
    options.file = root / "store";
    options.cache_bytes = cache_bytes;
    store = store::open_sqlite(options, clock).value();
    identity::Settings settings;
    settings.issuer = issuer;
    settings.fhir_base = std::string(issuer) + "/fhir";
    identity = identity::Identity::open(settings, *store, *keys, clock, random).value();
  }
  ~Place() {
    identity.reset();
    store.reset();
    std::filesystem::remove_all(root);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  identity::Room& room() { return static_cast<identity::Room&>(*identity); }
  std::int64_t now() const { return unix_seconds(clock.wall()); }

  std::filesystem::path root;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<crypto::KeyRing> keys;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<identity::Identity> identity;
};

inline identity::FormRequest token_request(std::string_view body, std::string_view authorization = {}) {
  identity::FormRequest request{};
  request.content_type = "application/x-www-form-urlencoded";
  request.authorization = authorization;
  request.body = body;
  request.path = "/oauth/token";
  return request;
}

/// The agreement of one app of one person, as it is after a first refresh.
identity::Agreement agreement_for(Place& place, const identity::Person& person, const identity::OAuthClient& app,
                                  const std::string& refresh_token);
/// The key that the room seals its refresh tokens with.
Secret<std::string> refresh_key(Place& place);

// What is measured, each in a file of its own.
void measure_checks(Table& table);          // checks.cpp
void measure_token_endpoint(Table& table);  // token_endpoint.cpp
void measure_refresh(Table& table);         // refresh.cpp
void measure_memory(Table& table);          // memory.cpp

}  // namespace ward::bench
