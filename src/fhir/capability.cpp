#include "capability.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::fhir {

namespace {

std::string_view name_of(r4::ParamType type) {
  switch (type) {
    case r4::ParamType::number:
      return "number";
    case r4::ParamType::date:
      return "date";
    case r4::ParamType::string:
      return "string";
    case r4::ParamType::token:
      return "token";
    case r4::ParamType::reference:
      return "reference";
    case r4::ParamType::composite:
      return "composite";
    case r4::ParamType::quantity:
      return "quantity";
    case r4::ParamType::uri:
      return "uri";
    case r4::ParamType::special:
      return "special";
  }
  return "special";
}

/// Writes JSON; commas are set by what stands before.
class Writer {
 public:
  void open(char bracket) {
    comma();
    out_ += bracket;
  }
  void close(char bracket) { out_ += bracket; }
  void name(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
  }
  void text(std::string_view value) {
    comma();
    append_json_string(out_, value);
  }
  void text(std::string_view name, std::string_view value) {
    this->name(name);
    text(value);
  }
  void boolean(std::string_view name, bool value) {
    this->name(name);
    out_ += value ? "true" : "false";
  }
  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!out_.empty() && !std::string_view("{[:,").contains(out_.back())) out_ += ',';
  }
  std::string out_;
};

void append_codes(Writer& out, std::string_view name, const std::vector<std::string>& codes) {
  if (codes.empty()) return;
  out.name(name);
  out.open('[');
  for (const std::string& code : codes) {
    out.open('{');
    out.text("code", code);
    out.close('}');
  }
  out.close(']');
}

void append_search_param(Writer& out, std::string_view name, std::string_view definition, std::string_view type) {
  out.open('{');
  out.text("name", name);
  out.text("definition", definition);
  out.text("type", type);
  out.close('}');
}

void append_search_params(Writer& out, std::string_view type, const CapabilityDescription& description) {
  if (!description.searches) return;
  bool any = false;
  for (const r4::SearchParam& param : r4::search_params(type)) {
    if (!description.searches(param)) continue;
    if (!any) {
      out.name("searchParam");
      out.open('[');
      any = true;
    }
    append_search_param(out, param.code, param.url, name_of(param.type));
  }
  if (any && description.words) {
    append_search_param(out, "_content", "http://hl7.org/fhir/SearchParameter/Resource-content", "string");
    append_search_param(out, "_text", "http://hl7.org/fhir/SearchParameter/DomainResource-text", "string");
  }
  if (any) out.close(']');
}

void append_texts(Writer& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.name(name);
  out.open('[');
  for (const std::string& text : texts) out.text(text);
  out.close(']');
}

/// The references by which resources come along: out of `type`, and from others to it where they say so.
void append_includes(Writer& out, std::string_view type) {
  std::vector<std::string> includes, reverse;
  for (const r4::SearchParam& param : r4::search_params(type))
    if (param.type == r4::ParamType::reference) includes.push_back(fmt::format("{}:{}", type, param.code));
  for (const std::string_view other : r4::resource_types()) {
    for (const r4::SearchParam& param : r4::search_params(other))
      if (param.type == r4::ParamType::reference && std::ranges::find(param.targets, type) != param.targets.end())
        reverse.push_back(fmt::format("{}:{}", other, param.code));
  }
  append_texts(out, "searchInclude", includes);
  append_texts(out, "searchRevInclude", reverse);
}

void append_operations(Writer& out, std::string_view type, const CapabilityDescription& description) {
  bool any = false;
  for (const ListedOperation& operation : description.operations) {
    if (!operation.type.empty() && operation.type != type) continue;
    if (!any) {
      out.name("operation");
      out.open('[');
      any = true;
    }
    out.open('{');
    out.text("name", operation.name);
    out.text("definition", operation.definition);
    out.close('}');
  }
  if (any) out.close(']');
}

void append_type(Writer& out, std::string_view type, const CapabilityDescription& description) {
  out.open('{');
  out.text("type", type);
  append_codes(out, "interaction", description.interactions);
  out.text("versioning", "versioned-update");
  out.boolean("readHistory", description.read_history);
  out.boolean("updateCreate", description.update_create);
  out.boolean("conditionalCreate", description.conditional_create);
  out.text("conditionalRead", description.conditional_read ? "full-support" : "not-supported");
  out.boolean("conditionalUpdate", description.conditional_update);
  out.text("conditionalDelete", !description.conditional_delete ? "not-supported"
                                : description.deletes_several   ? "multiple"
                                                                : "single");
  if (description.includes) append_includes(out, type);
  append_search_params(out, type, description);
  append_operations(out, type, description);
  out.close('}');
}

void append_smart_extension(Writer& out, const SmartEndpoints& smart) {
  const std::pair<std::string_view, const std::string&> endpoints[] = {
      {"token", smart.token},   {"authorize", smart.authorize},      {"introspect", smart.introspect},
      {"revoke", smart.revoke}, {"register", smart.register_client}, {"manage", smart.manage},
  };
  out.name("extension");
  out.open('[');
  out.open('{');
  out.text("url", "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris");
  out.name("extension");
  out.open('[');
  for (const auto& [name, uri] : endpoints) {
    if (uri.empty()) continue;
    out.open('{');
    out.text("url", name);
    out.text("valueUri", uri);
    out.close('}');
  }
  out.close(']');
  out.close('}');
  out.close(']');
}

void append_security(Writer& out, const SmartEndpoints& smart) {
  out.name("security");
  out.open('{');
  append_smart_extension(out, smart);
  out.name("service");
  out.open('[');
  out.open('{');
  out.name("coding");
  out.open('[');
  out.open('{');
  out.text("system", "http://terminology.hl7.org/CodeSystem/restful-security-service");
  out.text("code", "SMART-on-FHIR");
  out.close('}');
  out.close(']');
  out.close('}');
  out.close(']');
  out.close('}');
}

void append_rest(Writer& out, const CapabilityDescription& description) {
  out.open('{');
  out.text("mode", "server");
  if (description.smart) append_security(out, *description.smart);
  out.name("resource");
  out.open('[');
  if (description.types.empty()) {
    for (const std::string_view type : r4::resource_types()) append_type(out, type, description);
  } else {
    for (const std::string& type : description.types) append_type(out, type, description);
  }
  out.close(']');
  append_codes(out, "interaction", description.system_interactions);
  out.close('}');
}

}  // namespace

std::string capability_statement(const CapabilityDescription& description) {
  Writer out;
  out.open('{');
  out.text("resourceType", "CapabilityStatement");
  out.text("url", description.url + "/metadata");
  out.text("status", "active");
  out.text("date", description.date);
  out.text("kind", "instance");
  out.name("software");
  out.open('{');
  out.text("name", "Ward");
  if (!description.version.empty()) out.text("version", description.version);
  out.close('}');
  out.name("implementation");
  out.open('{');
  out.text("description", "FHIR R4 service");
  out.text("url", description.url);
  out.close('}');
  out.text("fhirVersion", "4.0.1");
  append_texts(out, "format", {"application/fhir+json", "json"});
  append_texts(out, "patchFormat", description.patch_formats);
  out.name("rest");
  out.open('[');
  append_rest(out, description);
  out.close(']');
  out.close('}');
  return out.take();
}

}  // namespace ward::fhir
