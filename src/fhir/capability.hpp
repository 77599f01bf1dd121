// The CapabilityStatement: only what works, from HL7's tables and a description of this server.
#pragma once

#include "r4/r4.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

struct SmartEndpoints {
  std::string token;
  std::string authorize;  // "" where there is none, as of all below
  std::string introspect;
  std::string revoke;
  std::string register_client;
  std::string manage;
};

/// An operation of one type, or of each.
struct ListedOperation {
  std::string name;        // without the dollar sign
  std::string definition;  // canonical URL
  std::string type;        // empty: each type has it
};

struct CapabilityDescription {
  std::string url;                 // base of the FHIR service, "https://host/fhir"
  std::string version;             // of the software
  std::string date;                // when the statement changed, a FHIR dateTime
  std::vector<std::string> types;  // empty: all resource types
  std::vector<std::string> interactions = {"read",   "vread",      "update", "patch", "delete", "history-instance",
                                           "create", "search-type"};
  std::vector<std::string> system_interactions = {"transaction", "batch"};
  std::vector<std::string> patch_formats;
  std::vector<ListedOperation> operations;
  std::function<bool(const r4::SearchParam&)> searches;  // which parameters work; empty: none is listed
  bool words = false;                                    // _text and _content, which r4's tables do not have
  bool includes = false;                                 // _include and _revinclude by every reference
  bool read_history = true;
  bool update_create = false;
  bool conditional_create = true;
  bool conditional_read = true;
  bool conditional_update = true;
  bool conditional_delete = true;
  bool deletes_several = false;  // a conditional delete takes all that match
  std::optional<SmartEndpoints> smart;
};

/// JSON of the CapabilityStatement (kind instance, FHIR 4.0.1). Some hundred KB: make it once and keep it.
std::string capability_statement(const CapabilityDescription& description);

}  // namespace ward::fhir
