// Bytes as a stored record, as its subjects, and as a checkpoint: what is read can be shown, and nothing else happens.
#include "checkpoint.hpp"
#include "json/json.hpp"
#include "parse.hpp"
#include "recovery.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto entry = parse_record(bytes)) {
    const std::string line = text_line(*entry);
    for (const char c : line) WARD_ASSERT(static_cast<unsigned char>(c) >= 0x20);
    WARD_ASSERT(ward::json::Document::parse(clear_json(*entry)).has_value());
  }
  Subjects subjects;
  parse_subjects(subjects, bytes);
  std::set<std::uint64_t> open{1, 2, 3};
  note_intent(open, 4, bytes);
  const VerifierKey key{std::string(claimed_origin(bytes)), std::string(32, 'k')};
  WARD_ASSERT(!open_checkpoint(bytes, {key}));
  (void)parse_verifier(bytes);
  return 0;
}
