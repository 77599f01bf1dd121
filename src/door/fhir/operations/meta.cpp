// $meta, $meta-add and $meta-delete of one resource: its profiles, tags and labels. A change is an update like any
// other: of what the caller sees, merged with what it does not, as a new version.
#include "base/encoding.hpp"
#include "fhir/commit.hpp"
#include "fhir/interactions.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/operations/operations.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::string_view lists[] = {"profile", "tag", "security"};
constexpr std::size_t items_max = 100;  // of one list

bool is_list(std::string_view name) { return std::find(std::begin(lists), std::end(lists), name) != std::end(lists); }

/// Parameters with the meta of what is shown.
Allowed<void> answer_meta(Exchange& x, const access::Grant& grant, store::Version version) {
  x.answer.header("etag", etag(version.version));
  auto shown = shown_part(x, grant, std::move(version));
  if (!shown) return refuse(shown.error());
  const auto document = json::Document::parse(shown->view());
  WARD_ASSERT(document);
  const json::Value meta = document->root()["meta"];
  Buffer body(R"({"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":)");
  body.append(meta.is_object() ? meta.raw() : std::string_view("{}"));
  body.append("}]}");
  std::vector<access::Sendable> from;
  from.push_back(std::move(*shown));
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = access::Sendable::drawn_from(std::move(from), std::move(body));
  return {};
}

/// The one parameter of $meta-add and $meta-delete.
Allowed<json::Value> given_meta(Exchange& x) {
  if (!x.content.document)
    return refuse(wrong_parameter("required", "this operation needs Parameters with one parameter, meta"));
  if (auto judged = judge_resource(x, "Parameters", x.content); !judged) return refuse(judged.error());
  const json::Value list = x.content.document->root()["parameter"];
  const json::Value meta = list.first()["valueMeta"];
  if (list.size() != 1 || list.first().string("name") != "meta" || !meta.is_object())
    return refuse(wrong_parameter("required", "this operation needs Parameters with one parameter, meta"));
  for (json::Value member = meta.first(); member; member = member.next())
    if (!is_list(member.name()))
      return refuse(wrong_parameter("not-supported", "only profile, tag and security can be added or taken away"));
  return meta;
}

/// Two tags are one if system and code are; two profiles if they are the same text.
std::string identity_of(json::Value item) {
  return item.is_string() ? item.text() : item.string("system") + "|" + item.string("code");
}

std::vector<json::Value> items_of(json::Value list) {
  std::vector<json::Value> items;
  for (json::Value one = list.first(); one; one = one.next()) items.push_back(one);
  return items;
}

bool holds(const std::vector<json::Value>& items, json::Value wanted) {
  return std::any_of(items.begin(), items.end(),
                     [&](json::Value one) { return identity_of(one) == identity_of(wanted); });
}

/// One list of the new meta as JSON, "" if it is empty.
Allowed<std::string> list_text(json::Value current, json::Value given, bool adds) {
  std::vector<json::Value> items = items_of(current);
  const std::vector<json::Value> others = items_of(given);
  if (adds) {
    for (const json::Value& one : others)
      if (!holds(items, one)) items.push_back(one);
  } else {
    std::erase_if(items, [&](json::Value one) { return holds(others, one); });
  }
  if (items.size() > items_max)
    return refuse(wrong_parameter("too-long", fmt::format("a list of meta holds at most {} items", items_max)));
  std::string text;
  for (const json::Value& one : items) text.append(text.empty() ? "[" : ",").append(one.raw());
  return text.empty() ? text : text + "]";
}

/// The resource with its meta changed; every other byte as it is.
Allowed<Buffer> changed(std::string_view source, json::Value root, json::Value given, bool adds) {
  const json::Value current = root["meta"];
  std::string meta;
  const auto add = [&](std::string_view name, std::string_view value) {
    meta.append(meta.empty() ? "{" : ",");
    append_json_string(meta, name);
    meta.append(":").append(value);
  };
  for (json::Value member = current.first(); member; member = member.next())
    if (!is_list(member.name())) add(member.name(), member.raw());
  for (const std::string_view name : lists) {
    auto list = list_text(current[name], given[name], adds);
    if (!list) return refuse(list.error());
    if (!list->empty()) add(name, *list);
  }
  meta.append(meta.empty() ? "{}" : "}");
  const bool absent = !current.is_object();  // another server's resource may have none
  if (absent && meta == "{}") return Buffer(source);
  const std::size_t begin = absent ? root.begin() + 1 : current.begin();
  Buffer out(source.substr(0, begin));
  out.append(absent ? "\"meta\":" + meta + "," : meta);
  out.append(source.substr(absent ? begin : current.end()));
  return out;
}

Refusal hidden(const access::Grant& grant, std::string_view type) {
  return {.status = 403,
          .code = "parameter_hidden",
          .kind = CauseKind::policy,
          .cause = grant.cause_text(),
          .issues = {{.code = "forbidden",
                      .diagnostics = fmt::format("your role's view of {} does not show the whole of meta", type)}}};
}

/// What may be changed and not read is, to an operation that tells what was there, not there.
Refusal not_readable(Exchange& x, const store::Version& version, const access::Grant& grant) {
  note_subjects(x.record, version);
  return not_known(x.fhir.type, x.fhir.id, "not in the grant: " + grant.cause_text());
}

awaitable<Allowed<void>> change_meta(Exchange& x, bool adds) {
  x.record.event = audit::event::phi_update;
  x.record.action = 'U';
  if (auto known = only_parameters(x, {}); !known) co_return refuse(known.error());
  const auto given = given_meta(x);
  if (!given) co_return refuse(given.error());
  const auto reads = decide(x, Interaction::read, x.fhir.type);  // the answer tells what was there before
  if (!reads) co_return refuse(reads.error());
  if (x.grant->hides(x.fhir.type, "meta")) co_return refuse(hidden(*x.grant, x.fhir.type));
  auto current = co_await instance_of(x, *x.grant);
  if (!current) co_return refuse(current.error());
  if (!sees(x, *reads, *current)) co_return refuse(not_readable(x, *current, *reads));
  const std::uint64_t version = current->version;
  const auto shown = shown_part(x, *x.grant, std::move(*current));
  if (!shown) co_return refuse(shown.error());
  const auto seen = json::Document::parse(shown->view());
  WARD_ASSERT(seen);
  const auto body = changed(shown->view(), seen->root(), *given, adds);
  if (!body) co_return refuse(body.error());
  const auto document = json::Document::parse(body->view());
  WARD_ASSERT(document);

  WriteRequest request{.interaction = Interaction::update, .type = x.fhir.type, .id = x.fhir.id};
  const std::string_view if_match = x.header("if-match");
  request.if_match = if_match.empty() ? etag(version) : std::string(if_match);
  request.resource = document->root();
  const Meanwhile nothing;
  auto plan = co_await plan_write(x, request, nothing);
  if (!plan) co_return refuse(plan.error());
  x.grant = plan->grant;
  std::vector<Plan> plans;
  plans.push_back(std::move(*plan));
  auto written = co_await commit(x, plans, false);
  if (!written) co_return written;
  const Plan& done = plans.front();
  auto stored = co_await backend_of(x).read_version(x, done.type, done.id, done.version);
  if (!stored || !*stored || !sees(x, *reads, **stored)) co_return Allowed<void>{};  // made, and nothing to show of it
  co_return answer_meta(x, *reads, std::move(**stored));
}

}  // namespace

awaitable<Allowed<void>> meta(Exchange& x) {
  x.record.event = audit::event::phi_read;
  x.record.action = 'R';
  if (auto known = only_parameters(x, {}); !known) co_return refuse(known.error());
  auto current = co_await instance_of(x, *x.grant);
  if (!current) co_return refuse(current.error());
  note_subjects(x.record, *current);
  x.record.types.emplace_back(current->type, 1);
  co_return answer_meta(x, *x.grant, std::move(*current));
}

awaitable<Allowed<void>> meta_add(Exchange& x) {
  auto done = co_await change_meta(x, true);
  co_return done;
}

awaitable<Allowed<void>> meta_delete(Exchange& x) {
  auto done = co_await change_meta(x, false);
  co_return done;
}

}  // namespace ward::door
