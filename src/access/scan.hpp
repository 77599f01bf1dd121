// The structural index of a body: where each bracket, colon, comma and value begins. simdjson's first stage, which also
// refuses bytes that are not UTF-8 and strings that do not end.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace ward::access::detail {

class Scan {
 public:
  Scan();
  ~Scan();
  /// `body` must have 64 readable bytes behind it. False: not JSON. The index holds until the next call.
  bool run(std::string_view body);
  const std::uint32_t* index() const;
  std::uint32_t count() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace ward::access::detail
