#include "demo/fill.hpp"

#include "access/labels.hpp"
#include "access/relationship.hpp"
#include "fhir/index.hpp"
#include "json/json.hpp"

#include <map>

namespace ward::demo {
namespace {

using app::Installation;

Result<store::Change> change_of(const Installation& in, const Resource& resource,
                                const std::vector<std::string>& own_bases, store::Operation operation) {
  Buffer body(resource.json);
  auto document = json::Document::parse(body.view());
  if (!document) return std::unexpected(document.error());
  if (auto labelled = in.policy->labeller().label(document->root())) {
    body = std::move(*labelled);
    document = json::Document::parse(body.view());
  }
  if (!document) return std::unexpected(document.error());
  auto index = fhir::index(*document, resource.type, resource.id, {.own_bases = own_bases});
  if (!index) return std::unexpected(index.error());
  access::add_marks(access::labels_in(document->root()), index->patients);
  store::Change change{.operation = operation,
                       .type = resource.type,
                       .id = resource.id,
                       .expected_version = std::nullopt,
                       .body = {},
                       .index = std::move(*index),
                       .relationships = {}};
  for (access::Relationship& row : access::derive(*document))
    change.relationships.push_back({row.person, row.patient, row.kind, row.from_ms, row.until_ms});
  change.body = std::move(body);
  return change;
}

Result<void> write_batch(Installation& in, std::vector<store::Change> changes) {
  audit::Record record{.event = std::string(audit::event::phi_import), .action = 'C'};
  std::map<std::string, std::uint64_t> types;
  for (const store::Change& change : changes) {
    ++types[change.type];
    const auto patients = access::without_marks(change.index.patients);
    record.subjects.inside().of.push_back(
        {patients.empty() ? "" : "Patient/" + patients.front(), {change.type + "/" + change.id}});
  }
  record.types.assign(types.begin(), types.end());
  auto intent = in.log->intend_blocking(std::move(record));
  if (!intent) return std::unexpected(std::move(intent.error()));
  auto written = in.store->write_blocking(std::move(changes), intent->permit());
  auto settled =
      in.log->outcome_blocking(*intent, {.event = std::string(audit::event::phi_import),
                                         .action = 'C',
                                         .outcome = written ? audit::Outcome::success : audit::Outcome::failed});
  if (!written) return std::unexpected(std::move(written.error()));
  if (!settled) return std::unexpected(std::move(settled.error()));
  return {};
}

}  // namespace

Result<void> fill(Installation& in, std::span<const Resource> resources, const std::vector<std::string>& own_bases,
                  store::Operation operation) {
  std::vector<store::Change> changes;
  changes.reserve(resources.size());
  for (const Resource& resource : resources) {
    auto change = change_of(in, resource, own_bases, operation);
    if (!change) return std::unexpected(std::move(change.error()));
    changes.push_back(std::move(*change));
  }
  return write_batch(in, std::move(changes));
}

}  // namespace ward::demo
