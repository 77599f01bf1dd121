#include "launches.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"

namespace ward::identity {
namespace {

constexpr std::size_t text_bytes_max = 512;
constexpr json::Limits limits{.depth_max = 8, .members_max = 256};

std::unexpected<Error> invalid(std::string message) { return fail("launch_invalid", "launch: " + std::move(message)); }

/// "12" or "Patient/12"; FHIR R4's id.
Result<std::string> id_of(const json::Value& root, std::string_view name, std::string_view type) {
  std::string id = root.string(name);
  const std::string prefix = std::string(type) + "/";
  if (id.starts_with(prefix)) id.erase(0, prefix.size());
  const bool good = id.size() <= 64 &&
                    id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == id.npos;
  if (!good) return invalid(std::string(name) + " must be the id of a " + std::string(type));
  return id;
}

}  // namespace

Result<std::string> Launches::begin(Launch launch, Random& random, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (all_.size() >= entries_max) std::erase_if(all_, [&](const auto& one) { return one.second.ends <= now; });
  if (all_.size() >= entries_max) return fail("launches_full", "too many launches wait for their app");
  launch.ends = now + lifetime;
  std::string id = random.token(24);
  all_.emplace(id, std::move(launch));
  return id;
}

std::optional<Launch> Launches::find(std::string_view id, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  return found == all_.end() || found->second.ends <= now ? std::nullopt : std::optional(found->second);
}

bool Launches::take(std::string_view id, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  if (found == all_.end()) return false;
  const bool good = found->second.ends > now;
  all_.erase(found);
  return good;
}

Result<Launch> parse_launch(std::string_view text) {
  const auto document = json::Document::parse(text, limits);
  if (!document || !document->root().is_object()) return invalid("must be a JSON object");
  const json::Value root = document->root();
  Launch launch{.client_id = root.string("client_id"),
                .username = root.string("username"),
                .patient = {},
                .encounter = {},
                .context = {}};
  for (auto [name, type, place] :
       {std::tuple("patient", "Patient", &launch.patient), std::tuple("encounter", "Encounter", &launch.encounter)}) {
    auto id = id_of(root, name, type);
    if (!id) return std::unexpected(id.error());
    *place = std::move(*id);
  }
  for (json::Value member = root.first(); member; member = member.next()) {
    const std::string_view name = member.name();
    if (name == "client_id" || name == "username" || name == "patient" || name == "encounter") continue;
    const bool text_member = name == "intent" || name == "smart_style_url" || name == "tenant";
    if (!text_member && name != "fhirContext" && name != "need_patient_banner")
      return invalid(
          "has a member that is not known: use patient, encounter, intent, fhirContext, need_patient_banner, "
          "smart_style_url, tenant, client_id, username");
    if ((text_member && (!member.is_string() || member.text().size() > text_bytes_max)) ||
        (name == "fhirContext" && !member.is_array()) ||
        (name == "need_patient_banner" && member.type() != json::Type::boolean))
      return invalid(std::string(name) + " is not of its type");
    if (name == "smart_style_url" && !member.text().starts_with("https://"))
      return invalid("smart_style_url must be an https address");
    launch.context += (launch.context.empty() ? "" : ",") + json_string(name) + ":" + std::string(member.raw());
  }
  return launch;
}

}  // namespace ward::identity
