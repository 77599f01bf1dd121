#include "limits.hpp"

#include <cmath>

namespace ward::shield {
namespace {

constexpr std::string_view key_names[key_kinds] = {"subject", "client", "address", "route"};

std::uint32_t burst_of(double per_second) {
  return static_cast<std::uint32_t>(std::clamp(std::ceil(per_second), 1.0, 1e6));
}

/// `subject = "100/s"`, `subject_burst = 200`; "off" takes the default away.
void read_policy(const config::Section& section, std::size_t kind, std::vector<RatePolicy>& policies) {
  const std::string name(key_names[kind]);
  const std::string burst_name = name + "_burst";
  const auto known = std::ranges::find(policies, static_cast<KeyKind>(kind), &RatePolicy::key);
  if (section.has(name) && section.text(name) == "off") {
    if (known != policies.end()) policies.erase(known);
    section.has(burst_name);
    return;
  }
  RatePolicy policy;
  if (known != policies.end()) policy = *known;
  policy.name = name;
  policy.key = static_cast<KeyKind>(kind);
  if (section.has(name)) {
    policy.per_second = section.rate(name, policy.per_second);
    policy.burst = burst_of(policy.per_second);
    policy.where = section.where(name);
    if (!(policy.per_second > 0)) {
      section.problem(name, "must be above zero; write \"off\" for no limit");
      return;
    }
  }
  policy.burst = static_cast<std::uint32_t>(section.integer(burst_name, policy.burst, 1, 1'000'000));
  if (known != policies.end()) {
    *known = policy;
  } else if (section.has(name)) {
    policies.push_back(policy);
  }
}

}  // namespace

LimitSettings default_limits() {
  LimitSettings settings;
  // A clinic's workstations share an address, and an app's people share a client: these are wide, the subject's is not.
  settings.policies = {{"subject", KeyKind::subject, 50, 100, ""},
                       {"client", KeyKind::client, 500, 1000, ""},
                       {"address", KeyKind::address, 1000, 2000, ""}};
  return settings;
}

LimitSettings read_limits(const config::Section& section, LimitSettings defaults) {
  LimitSettings settings = std::move(defaults);
  for (std::size_t kind = 0; kind < key_kinds; ++kind) read_policy(section, kind, settings.policies);
  settings.delay_max = section.duration("delay_max", settings.delay_max);
  settings.delayed_max = static_cast<std::uint32_t>(section.integer("delayed_max", settings.delayed_max, 0, 100'000));
  settings.keys_max = static_cast<std::uint32_t>(section.integer("keys_max", settings.keys_max, 512, 16'777'216));
  if (settings.delay_max > std::chrono::seconds(30))
    section.problem("delay_max", "holds requests too long; at most \"30 s\"");
  return settings;
}

Quota read_quota(const config::Section& section, Quota defaults) {
  const auto read = [&](std::string_view key, std::uint64_t otherwise) {
    return static_cast<std::uint64_t>(
        section.integer(key, static_cast<std::int64_t>(otherwise), 0, std::int64_t{1} << 50));
  };
  return {.per_day = read("quota_day", defaults.per_day), .per_month = read("quota_month", defaults.per_month)};
}

GateSettings read_gate(const config::Section& section, GateSettings defaults) {
  GateSettings settings = defaults;
  settings.concurrent_max =
      static_cast<std::uint32_t>(section.integer("concurrent_max", defaults.concurrent_max, 1, 100'000));
  settings.queue_max = static_cast<std::uint32_t>(section.integer("queue_max", defaults.queue_max, 0, 100'000));
  settings.wait_max = section.duration("wait_max", defaults.wait_max);
  return settings;
}

}  // namespace ward::shield
