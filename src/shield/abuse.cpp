#include "abuse.hpp"

#include "keyed_hash.hpp"

#include <bit>
#include <charconv>
#include <cmath>

namespace ward::shield {
namespace {

constexpr std::size_t shards = 64;
constexpr std::size_t ways = 4;

enum Reason : std::uint8_t { not_found, unauthorised, sequence, patients, credentials, reasons };
constexpr std::string_view reason_names[reasons] = {"not_found_sweep", "unauthorised_sweep", "sequential_ids",
                                                    "many_patients", "bad_credentials"};

/// Distinct patients by linear counting over 512 bits: within a tenth of the truth up to a thousand, and no id is kept.
struct Sketch {
  std::array<std::uint64_t, 8> bits{};

  bool add(std::uint64_t hash) {
    std::uint64_t& word = bits[(hash >> 6) & 7];
    const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
    return (std::exchange(word, word | bit) & bit) == 0;
  }
  double count() const {
    int set = 0;
    for (const std::uint64_t word : bits) set += std::popcount(word);
    return set >= 512 ? 1e9 : -512.0 * std::log(1.0 - set / 512.0);
  }
};

struct Source {
  std::uint64_t key = 0;  // 0: empty
  float score = 0;
  bool reported = false;
  std::int64_t at = 0;            // of `score`
  std::int64_t window_begin = 0;  // of `patients`
  std::uint64_t last_id = 0;
  std::uint32_t run = 0;  // ids that followed one another
  std::array<float, reasons> share{};
  Sketch patients;
};

struct alignas(64) Shard {
  mutable std::mutex mutex;
};

/// The number in "1042" or "pat-1042": what a counting probe would change.
std::optional<std::uint64_t> number_of(std::string_view id) {
  const auto digits = id.find_last_not_of("0123456789");
  const std::string_view tail = digits == id.npos ? id : id.substr(digits + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), number);
  if (tail.empty() || error != std::errc{} || end != tail.data() + tail.size()) return std::nullopt;
  return number;
}

}  // namespace

AbuseSettings read_abuse(const config::Section& section) {
  AbuseSettings settings;
  settings.slow_at = section.number("slow_at", settings.slow_at);
  settings.report_at = section.number("report_at", settings.report_at);
  settings.delay_max = section.duration("delay_max", settings.delay_max);
  settings.half_life = section.duration("half_life", settings.half_life);
  settings.patients_max = static_cast<std::uint32_t>(section.integer("patients_max", settings.patients_max, 1, 1000));
  settings.patients_window = section.duration("patients_window", settings.patients_window);
  settings.sources_max =
      static_cast<std::uint32_t>(section.integer("sources_max", settings.sources_max, 256, 1'048'576));
  if (!(settings.slow_at > 0)) section.problem("slow_at", "must be above zero"), settings.slow_at = 40;
  if (settings.report_at < settings.slow_at)
    section.problem("report_at", "must not be below slow_at: a source is slowed before it is reported");
  if (settings.half_life.count() <= 0)
    section.problem("half_life", "must be above zero"), settings.half_life = std::chrono::minutes(1);
  return settings;
}

struct Abuse::Inside {
  AbuseSettings settings;
  std::size_t buckets;
  std::vector<Source> sources;
  std::array<Shard, shards> locks;
  HashKey hash_key = HashKey::random();

  explicit Inside(AbuseSettings with)
      : settings(with),
        buckets(std::bit_ceil(std::max<std::size_t>(with.sources_max / ways, shards))),
        sources(buckets * ways) {}

  std::uint64_t key_of(std::string_view kind, std::string_view key) const {
    return keyed_hash(hash_key, key, keyed_hash(hash_key, kind)) | 1;
  }
  Shard& shard_of(std::uint64_t key) { return locks[(key >> 1) % buckets % shards]; }
  std::span<Source> bucket_of(std::uint64_t key) {
    return std::span(sources).subspan((key >> 1) % buckets * ways, ways);
  }

  double decayed(const Source& source, std::int64_t now) const {
    const double half_lives = static_cast<double>(now - source.at) /
                              static_cast<double>(std::chrono::nanoseconds(settings.half_life).count());
    return source.score * std::exp2(-std::max(0.0, half_lives));
  }

  Source* find(std::uint64_t key) {
    for (Source& source : bucket_of(key)) {
      if (source.key == key) return &source;
    }
    return nullptr;
  }

  Source& find_or_forget(std::uint64_t key, std::int64_t now) {
    if (Source* known = find(key)) return *known;
    Source& calmest = *std::ranges::min_element(
        bucket_of(key), {}, [&](const Source& source) { return source.key == 0 ? -1.0 : decayed(source, now); });
    calmest = Source{};
    calmest.key = key;
    calmest.at = calmest.window_begin = now;
    return calmest;
  }

  void add(Source& source, Reason reason, float points) const {
    source.score += points;
    source.share[reason] += points;
  }

  void judge_status(Source& source, const Sighting& sighting) const {
    if (sighting.credentials_wrong) return add(source, credentials, 3);
    switch (sighting.status) {
      case 401:
        return add(source, unauthorised, 2);
      case 403:
        return add(source, unauthorised, 1);
      case 404:
      case 410:
        return add(source, not_found, 1);
      case 400:
      case 405:
      case 429:
        return add(source, not_found, 0.5F);
      default:
        return;
    }
  }

  void judge_sequence(Source& source, const Sighting& sighting) const {
    const auto number = number_of(sighting.asked_id);
    if (!number) return;
    const bool follows = *number == source.last_id + 1 || *number + 1 == source.last_id;
    source.run = follows ? source.run + 1 : 0;
    source.last_id = *number;
    // Three in a row that are not there, or many that are: an application follows references, it does not count.
    if (sighting.status >= 400 && source.run >= 3) add(source, sequence, 2);
    if (sighting.status < 400 && source.run >= 20) add(source, sequence, 1);
  }

  void judge_patient(Source& source, const Sighting& sighting, std::int64_t now) const {
    if (sighting.patient.empty()) return;
    if (now - source.window_begin > std::chrono::nanoseconds(settings.patients_window).count()) {
      source.patients = {};
      source.window_begin = now;
    }
    const bool fresh = source.patients.add(keyed_hash(hash_key, sighting.patient));
    if (fresh && source.patients.count() > settings.patients_max) add(source, patients, 2);
  }
};

Abuse::Abuse(AbuseSettings settings) : inside_(std::make_unique<Inside>(settings)) {}
Abuse::~Abuse() = default;

std::optional<AbuseEvent> Abuse::saw(std::string_view kind, std::string_view key, const Sighting& sighting,
                                     MonoTime now_point) {
  const std::int64_t now = now_point.time_since_epoch().count();
  const std::uint64_t hashed = inside_->key_of(kind, key);
  const std::lock_guard lock(inside_->shard_of(hashed).mutex);
  Source& source = inside_->find_or_forget(hashed, now);
  const double kept = inside_->decayed(source, now);
  const float fade = source.score > 0 ? static_cast<float>(kept) / source.score : 0;
  for (float& share : source.share) share *= fade;
  source.score = static_cast<float>(kept);
  source.at = now;
  if (source.score < 1) source.reported = false;  // at rest: what comes now is another story
  inside_->judge_status(source, sighting);
  inside_->judge_sequence(source, sighting);
  inside_->judge_patient(source, sighting, now);
  if (source.reported || source.score < inside_->settings.report_at) return std::nullopt;
  source.reported = true;
  const auto reason = static_cast<std::size_t>(std::ranges::max_element(source.share) - source.share.begin());
  return AbuseEvent{
      .source = fmt::format("{} {}", kind, key), .score = source.score, .reason = std::string(reason_names[reason])};
}

std::chrono::milliseconds Abuse::delay(std::string_view kind, std::string_view key, MonoTime now_point) const {
  const std::uint64_t hashed = inside_->key_of(kind, key);
  const std::lock_guard lock(inside_->shard_of(hashed).mutex);
  const Source* source = inside_->find(hashed);
  if (!source) return {};
  const double score = inside_->decayed(*source, now_point.time_since_epoch().count());
  const double slow_at = inside_->settings.slow_at;
  if (score < slow_at) return {};
  const double wait_ms = 250.0 * score / slow_at;
  return std::min(inside_->settings.delay_max, std::chrono::milliseconds(static_cast<std::int64_t>(wait_ms)));
}

}  // namespace ward::shield
