// Resources and texts of strangers: what comes out is JSON, and holds neither the name nor the number that was planted.
#include "deidentify/deidentifier.hpp"
#include "deidentify/scanner.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"

#include <cstdlib>

namespace {

using namespace ward;
using namespace ward::deidentify;

constexpr std::string_view planted = "Quartermaine 999-12-3456";

void check_text(std::string_view text, const Known& known) {
  static const Scanner scanner(2026);
  const Known* const all[] = {&known};
  Counts counts;
  const std::string with = std::string(planted) + "\n" + std::string(text) + "\n" + std::string(planted);
  const std::string out = scanner.scan(with, all, counts);
  // As a part of a longer word or number they are somebody else's.
  const bool planted_within = text.find("Quartermaine") != text.npos || text.find("999-12-3456") != text.npos;
  if (!planted_within &&
      (out.find("Quartermaine") != std::string::npos || out.find("999-12-3456") != std::string::npos))
    std::abort();
  if (is_utf8(with) && !is_utf8(out)) std::abort();
}

void check_resource(std::string_view text, FreeText how) {
  static DeIdentifier drop({.text = FreeText::drop}, Secret<std::string>(std::string(32, 'k')), WallTime{});
  static DeIdentifier scan({.text = FreeText::scan}, Secret<std::string>(std::string(32, 'k')), WallTime{});
  Counts counts;
  const auto out = (how == FreeText::drop ? drop : scan).apply(text, {}, counts);
  if (!out) return;
  const auto parsed = json::Document::parse(out->view(), {.depth_max = 200, .members_max = 1'000'000});
  if (!parsed || !parsed->root()["resourceType"]) std::abort();
  if (how == FreeText::drop && out->view().find("\"family\":") != std::string_view::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Known known = [] {
    Known one;
    one.add_name("Jane Quartermaine");
    one.add_number("999-12-3456", Identifier::ssn);
    return one;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text(text, known);
  check_resource(text, FreeText::drop);
  check_resource(text, FreeText::scan);
  return 0;
}
