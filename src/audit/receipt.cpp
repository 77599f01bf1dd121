#include "audit/receipt.hpp"

#include "base/encoding.hpp"
#include "base/metrics.hpp"
#include "crypto/hash.hpp"
#include "no_phi.hpp"

#include <fmt/format.h>
#include <mutex>

namespace ward::audit {
namespace {

constexpr std::size_t slugs_max = 64;

struct Counted {
  std::uint64_t count = 0;
  metrics::Counter metric;
};
struct Counts {
  std::mutex mutex;
  std::map<std::string, Counted, std::less<>> by_slug;
};
Counts& counts() {
  static Counts all;
  return all;
}

}  // namespace

std::array<unsigned char, 32> Receipt::leaf_hash() const {
  // RFC 6962 section 2.1: leaves are hashed with a zero byte before them.
  return crypto::sha256({{"\0", 1}, record_});
}

std::string Receipt::text() const { return fmt::format("{}:{}", index_, hex_encode(crypto::view(leaf_hash()))); }

NoPhi no_phi(std::string_view what) {
  Counts& all = counts();
  const std::lock_guard lock(all.mutex);
  auto found = all.by_slug.find(what);
  if (found == all.by_slug.end()) {
    const std::string slug(all.by_slug.size() < slugs_max ? what : "other");
    found =
        all.by_slug
            .try_emplace(slug, Counted{0, metrics::Counter("ward_audit_no_phi_total",
                                                           "Fixed answers sent without a record.", {{"what", slug}})})
            .first;
  }
  ++found->second.count;
  found->second.metric.add();
  return NoPhi();
}

std::map<std::string, std::uint64_t> no_phi_counts() {
  Counts& all = counts();
  const std::lock_guard lock(all.mutex);
  std::map<std::string, std::uint64_t> out;
  for (const auto& [slug, counted] : all.by_slug) out.emplace(slug, counted.count);
  return out;
}

}  // namespace ward::audit
