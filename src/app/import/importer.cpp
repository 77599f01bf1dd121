#include "import/importer.hpp"

#include "access/relationship.hpp"
#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/index.hpp"
#include "fhir/search.hpp"
#include "fhir/validate.hpp"
#include "import/source.hpp"
#include "json/json.hpp"
#include "r4/r4.hpp"
#include "shield/narrative.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace ward::app {
namespace {

constexpr std::size_t listed_max = 10'000;
constexpr std::size_t dangling_max = 1'000;
constexpr json::Limits document_limits{.depth_max = 64,
                                       .members_max = 20'000'000};  // whole bundles of a file that an operator named

void list(std::vector<std::string>& lines, std::string line) {
  if (lines.size() < listed_max) lines.push_back(std::move(line));
}

/// What a first pass over all files learns: where each fullUrl and each identifier leads, whichever comes first.
struct Names {
  fhir::ReferenceMap references;                         // urn:uuid:... and Type?identifier=system|value to Type/id
  std::set<std::string> ambiguous;                       // identifiers that several resources have: they lead nowhere
  std::unordered_map<std::string, std::uint32_t> times;  // how often each Type/id comes
  std::uint64_t resources = 0;
};

std::string urn_uuid(const std::string& full_url) {
  return full_url.starts_with("urn:uuid:") ? full_url.substr(9) : std::string();
}

/// A resource keeps its own id; without one, a urn:uuid fullUrl gives it.
std::string id_of(json::Value resource, const std::string& full_url) {
  const std::string own = resource.string("id");
  return own.empty() ? urn_uuid(full_url) : own;
}

/// Calls `each` with every resource of a document: itself, or its entries.
template <class Each>
Result<void> each_resource(json::Value root, const Each& each) {
  if (root.string("resourceType") != "Bundle" || !root["entry"])
    return each(root, std::string(), std::optional<std::size_t>());
  std::size_t number = 0;
  for (json::Value entry = root["entry"].first(); entry; entry = entry.next(), ++number)
    if (entry["resource"])
      if (auto done = each(entry["resource"], entry.string("fullUrl"), std::optional(number)); !done) return done;
  return {};
}

void learn_identifiers(Names& names, json::Value resource, const std::string& type, const std::string& target) {
  for (json::Value one = resource["identifier"].is_array() ? resource["identifier"].first() : json::Value(); one;
       one = one.next()) {
    const std::string system = one.string("system"), value = one.string("value");
    if (value.empty()) continue;
    const auto [known, fresh] =
        names.references.emplace(fmt::format("{}?identifier={}|{}", type, system, value), target);
    if (!fresh && known->second != target) names.ambiguous.insert(known->first);
  }
}

Result<void> learn(Names& names, const SourceDocument& source) {
  const auto document = json::Document::parse(source.bytes.view(), document_limits);
  if (!document) return {};  // the second pass says what is wrong, and where
  return each_resource(
      document->root(),
      [&](json::Value resource, const std::string& full_url, std::optional<std::size_t>) -> Result<void> {
        ++names.resources;
        const std::string type = resource.string("resourceType"), id = id_of(resource, full_url);
        if (id.empty()) return {};
        ++names.times[type + "/" + id];
        if (!full_url.empty()) names.references.emplace(full_url, type + "/" + id);
        learn_identifiers(names, resource, type, type + "/" + id);
        return {};
      });
}

bool set_by_store(std::string_view name) { return name == "versionId" || name == "lastUpdated"; }

/// Equal as JSON values, numbers digit for digit, `ignored` members aside.
bool equal(json::Value a, json::Value b, bool (*ignored)(std::string_view) = nullptr) {
  if (!a || !b) return !a && !b;
  if (a.type() != b.type()) return false;
  if (a.is_string()) return a.text() == b.text();
  if (a.is_array()) {
    json::Value p = a.first(), q = b.first();
    for (; p && q; p = p.next(), q = q.next())
      if (!equal(p, q)) return false;
    return !p && !q;
  }
  if (!a.is_object()) return a.raw() == b.raw();
  const auto counted = [&](json::Value object) {
    std::size_t members = 0;
    for (json::Value one = object.first(); one; one = one.next())
      members += ignored != nullptr && ignored(one.name()) ? 0 : 1;
    return members;
  };
  if (counted(a) != counted(b)) return false;
  for (json::Value one = a.first(); one; one = one.next())
    if (!(ignored != nullptr && ignored(one.name())) && !equal(one, b[one.name()])) return false;
  return true;
}

/// Equal but for what the store sets itself; a body without meta got one when it was stored.
bool same_content(const store::Version& stored, std::string_view body) {
  const auto a = json::Document::parse(stored.body.inside().view()), b = json::Document::parse(body);
  if (!a || !b || !equal(a->root(), b->root(), [](std::string_view name) { return name == "meta"; })) return false;
  const json::Value had = a->root()["meta"], has = b->root()["meta"];
  if (has && has.size() > 0) return equal(had, has, set_by_store);
  for (json::Value one = had ? had.first() : json::Value(); one; one = one.next())
    if (!set_by_store(one.name())) return false;
  return true;
}

/// The Consents of a batch, taken over once it is written.
class WaitingConsents {
 public:
  explicit WaitingConsents(const std::vector<store::Change>& changes) {
    for (std::size_t i = 0; i < changes.size(); ++i)
      if (changes[i].type == "Consent") all_.push_back({i, changes[i].id, Phi<Buffer>(changes[i].body.clone())});
  }
  void take(access::Consents& consents, const std::vector<store::Done>& written) const {
    for (const One& one : all_) consents.put(one.id, written[one.at].version, one.body.inside().view());
  }

 private:
  struct One {
    std::size_t at;
    std::string id;
    Phi<Buffer> body;
  };
  std::vector<One> all_;
};

class Import {
 public:
  Import(Installation& installation, const ImportRequest& request, Names& names,
         const std::function<void(const ImportProgress&)>& progress)
      : in_(installation), request_(request), names_(names), progress_(progress) {}

  Result<void> open_reader() {
    auto reader = in_.store->reader();
    if (!reader) return std::unexpected(std::move(reader.error()));
    reader_ = std::move(*reader);
    return {};
  }

  Result<void> take(const SourceDocument& source) {
    const auto document = json::Document::parse(source.bytes.view(), document_limits);
    if (!document) {
      refuse(source.where(), document.error().message());
      return {};
    }
    return each_resource(document->root(),
                         [&](json::Value resource, const std::string& full_url, std::optional<std::size_t> number) {
                           return take_resource(source, resource, full_url, number);
                         });
  }

  Result<void> flush();

  ImportReport report;

 private:
  void refuse(const std::string& where, const std::string& why) {
    ++report.refused;
    list(report.refusals, where + ": " + why);
  }

  Result<void> take_resource(const SourceDocument& source, json::Value resource, const std::string& full_url,
                             std::optional<std::size_t> number);
  Result<void> find_stored(json::Value resource, const std::string& type, const std::string& name);
  bool clean(Buffer& body, const std::string& name);
  Result<bool> is_known(const store::Version& current, std::string_view body);
  Result<bool> is_version(const store::Version& current, std::uint64_t version, std::string_view body);

  Installation& in_;
  const ImportRequest& request_;
  Names& names_;
  const std::function<void(const ImportProgress&)>& progress_;
  std::unique_ptr<store::Reader> reader_;
  std::vector<store::Change> waiting_;
  std::set<std::string> waiting_names_;
  std::set<std::string> unknown_;  // conditional references that lead nowhere
  std::unordered_map<std::string, std::uint64_t>
      next_version_;  // of ids that come several times: the stored version that their next content may be
  std::uint64_t done_ = 0;
};

/// Narratives that do not pass are cleaned, and listed. False: one cannot be taken at all.
bool Import::clean(Buffer& body, const std::string& name) {
  const auto document = json::Document::parse(body.view());
  if (!document) return false;
  const fhir::Reading reading = fhir::read_resource(*document);
  Buffer fresh;
  std::size_t from = 0;
  for (const fhir::NarrativeSpan& narrative : reading.narratives) {
    const shield::Narrative judged = shield::check_narrative(narrative.value.text());
    if (std::holds_alternative<shield::NarrativeRefused>(judged)) return false;
    const auto* cleaned = std::get_if<shield::NarrativeCleaned>(&judged);
    if (cleaned == nullptr) continue;
    fresh.append(body.view().substr(from, narrative.begin - from));
    fresh.append(json_string(cleaned->xhtml));
    from = narrative.begin + narrative.size;
    ++report.narratives_cleaned;
    list(report.cleaned, fmt::format("{}: {}", name, fmt::join(cleaned->removed, ", ")));
  }
  if (from == 0) return true;
  fresh.append(body.view().substr(from));
  body = std::move(fresh);
  return true;
}

/// Conditional references that no resource of the files answers: what is stored may.
Result<void> Import::find_stored(json::Value resource, const std::string& type, const std::string& name) {
  for (const std::string& text : fhir::conditional_references(resource, type)) {
    if (names_.references.contains(text)) continue;
    const auto decoded = percent_decode(text);
    const auto known = decoded ? names_.references.find(*decoded) : names_.references.end();
    if (known != names_.references.end()) {
      names_.references.emplace(text, known->second);
      continue;
    }
    if (!unknown_.contains(text)) {
      const std::size_t mark = text.find('?');
      auto search =
          fhir::parse_condition(text.substr(0, mark), text.substr(mark + 1), {.own_bases = request_.own_bases});
      if (search && search->hops.empty()) {
        search->query.visible = {{.all = true, .patients = {}, .also = {}}};
        search->query.count = 2;
        auto page = reader_->search(search->query);
        if (!page) return std::unexpected(std::move(page.error()));
        if (page->found.size() == 1) {
          names_.references.emplace(text, page->found.front().type + "/" + page->found.front().id);
          continue;
        }
      }
      unknown_.insert(text);
    }
    list(report.dangling, fmt::format("{} (of {})", text, name));
  }
  return {};
}

Result<bool> Import::is_version(const store::Version& current, std::uint64_t version, std::string_view body) {
  if (version == current.version) return same_content(current, body);
  const auto stored = reader_->read_version(current.type, current.id, version);
  if (!stored) return std::unexpected(stored.error());
  return *stored && !(*stored)->deleted && same_content(**stored, body);
}

/// Whether this content was stored by an earlier run. An id that comes several times was then given several versions:
/// they are found in turn among the last ones, so that a second run writes nothing and an interrupted one goes on.
Result<bool> Import::is_known(const store::Version& current, std::string_view body) {
  const std::string name = current.type + "/" + current.id;
  const std::uint64_t times = std::max(names_.times[name], 1U);
  std::uint64_t& next = next_version_[name];
  const std::uint64_t first = next > 1 ? next - 1 : current.version - std::min(times, current.version) + 1;
  const std::uint64_t last = next > 1 ? std::min(next, current.version) : current.version;
  for (std::uint64_t version = first; version <= last; ++version) {
    const auto same = is_version(current, version, body);
    if (!same || !*same) {
      if (!same) return same;
      continue;
    }
    next = version + 1;
    return true;
  }
  next = current.version + 2;  // it becomes the next version, and what follows must be that one or a new one
  return false;
}

Result<void> Import::take_resource(const SourceDocument& source, json::Value resource, const std::string& full_url,
                                   std::optional<std::size_t> number) {
  ++done_;
  const std::string type = resource.string("resourceType"), id = id_of(resource, full_url), name = type + "/" + id;
  const auto place = [&] {
    return fmt::format("{}{} {}", source.where(resource.begin()), number ? fmt::format(" entry {}", *number) : "",
                       name);
  };
  if (!r4::is_resource_type(type)) return refuse(place(), "resourceType: no R4 resource type"), Result<void>{};
  if (id.empty())
    return refuse(place(), "id: the resource has none, and no urn:uuid fullUrl gives one"), Result<void>{};
  Buffer body = fhir::set_id(resource, id);
  {
    const auto whole = json::Document::parse(body.view());
    if (!whole) return refuse(place(), whole.error().message()), Result<void>{};
    if (auto found = find_stored(whole->root(), type, name); !found) return found;
    body = fhir::rewrite_references(whole->root(), type, names_.references, full_url);
  }
  if (!clean(body, name)) return refuse(place(), "text.div: the narrative is not well-formed XHTML"), Result<void>{};
  if (in_.policy->labeller().active()) {
    const auto unlabelled = json::Document::parse(body.view());
    if (!unlabelled) return refuse(place(), unlabelled.error().message()), Result<void>{};
    if (auto labelled = in_.policy->labeller().label(unlabelled->root())) body = std::move(*labelled);
  }
  const auto document = json::Document::parse(body.view());
  if (!document) return refuse(place(), document.error().message()), Result<void>{};
  const fhir::Reading reading = fhir::read_resource(*document, {.expected_type = type});
  if (!reading.ok()) {
    ++report.refused;
    for (const Issue& issue : reading.issues)
      list(report.refusals, fmt::format("{}: {}", place(), issue.diagnostics));  // which begin with the expression
    return {};
  }
  if (waiting_names_.contains(name))
    if (auto flushed = flush(); !flushed) return flushed;
  auto stored = reader_->read(type, id);
  if (!stored) return std::unexpected(std::move(stored.error()));
  const bool exists = *stored && !(*stored)->deleted;
  if (exists) {
    const auto known = is_known(**stored, body.view());
    if (!known) return std::unexpected(known.error());
    if (*known) {
      ++report.unchanged;
      return {};
    }
  }
  auto index = fhir::index(*document, type, id, {.own_bases = request_.own_bases});
  if (!index) return refuse(place(), index.error().message()), Result<void>{};
  access::add_marks(access::labels_in(document->root()), index->patients);
  store::Change change{.operation = exists ? store::Operation::update : store::Operation::create,
                       .type = type,
                       .id = id,
                       .expected_version = std::nullopt,
                       .body = {},
                       .index = std::move(*index),
                       .relationships = {}};
  for (access::Relationship& row : access::derive(*document))
    change.relationships.push_back({row.person, row.patient, row.kind, row.from_ms, row.until_ms});
  change.body = std::move(body);
  if (exists) list(report.new_versions, name);
  (exists ? report.updated : report.created) += 1;
  waiting_.push_back(std::move(change));
  waiting_names_.insert(name);
  return waiting_.size() >= request_.batch ? flush() : Result<void>{};
}

Result<void> Import::flush() {
  if (waiting_.empty()) return {};
  audit::Record record{.event = std::string(audit::event::phi_import), .action = 'C'};
  std::map<std::string, std::uint64_t> types;
  for (const store::Change& change : waiting_) {
    ++types[change.type];
    const std::string resource = change.type + "/" + change.id;
    const auto patients = access::without_marks(change.index.patients);
    if (patients.empty()) record.subjects.inside().of.push_back({"", {resource}});
    for (const std::string& patient : patients) {
      auto& subjects = record.subjects.inside().of;
      const auto known = std::find_if(subjects.begin(), subjects.end(),
                                      [&](const audit::Subject& one) { return one.patient == "Patient/" + patient; });
      if (known != subjects.end())
        known->resources.push_back(resource);
      else
        subjects.push_back({"Patient/" + patient, {resource}});
    }
  }
  record.types.assign(types.begin(), types.end());
  audit::Record outcome{.event = record.event, .action = 'C'};
  outcome.types = record.types;
  auto intent = in_.log->intend_blocking(std::move(record));
  if (!intent) return std::unexpected(std::move(intent.error()));
  const WaitingConsents consents(waiting_);
  auto written = in_.store->write_blocking(std::exchange(waiting_, {}), intent->permit());
  if (written) consents.take(in_.consents, *written);
  waiting_names_.clear();
  outcome.outcome = written ? audit::Outcome::success : audit::Outcome::failed;
  auto settled = in_.log->outcome_blocking(*intent, std::move(outcome));
  if (!written) return std::unexpected(std::move(written.error()));
  if (!settled) return std::unexpected(std::move(settled.error()));
  progress_({done_, names_.resources, "resources"});
  return {};
}

}  // namespace

boost::json::object ImportReport::json() const {
  const auto lines = [](const std::vector<std::string>& all) { return boost::json::array(all.begin(), all.end()); };
  return {{"created", created},
          {"updated", updated},
          {"unchanged", unchanged},
          {"refused", refused},
          {"narratives_cleaned", narratives_cleaned},
          {"seconds", seconds},
          {"new_versions", lines(new_versions)},
          {"refusals", lines(refusals)},
          {"cleaned", lines(cleaned)},
          {"dangling", lines(dangling)}};
}

Result<ImportReport> import_files(Installation& installation, const ImportRequest& request,
                                  const std::function<void(const ImportProgress&)>& progress) {
  const MonoTime began = installation.clock.mono();
  const auto files = find_sources(request.files);
  if (!files) return std::unexpected(files.error());
  Names names;
  for (const auto& file : *files) {
    auto read = each_document(file, [&](SourceDocument source) { return learn(names, source); });
    if (!read) return std::unexpected(std::move(read.error()));
    progress({names.resources, 0, "read"});
  }
  for (const std::string& one : names.ambiguous) names.references.erase(one);
  Import import(installation, request, names, progress);
  if (auto opened = import.open_reader(); !opened) return std::unexpected(std::move(opened.error()));
  for (const auto& file : *files) {
    auto taken = each_document(file, [&](SourceDocument source) { return import.take(source); });
    if (!taken) return std::unexpected(std::move(taken.error()));
  }
  if (auto flushed = import.flush(); !flushed) return std::unexpected(std::move(flushed.error()));
  auto reader = installation.store->reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  if (auto dangling = (*reader)->dangling(dangling_max))
    for (std::string& one : *dangling) list(import.report.dangling, std::move(one));
  import.report.seconds = std::chrono::duration<double>(installation.clock.mono() - began).count();
  return std::move(import.report);
}

}  // namespace ward::app
