// Security labels (R4 "Security Labels"): which of them seal a resource, and the code lists that put them on.
//
// A resource's labels travel with its patients, as marks behind their ids ("7", "#ETH"): what decides by the patients
// of a version (also of a deleted one, of an old one, of one in an index) so has its labels at hand.
#pragma once

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "json/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace ward::access {

/// One bit for each class of labels; 0: nothing is sealed.
using Labels = std::uint64_t;

/// The class that a clearance names ("HIV"), or a label's code belongs to ("SUD" is of "ETH"); 0 if it seals nothing.
Labels label_named(std::string_view code);
std::string_view name(Labels one);
std::vector<std::string> label_names();  // of all classes
Labels all_labels();
/// What a law seals beyond a treatment's need, so that an emergency opens it only by policy: 42 CFR Part 2 (ETH) and
/// psychotherapy notes (PSYTHPN).
Labels sealed_by_law();

inline bool is_mark(std::string_view text) { return text.starts_with('#'); }
/// The ids alone; marks stand behind them.
std::span<const std::string> without_marks(std::span<const std::string> patients);
void add_marks(Labels labels, std::vector<std::string>& patients);
Labels labels_of(std::span<const std::string> patients);
/// "#HIV" for each class in `labels`.
std::vector<std::string> marks(Labels labels);

/// By `meta.security` of the resource and of what it contains.
Labels labels_in(json::Value resource);

/// True for a role's patients' marks that hold a sealed one. One compare where nothing is sealed.
inline bool is_sealed(Labels sealed, std::span<const std::string> patients) {
  return sealed != 0 && !patients.empty() && is_mark(patients.back()) && (sealed & labels_of(patients)) != 0;
}

/// Puts labels on by codes: data/labels/*.json, which are part of the program. Immutable; any thread.
class Labeller {
 public:
  /// `classes`: names of labels. Errors: "label_unknown", which names it.
  static Result<Labeller> make(const std::vector<std::string>& classes);

  bool active() const { return !lists_.empty(); }
  /// What the codes of the resource (not of its meta) say.
  Labels by_codes(json::Value resource) const;
  /// The resource with `meta.security` that says so: the class, Confidentiality R, and for Part 2 that it may not be
  /// redisclosed (42 CFR 2.32). Nothing if it says all that already.
  std::optional<Buffer> label(json::Value resource) const;

 private:
  struct Codes {
    std::map<std::string, Labels, std::less<>> exact;
    std::vector<std::pair<std::string, Labels>> beginnings;
    Labels find(std::string_view code) const;
  };
  void visit(json::Value value, Labels& found) const;
  std::map<std::string, Codes, std::less<>> lists_;  // by code system
};

/// 42 CFR 2.32(a)(2), word for word; goes with every answer that holds Part 2 data.
inline constexpr std::string_view redisclosure_notice =
    "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";

}  // namespace ward::access
