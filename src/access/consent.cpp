#include "access/consent.hpp"

#include "provision.hpp"

#include <algorithm>
#include <mutex>

namespace ward::access {

Consents::Consents() = default;
Consents::~Consents() = default;

void Consents::forget(const std::string& id, Known& known) {
  if (known.compiled == nullptr) return;
  const auto listed = by_patient_.find(known.patient);
  if (listed != by_patient_.end()) {
    std::erase(listed->second, id);
    if (listed->second.empty()) by_patient_.erase(listed);
  }
  known.compiled = nullptr;
  count_.fetch_sub(1, std::memory_order_acq_rel);
}

void Consents::put(std::string_view id, std::uint64_t version, std::string_view body) {
  auto compiled = body.empty() ? std::nullopt : detail::compile_consent(body);
  const std::unique_lock lock(mutex_);
  auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    if (!compiled) return;
    found = by_id_.emplace(std::string(id), Known{}).first;
  }
  Known& known = found->second;
  if (version < known.version) return;
  forget(found->first, known);
  known.version = version;
  generation_.fetch_add(1, std::memory_order_release);
  if (!compiled) return;  // stays as a version, so that an older one that comes late is not believed
  known.patient = compiled->patient;
  known.compiled = std::make_shared<const detail::CompiledConsent>(std::move(*compiled));
  by_patient_[known.patient].push_back(found->first);
  count_.fetch_add(1, std::memory_order_acq_rel);
}

void Consents::replace(Consents& fresh) {
  const std::scoped_lock lock(mutex_, fresh.mutex_);
  by_id_.swap(fresh.by_id_);
  by_patient_.swap(fresh.by_patient_);
  count_.store(fresh.count_.load(), std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
}

std::string Consents::denied_by(const Asker& asker, const Asked& asked, WallTime now) const {
  std::vector<std::pair<std::string, std::shared_ptr<const detail::CompiledConsent>>> asking;
  {
    const std::shared_lock lock(mutex_);
    for (const std::string& patient : without_marks(asked.patients)) {
      if (asker.person == "Patient/" + patient) return "";
      const auto listed = by_patient_.find(patient);
      if (listed == by_patient_.end()) continue;
      for (const std::string& id : listed->second) asking.emplace_back(id, by_id_.find(id)->second.compiled);
    }
  }
  if (asking.empty()) return "";
  detail::Contents contents(asked);
  // What may not be read may not be changed either: a change tells that it is there.
  Asker reader = asker;
  reader.writes = false;
  for (const auto& [id, consent] : asking) {
    if (detail::ask(*consent, reader, contents, now) == detail::Said::deny) return "Consent/" + id;
    if (asker.writes && detail::ask(*consent, asker, contents, now) == detail::Said::deny) return "Consent/" + id;
  }
  return "";
}

}  // namespace ward::access
