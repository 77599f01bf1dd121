#include "identifiers.hpp"

#include <numeric>

namespace ward::deidentify {
namespace {

struct Words {
  std::string_view name, mark;
};
constexpr std::array<Words, identifier_count> words = {{{"name", "[NAME]"},
                                                        {"geography", "[PLACE]"},
                                                        {"date", "[DATE]"},
                                                        {"phone", "[PHONE]"},
                                                        {"fax", "[FAX]"},
                                                        {"email", "[EMAIL]"},
                                                        {"ssn", "[SSN]"},
                                                        {"mrn", "[MRN]"},
                                                        {"health_plan", "[PLAN]"},
                                                        {"account", "[ACCOUNT]"},
                                                        {"licence", "[LICENCE]"},
                                                        {"vehicle", "[VEHICLE]"},
                                                        {"device", "[DEVICE]"},
                                                        {"url", "[URL]"},
                                                        {"ip", "[IP]"},
                                                        {"biometric", "[BIOMETRIC]"},
                                                        {"photo", "[PHOTO]"},
                                                        {"other", "[ID]"}}};

}  // namespace

std::string_view name(Identifier what) { return words[static_cast<std::size_t>(what)].name; }
std::string_view mark(Identifier what) { return words[static_cast<std::size_t>(what)].mark; }

std::uint64_t Counts::total() const { return std::accumulate(of.begin(), of.end(), free_text + unknown); }

Counts& Counts::operator+=(const Counts& other) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
  free_text += other.free_text;
  unknown += other.unknown;
  return *this;
}

}  // namespace ward::deidentify
