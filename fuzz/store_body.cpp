// Setting meta by span must not read outside the body, and what it makes must have the place for meta again.
#include "entries.hpp"
#include "meta.hpp"

#include <cstdlib>

using namespace ward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  store::Entries entries;
  store::decode(bytes, entries);
  const auto spans = store::MetaSpans::find(bytes);
  if (!spans) return 0;
  const WallTime time(std::chrono::milliseconds(1'700'000'000'000));
  const Buffer once = spans->apply(bytes, 1, time);
  const auto again = store::MetaSpans::find(once.view());
  if (!again) std::abort();
  // What is set once is replaced, not set again.
  if (again->apply(once.view(), 1, time).view() != once.view()) std::abort();
  return 0;
}
