// The values that a walk of the search grammar asks with: those of the records, the hidden ones above all.
#pragma once

#include "base/error.hpp"
#include "demo/chance.hpp"
#include "demo/clinic.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace ward::prove {

/// A reference that some record has: "Observation", "subject", "Patient".
struct Link {
  std::string type, param, target;
  auto operator<=>(const Link&) const = default;
};

/// Values as they stand in a query string, before percent-encoding, by type and search parameter.
class Words {
 public:
  /// Errors: a record that cannot be indexed.
  static Result<Words> of(std::span<const demo::Resource> all, std::span<const demo::Resource> hidden);

  const std::vector<std::string>& types() const { return types_; }
  /// Parameters of a type that some record has a value for.
  const std::vector<std::string>& params(const std::string& type) const;
  /// References from records of a type, or to them.
  const std::vector<Link>& links_from(const std::string& type) const;
  const std::vector<Link>& links_to(const std::string& type) const;
  /// A value for the parameter: most often one of a hidden record, sometimes of any, seldom an invented one.
  std::string value(demo::Chance& chance, const std::string& type, const std::string& param) const;
  /// An id of a record of this type: hidden ones half of the time, seldom one that is not there.
  std::string id(demo::Chance& chance, const std::string& type) const;

 private:
  struct Of {
    std::map<std::string, std::vector<std::string>> values;
    std::vector<std::string> params, ids;
    std::vector<Link> from, to;
  };
  using ByType = std::map<std::string, Of>;
  static Result<void> take(ByType& into, const demo::Resource& resource, std::set<Link>& links);
  ByType all_, hidden_;
  std::vector<std::string> types_;
};

}  // namespace ward::prove
