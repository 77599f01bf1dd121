// batch and transaction: each entry decided as its own request; a transaction is written all or none.
#include "fhir/bundle.hpp"

#include "fhir/commit.hpp"
#include "fhir/entry.hpp"
#include "fhir/interactions.hpp"
#include "fhir/patching.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;
using fhir::BundleMethod;
using fhir::BundleRequest;

constexpr std::size_t entries_max = 500;  // of one request; larger sets belong to `ward import`

bool is_get(const BundleRequest& entry) {
  return entry.method == BundleMethod::get || entry.method == BundleMethod::head;
}

Refusal entry_refusal(std::string code, std::string said, std::size_t index) {
  return {
      .status = 400,
      .code = code,
      .kind = CauseKind::validation,
      .cause = code,
      .issues = {
          {.code = "invalid", .diagnostics = std::move(said), .expression = fmt::format("Bundle.entry[{}]", index)}}};
}

/// A refusal with the entry that it came from.
Refusal located(Refusal refusal, std::size_t index) {
  if (refusal.issues.empty())
    refusal.issues.push_back(
        {.code = "processing", .diagnostics = refusal.kind == CauseKind::record ? "refused" : refusal.cause});
  for (Issue& issue : refusal.issues)
    issue.expression =
        fmt::format("Bundle.entry[{}]", index) + (issue.expression.empty() ? "" : ".resource: " + issue.expression);
  return refusal;
}

Allowed<access::Interaction> interaction_of(const BundleRequest& entry) {
  switch (entry.method) {
    case BundleMethod::post:
      return access::Interaction::create;
    case BundleMethod::put:
      return access::Interaction::update;
    case BundleMethod::patch:
      return access::Interaction::patch;
    case BundleMethod::remove:
      return access::Interaction::remove;
    default:
      return refuse(entry_refusal("not-supported", "this method is not supported in an entry", entry.index));
  }
}

/// The entry's resource as bytes of its own, judged like the body of a request.
Allowed<Content> content_of(Exchange& x, const BundleRequest& entry) {
  Content content{.bytes = Buffer(entry.resource.raw())};
  if (entry.method == BundleMethod::patch) {
    auto patch = read_patch_entry(entry.resource, patch_limits(x));
    if (!patch) return refuse(patch.error());
    content.patch = std::move(*patch);
    return content;
  }
  auto document = json::Document::parse(content.bytes.view());
  if (!document) return refuse(entry_refusal("structure", "the resource cannot be read", entry.index));
  content.document = std::move(*document);
  if (auto judged = judge_resource(x, entry.type, content); !judged) return refuse(judged.error());
  return content;
}

Allowed<WriteRequest> write_request(const BundleRequest& entry) {
  auto interaction = interaction_of(entry);
  if (!interaction) return refuse(interaction.error());
  if (!entry.rest.empty())
    return refuse(Refusal{.status = 404,
                          .code = "not_found",
                          .kind = CauseKind::protocol,
                          .cause = "operation",
                          .issues = {{.code = "not-found", .diagnostics = "there is nothing under this url"}}});
  WriteRequest request{.interaction = *interaction,
                       .type = entry.type,
                       .id = entry.id,
                       .query = entry.query,
                       .if_match = entry.if_match,
                       .if_none_exist = entry.if_none_exist};
  request.full_url = entry.full_url;
  return request;
}

/// What the request is made of; the content must outlive it.
void use(const Content& content, WriteRequest& request) {
  request.patch = content.patch.get();
  if (content.document) request.resource = content.document->root();
}

/// The searches by which entries write; those of GET entries are scanned with their own requests.
Allowed<void> scan_conditions(Exchange& x, const fhir::BundleRequests& requests) {
  for (const BundleRequest& entry : requests.entries) {
    if (is_get(entry)) continue;
    for (const std::string& query : {entry.query, entry.if_none_exist})
      if (auto scanned = scan_condition(x, entry.type, query); !scanned)
        return refuse(located(scanned.error(), entry.index));
  }
  return {};
}

// ---- batch ----

awaitable<EntryAnswer> run_write(Exchange& x, const BundleRequest& entry) {
  auto request = write_request(entry);
  if (!request) co_return answer_of(request.error());
  Content content;
  if (entry.resource) {
    auto read = content_of(x, entry);
    if (!read) co_return answer_of(read.error());
    content = std::move(*read);
    use(content, *request);
  }
  const Arriving nothing;
  auto plan = co_await plan_write(x, *request, nothing);
  if (!plan) co_return answer_of(plan.error());
  std::vector<Plan> plans;
  plans.push_back(std::move(*plan));
  auto written = co_await commit(x, plans, true);
  if (!written) co_return answer_of(written.error());
  co_return answer_of(x, plans.front());
}

awaitable<Allowed<void>> run_batch(Exchange& x, const fhir::BundleRequests& requests) {
  std::vector<EntryAnswer> answers(requests.entries.size());
  for (const std::size_t i : fhir::processing_order(requests)) {
    const BundleRequest& entry = requests.entries[i];
    if (is_get(entry))
      answers[i] = co_await run_get(x, entry);
    else
      answers[i] = co_await run_write(x, entry);
  }
  x.answer.body = response_bundle("batch-response", answers);
  co_return Allowed<void>{};
}

// ---- transaction ----

/// Ids for what will be created, and the map by which references inside the bundle find them.
struct Names {
  fhir::ReferenceMap references;
  Arriving arriving;
  std::vector<std::string> ids;  // by entry
};

Names choose_names(Exchange& x, const fhir::BundleRequests& requests) {
  Names names;
  names.ids.resize(requests.entries.size());
  for (std::size_t i = 0; i < requests.entries.size(); ++i) {
    const BundleRequest& entry = requests.entries[i];
    if (entry.method == BundleMethod::post && entry.if_none_exist.empty()) {
      names.ids[i] = x.services.random.token(16);
      for (char& c : names.ids[i])
        if (c == '_') c = '.';
    } else if (entry.method == BundleMethod::put || entry.method == BundleMethod::patch) {
      names.ids[i] = entry.id;
    }
    if (names.ids[i].empty() || entry.full_url.empty()) continue;
    const std::string target = entry.type + "/" + names.ids[i];
    names.references.emplace(entry.full_url, target);
    if (entry.method == BundleMethod::post) names.arriving.insert(target);
  }
  return names;
}

/// If-None-Exist entries first: what they match, or will create, gets its name before references are rewritten.
awaitable<Allowed<void>> resolve_conditional_creates(Exchange& x, const fhir::BundleRequests& requests, Names& names,
                                                     std::map<std::size_t, Plan>& matched) {
  for (std::size_t i = 0; i < requests.entries.size(); ++i) {
    const BundleRequest& entry = requests.entries[i];
    if (entry.method != BundleMethod::post || entry.if_none_exist.empty()) continue;
    WriteRequest probe{
        .interaction = access::Interaction::create, .type = entry.type, .if_none_exist = entry.if_none_exist};
    probe.match_only = true;
    const Arriving nothing;
    auto plan = co_await plan_write(x, probe, nothing);
    if (!plan) co_return refuse(located(plan.error(), entry.index));
    const bool exists = !plan->id.empty();
    names.ids[i] = exists ? plan->id : x.services.random.token(15);
    for (char& c : names.ids[i])
      if (!exists && c == '_') c = '.';
    const std::string target = entry.type + "/" + names.ids[i];
    if (!entry.full_url.empty()) names.references.insert_or_assign(entry.full_url, target);
    if (exists)
      matched.emplace(i, std::move(*plan));
    else
      names.arriving.insert(target);
  }
  co_return Allowed<void>{};
}

/// "Patient?identifier=..." inside resources: exactly one match within the Grant.
awaitable<Allowed<void>> resolve_conditional_references(Exchange& x, const BundleRequest& entry, Names& names) {
  if (!entry.resource) co_return Allowed<void>{};
  const std::string type = entry.method == BundleMethod::patch ? entry.resource.string("resourceType") : entry.type;
  for (const std::string& text : fhir::conditional_references(entry.resource, type)) {
    if (names.references.contains(text)) continue;
    const std::size_t mark = text.find('?');
    WriteRequest probe{.interaction = access::Interaction::create,
                       .type = text.substr(0, mark),
                       .if_none_exist = text.substr(mark + 1)};
    probe.match_only = true;
    probe.reference = true;
    const Arriving nothing;
    auto plan = co_await plan_write(x, probe, nothing);
    if (!plan) co_return refuse(located(plan.error(), entry.index));
    if (plan->id.empty())
      co_return refuse(
          located({.status = 412,
                   .code = "precondition_failed",
                   .kind = CauseKind::record,
                   .cause = "conditional reference",
                   .issues = {{.code = "not-found", .diagnostics = "a conditional reference matches nothing"}}},
                  entry.index));
    names.references.emplace(text, plan->type + "/" + plan->id);
  }
  co_return Allowed<void>{};
}

awaitable<Allowed<Plan>> plan_entry(Exchange& x, const BundleRequest& entry, Names& names, std::string id) {
  auto request = write_request(entry);
  if (!request) co_return refuse(located(request.error(), entry.index));
  auto conditional = co_await resolve_conditional_references(x, entry, names);
  if (!conditional) co_return refuse(conditional.error());
  Content content;
  if (entry.resource) {
    auto read = content_of(x, entry);
    if (!read) co_return refuse(located(read.error(), entry.index));
    content = std::move(*read);
    use(content, *request);
  }
  request->references = &names.references;
  if (request->interaction == access::Interaction::create) {
    request->given_id = std::move(id);
    request->if_none_exist.clear();
  }
  auto plan = co_await plan_write(x, *request, names.arriving);
  if (!plan) co_return refuse(located(plan.error(), entry.index));
  co_return plan;
}

Allowed<void> refuse_doubles(const std::vector<Plan>& plans) {
  std::set<std::string> seen;
  for (const Plan& plan : plans)
    if (plan.change && !seen.insert(plan.type + "/" + plan.id).second)
      return refuse(
          {.status = 400,
           .code = "transaction_overlap",
           .kind = CauseKind::validation,
           .cause = "two entries change one resource",
           .issues = {{.code = "invalid", .diagnostics = "two entries of the transaction change the same resource"}}});
  return {};
}

awaitable<Allowed<void>> run_transaction(Exchange& x, const fhir::BundleRequests& requests) {
  if (!backend_of(x).atomic())
    co_return refuse(
        {.status = 501,
         .code = "transaction_unsupported",
         .kind = CauseKind::protocol,
         .cause = "proxied server",
         .issues = {{.code = "not-supported",
                     .diagnostics = "transactions are not served in front of another server; send a batch"}}});
  Names names = choose_names(x, requests);
  std::map<std::size_t, Plan> matched;
  auto resolved = co_await resolve_conditional_creates(x, requests, names, matched);
  if (!resolved) co_return resolved;

  std::vector<Plan> plans;
  std::vector<std::size_t> entry_of;
  const std::vector<std::size_t> order = fhir::processing_order(requests);
  for (const std::size_t i : order) {
    if (is_get(requests.entries[i])) continue;
    if (const auto found = matched.find(i); found != matched.end()) {
      plans.push_back(std::move(found->second));
    } else {
      auto plan = co_await plan_entry(x, requests.entries[i], names, names.ids[i]);
      if (!plan) co_return refuse(plan.error());
      plans.push_back(std::move(*plan));
    }
    entry_of.push_back(i);
  }
  if (auto distinct = refuse_doubles(plans); !distinct) co_return distinct;
  auto written = co_await commit(x, plans, false);
  if (!written) co_return written;

  std::vector<EntryAnswer> answers(requests.entries.size());
  for (std::size_t k = 0; k < plans.size(); ++k) answers[entry_of[k]] = answer_of(x, plans[k]);
  for (const std::size_t i : order)
    if (is_get(requests.entries[i])) answers[i] = co_await run_get(x, requests.entries[i]);
  x.answer.body = response_bundle("transaction-response", answers);
  co_return Allowed<void>{};
}

}  // namespace

awaitable<Allowed<void>> bundle(Exchange& x) {
  x.record.event = audit::event::request;
  x.record.action = 'E';
  auto requests = fhir::read_bundle(*x.content.document, {.entries_max = entries_max});
  if (!requests) co_return refuse(requests.error());
  if (auto scanned = scan_conditions(x, *requests); !scanned) co_return scanned;
  x.answer.header("content-type", "application/fhir+json");
  auto done = requests->transaction ? run_transaction(x, *requests) : run_batch(x, *requests);
  auto result = co_await std::move(done);
  co_return result;
}

}  // namespace ward::door
