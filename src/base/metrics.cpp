#include "base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace ward::metrics {
namespace {

prometheus::Registry& registry() {
  static prometheus::Registry all(prometheus::Registry::InsertBehavior::Merge);
  return all;
}

prometheus::Labels to_map(Labels labels) {
  prometheus::Labels map;
  for (const auto& [name, value] : labels) map.emplace(name, value);
  return map;
}

}  // namespace

Counter::Counter(const std::string& name, const std::string& help, Labels labels)
    : counter_(&prometheus::BuildCounter().Name(name).Help(help).Register(registry()).Add(to_map(labels))) {}
void Counter::add(double amount) { counter_->Increment(amount); }

Gauge::Gauge(const std::string& name, const std::string& help, Labels labels)
    : gauge_(&prometheus::BuildGauge().Name(name).Help(help).Register(registry()).Add(to_map(labels))) {}
void Gauge::set(double value) { gauge_->Set(value); }
void Gauge::add(double amount) { gauge_->Increment(amount); }

Histogram::Histogram(const std::string& name, const std::string& help, Labels labels)
    : histogram_(&prometheus::BuildHistogram()
                      .Name(name)
                      .Help(help)
                      .Register(registry())
                      .Add(to_map(labels),
                           prometheus::Histogram::BucketBoundaries{5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2,
                                                                   2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10})) {}
void Histogram::observe(double seconds) { histogram_->Observe(seconds); }

std::string render() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace ward::metrics
