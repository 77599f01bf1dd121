#include "fhir/seal.hpp"

#include "door/upstream.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

access::Consents& consents_of(const Exchange& x) {
  return x.route->upstream != nullptr ? x.route->upstream->consents.all : x.services.consents;
}

}  // namespace

bool put_labels(const Exchange& x, json::Value resource, Buffer& body) {
  const access::Labeller& labeller = x.live->policy->labeller();
  if (!labeller.active()) return false;
  auto labelled = labeller.label(resource);
  if (!labelled) return false;
  body = std::move(*labelled);
  return true;
}

bool is_denied(const Exchange& x, const access::Grant& grant, const store::Version& version) {
  const access::Consents& consents = consents_of(x);
  if (!consents.any()) return false;
  return consents.denies(grant.asker(),
                         {.type = version.type,
                          .id = version.id,
                          .patients = version.patients,
                          .body = version.deleted ? std::string_view() : version.body.inside().view()},
                         x.services.clock.wall());
}

void seal_by_consents(const Exchange& x, const access::Grant& grant, store::Visible& visible) {
  if (!consents_of(x).any()) return;
  for (store::VisibleBranch& branch : visible)
    branch.sees = [&x, grant](const store::Version& version) { return !is_denied(x, grant, version); };
}

bool consents_in_force(const Exchange& x) { return consents_of(x).any(); }

WrittenConsents::WrittenConsents(const std::vector<store::Change>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].type != "Consent") continue;
    const bool removed = changes[i].operation == store::Operation::remove;
    all_.push_back({i, Phi<Buffer>(removed ? Buffer() : changes[i].body.clone())});
  }
}

void WrittenConsents::take(const Exchange& x, std::size_t index, std::string_view id, std::uint64_t version) const {
  for (const One& one : all_)
    if (one.index == index) consents_of(x).put(id, version, one.body.inside().view());
}

}  // namespace ward::door
