#include "encode.hpp"

#include "base/encoding.hpp"
#include "clear_writer.hpp"
#include "crypto/seal.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

constexpr std::size_t name_bytes_max = 512;  // of a patient or resource
constexpr std::size_t subjects_bytes_max = 8u << 20;
constexpr std::size_t sealed_frame_bytes = 160;  // ,"part":[..],"subjects":[{"key":..,"nonce":..,"sealed":..}]}

void write_event(ClearWriter& writer, std::string& out, const Record& record) {
  if (record.event == event::intent) {
    out += intent_prefix.substr(0, intent_prefix.size() - 1);
  } else if (record.event == event::outcome && record.intent) {
    out += outcome_prefix;
    out.append(fmt::format_int(*record.intent).str());
  } else {
    out += R"({"v":1)";
    writer.text("event", record.event);
    if (record.intent) writer.number("intent", *record.intent);
  }
}

/// The subjects as pieces of JSON, each below `bytes_max`: ["Patient/1","Observation/2/_history/1",...] or
/// ["?","query"].
class Pieces {
 public:
  explicit Pieces(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(const Subjects& subjects) {
    for (const auto& subject : subjects.of) subject_piece(subject);
    text_pieces("?query", subjects.query);
    text_pieces("?text", subjects.text);
  }
  std::vector<std::string> take() && {
    if (!all_.empty()) all_.back() += ']';
    return std::move(all_);
  }

 private:
  void subject_piece(const Subject& subject) {
    const std::string patient = json_string(std::string_view(subject.patient).substr(0, name_bytes_max));
    open(patient);
    for (const auto& resource : subject.resources) {
      const std::string name = json_string(std::string_view(resource).substr(0, name_bytes_max));
      if (all_.back().size() + name.size() + 3 > bytes_max_) open(patient);
      all_.back() += ',';
      all_.back() += name;
    }
    all_.back() += ']';
  }
  void text_pieces(std::string_view kind, std::string_view text) {
    const std::size_t step = bytes_max_ / 12 - 16;  // it may begin in a part that is half full
    for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
      open(json_string(kind));
      all_.back() += ',';
      append_json_string(all_.back(), text.substr(0, step));
      all_.back() += ']';
    }
  }
  /// Begins an array in the current part, or in a new one if that is more than half full already or cannot hold it.
  void open(std::string_view first) {
    const bool fits = !all_.empty() && all_.back().size() < bytes_max_ / 2;
    if (!all_.empty() && all_.back().size() > 1 && all_.back().back() != ']') all_.back() += ']';
    if (fits) {
      all_.back() += ',';
    } else {
      if (!all_.empty()) all_.back() += ']';
      all_.emplace_back("[");
    }
    all_.back() += '[';
    all_.back() += first;
  }

  std::size_t bytes_max_;
  std::vector<std::string> all_;
};

std::size_t size_of(const Subjects& subjects) {
  std::size_t bytes = subjects.query.size() + subjects.text.size();
  for (const auto& subject : subjects.of) {
    bytes += subject.patient.size() + 8;
    for (const auto& resource : subject.resources) bytes += resource.size() + 8;
  }
  return bytes;
}

std::uint64_t next_encoder_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

std::string sealed_context(std::string_view log_hex, std::string_view node, std::string_view salt) {
  std::string context;
  context.reserve(log_hex.size() + node.size() + salt.size() + 12);
  context.append(log_hex).append("|").append(node).append("|").append(salt).append("|subjects");
  return context;
}

Encoder::Encoder(const LogId& log, std::string node, SealKey key, Clock& clock, Random& random)
    : id_(next_encoder_id()),
      log_hex_(hex_encode({log.data(), log.size()})),
      node_(std::move(node)),
      clock_(clock),
      random_(random),
      key_(std::make_shared<const SealKey>(std::move(key))) {}

void Encoder::set_key(SealKey key) {
  auto made = std::make_shared<const SealKey>(std::move(key));
  const std::lock_guard lock(mutex_);
  key_ = std::move(made);
}

std::shared_ptr<const SealKey> Encoder::key() const {
  const std::lock_guard lock(mutex_);
  return key_;
}

Result<std::vector<std::string>> Encoder::encode(const Record& record) const {
  const Subjects& subjects = record.subjects.inside();
  if (size_of(subjects) > subjects_bytes_max)
    return fail("record_too_large",
                fmt::format("an audit record with more than {} bytes of subjects", subjects_bytes_max));

  std::string clear;
  clear.reserve(1024);
  ClearWriter writer(clear);
  write_event(writer, clear, record);
  writer.number("t", clock_.wall().time_since_epoch().count());
  writer.number("m", std::chrono::duration_cast<std::chrono::microseconds>(clock_.mono().time_since_epoch()).count());
  writer.text("node", node_);
  writer.fields(record);

  const std::size_t room = record_bytes_max - clear.size() - sealed_frame_bytes;
  Pieces pieces(room / 4 * 3 - 48);
  pieces.add(subjects);
  std::vector<std::string> plain = std::move(pieces).take();

  std::vector<std::string> parts;
  const std::size_t count = std::max<std::size_t>(1, plain.size());
  for (std::size_t part = 0; part < count; ++part) {
    char salt_bytes[16];
    random_bytes(salt_bytes, sizeof salt_bytes);
    const std::string salt = base64url_encode({salt_bytes, sizeof salt_bytes});
    std::string& out = part + 1 == count ? parts.emplace_back(std::move(clear)) : parts.emplace_back(clear);
    if (count > 1) out += fmt::format(",\"part\":[{},{}]", part + 1, count);
    out.append(",\"salt\":\"").append(salt).append("\"");
    if (!plain.empty()) out += seal(plain[part], salt);
    out += '}';
    WARD_ASSERT(out.size() <= record_bytes_max);
    if (!plain.empty()) wipe(plain[part].data(), plain[part].size());
  }
  return parts;
}

std::string Encoder::seal(std::string_view plain, std::string_view salt) const {
  const auto key = this->key();
  char nonce[crypto::gcm_nonce_bytes];
  random_bytes(nonce, sizeof nonce);
  const std::string sealed =
      crypto::seal_gcm(key->key, {nonce, sizeof nonce}, plain, sealed_context(log_hex_, node_, salt));
  std::string out;
  out.reserve(sealed.size() * 4 / 3 + 96);
  out.append(R"(,"subjects":[{"key":")").append(key->id);
  out.append(R"(","nonce":")").append(base64url_encode({nonce, sizeof nonce}));
  out.append(R"(","sealed":")").append(base64url_encode(sealed)).append("\"}]");
  return out;
}

// One call into the kernel for some 36 records. A pool belongs to one encoder: after a fork the child's new encoder
// does not go on with its parent's bytes.
void Encoder::random_bytes(char* out, std::size_t count) const {
  struct Pool {
    std::uint64_t owner = 0;
    std::size_t used = 0;
    std::array<char, 1024> bytes;
  };
  thread_local Pool pool;
  if (pool.owner != id_ || pool.used + count > pool.bytes.size()) {
    random_.fill(pool.bytes.data(), pool.bytes.size());
    pool.owner = id_;
    pool.used = 0;
  }
  std::memcpy(out, pool.bytes.data() + pool.used, count);
  wipe(pool.bytes.data() + pool.used, count);
  pool.used += count;
}

}  // namespace ward::audit
