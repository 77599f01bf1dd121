#include "bundle.hpp"

#include "base/encoding.hpp"

#include <set>

namespace ward::fhir {
namespace {

constexpr std::size_t issues_max = 100;

std::optional<BundleMethod> read_method(std::string_view text) {
  static constexpr std::pair<std::string_view, BundleMethod> methods[] = {
      {"GET", BundleMethod::get}, {"HEAD", BundleMethod::head},   {"POST", BundleMethod::post},
      {"PUT", BundleMethod::put}, {"PATCH", BundleMethod::patch}, {"DELETE", BundleMethod::remove}};
  for (const auto& [name, method] : methods) {
    if (name == text) return method;
  }
  return std::nullopt;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

/// "Patient/1/_history/2?x" into its parts; false if the path is none of FHIR's forms.
bool split_url(std::string_view url, BundleRequest& out) {
  const auto question = url.find('?');
  if (question != url.npos) out.query = url.substr(question + 1);
  std::string_view path = url.substr(0, question);
  if (path.starts_with('/')) path.remove_prefix(1);
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto slash = path.find('/');
    auto segment = percent_decode(path.substr(0, slash));
    if (!segment || segment->empty() || segments.size() == 5) return false;
    segments.push_back(std::move(*segment));
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  }
  std::size_t at = 0;
  if (at < segments.size() && r4::is_resource_type(segments[at])) out.type = segments[at++];
  if (!out.type.empty() && at < segments.size() && is_id(segments[at])) out.id = segments[at++];
  if (!out.id.empty() && at + 2 == segments.size() && segments[at] == "_history" && is_id(segments[at + 1])) {
    out.version = segments[at + 1];
    return true;
  }
  for (; at < segments.size(); ++at) out.rest += (out.rest.empty() ? "" : "/") + segments[at];
  return out.rest.empty() || out.rest[0] == '_' || out.rest[0] == '$' || out.type.empty();
}

class Reader {
 public:
  Reader(const json::Document& document, const BundleLimits& limits) : document_(document), limits_(limits) {}

  Allowed<BundleRequests> run() {
    const json::Value bundle = document_.root();
    const std::string type = bundle.string("type");
    if (bundle.string("resourceType") != "Bundle" || (type != "transaction" && type != "batch")) {
      wrong(bundle, "invalid", "Bundle.type", "a Bundle of type transaction or batch is expected");
      return refused();
    }
    out_.transaction = type == "transaction";
    const json::Value entries = bundle["entry"];
    if (entries && entries.size() > limits_.entries_max) {
      wrong(entries, "too-costly", "Bundle.entry", fmt::format("more than {} entries", limits_.entries_max));
      return refused();
    }
    std::size_t index = 0;
    for (json::Value entry = entries.first(); entry; entry = entry.next()) read(entry, index++);
    if (!issues_.empty()) return refused();
    return std::move(out_);
  }

 private:
  std::unexpected<Refusal> refused() {
    Refusal refusal;
    refusal.status = 400;
    refusal.code = "bundle_invalid";
    refusal.kind = CauseKind::validation;
    refusal.cause = issues_[0].diagnostics;
    refusal.issues = std::move(issues_);
    return refuse(std::move(refusal));
  }

  void wrong(json::Value where, std::string_view code, std::string expression, std::string what) {
    if (issues_.size() == issues_max) return;
    Issue issue;
    issue.code = code;
    issue.diagnostics = std::move(what);
    issue.expression = std::move(expression);
    if (where) {
      const auto position = document_.position(where.begin());
      issue.line = position.line;
      issue.column = position.column;
    }
    issues_.push_back(std::move(issue));
  }

  void read(json::Value entry, std::size_t index) {
    const std::string path = fmt::format("Bundle.entry[{}]", index);
    const json::Value request = entry["request"];
    if (!request.is_object())
      return wrong(entry, "required", path + ".request", "an entry of a transaction or batch needs a request");
    BundleRequest out;
    out.index = index;
    out.full_url = entry.string("fullUrl");
    out.url = request.string("url");
    out.if_match = request.string("ifMatch");
    out.if_none_match = request.string("ifNoneMatch");
    out.if_none_exist = request.string("ifNoneExist");
    out.if_modified_since = request.string("ifModifiedSince");
    out.resource = entry["resource"];
    const auto method = read_method(request.string("method"));
    if (!method) return wrong(request, "value", path + ".request.method", "an unknown method");
    out.method = *method;
    if (!split_url(local(out.url), out))
      return wrong(request, "value", path + ".request.url", "the URL is not of the form Type, Type/id or Type?query");
    check(entry, out, path);
    out_.entries.push_back(std::move(out));
  }

  std::string_view local(std::string_view url) const {
    for (const std::string& base : limits_.own_bases) {
      if (!base.empty() && url.starts_with(base) && url.size() > base.size() && url[base.size()] == '/')
        return url.substr(base.size() + 1);
    }
    return url;
  }

  void check(json::Value entry, const BundleRequest& request, const std::string& path) {
    const bool writes = request.method == BundleMethod::post || request.method == BundleMethod::put ||
                        request.method == BundleMethod::patch;
    if (writes && !request.resource.is_object())
      wrong(entry, "required", path + ".resource", "this method needs a resource");
    if (request.method == BundleMethod::post) check_post(entry, request, path);
    if (request.method == BundleMethod::put || request.method == BundleMethod::patch ||
        request.method == BundleMethod::remove)
      check_target(entry, request, path);
    if (request.method == BundleMethod::put) check_put(entry, request, path);
    check_full_url(entry, request, path);
    if (!request.full_url.empty() && out_.transaction && !full_urls_.insert(request.full_url).second)
      wrong(entry, "duplicate", path + ".fullUrl", "the same fullUrl stands more than once");
  }

  /// R4 bundle.html 2.36.4: an absolute URI without a version, that does not disagree with the resource's own name.
  void check_full_url(json::Value entry, const BundleRequest& request, const std::string& path) {
    const std::string& url = request.full_url;
    if (url.empty() || !out_.transaction) return;
    const auto colon = url.find(':');
    if (colon == url.npos || url.find_first_of("/?#") < colon || url.find("/_history/") != url.npos)
      return wrong(entry, "invalid", path + ".fullUrl", "a fullUrl is an absolute URI without a version");
    const std::string_view here = local(url);
    const bool named = here.size() != url.size() && request.method == BundleMethod::put && !request.id.empty();
    if (named && here != request.type + "/" + request.id)
      wrong(entry, "invalid", path + ".fullUrl", "the fullUrl is that of another resource than the URL");
  }

  void check_post(json::Value entry, const BundleRequest& request, const std::string& path) {
    if (!request.rest.empty()) return;  // an operation or a search; the caller says whether it is supported
    if (request.type.empty() || !request.id.empty())
      return wrong(entry, "value", path + ".request.url", "a create needs the URL Type");
    if (request.resource.is_object() && request.resource.string("resourceType") != request.type)
      wrong(request.resource, "invalid", path + ".resource", "the resource is of another type than the URL");
    const std::string& condition = request.if_none_exist;
    if (out_.transaction && !condition.empty() && !conditions_.insert(request.type + "?" + condition).second)
      wrong(entry, "duplicate", path + ".request.ifNoneExist", "two entries depend on one condition");
  }

  void check_target(json::Value entry, const BundleRequest& request, const std::string& path) {
    const bool by_id = !request.id.empty() && request.query.empty();
    const bool by_query = request.id.empty() && !request.query.empty();
    if (request.type.empty() || !request.rest.empty() || !request.version.empty() || by_id == by_query)
      return wrong(entry, "value", path + ".request.url", "this method needs the URL Type/id or Type?query");
    const bool may_create = by_query && request.method == BundleMethod::put;
    if (may_create && out_.transaction && !conditions_.insert(request.type + "?" + request.query).second)
      wrong(entry, "duplicate", path + ".request.url", "two entries depend on one condition");
    if (by_id && out_.transaction && !targets_.insert(request.type + "/" + request.id).second)
      wrong(entry, "duplicate", path + ".request.url", "the same resource is changed more than once");
  }

  void check_put(json::Value entry, const BundleRequest& request, const std::string& path) {
    if (!request.resource.is_object()) return;
    if (request.resource.string("resourceType") != request.type)
      return wrong(request.resource, "invalid", path + ".resource", "the resource is of another type than the URL");
    if (!request.id.empty() && request.resource.string("id") != request.id)
      wrong(entry, "invalid", path + ".resource.id", "the resource's id is not that of the URL");
  }

  const json::Document& document_;
  const BundleLimits& limits_;
  BundleRequests out_;
  std::vector<Issue> issues_;
  std::set<std::string> full_urls_, targets_, conditions_;
};

int rank(BundleMethod method) {
  switch (method) {
    case BundleMethod::remove:
      return 0;
    case BundleMethod::post:
      return 1;
    case BundleMethod::put:
    case BundleMethod::patch:
      return 2;
    case BundleMethod::get:
    case BundleMethod::head:
      return 3;
  }
  return 3;
}

}  // namespace

Allowed<BundleRequests> read_bundle(const json::Document& bundle, const BundleLimits& limits) {
  return Reader(bundle, limits).run();
}

std::vector<std::size_t> processing_order(const BundleRequests& requests) {
  std::vector<std::size_t> order(requests.entries.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rank(requests.entries[i].method); });
  return order;
}

}  // namespace ward::fhir
