#include "fhir/transaction.hpp"

#include "fhir/commit.hpp"
#include "fhir/entry.hpp"
#include "fhir/entry_request.hpp"
#include "fhir/patching.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;
using fhir::BundleMethod;
using fhir::BundleRequest;

std::string fresh_id(Exchange& x) {
  std::string id = x.services.random.token(16);
  for (char& c : id)
    if (c == '_') c = '.';
  return id;
}

/// What is known under which name while the transaction is planned.
struct Names {
  fhir::ReferenceMap references;  // by which references inside the bundle find what it makes
  Meanwhile meanwhile;
  std::vector<std::string> ids;  // by entry
};

void name_entry(Names& names, const BundleRequest& entry, std::size_t i, bool made) {
  const std::string target = entry.type + "/" + names.ids[i];
  if (!entry.full_url.empty()) names.references.insert_or_assign(entry.full_url, target);
  if (made) names.meanwhile.made.insert(target);
}

/// Ids for what will be created. So entries may refer to each other in any order, and in circles.
Names choose_names(Exchange& x, const fhir::BundleRequests& requests) {
  Names names;
  names.ids.resize(requests.entries.size());
  for (std::size_t i = 0; i < requests.entries.size(); ++i) {
    const BundleRequest& entry = requests.entries[i];
    const bool creates = entry.method == BundleMethod::post && entry.if_none_exist.empty();
    const bool by_id = (entry.method == BundleMethod::put || entry.method == BundleMethod::patch) && !entry.id.empty();
    if (!creates && !by_id) continue;
    names.ids[i] = creates ? fresh_id(x) : entry.id;
    const bool upserts = entry.method == BundleMethod::put && may_upsert(x, entry.type);
    name_entry(names, entry, i, creates || upserts);
  }
  return names;
}

class Transaction {
 public:
  Transaction(Exchange& x, const fhir::BundleRequests& requests)
      : x_(x), requests_(requests), names_(choose_names(x, requests)) {}

  /// Deletes first: what they take away matches nothing any more. Then what conditions name, then all others.
  awaitable<Allowed<void>> plan(const std::vector<std::size_t>& order) {
    for (const std::size_t i : order) {
      if (requests_.entries[i].method != BundleMethod::remove) continue;
      auto planned = co_await plan_entry(i);
      if (!planned) co_return planned;
      for (const Plan& one : plans_) names_.meanwhile.removed.insert(one.type + "/" + one.id);
    }
    auto resolved = co_await resolve_conditions();
    if (!resolved) co_return resolved;
    for (const std::size_t i : order) {
      if (is_get(requests_.entries[i]) || requests_.entries[i].method == BundleMethod::remove) continue;
      auto planned = co_await plan_entry(i);
      if (!planned) co_return planned;
    }
    co_return refuse_doubles();
  }

  std::vector<Plan>& plans() { return plans_; }
  std::size_t entry_of(std::size_t plan) const { return entry_of_[plan]; }

 private:
  /// If-None-Exist and conditional updates: what they match, or will create, gets its name before references are
  /// rewritten.
  awaitable<Allowed<void>> resolve_conditions() {
    for (std::size_t i = 0; i < requests_.entries.size(); ++i) {
      const BundleRequest& entry = requests_.entries[i];
      const bool creates = entry.method == BundleMethod::post && !entry.if_none_exist.empty();
      const bool updates = entry.method == BundleMethod::put && entry.id.empty();
      if (!creates && !updates) continue;
      const std::string condition = creates ? entry.if_none_exist : entry.query;
      auto match = co_await match_of(entry, condition, updates);
      if (!match) co_return refuse(match.error());
      const bool exists = !match->id.empty();
      const std::string given = updates ? entry.resource.string("id") : std::string();
      const bool chosen = !exists && !given.empty() && may_upsert(x_, entry.type);
      names_.ids[i] = exists ? match->id : chosen ? given : fresh_id(x_);
      name_entry(names_, entry, i, !exists);
      if (exists && creates) matched_.emplace(i, std::move(*match));
    }
    co_return Allowed<void>{};
  }

  awaitable<Allowed<Plan>> match_of(const BundleRequest& entry, std::string condition, bool only_looks) {
    WriteRequest probe{
        .interaction = access::Interaction::create, .type = entry.type, .if_none_exist = std::move(condition)};
    probe.match_only = true;
    probe.reference = only_looks;
    auto plan = co_await plan_write(x_, probe, names_.meanwhile);
    if (!plan) co_return refuse(located(plan.error(), entry.index));
    co_return plan;
  }

  /// "Patient?identifier=..." inside resources and patches: exactly one match within the Grant.
  awaitable<Allowed<void>> resolve_conditional_references(const BundleRequest& entry) {
    if (!entry.resource) co_return Allowed<void>{};
    const std::vector<std::string> texts = entry.method == BundleMethod::patch
                                               ? conditional_references_of_patch(entry.resource)
                                               : fhir::conditional_references(entry.resource, entry.type);
    for (const std::string& text : texts) {
      if (names_.references.contains(text)) continue;
      const std::size_t mark = text.find('?');
      const std::string type = text.substr(0, mark), condition = text.substr(mark + 1);
      if (auto scanned = scan_condition(x_, type, condition); !scanned)
        co_return refuse(located(scanned.error(), entry.index));
      BundleRequest target;
      target.index = entry.index;
      target.type = type;
      auto match = co_await match_of(target, condition, true);
      if (!match) co_return refuse(match.error());
      if (match->id.empty())
        co_return refuse(
            located({.status = 412,
                     .code = "precondition_failed",
                     .kind = CauseKind::record,
                     .cause = "conditional reference",
                     .issues = {{.code = "not-found", .diagnostics = "a conditional reference matches nothing"}}},
                    entry.index));
      names_.references.emplace(text, match->type + "/" + match->id);
    }
    co_return Allowed<void>{};
  }

  awaitable<Allowed<void>> plan_entry(std::size_t i) {
    const BundleRequest& entry = requests_.entries[i];
    if (const auto found = matched_.find(i); found != matched_.end()) {
      keep(std::move(found->second), i);
      co_return Allowed<void>{};
    }
    auto request = write_request(entry);
    if (!request) co_return refuse(located(request.error(), entry.index));
    auto resolved = co_await resolve_conditional_references(entry);
    if (!resolved) co_return resolved;
    Content content;
    if (entry.resource) {
      auto read = content_of(x_, entry);
      if (!read) co_return refuse(located(read.error(), entry.index));
      content = std::move(*read);
      use(content, *request);
    }
    request->references = &names_.references;
    request->given_id = names_.ids[i];
    request->if_none_exist.clear();
    auto planned = co_await plan_writes(x_, *request, names_.meanwhile);
    if (!planned) co_return refuse(located(planned.error(), entry.index));
    for (Plan& one : *planned) keep(std::move(one), i);
    co_return Allowed<void>{};
  }

  void keep(Plan plan, std::size_t entry) {
    plans_.push_back(std::move(plan));
    entry_of_.push_back(entry);
  }

  Allowed<void> refuse_doubles() const {
    std::set<std::string> seen;
    for (const Plan& one : plans_)
      if (one.change && !seen.insert(one.type + "/" + one.id).second)
        return refuse({.status = 400,
                       .code = "transaction_overlap",
                       .kind = CauseKind::validation,
                       .cause = "two entries change one resource",
                       .issues = {{.code = "invalid",
                                   .diagnostics = "two entries of the transaction change the same resource"}}});
    return {};
  }

  Exchange& x_;
  const fhir::BundleRequests& requests_;
  Names names_;
  std::map<std::size_t, Plan> matched_;
  std::vector<Plan> plans_;
  std::vector<std::size_t> entry_of_;
};

}  // namespace

awaitable<Allowed<void>> run_transaction(Exchange& x, const fhir::BundleRequests& requests) {
  const std::vector<std::size_t> order = fhir::processing_order(requests);
  Transaction transaction(x, requests);
  auto planned = co_await transaction.plan(order);
  if (!planned) co_return planned;
  auto written = co_await commit(x, transaction.plans(), false);
  if (!written) co_return written;

  std::vector<EntryAnswer> answers(requests.entries.size());
  for (std::size_t k = 0; k < transaction.plans().size(); ++k) {
    auto answer = co_await written_answer(x, transaction.plans()[k]);
    answers[transaction.entry_of(k)] = std::move(answer);
  }
  for (const std::size_t i : order) {
    if (!is_get(requests.entries[i])) continue;
    auto answer = co_await run_get(x, requests.entries[i]);
    answers[i] = std::move(answer);
  }
  x.answer.body = response_bundle("transaction-response", answers);
  co_return Allowed<void>{};
}

}  // namespace ward::door
