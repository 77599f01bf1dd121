#include "bundle.hpp"

#include "base/encoding.hpp"

namespace ward::fhir {
namespace {

/// Writes members of one object; knows whether a comma is due.
class Members {
 public:
  explicit Members(Buffer& out) : out_(out) { out_.push_back('{'); }
  void close() { out_.push_back('}'); }

  void name(std::string_view name) {
    if (any_) out_.push_back(',');
    any_ = true;
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
  }
  void text(std::string_view member, std::string_view value) {
    if (value.empty()) return;
    name(member);
    out_.append(json_string(value));
  }
  void raw(std::string_view member, std::string_view json) {
    if (json.empty()) return;
    name(member);
    out_.append(json);
  }

 private:
  Buffer& out_;
  bool any_ = false;
};

void write_links(Buffer& out, const std::vector<std::pair<std::string, std::string>>& links) {
  out.push_back('[');
  bool any = false;
  for (const auto& [relation, url] : links) {
    if (any) out.push_back(',');
    any = true;
    Members link(out);
    link.text("relation", relation);
    link.text("url", url);
    link.close();
  }
  out.push_back(']');
}

}  // namespace

BundleWriter::BundleWriter(const BundleHead& head, std::size_t bytes_expected) {
  if (bytes_expected > 0) out_.reserve(bytes_expected);
  Members bundle(out_);
  bundle.text("resourceType", "Bundle");
  bundle.text("id", head.id);
  if (head.updated) {
    bundle.name("meta");
    Members meta(out_);
    meta.text("lastUpdated", rfc3339(*head.updated));
    meta.close();
  }
  bundle.text("type", head.type);
  if (head.total) bundle.raw("total", std::to_string(*head.total));
  if (!head.links.empty()) {
    bundle.name("link");
    write_links(out_, head.links);
  }
}

void BundleWriter::add(const BundleEntry& entry) {
  out_.append(any_ ? "," : ",\"entry\":[");
  any_ = true;
  Members members(out_);
  members.text("fullUrl", entry.full_url);
  members.raw("resource", entry.resource);
  if (!entry.search_mode.empty()) {
    members.name("search");
    Members search(out_);
    search.text("mode", entry.search_mode);
    search.close();
  }
  if (!entry.request_method.empty()) {
    members.name("request");
    Members request(out_);
    request.text("method", entry.request_method);
    request.text("url", entry.request_url);
    request.close();
  }
  if (!entry.status.empty()) {
    members.name("response");
    Members response(out_);
    response.text("status", entry.status);
    response.text("location", entry.location);
    response.text("etag", entry.etag);
    if (entry.last_modified) response.text("lastModified", rfc3339(*entry.last_modified));
    response.raw("outcome", entry.outcome);
    response.close();
  }
  members.close();
}

Buffer BundleWriter::finish() && {
  out_.append(any_ ? "]}" : "}");
  return std::move(out_);
}

}  // namespace ward::fhir
