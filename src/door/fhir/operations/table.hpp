// The FHIR operations that are served (R4 operations.html), as an allow-list: what is not here is answered like any
// path that does not exist.
#pragma once

#include "access/subject.hpp"
#include "base/refusal.hpp"

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string_view>

namespace ward::door {

struct Exchange;

enum class OperationLevel : std::uint8_t { system, type, instance };

/// What the body of a POST is.
enum class OperationBody : std::uint8_t {
  parameters,  // a Parameters resource: its values count like those of the query
  resource,    // a resource, or Parameters that hold one: judged by the operation itself
};

struct OperationRow {
  std::string_view name;  // with its dollar sign
  OperationLevel level;
  std::string_view type;  // the one type that has it; empty: every type
  bool get, post;         // GET only for what changes nothing (R4 3.2.0.1)
  OperationBody body;
  /// What the caller must be allowed to do on the type before a body is read; one of the two is enough.
  access::Interaction interaction, or_else;
  bool in_bundle;                  // whether an entry of a batch or transaction may ask for it
  std::string_view path_template;  // for records
  std::string_view definition;     // canonical URL, for the CapabilityStatement
  boost::asio::awaitable<Allowed<void>> (*run)(Exchange&);
};

std::span<const OperationRow> operations();

/// The operation of this name at this level of this type (empty at the system's), or nullptr.
const OperationRow* find_operation(std::string_view name, OperationLevel level, std::string_view type);

}  // namespace ward::door
