// A Consent's provisions, compiled, and what they say to one question.
#pragma once

#include "access/consent.hpp"

#include <optional>

namespace ward::access::detail {

struct Code {
  std::string system, code;  // system empty: any
};

struct Data {
  bool instance = false;  // else: whatever refers to it
  std::string reference;  // "Observation/7"
};

/// Somebody by reference, or by a role of the policy (`actor.role` of the system `role_system`). Neither: it cannot be
/// told who is meant.
inline constexpr std::string_view role_system = "urn:ward:role";
struct Actor {
  std::string reference;
  std::string role;
};

/// What a provision asks for. Each list that is not empty must be met by one of its members.
struct Provision {
  std::optional<bool> permits;
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;
  std::vector<Actor> actors;
  bool reads = true, writes = true;
  std::vector<std::string> purposes;
  std::vector<Code> labels, classes, codes;
  std::optional<std::pair<std::int64_t, std::int64_t>> data_period;
  std::vector<Data> data;
  std::vector<Provision> exceptions;
};

struct CompiledConsent {
  std::string patient;
  Provision root;
};

/// Nothing if the Consent is not in force: not active, of another scope, or without a patient.
std::optional<CompiledConsent> compile_consent(std::string_view body);

/// The resource's body, read at first need.
class Contents {
 public:
  explicit Contents(const Asked& asked) : asked_(asked) {}
  /// Whether the codes can be known at all.
  bool known();
  bool has_code(const Code& code);
  bool has_security(const Code& code);
  bool refers_to(std::string_view reference);
  /// When what it tells of was, milliseconds; nothing if it does not say.
  std::optional<std::pair<std::int64_t, std::int64_t>> when();
  const Asked& asked() const { return asked_; }

 private:
  json::Value root();
  const Asked& asked_;
  std::optional<json::Document> document_;
  bool tried_ = false;
};

enum class Said : std::uint8_t { nothing, permit, deny };
Said ask(const CompiledConsent& consent, const Asker& asker, Contents& contents, WallTime now);

/// The interval of a FHIR date, dateTime or instant; nothing if it is none.
std::optional<std::pair<std::int64_t, std::int64_t>> moments(const std::string& text);

}  // namespace ward::access::detail
