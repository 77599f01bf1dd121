#include "export/exporter.hpp"

#include "base/encoding.hpp"
#include "export/folder.hpp"
#include "export/people.hpp"
#include "r4/r4.hpp"

#include <algorithm>

namespace ward::app {
namespace {

namespace json = boost::json;
using deidentify::FreeText;

/// The event of each page that leaves; beside those of audit/record.hpp.

/// One resource as one line: line breaks stand between its parts, never in a string.
void append_line(Buffer& out, std::string_view body) {
  const std::size_t begin = out.size();
  out.append(body);
  std::replace_if(out.data() + begin, out.data() + out.size(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out.push_back('\n');
}

std::string_view form_of(const ExportRequest& request) {
  if (!request.deidentify) return "identified";
  return request.settings.form == deidentify::Form::limited ? "limited" : "safe-harbor";
}

class Export {
 public:
  Export(Installation& installation, const ExportRequest& request,
         const std::function<void(const ExportProgress&)>& progress, store::Reader& reader)
      : in_(installation),
        request_(request),
        progress_(progress),
        reader_(reader),
        people_(reader),
        deidentifier_(request.settings, Secret<std::string>(installation.random.bytes(32)), installation.clock.wall()) {
  }

  Result<void> begin(const std::vector<std::string>& types);
  Result<void> type(const std::string& type);
  Result<void> end();

  ExportReport report;

 private:
  bool scans() const { return request_.deidentify && request_.settings.text == FreeText::scan; }
  store::Query query(const std::string& type) const;
  Result<void> page(const std::string& type, const store::Page& page, std::unique_ptr<ExportFile>& file);
  Result<void> record(const std::string& type, const store::Page& page);
  Result<void> line(const store::Version& version, Buffer& out);
  void leave_out_shared(std::vector<store::Version>& found);

  Installation& in_;
  const ExportRequest& request_;
  const std::function<void(const ExportProgress&)>& progress_;
  store::Reader& reader_;
  People people_;
  deidentify::DeIdentifier deidentifier_;
  std::uint64_t done_ = 0, of_ = 0;
};

store::Query Export::query(const std::string& type) const {
  store::Query query{.type = type, .count = request_.batch};
  if (request_.patient.empty())
    query.visible = {{.all = true}};
  else
    query.visible = {{.all = false, .patients = {request_.patient}}};
  if (request_.since) {
    const std::int64_t at = request_.since->time_since_epoch().count();
    query.all_of.push_back({.param = "_lastUpdated", .any_of = {store::UpdatedIs{store::Compare::ge, at, at + 1}}});
  }
  return query;
}

/// The first record says that an export was asked for; how much there is, is counted for the bar.
Result<void> Export::begin(const std::vector<std::string>& types) {
  audit::Record record{.event = std::string(audit::event::command), .action = 'E'};
  record.detail = {{"command", "export"},
                   {"form", std::string(form_of(request_))},
                   {"text", scans()               ? "scan"
                            : request_.deidentify ? "drop"
                                                  : "as stored"},
                   {"types", request_.types.empty() ? "all" : fmt::format("{}", fmt::join(request_.types, ","))}};
  if (!request_.patient.empty()) record.subjects.inside().of.push_back({"Patient/" + request_.patient, {}});
  const auto receipt = in_.log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(receipt.error());
  if (scans())
    if (auto learned = people_.learn_staff(); !learned) return learned;
  for (const std::string& one : types) {
    store::Query counted = query(one);
    counted.count = 0;
    counted.total = store::Total::estimate;
    const auto page = reader_.search(counted);
    if (!page) return std::unexpected(page.error());
    of_ += page->total.value_or(0);
  }
  return {};
}

/// Before anything of a page is written: whose resources, and which.
Result<void> Export::record(const std::string& type, const store::Page& page) {
  audit::Record record{.event = std::string(audit::event::phi_export), .action = 'R'};
  record.types = {{type, page.found.size()}};
  record.detail = {{"form", std::string(form_of(request_))}};
  std::map<std::string, std::vector<std::string>> resources;
  for (const store::Version& version : page.found) {
    const std::string name = fmt::format("{}/{}/_history/{}", version.type, version.id, version.version);
    if (version.patients.empty()) resources[""].push_back(name);
    for (const std::string& patient : version.patients) resources["Patient/" + patient].push_back(name);
  }
  for (auto& [patient, names] : resources) record.subjects.inside().of.push_back({patient, std::move(names)});
  const auto receipt = in_.log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(receipt.error());
  return {};
}

Result<void> Export::line(const store::Version& version, Buffer& out) {
  const std::string_view body = version.body.inside().view();
  if (!request_.deidentify) {
    append_line(out, body);
    return {};
  }
  deidentify::Whose whose;
  if (version.patients.size() == 1) whose.patient = version.patients.front();
  std::vector<std::shared_ptr<const deidentify::Known>> kept;
  if (scans()) {
    whose.known.push_back(&people_.staff());
    for (const std::string& patient : version.patients) {
      auto known = people_.patient(patient);
      if (!known) return std::unexpected(known.error());
      whose.known.push_back(known->get());
      kept.push_back(std::move(*known));
    }
  }
  const auto written = deidentifier_.apply(body, whose, report.counts);
  if (!written) {
    ++report.left_out[std::string(written.error().code())];
    return {};
  }
  append_line(out, written->view());
  return {};
}

Result<void> Export::page(const std::string& type, const store::Page& page, std::unique_ptr<ExportFile>& file) {
  if (auto recorded = record(type, page); !recorded) return recorded;
  if (!file) {
    const std::string name = type + (request_.zst ? ".ndjson.zst" : ".ndjson");
    auto created = ExportFile::create(request_.directory / name, request_.zst);
    if (!created) return std::unexpected(std::move(created.error()));
    file = std::move(*created);
    report.files.push_back({.type = type, .name = name, .sha256 = {}});
  }
  Buffer lines;
  for (const store::Version& version : page.found) {
    const std::size_t before = lines.size();
    if (auto done = line(version, lines); !done) return done;
    if (lines.size() > before) ++report.files.back().count;
  }
  done_ += page.found.size();
  return file->write(lines.view());
}

/// One patient's export holds nothing of others: what belongs to several is left to an export of all.
void Export::leave_out_shared(std::vector<store::Version>& found) {
  if (request_.patient.empty()) return;
  const std::size_t shared =
      std::erase_if(found, [](const store::Version& version) { return version.patients.size() > 1; });
  if (shared > 0) report.left_out["of_other_patients_too"] += shared;
}

Result<void> Export::type(const std::string& type) {
  store::Query asked = query(type);
  std::unique_ptr<ExportFile> file;
  do {
    auto found = reader_.search(asked);
    if (!found) return std::unexpected(std::move(found.error()));
    asked.after = found->next;
    std::erase_if(found->found, [](const store::Version& version) { return version.deleted; });
    leave_out_shared(found->found);
    if (found->found.empty()) continue;
    if (auto done = page(type, *found, file); !done) return done;
    progress_({done_, of_, type});
  } while (!asked.after.empty());
  if (!file) return {};
  if (auto closed = file->close(); !closed) return closed;
  report.files.back().bytes = file->bytes();
  report.files.back().sha256 = file->sha256();
  return {};
}

Result<void> Export::end() {
  audit::Record record{.event = std::string(audit::event::end), .action = 'E'};
  record.complete = true;
  record.detail = {{"command", "export"}};
  for (const ExportReport::File& file : report.files) {
    record.types.emplace_back(file.type, file.count);
    record.bytes += file.bytes;
  }
  const auto receipt = in_.log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(receipt.error());
  return {};
}

std::string text_of(const json::object& members, std::string_view name) {
  const json::value* const value = members.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}
bool is_set(const json::object& members, std::string_view name) {
  const json::value* const value = members.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

}  // namespace

Result<ExportRequest> ExportRequest::read(const json::object& members) {
  const auto wrong = [](std::string why) { return fail("invalid_request", std::move(why)); };
  ExportRequest request{.directory = text_of(members, "directory"), .patient = text_of(members, "patient")};
  if (!request.directory.is_absolute()) return wrong("the folder must be an absolute path");
  if (const json::value* const types = members.if_contains("types"); types != nullptr && types->is_array())
    for (const json::value& type : types->as_array()) {
      if (!type.is_string() || !r4::is_resource_type(std::string(type.as_string())))
        return wrong("--type: no R4 resource type has that name");
      request.types.push_back(std::string(type.as_string()));
    }
  if (const std::string since = text_of(members, "since"); !since.empty()) {
    request.since = parse_rfc3339(since.size() == 10 ? since + "T00:00:00Z" : since);
    if (!request.since) return wrong("--since: not a time; write 2026-11-24 or 2026-11-24T05:30:00Z");
  }
  request.zst = is_set(members, "zst");
  const bool limited = is_set(members, "limited");
  request.deidentify = is_set(members, "deidentify") || limited;
  if (limited) request.settings.form = deidentify::Form::limited;
  const std::string text = text_of(members, "text");
  if (text == "scan") request.settings.text = FreeText::scan;
  if (!text.empty() && text != "scan" && text != "drop") return wrong("--text: drop or scan");
  if (!text.empty() && !request.deidentify) return wrong("--text is of --deidentify");
  request.settings.keep_identifiers = is_set(members, "pseudonyms");
  return request;
}

json::object ExportReport::json(const ExportRequest& request, WallTime at) const {
  json::array output;
  for (const File& file : files)
    output.push_back(json::object{{"type", file.type},
                                  {"file", file.name},
                                  {"count", file.count},
                                  {"bytes", file.bytes},
                                  {"sha256", file.sha256}});
  json::object whole{{"format", 1},
                     {"time", rfc3339(at)},
                     {"form", std::string(form_of(request))},
                     {"compression", request.zst ? "zstd" : "none"},
                     {"one_patient", !request.patient.empty()},
                     {"since", request.since ? json::value(rfc3339(*request.since)) : json::value()},
                     {"seconds", seconds},
                     {"output", std::move(output)}};
  json::object reasons;
  for (const auto& [why, count] : left_out) reasons[why] = count;
  whole["left_out"] = std::move(reasons);
  if (!request.deidentify) return whole;
  json::object removed;
  for (std::size_t i = 0; i < deidentify::identifier_count; ++i)
    removed[deidentify::name(static_cast<deidentify::Identifier>(i))] = counts.of[i];
  removed["free_text"] = counts.free_text;
  removed["unknown"] = counts.unknown;
  whole["text"] = request.settings.text == FreeText::scan ? "scan" : "drop";
  whole["removed"] = std::move(removed);
  return whole;
}

Result<ExportReport> export_files(Installation& installation, const ExportRequest& request,
                                  const std::function<void(const ExportProgress&)>& progress) {
  const MonoTime began = installation.clock.mono();
  const WallTime at = installation.clock.wall();
  if (auto taken = take_export_folder(request.directory); !taken) return std::unexpected(std::move(taken.error()));
  auto reader = installation.store->reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  Export all(installation, request, progress, **reader);
  std::vector<std::string> types = request.types;
  if (types.empty()) types.assign(r4::resource_types().begin(), r4::resource_types().end());
  std::ranges::sort(types);
  types.erase(std::ranges::unique(types).begin(), types.end());
  if (auto begun = all.begin(types); !begun) return std::unexpected(std::move(begun.error()));
  for (const std::string& type : types)
    if (auto done = all.type(type); !done) return std::unexpected(std::move(done.error()));
  if (auto ended = all.end(); !ended) return std::unexpected(std::move(ended.error()));
  all.report.seconds = std::chrono::duration<double>(installation.clock.mono() - began).count();
  const std::string manifest = json::serialize(all.report.json(request, at)) + "\n";
  if (auto finished = finish_export_folder(request.directory, manifest); !finished)
    return std::unexpected(std::move(finished.error()));
  return std::move(all.report);
}

}  // namespace ward::app
