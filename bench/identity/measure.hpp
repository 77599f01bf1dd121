// How a piece of work is measured: CPU time, in turns with what it is compared with.
#pragma once

#include <time.h>
#include <algorithm>
#include <string>
#include <vector>

namespace ward::bench {

/// A line of the table. Empty `beside` and `ratio`: nothing to compare with.
struct Row {
  std::string what, ours, beside, ratio, wanted;
};
using Table = std::vector<Row>;

/// CPU time in nanoseconds: of this thread (CLOCK_THREAD_CPUTIME_ID), or of all (CLOCK_PROCESS_CPUTIME_ID).
inline double cpu_ns(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// CPU time of one of `count` calls of this thread, in nanoseconds.
template <class Work>
double ns_each(int count, Work work) {
  const double before = cpu_ns();
  for (int i = 0; i < count; ++i) work();
  return (cpu_ns() - before) / count;
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

struct Paired {
  double ours_ns, beside_ns, ratio;
};
/// Medians of rounds in which both are measured, so that whatever else the machine does meets both.
template <class Ours, class Beside>
Paired in_turns(int rounds, Ours ours, Beside beside) {
  std::vector<double> first, second, ratios;
  for (int i = 0; i <= rounds; ++i) {
    const double a = ours(), b = beside();
    if (i == 0) continue;  // warms the caches
    first.push_back(a);
    second.push_back(b);
    ratios.push_back(a / b);
  }
  return {median(first), median(second), median(ratios)};
}

}  // namespace ward::bench
