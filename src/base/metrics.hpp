// Counters, gauges and histograms for Prometheus. Names are ward_<room>_<noun>_<unit>[_total]; labels are few and
// never an id.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace ward::metrics {

using Labels = std::initializer_list<std::pair<std::string, std::string>>;

/// Looked up once and kept: a look-up takes a lock, an increment does not. Any thread.
class Counter {
 public:
  Counter(const std::string& name, const std::string& help, Labels labels = {});
  void add(double amount = 1);

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  Gauge(const std::string& name, const std::string& help, Labels labels = {});
  void set(double value);
  void add(double amount);

 private:
  prometheus::Gauge* gauge_;
};

/// Seconds, from 50 microseconds to 10 s.
class Histogram {
 public:
  Histogram(const std::string& name, const std::string& help, Labels labels = {});
  void observe(double seconds);

 private:
  prometheus::Histogram* histogram_;
};

/// All of them in Prometheus's text format 0.0.4.
std::string render();

}  // namespace ward::metrics
