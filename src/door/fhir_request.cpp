#include "fhir_request.hpp"

#include "r4/r4.hpp"
#include "r4/search.hpp"

#include <algorithm>
#include <charconv>

namespace ward::door {
namespace {

Refusal not_found(std::string cause) {
  return {.status = 404,
          .code = "not_found",
          .kind = CauseKind::protocol,
          .cause = std::move(cause),
          .issues = {{.code = "not-found", .diagnostics = "there is nothing under this path"}}};
}

Refusal wrong_method(std::string allowed) {
  return {.status = 405,
          .code = "method_not_allowed",
          .kind = CauseKind::protocol,
          .cause = "method",
          .issues = {{.code = "not-supported", .diagnostics = "this path takes " + allowed}},
          .headers = {{"allow", allowed}}};
}

/// A row of R4's table of interactions (http.html, "Summary").
struct Shape {
  std::string_view method;
  Interaction interaction;
};

Allowed<Interaction> by_method(std::string_view method, std::initializer_list<Shape> shapes) {
  std::string allowed;
  for (const Shape& shape : shapes) {
    if (shape.method == method || (method == "HEAD" && shape.method == "GET")) return shape.interaction;
    allowed += (allowed.empty() ? "" : ", ") + std::string(shape.method);
  }
  return refuse(wrong_method(allowed));
}

Allowed<FhirRequest> over_types(std::string_view method, std::string_view wanted) {
  FhirRequest request;
  const auto interaction = by_method(method, {{wanted, Interaction::search}});
  if (!interaction) return refuse(interaction.error());
  request.kind = FhirRequest::Kind::search_all;
  request.interaction = *interaction;
  return request;
}

Allowed<FhirRequest> on_base(std::string_view method, bool has_query) {
  FhirRequest request;
  if (has_query && (method == "GET" || method == "HEAD")) return over_types(method, "GET");
  if (method != "POST") return refuse(wrong_method("POST"));
  request.kind = FhirRequest::Kind::bundle;
  return request;
}

Allowed<FhirRequest> on_type(std::string_view method, FhirRequest request, bool has_query) {
  const auto interaction = by_method(method, {{"GET", Interaction::search},
                                              {"POST", Interaction::create},
                                              {"PUT", Interaction::update},
                                              {"PATCH", Interaction::patch},
                                              {"DELETE", Interaction::remove}});
  if (!interaction) return refuse(interaction.error());
  request.interaction = *interaction;
  request.conditional = method == "PUT" || method == "PATCH" || method == "DELETE";
  if (request.conditional && !has_query)
    return refuse(wrong_method("GET, POST (PUT, PATCH and DELETE need an id or a search)"));
  return request;
}

Allowed<FhirRequest> on_instance(std::string_view method, FhirRequest request) {
  const auto interaction = by_method(method, {{"GET", Interaction::read},
                                              {"PUT", Interaction::update},
                                              {"PATCH", Interaction::patch},
                                              {"DELETE", Interaction::remove}});
  if (!interaction) return refuse(interaction.error());
  request.interaction = *interaction;
  return request;
}

Allowed<FhirRequest> on_history(std::string_view method, FhirRequest request, const std::vector<std::string>& rest) {
  const bool version = rest.size() == 4;
  const auto interaction = by_method(method, {{"GET", version ? Interaction::vread : Interaction::history}});
  if (!interaction) return refuse(interaction.error());
  request.interaction = *interaction;
  if (!version) return request;
  const std::string& text = rest[3];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), request.version);
  // What is no version of ours is answered like a version that does not exist.
  if (error != std::errc() || end != text.data() + text.size() || request.version == 0) request.version = UINT64_MAX;
  return request;
}

/// Patient/{id}/Type, Encounter/{id}/Type/_search: a search in a compartment (R4 http.html, "Variant Searches").
bool is_compartment_search(const std::vector<std::string>& rest) {
  if (rest.size() < 3 || rest.size() > 4 || (rest.size() == 4 && rest[3] != "_search")) return false;
  if (rest[0] == "Patient") return !r4::patient_compartment(rest[2]).empty();
  const auto compartment = r4::compartment_of(rest[0]);
  return compartment && !r4::compartment_params(*compartment, rest[2]).empty();
}

Allowed<FhirRequest> in_compartment(std::string_view method, FhirRequest request,
                                    const std::vector<std::string>& rest) {
  const std::string_view wanted = rest.size() == 4 ? "POST" : "GET";
  const auto interaction = by_method(method, {{wanted, Interaction::search}});
  if (!interaction) return refuse(interaction.error());
  request.interaction = *interaction;
  request.owner = rest[0];
  request.compartment = rest[1];
  request.type = rest[2];
  request.id.clear();
  return request;
}

Allowed<FhirRequest> on_operation(std::string_view method, FhirRequest request, std::string_view name) {
  const OperationLevel level = !request.id.empty()     ? OperationLevel::instance
                               : !request.type.empty() ? OperationLevel::type
                                                       : OperationLevel::system;
  const OperationRow* row = find_operation(name, level, request.type);
  if (row == nullptr) return refuse(not_found("path: no operation that is served"));
  const bool taken = (method == "POST" && row->post) || ((method == "GET" || method == "HEAD") && row->get);
  if (!taken) return refuse(wrong_method(row->get && row->post ? "GET, POST" : row->get ? "GET" : "POST"));
  request.kind = FhirRequest::Kind::operation;
  request.operation = row;
  request.interaction = row->interaction;
  return request;
}

Allowed<FhirRequest> on_histories(std::string_view method, FhirRequest request) {
  if (method != "GET" && method != "HEAD") return refuse(wrong_method("GET"));
  request.kind = FhirRequest::Kind::histories;
  request.interaction = Interaction::search_history;
  return request;
}

}  // namespace

bool is_fhir_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

std::string_view FhirRequest::path_template() const {
  if (kind == Kind::capabilities) return "/metadata";
  if (kind == Kind::bundle) return "";
  if (kind == Kind::search_all) return "?";
  if (kind == Kind::operation) return operation->path_template;
  if (kind == Kind::histories) return type.empty() ? "/_history" : "/{type}/_history";
  switch (interaction) {
    case Interaction::read:
      return "/{type}/{id}";
    case Interaction::vread:
      return "/{type}/{id}/_history/{vid}";
    case Interaction::history:
      return "/{type}/{id}/_history";
    case Interaction::search:
      return compartment.empty() ? "/{type}?" : owner == "Patient" ? "/Patient/{id}/{type}?" : "/{owner}/{id}/{type}?";
    case Interaction::create:
      return "/{type}";
    case Interaction::update:
    case Interaction::patch:
    case Interaction::remove:
      return conditional ? "/{type}?" : "/{type}/{id}";
    default:
      return "";
  }
}

Allowed<FhirRequest> parse_fhir_request(std::string_view method, const std::vector<std::string>& rest, bool has_query) {
  if (rest.empty()) return on_base(method, has_query);
  FhirRequest request;
  if (rest[0] == "metadata" && rest.size() == 1) {
    if (method != "GET" && method != "HEAD") return refuse(wrong_method("GET"));
    request.kind = FhirRequest::Kind::capabilities;
    return request;
  }
  if (rest[0] == "_search" && rest.size() == 1) return over_types(method, "POST");
  if (rest[0] == "_history" && rest.size() == 1) return on_histories(method, std::move(request));
  if (rest[0].starts_with('$') && rest.size() == 1) return on_operation(method, std::move(request), rest[0]);
  if (!r4::is_resource_type(rest[0])) return refuse(not_found("path: no R4 resource type"));
  request.type = rest[0];
  if (rest.size() == 1) return on_type(method, std::move(request), has_query);
  if (rest[1] == "_search" && rest.size() == 2) {
    if (method != "POST") return refuse(wrong_method("POST"));
    request.interaction = Interaction::search;
    return request;
  }
  if (rest[1] == "_history" && rest.size() == 2) return on_histories(method, std::move(request));
  if (rest[1].starts_with('$') && rest.size() == 2) return on_operation(method, std::move(request), rest[1]);
  if (!is_fhir_id(rest[1])) return refuse(not_found("path: no id"));
  request.id = rest[1];
  if (rest.size() == 2) return on_instance(method, std::move(request));
  if (rest[2].starts_with('$') && rest.size() == 3) return on_operation(method, std::move(request), rest[2]);
  if (rest[2] == "_history" && rest.size() <= 4) return on_history(method, std::move(request), rest);
  if (is_compartment_search(rest)) return in_compartment(method, std::move(request), rest);
  return refuse(not_found("path: not served"));
}

}  // namespace ward::door
