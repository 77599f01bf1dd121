// Stored bytes back to a Record, and its sealed subjects with the key.
#pragma once

#include "audit/reader.hpp"
#include "crypto/keys.hpp"

#include <map>

namespace ward::audit {

struct Sealed {
  std::string key, nonce, bytes;
};
struct Parsed {
  Entry entry;
  std::string salt;
  std::vector<Sealed> sealed;
};
/// Error "record_malformed", without a byte of the record.
Result<Parsed> parse_stored(std::string_view json);

/// The plain form of sealed subjects, added to `out`. False if malformed.
bool parse_subjects(Subjects& out, std::string_view plain);

/// Opens subjects; remembers the keys it used.
class Opener {
 public:
  explicit Opener(crypto::KeyRing* keys) : keys_(keys) {}
  void open(Parsed& parsed, std::string_view log_hex);

 private:
  const Secret<std::string>* key(const std::string& id);
  crypto::KeyRing* keys_;
  std::map<std::string, std::optional<Secret<std::string>>> known_;
};

}  // namespace ward::audit
