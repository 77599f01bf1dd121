#include "upstream/fhir_change.hpp"

#include "base/encoding.hpp"
#include "fhir/bundle.hpp"
#include "fhir/index.hpp"
#include "services.hpp"
#include "upstream/request.hpp"

namespace ward::door {
namespace {

std::string_view method_of(const store::Change& change) {
  switch (change.operation) {
    case store::Operation::create:
      return "POST";
    case store::Operation::remove:
      return "DELETE";
    default:
      return "PUT";
  }
}

std::string url_of(const store::Change& change) {
  return change.operation == store::Operation::create ? change.type : fmt::format("{}/{}", change.type, change.id);
}

/// An update decided on version 0 creates under the caller's id: nothing may be there yet.
bool is_upsert(const store::Change& change) {
  return change.operation == store::Operation::update && change.expected_version == 0;
}

std::string if_match_of(const store::Change& change) {
  const bool conditional =
      change.operation != store::Operation::create && change.expected_version && !is_upsert(change);
  return conditional ? fmt::format("W/\"{}\"", *change.expected_version) : std::string();
}

/// References by this server's names become relative, as the upstream knows its resources by its own base; those to
/// what is created with it become the names in `made`.
Buffer with_their_references(const Exchange& x, Buffer body, std::string_view type, const fhir::ReferenceMap& made) {
  const auto document = json::Document::parse(body.view());
  if (!document) return body;
  fhir::ReferenceMap theirs;
  for (const std::string& text : fhir::literal_references(document->root(), type)) {
    std::string relative = text;
    for (const std::string& base : x.live->own_bases)
      if (text.starts_with(base + "/")) relative = text.substr(base.size() + 1);
    if (const auto found = made.find(relative); found != made.end()) relative = found->second;
    if (relative != text) theirs.emplace(text, std::move(relative));
  }
  return theirs.empty() ? std::move(body) : fhir::rewrite_references(document->root(), type, theirs);
}

std::string urn_of(std::size_t index) { return fmt::format("urn:uuid:00000000-0000-4000-8000-{:012x}", index + 1); }

void append_entry(Buffer& out, const Exchange& x, store::Change& change, std::size_t index,
                  const fhir::ReferenceMap& made) {
  out.append(index == 0 ? "{" : ",{");
  if (change.operation == store::Operation::create) out.append(fmt::format(R"("fullUrl":"{}",)", urn_of(index)));
  if (change.operation != store::Operation::remove) {
    out.append(R"("resource":)");
    out.append(with_their_references(x, std::move(change.body), change.type, made).view());
    out.append(",");
  }
  std::string request = fmt::format(R"("request":{{"method":"{}","url":"{}")", method_of(change), url_of(change));
  if (const std::string match = if_match_of(change); !match.empty()) request += R"(,"ifMatch":)" + json_string(match);
  if (is_upsert(change)) request += R"(,"ifNoneMatch":"*")";
  out.append(request + "}}");
}

}  // namespace

net::ClientRequest change_request(const Exchange& x, store::Change& change) {
  net::ClientRequest request = fhir_request_to(x, std::string(method_of(change)), "/" + url_of(change));
  if (std::string match = if_match_of(change); !match.empty()) request.headers.emplace_back("if-match", match);
  if (is_upsert(change)) request.headers.emplace_back("if-none-match", "*");
  if (change.operation == store::Operation::remove) return request;
  request.headers.emplace_back("content-type", "application/fhir+json");
  request.headers.emplace_back("prefer", "return=representation");
  request.body = with_their_references(x, std::move(change.body), change.type, {});
  return request;
}

net::ClientRequest transaction_request(const Exchange& x, std::span<store::Change> changes) {
  fhir::ReferenceMap made;
  for (std::size_t i = 0; i < changes.size(); ++i)
    if (changes[i].operation == store::Operation::create)
      made.emplace(changes[i].type + "/" + changes[i].id, urn_of(i));
  net::ClientRequest request = fhir_request_to(x, "POST", "");
  request.headers.emplace_back("content-type", "application/fhir+json");
  request.body.append(R"({"resourceType":"Bundle","type":"transaction","entry":[)");
  for (std::size_t i = 0; i < changes.size(); ++i) append_entry(request.body, x, changes[i], i, made);
  request.body.append("]}");
  return request;
}

}  // namespace ward::door
