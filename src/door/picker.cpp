#include "picker.hpp"

#include "base/encoding.hpp"
#include "fhir/interactions.hpp"
#include "fhir/search.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "related.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

constexpr std::size_t shown_max = 20;
constexpr std::size_t related_max = 200;  // that are looked through for those who act today; more are left out

std::string search_text(const std::string& query) {
  const std::string count = "_count=" + std::to_string(shown_max) + "&_sort=name";
  if (query.empty()) return count;
  if (query.starts_with("_id=")) return "_id=" + percent_encode(query.substr(4));
  const bool digits = query.find_first_not_of("0123456789-") == query.npos;
  if (digits && query.size() == 10 && query[4] == '-') return count + "&birthdate=" + query;
  if (digits) return count + "&identifier=" + percent_encode(query);
  // Every word must be in the name.
  std::string text = count;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find(' ', at), query.size());
    if (end > at) text += "&name=" + percent_encode(query.substr(at, end - at));
    at = end + 1;
  }
  return text;
}

std::string name_of(const json::Value& patient) {
  const json::Value name = patient["name"].first();
  if (const std::string text = name.string("text"); !text.empty()) return text;
  std::string full;
  for (json::Value given = name["given"].first(); given; given = given.next()) full += given.text() + " ";
  return full + name.string("family");
}

Result<access::Sendable> show(const access::Grant& grant, const store::Version& version) {
  access::Assembly assembly(grant);
  if (auto added = assembly.resource(version.body, version.patients); !added) return std::unexpected(added.error());
  return std::move(assembly).finish();
}

Result<identity::PatientChoice> choice_of(const access::Sendable& shown, const std::string& id) {
  const auto document = json::Document::parse(shown.view());
  if (!document) return std::unexpected(document.error());
  const json::Value patient = document->root();
  identity::PatientChoice choice{
      .id = id, .name = name_of(patient), .birth_date = patient.string("birthDate"), .detail = {}};
  if (choice.name.find_first_not_of(' ') == std::string::npos) choice.name = "Patient " + id;
  return choice;
}

access::RelatedFn related_now(Exchange& x) {
  return related_by(*x.core.reader, *x.live->policy, x.services.clock.wall(), x.services.manage.relationships());
}

Allowed<access::Grant> grant_of(Exchange& x, const identity::Caller& caller, std::string_view type) {
  return access::decide(x.live->policy, subject_of(caller, ""), access::Interaction::search, type, related_now(x),
                        x.services.clock.wall());
}

boost::asio::awaitable<Result<store::Page>> search(Exchange& x, const access::Grant& grant, std::string type,
                                                   std::string text, std::string after = {}) {
  auto search = fhir::parse_search(type, text, {}, {.lenient = true, .own_bases = x.live->own_bases});
  if (!search || !search->hops.empty()) co_return fail("not_allowed", "this cannot be searched for");
  for (const fhir::UsedParam& used : search->used)
    if (used.param != nullptr && !access::searchable(grant, *used.param))
      co_return fail("not_allowed", "your role does not see what this would search by");
  auto visible_to_caller = visible(x, grant, type);
  if (!visible_to_caller) co_return fail("not_allowed", "your role may not search for this");
  search->query.visible = std::move(*visible_to_caller);
  search->query.after = std::move(after);
  Result<store::Page> page = co_await x.services.slow_readers.search(search->query);
  co_return page;
}

/// Whether a RelatedPerson may act for a patient today.
bool acts_for(const access::RelatedFn& related, const std::string& related_person, const std::string& patient) {
  for (const std::string_view kind : {"delegate", "parent"})
    if (const auto patients = related(related_person, kind);
        patients && std::ranges::find(*patients, patient) != patients->end())
      return true;
  return false;
}

std::string relation_of(const json::Value& related_person) {
  const json::Value relationship = related_person["relationship"].first();
  const std::string text = relationship.string("text");
  return text.empty() ? relationship["coding"].first().string("display") : text;
}

/// Those of a page who act for the patient today, as the caller may see them.
void add_delegates(Exchange& x, const access::Grant& grant, const std::string& patient, const store::Page& page,
                   std::vector<identity::Delegate>& delegates) {
  const access::RelatedFn related = related_now(x);
  for (const store::Version& version : page.found) {
    const std::string reference = "RelatedPerson/" + version.id;
    if (!acts_for(related, reference, patient)) continue;
    auto shown = show(grant, version);
    if (!shown) continue;
    const auto document = json::Document::parse(shown->view());
    if (!document) continue;
    delegates.push_back({reference, name_of(document->root()), relation_of(document->root())});
    note_subjects(x.record, version);
    x.shown.push_back(std::move(*shown));
  }
}

}  // namespace

boost::asio::awaitable<Result<identity::PatientChoices>> find_patients(Exchange& x, const identity::Caller& caller,
                                                                       std::string query) {
  const auto grant = grant_of(x, caller, "Patient");
  if (!grant) co_return fail("not_allowed", "your role may not search for patients");
  std::string text = search_text(query);
  auto page = co_await search(x, *grant, "Patient", std::move(text));
  if (!page) co_return std::unexpected(page.error());
  identity::PatientChoices choices;
  choices.more = !page->next.empty();
  for (const store::Version& version : page->found) {
    auto shown = show(*grant, version);
    if (!shown) continue;
    auto choice = choice_of(*shown, version.id);
    if (!choice) continue;
    x.shown.push_back(std::move(*shown));
    note_subjects(x.record, version);
    choices.found.push_back(std::move(*choice));
  }
  co_return choices;
}

boost::asio::awaitable<Result<std::vector<identity::Delegate>>> find_delegates(Exchange& x,
                                                                               const identity::Caller& caller) {
  const std::string patient = caller.fhir_user.substr(caller.fhir_user.find('/') + 1);
  const auto grant = grant_of(x, caller, "RelatedPerson");
  if (!grant) co_return fail("not_allowed", "your role may not see who is related to you");
  const std::string text = "_count=" + std::to_string(shown_max) + "&patient=Patient/" + percent_encode(patient);
  std::vector<identity::Delegate> delegates;
  std::string after;
  for (std::size_t looked_at = 0; looked_at < related_max; looked_at += shown_max) {
    auto page = co_await search(x, *grant, "RelatedPerson", text, after);
    if (!page) co_return std::unexpected(page.error());
    add_delegates(x, *grant, patient, *page, delegates);
    after = std::move(page->next);
    if (after.empty()) break;
  }
  co_return delegates;
}

}  // namespace ward::door
