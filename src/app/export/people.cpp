#include "export/people.hpp"

#include "json/json.hpp"

namespace ward::app {
namespace {

constexpr std::size_t kept_max = 1000;
constexpr std::size_t page = 200;

void learn_body(const store::Version& version, deidentify::Known& known) {
  if (version.deleted) return;
  if (const auto document = json::Document::parse(version.body.inside().view())) known.learn(document->root());
}

}  // namespace

Result<void> People::learn(store::Query query, deidentify::Known& known) {
  query.count = page;
  while (true) {
    const auto found = reader_.search(query);
    if (!found) return std::unexpected(found.error());
    for (const store::Version& version : found->found) learn_body(version, known);
    if (known.is_full())
      return fail("too_many_people", "the names of all staff are too many to look for in texts; use --text drop");
    if (found->next.empty()) return {};
    query.after = found->next;
  }
}

Result<void> People::learn_staff() {
  for (const char* const type : {"Practitioner", "Person"})
    if (auto done = learn({.type = type, .visible = {{.all = true}}}, staff_); !done) return done;
  return {};
}

Result<std::shared_ptr<const deidentify::Known>> People::patient(const std::string& id) {
  if (const auto found = patients_.find(id); found != patients_.end()) return found->second;
  if (patients_.size() >= kept_max) patients_.clear();
  auto known = std::make_shared<deidentify::Known>();
  const auto own = reader_.read("Patient", id);
  if (!own) return std::unexpected(own.error());
  if (*own) learn_body(**own, *known);
  if (auto done = learn({.type = "RelatedPerson", .visible = {{.all = false, .patients = {id}}}}, *known); !done)
    return std::unexpected(done.error());
  return patients_.emplace(id, std::move(known)).first->second;
}

}  // namespace ward::app
